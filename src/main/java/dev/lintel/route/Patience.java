package dev.lintel.route;

import java.time.Duration;

/** How long is believed what nobody can know: the same for providers, models and keys. */
final class Patience {
  /** A probe that has said nothing for so long is taken for lost. */
  static final long PROBE_NANOS = Duration.ofMinutes(10).toNanos();

  /** Nobody knows when a probe comes back: a guess. */
  static final long PROBED_NANOS = Duration.ofSeconds(1).toNanos();

  private static final Duration LONGEST = Duration.ofHours(1);

  private Patience() {}

  /** As long as the provider asked, an hour at most. */
  static Duration asked(Duration wait) {
    return wait.compareTo(LONGEST) < 0 ? wait : LONGEST;
  }
}

package dev.lintel.identity;

import java.time.Instant;
import java.util.Optional;

/** When a key was used last, to the minute. */
final class LastUse {
  private static final long MINUTE = 60_000;

  final String id;

  /** A race over it costs no more than a line twice. */
  private long minute;

  LastUse(String id, Optional<Instant> before) {
    this.id = id;
    this.minute = before.map(Instant::toEpochMilli).orElse(0L) / MINUTE;
  }

  /** Whether this is its first use in a minute. */
  boolean now(long millis) {
    long current = millis / MINUTE;
    if (minute == current) {
      return false;
    }
    minute = current;
    return true;
  }

  /** Empty where it is not known to have been used. */
  Optional<Instant> when() {
    return minute == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(minute * MINUTE));
  }
}

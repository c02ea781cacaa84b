package dev.lintel.filter;

import dev.lintel.CallThread;
import dev.lintel.Credential;
import dev.lintel.Leave;
import dev.lintel.Retry;
import dev.lintel.Target;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A target with a key, and how it fared in one call. On the call's thread. */
final class Lane {
  final Target target;
  final Credential key;

  /** The target's among those that are fit. */
  int place = -1;

  int tries;
  boolean underWay;
  boolean insisted;

  /** When its turn comes again, and before whom; known once it has failed. */
  long due;

  long order;
  Leave.@Nullable Bar bar;

  Lane(Target target, Credential key) {
    this.target = target;
    this.key = key;
  }

  Optional<Leave.Bar> barred() {
    return Optional.ofNullable(bar);
  }

  /** Only busy, so that waiting for room helps. */
  boolean isBusy() {
    return bar != null && bar.why() == Leave.Why.BUSY && !underWay;
  }

  /** Not asked yet, because it might not be. */
  boolean isPassed() {
    return bar != null && tries == 0 && !underWay;
  }

  /** Whether it may be insisted on. */
  boolean mayBeTried() {
    return bar != null && bar.why().mayBeTried() && !underWay && !insisted;
  }

  /**
   * It has failed, and is not asked again for a while: longer each time, and as long as the
   * provider asked.
   */
  void backOff(Retry retry, Optional<Duration> asked) {
    long now = CallThread.nanoTime();
    long backoff = retry.least().toNanos() << Math.min(tries - 1, 20);
    backoff = Math.min(backoff, retry.most().toNanos());
    // Full jitter would allow no wait at all; half of it keeps callers apart without that.
    long drawn = backoff / 2 + CallThread.random().nextLong(backoff / 2 + 1);
    long least = asked.map(Duration::toNanos).orElse(0L);
    due = now + Math.max(drawn, least);
    order = now + Math.max(backoff, least);
  }
}

package dev.lintel.main;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/** Notices that the clock on the wall was set by much, forward or back. For one thread. */
final class SetClock {
  private static final Duration MUCH = Duration.ofHours(1);

  private final LongSupplier nanos;
  private final InstantSource wall;
  private long at;
  private Instant time;

  /**
   * @param nanos counts nanoseconds, whatever is done to the wall
   */
  SetClock(LongSupplier nanos, InstantSource wall) {
    this.nanos = nanos;
    this.wall = wall;
    this.at = nanos.getAsLong();
    this.time = wall.instant();
  }

  /** Since somebody asked. */
  boolean wasSet() {
    long now = nanos.getAsLong();
    Instant said = wall.instant();
    Duration apart = Duration.between(time.plusNanos(now - at), said);
    at = now;
    time = said;
    return apart.abs().compareTo(MUCH) > 0;
  }
}

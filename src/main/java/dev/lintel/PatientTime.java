package dev.lintel;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The time by which things are forgotten for good. A clock that is set forward by more than a day
 * is wrong, or has been: this one goes on as before until that has held for some hours, so that a
 * clock which is put right meanwhile has cost nothing. Set back, it is followed at once.
 */
public final class PatientTime implements InstantSource {
  private static final Duration FOLLOWED = Duration.ofDays(1);
  private static final Duration DOUBTED = Duration.ofHours(6);

  private final LongSupplier nanos;
  private final InstantSource wall;
  private final Consumer<Instant> doubting;
  private long at;
  private Instant time;
  private boolean doubts;
  private long since;

  /**
   * @param nanos counts nanoseconds, whatever is done to the wall
   * @param doubting hears what the clock was set to, where that is doubted
   */
  public PatientTime(LongSupplier nanos, InstantSource wall, Consumer<Instant> doubting) {
    this.nanos = nanos;
    this.wall = wall;
    this.doubting = doubting;
    this.at = nanos.getAsLong();
    this.time = wall.instant();
  }

  @Override
  public synchronized Instant instant() {
    long now = nanos.getAsLong();
    Instant said = wall.instant();
    Instant expected = time.plusNanos(now - at);
    boolean ahead = said.isAfter(expected.plus(FOLLOWED));
    if (ahead && !doubts) {
      since = now;
      doubting.accept(said);
    }
    doubts = ahead && now - since < DOUBTED.toNanos();
    if (doubts) {
      return expected;
    }
    at = now;
    time = said;
    return said;
  }
}

package dev.lintel.ledger;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of day without its steps: where the clock on the wall is set by up to three hours, this
 * one goes a tenth faster or slower until it agrees, so that no period ends twice and none begins
 * early. A clock that is set by more was wrong, and is followed at once.
 */
public final class SteadyTime implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(SteadyTime.class);
  private static final long FOLLOWED_SLOWLY = TimeUnit.HOURS.toNanos(3);
  private static final long SHARE = 10;

  /** Closer together it is not looked whether the wall agrees. */
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /**
   * @param at nano time
   * @param time what it was then, in nanoseconds since the beginning of 1970
   */
  private record Anchor(long at, long time) {}

  private final LongSupplier nanos;
  private final InstantSource wall;
  private final AtomicReference<Anchor> anchor;

  /**
   * @param nanos counts nanoseconds, whatever is done to the wall
   */
  public SteadyTime(LongSupplier nanos, InstantSource wall) {
    this.nanos = nanos;
    this.wall = wall;
    this.anchor = new AtomicReference<>(new Anchor(nanos.getAsLong(), walls()));
  }

  @Override
  public Instant instant() {
    long now = time();
    return Instant.ofEpochSecond(0, now);
  }

  @Override
  public long millis() {
    return Math.floorDiv(time(), 1_000_000L);
  }

  private long time() {
    while (true) {
      Anchor known = Objects.requireNonNull(anchor.get());
      long now = nanos.getAsLong();
      long passed = Math.max(0, now - known.at);
      long steady = known.time + passed;
      if (passed < LOOK_NANOS) {
        return steady;
      }
      long apart = walls() - steady;
      if (Math.abs(apart) > FOLLOWED_SLOWLY) {
        if (anchor.compareAndSet(known, new Anchor(now, steady + apart))) {
          LOG.warn("the clock was set by {}; budgets follow it at once", Duration.ofNanos(apart));
        }
        continue;
      }
      long followed = steady + Math.clamp(apart, -(passed / SHARE), passed / SHARE);
      if (anchor.compareAndSet(known, new Anchor(now, followed))) {
        return followed;
      }
    }
  }

  private long walls() {
    Instant now = wall.instant();
    return Math.addExact(
        Math.multiplyExact(now.getEpochSecond(), 1_000_000_000L), (long) now.getNano());
  }
}

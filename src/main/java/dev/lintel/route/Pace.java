package dev.lintel.route;

import dev.lintel.Usage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the calls that asked a target tell of its pace. Written by every call, on any thread,
 * without a lock and without waiting: where two write at once each counts, and a reader may see one
 * before the other.
 *
 * <p>The time to the first content is a peak-EWMA, as Finagle's: it rises at once to what is slower
 * and falls back to the mean of recent calls with a time constant of 10 s. A target that nobody
 * asks is forgotten slowly: after 5 min its time counts half, so that somebody tries it again.
 */
final class Pace {
  private static final double FALL_MS = 10_000;
  private static final double FORGET_MS = 300_000;

  /**
   * A failure counts as a first content that came no sooner than this and than twice the usual
   * time: who fails fast must not look fastest.
   */
  private static final double FAILED_MS = 1_000;

  private static final double FAILED_MOST_MS = 60_000;

  /** A reply that comes at once says nothing of how fast its tokens were made. */
  private static final long SHORTEST_NANOS = 10_000_000;

  private final LongSupplier clock;
  private final long origin;
  private final AtomicInteger underWay = new AtomicInteger();

  /** The peak as a float in milliseconds, and below it the millisecond when it was noted. */
  private final AtomicLong peak = new AtomicLong(pack(Float.NaN, 0));

  private final Mean mean = new Mean();
  private final Mean tokensPerSecond = new Mean();
  private final Mean outputTokens = new Mean();

  /** Most targets of a large configuration are never asked, and need none. */
  private final AtomicReference<@Nullable Recent> recent = new AtomicReference<>();

  /**
   * @param clock counts nanoseconds, as {@link System#nanoTime} does
   */
  Pace(LongSupplier clock) {
    this.clock = clock;
    this.origin = clock.getAsLong();
  }

  /**
   * The target is asked from now on, until one of {@link #answered}, {@link #failed} and {@link
   * #left} is called.
   *
   * @return when, for {@link #failed}
   */
  long began() {
    underWay.incrementAndGet();
    return clock.getAsLong();
  }

  void answered(long firstContentNanos, long nanos, Usage usage) {
    underWay.decrementAndGet();
    long now = clock.getAsLong();
    note(now, firstContentNanos / 1e6);
    recent().note(millis(now), firstContentNanos);
    if (usage.output() > 0) {
      outputTokens.add(usage.output());
      long writing = nanos - firstContentNanos;
      if (writing >= SHORTEST_NANOS) {
        tokensPerSecond.add(usage.output() / (writing / 1e9));
      }
    }
  }

  void failed(long began) {
    underWay.decrementAndGet();
    long now = clock.getAsLong();
    double known = firstContentMillis(now);
    double least = Double.isNaN(known) ? FAILED_MS : Math.max(FAILED_MS, 2 * known);
    note(now, Math.max((now - began) / 1e6, Math.min(FAILED_MOST_MS, least)));
  }

  void left() {
    underWay.decrementAndGet();
  }

  /**
   * The first content had not come after that time, and nobody waited for it any longer. That
   * counts where it is slower than usual: else who is often given up looked as fast as when it is
   * not.
   */
  void outrun(long nanos) {
    underWay.decrementAndGet();
    long now = clock.getAsLong();
    double least = nanos / 1e6;
    double usual = mean.get();
    if (Double.isNaN(usual) || least >= usual) {
      note(now, least);
      recent().note(millis(now), nanos);
    }
  }

  int underWay() {
    return underWay.get();
  }

  /** See {@link dev.lintel.Standing#firstContentNanos}. */
  double firstContentNanos(long now) {
    return firstContentMillis(now) * 1e6;
  }

  double tokensPerSecond() {
    return tokensPerSecond.get();
  }

  double outputTokens() {
    return outputTokens.get();
  }

  long firstContentP95Nanos() {
    Recent known = recent.get();
    return known == null ? -1 : known.p95Nanos(millis(clock.getAsLong()));
  }

  private double firstContentMillis(long now) {
    double usual = mean.get();
    long noted = peak.get();
    double since = Math.max(0, millis(now) - (int) noted);
    double above = value(noted) - usual;
    // Steady targets are most, and the exponential is what this costs.
    double high = above > usual / 100 ? usual + above * Math.exp(-since / FALL_MS) : usual;
    return high / (1 + since / FORGET_MS);
  }

  private void note(long now, double took) {
    int at = millis(now);
    while (true) {
      long noted = peak.get();
      double known = firstContentMillis(now);
      double since = Math.max(0, at - (int) noted);
      float high = (float) (Double.isNaN(known) ? took : Math.max(took, known));
      if (peak.compareAndSet(noted, pack(high, at))) {
        mean.add(took, Math.min(1, Mean.SHARE + since / FORGET_MS));
        return;
      }
    }
  }

  private Recent recent() {
    Recent known = recent.get();
    if (known == null) {
      var made = new Recent();
      known = recent.compareAndSet(null, made) ? made : recent.get();
    }
    return known == null ? new Recent() : known;
  }

  /** Wraps after 49 days, which differences outlive. */
  private int millis(long now) {
    return (int) ((now - origin) / 1_000_000);
  }

  private static long pack(float value, int at) {
    return (long) Float.floatToIntBits(value) << 32 | (at & 0xffff_ffffL);
  }

  private static double value(long packed) {
    return Float.intBitsToFloat((int) (packed >>> 32));
  }
}

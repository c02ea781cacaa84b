package dev.lintel.route;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How long the calls of the last five to ten minutes took: a histogram in two halves, of which the
 * older is emptied when its time comes again. A value is told within 9 %. Takes no lock; a call at
 * the very moment of the change may go uncounted.
 */
final class Recent {
  private static final int HALF_MS = 300_000;
  private static final int FEWEST = 20;

  /** To twice the time in eight steps. */
  private static final int STEPS = 8;

  /** From a millisecond to seventeen minutes. */
  private static final int BUCKETS = 20 * STEPS;

  private final Half even = new Half();
  private final Half odd = new Half();

  private static final class Half {
    private final AtomicIntegerArray counts = new AtomicIntegerArray(BUCKETS);
    private final AtomicInteger period = new AtomicInteger();

    int count(int period, int bucket) {
      int own = this.period.get();
      return own == period || own == period - 1 ? counts.get(bucket) : 0;
    }
  }

  void note(int now, double millis) {
    int period = period(now);
    Half half = (period & 1) == 0 ? even : odd;
    int own = half.period.get();
    if (own != period && half.period.compareAndSet(own, period)) {
      for (int i = 0; i < BUCKETS; i++) {
        half.counts.set(i, 0);
      }
    }
    half.counts.incrementAndGet(bucket(millis));
  }

  /** -1 under 20 calls. */
  long p95Nanos(int now) {
    int period = period(now);
    long total = 0;
    for (int i = 0; i < BUCKETS; i++) {
      total += count(period, i);
    }
    if (total < FEWEST) {
      return -1;
    }
    long left = total - (total * 95 + 99) / 100;
    for (int i = BUCKETS - 1; i > 0; i--) {
      left -= count(period, i);
      if (left < 0) {
        return nanos(i);
      }
    }
    return nanos(0);
  }

  private int count(int period, int bucket) {
    return even.count(period, bucket) + odd.count(period, bucket);
  }

  /** From 1, so that a half that was never written belongs to none. */
  private static int period(int now) {
    return Integer.divideUnsigned(now, HALF_MS) + 2;
  }

  private static int bucket(double millis) {
    if (millis <= 1) {
      return 0;
    }
    int bucket = (int) Math.ceil(Math.log(millis) / Math.log(2) * STEPS);
    return Math.min(BUCKETS - 1, bucket);
  }

  /** The most that the bucket holds. */
  private static long nanos(int bucket) {
    return (long) (1_000_000 * Math.pow(2, (double) bucket / STEPS));
  }
}

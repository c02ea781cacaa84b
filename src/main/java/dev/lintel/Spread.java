package dev.lintel;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How times are spread, to within some three in a hundred: sixteen counters for each doubling of a
 * microsecond. Of fixed size, whatever is counted; on any thread, without a lock.
 */
public final class Spread {
  private static final int STEPS = 16;
  private static final int STEP_BITS = 4;

  /** Until some seventy minutes: no call is that long. */
  private static final int DOUBLINGS = 32;

  private final AtomicLongArray counts = new AtomicLongArray(STEPS * DOUBLINGS);

  public void add(long nanos) {
    counts.incrementAndGet(index(Math.max(1, nanos / 1000)));
  }

  /** Forgets all; what is added meanwhile may be forgotten, too. */
  public void clear() {
    for (int i = 0; i < counts.length(); i++) {
      counts.set(i, 0);
    }
  }

  public long count() {
    long all = 0;
    for (int i = 0; i < counts.length(); i++) {
      all += counts.get(i);
    }
    return all;
  }

  /** Nanoseconds within which that share of them were; empty where there are none. */
  public OptionalLong within(double share) {
    return within(share, List.of(this));
  }

  /** The same of several as if they were one. */
  public static OptionalLong within(double share, List<Spread> all) {
    long sum = 0;
    for (Spread one : all) {
      sum += one.count();
    }
    if (sum == 0) {
      return OptionalLong.empty();
    }
    long wanted = (long) Math.ceil(sum * share);
    long seen = 0;
    int last = STEPS * DOUBLINGS - 1;
    for (int index = 0; index < last; index++) {
      for (Spread one : all) {
        seen += one.counts.get(index);
      }
      if (seen >= wanted) {
        return OptionalLong.of(middle(index));
      }
    }
    return OptionalLong.of(middle(last));
  }

  private static int index(long micros) {
    int doubling = 63 - Long.numberOfLeadingZeros(micros);
    long rest = micros - (1L << doubling);
    int step =
        (int)
            (doubling >= STEP_BITS
                ? rest >> (doubling - STEP_BITS)
                : rest << (STEP_BITS - doubling));
    return Math.min(STEPS * DOUBLINGS - 1, doubling * STEPS + step);
  }

  /** Nanoseconds in the middle of a counter. */
  private static long middle(int index) {
    double least = 1L << (index / STEPS);
    return Math.round(1000 * least * (1 + (index % STEPS + 0.5) / STEPS));
  }
}

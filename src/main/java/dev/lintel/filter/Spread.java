package dev.lintel.filter;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How times are spread, to within some three in a hundred: sixteen counters for each doubling of a
 * microsecond. Of fixed size, whatever is counted.
 */
final class Spread {
  private static final int STEPS = 16;

  /** Until some ten days. */
  private static final int DOUBLINGS = 40;

  private final AtomicLongArray counts = new AtomicLongArray(STEPS * DOUBLINGS);

  void add(long nanos) {
    counts.incrementAndGet(index(Math.max(1, nanos / 1000)));
  }

  /** Milliseconds within which that share of them were; empty where there are none. */
  OptionalLong millis(double share) {
    long all = 0;
    for (int i = 0; i < counts.length(); i++) {
      all += counts.get(i);
    }
    if (all == 0) {
      return OptionalLong.empty();
    }
    long wanted = (long) Math.ceil(all * share);
    long seen = 0;
    int index = 0;
    for (; index < counts.length() - 1; index++) {
      seen += counts.get(index);
      if (seen >= wanted) {
        break;
      }
    }
    return OptionalLong.of(Math.round(middle(index) / 1000));
  }

  private static int index(long micros) {
    int doubling = 63 - Long.numberOfLeadingZeros(micros);
    long rest = micros - (1L << doubling);
    int step = (int) (doubling >= 4 ? rest >> (doubling - 4) : rest << (4 - doubling));
    return Math.min(STEPS * DOUBLINGS - 1, doubling * STEPS + step);
  }

  private static double middle(int index) {
    double least = 1L << (index / STEPS);
    return least * (1 + (index % STEPS + 0.5) / STEPS);
  }
}

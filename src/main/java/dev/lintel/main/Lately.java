package dev.lintel.main;

import java.util.Arrays;

/** The last few of some figures. */
final class Lately {
  private static final int KEPT = 31;

  private final long[] figures = new long[KEPT];
  private int count;
  private long median;
  private boolean known;

  void add(long figure) {
    figures[count++ % KEPT] = figure;
    known = false;
  }

  /** The one in their middle; 0 where there is none. */
  long median() {
    if (!known) {
      int kept = Math.min(count, KEPT);
      long[] sorted = Arrays.copyOf(figures, kept);
      Arrays.sort(sorted);
      median = kept == 0 ? 0 : sorted[kept / 2];
      known = true;
    }
    return median;
  }
}

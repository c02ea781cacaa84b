package dev.lintel.route;

import java.util.concurrent.atomic.AtomicLong;

/** A mean in which the later figures count more (EWMA); NaN before the first. Without a lock. */
final class Mean {
  /** Of the last ten figures or so. */
  static final double SHARE = 0.1;

  private final AtomicLong bits = new AtomicLong(Double.doubleToLongBits(Double.NaN));

  void add(double value) {
    add(value, SHARE);
  }

  /**
   * @param share how much of the mean that one figure is, from 0 to 1
   */
  void add(double value, double share) {
    while (true) {
      long before = bits.get();
      double known = Double.longBitsToDouble(before);
      double next = Double.isNaN(known) ? value : known + share * (value - known);
      if (bits.compareAndSet(before, Double.doubleToLongBits(next))) {
        return;
      }
    }
  }

  double get() {
    return Double.longBitsToDouble(bits.get());
  }
}

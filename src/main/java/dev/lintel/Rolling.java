package dev.lintel;

import java.time.Duration;

/**
 * How much was taken within a window of time that ends now. Immutable: whoever keeps one changes it
 * by swapping it for the next, so that what fits is never more than is allowed, whoever asks at the
 * same time.
 *
 * <p>The window is kept in parts, and a part is forgotten as a whole once its last moment is older
 * than the window: so a window is never passed, and what was taken may hold room for a sixtieth of
 * it too long.
 */
public final class Rolling {
  private static final int PARTS = 60;

  /** One part more than the window has: the one that is under way. */
  private static final int KEPT = PARTS + 1;

  private final long origin;
  private final long partNanos;

  /** The number of the newest part. */
  private final long part;

  /** What each part took, by its number modulo their count. */
  private final long[] sums;

  private final long total;

  private Rolling(long origin, long partNanos, long part, long[] sums, long total) {
    this.origin = origin;
    this.partNanos = partNanos;
    this.part = part;
    this.sums = sums;
    this.total = total;
  }

  /**
   * One of which nothing was taken.
   *
   * @param now nano time, as everywhere below
   */
  public static Rolling of(Duration length, long now) {
    long partNanos = Math.max(1, (length.toNanos() + PARTS - 1) / PARTS);
    return new Rolling(now, partNanos, 0, new long[KEPT], 0);
  }

  /** The same at a later moment; an earlier one is none. */
  public Rolling at(long now) {
    long later = partOf(now);
    if (later <= part) {
      return this;
    }
    var moved = new long[KEPT];
    for (long one = Math.max(0, later - PARTS); one <= part; one++) {
      moved[slot(one)] = sums[slot(one)];
    }
    return new Rolling(origin, partNanos, later, moved, total - gone(later));
  }

  /** What was taken. */
  public long total() {
    return total;
  }

  /** What {@link #at} will have. */
  public long total(long now) {
    long later = partOf(now);
    return later <= part ? total : total - gone(later);
  }

  private long gone(long later) {
    long gone = 0;
    for (long one = Math.max(0, part - PARTS); one <= part && one < later - PARTS; one++) {
      gone += sums[slot(one)];
    }
    return gone;
  }

  /**
   * With that much more; less where it is negative, though never less than was taken then.
   *
   * @param taken when it was: what the window has forgotten by now cannot be given back, and what
   *     is more counts now
   */
  public Rolling plus(long amount, long taken) {
    long in = partOf(taken);
    if (in < part - PARTS) {
      if (amount < 0) {
        return this;
      }
      in = part;
    }
    var changed = sums.clone();
    int slot = slot(Math.min(in, part));
    long now = Math.max(0, changed[slot] + amount);
    long difference = now - changed[slot];
    changed[slot] = now;
    return new Rolling(origin, partNanos, part, changed, total + difference);
  }

  /**
   * Nanoseconds until that much fits by time alone.
   *
   * @param amount not above {@code most}
   */
  public long wait(long amount, long most, long now) {
    Rolling current = at(now);
    long end = origin + (current.fits(amount, most) + KEPT) * partNanos;
    return Math.max(1, end - now);
  }

  /** The first part after whose end that much fits; one that has ended where it does now. */
  private long fits(long amount, long most) {
    long left = total;
    long one = Math.max(0, part - PARTS);
    while (amount > most - left && one <= part) {
      left -= sums[slot(one++)];
    }
    return one - 1;
  }

  private static int slot(long part) {
    return (int) (part % KEPT);
  }

  private long partOf(long moment) {
    return Math.max(0, moment - origin) / partNanos;
  }
}

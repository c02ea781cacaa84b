package dev.lintel;

import java.time.Duration;

/**
 * How much was taken within a window of time that ends now. Immutable: whoever keeps one changes it
 * by swapping it for the next, so that what fits is never more than is allowed, whoever asks at the
 * same time.
 *
 * <p>The window is kept in parts, and a part is forgotten as a whole once what was taken last in it
 * is as old as the window: so a window is never passed, what was taken at one moment holds room for
 * exactly a window, and what is taken all the time may hold it for a thirtieth too long.
 */
public final class Rolling {
  private static final int PARTS = 30;

  /** One part more than the window has: the one that is under way. */
  private static final int KEPT = PARTS + 1;

  private final long origin;
  private final long length;
  private final long partNanos;

  /** The number of the newest part. */
  private final long part;

  /** The number of the oldest that is not forgotten. */
  private final long first;

  /**
   * Of each part by its number modulo their count what it took, and behind all of these when it
   * took the last, since the origin.
   */
  private final long[] parts;

  private final long total;

  private Rolling(Rolling before, long part, long first, long[] parts, long total) {
    this(before.origin, before.length, before.partNanos, part, first, parts, total);
  }

  private Rolling(
      long origin, long length, long partNanos, long part, long first, long[] parts, long total) {
    this.origin = origin;
    this.length = length;
    this.partNanos = partNanos;
    this.part = part;
    this.first = first;
    this.parts = parts;
    this.total = total;
  }

  /**
   * One of which nothing was taken.
   *
   * @param now nano time, as everywhere below
   */
  public static Rolling of(Duration length, long now) {
    long nanos = length.toNanos();
    long partNanos = Math.max(1, (nanos + PARTS - 1) / PARTS);
    return new Rolling(now, nanos, partNanos, 0, 0, new long[2 * KEPT], 0);
  }

  /** The same at a later moment; an earlier one is none. */
  public Rolling at(long now) {
    long later = Math.max(part, partOf(now));
    long left = oldest(now);
    long oldest = left > part ? later : left;
    if (later == part && oldest == first) {
      return this;
    }
    var moved = new long[2 * KEPT];
    long sum = 0;
    for (long one = oldest; one <= part; one++) {
      int slot = slot(one);
      moved[slot] = parts[slot];
      moved[KEPT + slot] = parts[KEPT + slot];
      sum += parts[slot];
    }
    return new Rolling(this, later, oldest, moved, sum);
  }

  /** The first part that is not forgotten then. */
  private long oldest(long now) {
    long since = now - origin;
    long one = first;
    while (one <= part && last(one) + length <= since) {
      one++;
    }
    return one;
  }

  /** Of a part of which nothing was taken its end: something may be, as long as it is not over. */
  private long last(long one) {
    int slot = slot(one);
    return parts[slot] == 0 ? (one + 1) * partNanos - 1 : parts[KEPT + slot];
  }

  /** What was taken. */
  public long total() {
    return total;
  }

  /** What {@link #at} will have. */
  public long total(long now) {
    long gone = 0;
    long oldest = oldest(now);
    for (long one = first; one < oldest; one++) {
      gone += parts[slot(one)];
    }
    return total - gone;
  }

  /**
   * With that much more; less where it is negative, though never less than was taken then.
   *
   * @param taken when it was: what the window has forgotten by now cannot be given back, and what
   *     is more counts now
   */
  public Rolling plus(long amount, long taken) {
    long in = Math.min(part, partOf(taken));
    long moment = Math.max(0, taken - origin);
    if (in < first) {
      if (amount < 0) {
        return this;
      }
      in = part;
      moment = (part + 1) * partNanos - 1;
    }
    var changed = parts.clone();
    int slot = slot(in);
    long now = Math.max(0, changed[slot] + amount);
    long difference = now - changed[slot];
    changed[slot] = now;
    if (amount > 0) {
      changed[KEPT + slot] = Math.max(changed[KEPT + slot], moment);
    }
    return new Rolling(this, part, first, changed, total + difference);
  }

  /**
   * Nanoseconds until that much fits by time alone.
   *
   * @param amount not above {@code most}
   */
  public long wait(long amount, long most, long now) {
    Rolling current = at(now);
    long left = current.total;
    long last = now - origin - length;
    for (long one = current.first; amount > most - left && one <= current.part; one++) {
      int slot = slot(one);
      left -= current.parts[slot];
      last = current.parts[slot] == 0 ? last : current.parts[KEPT + slot];
    }
    return Math.max(1, last + length - (now - origin));
  }

  private static int slot(long part) {
    return (int) (part % KEPT);
  }

  private long partOf(long moment) {
    return Math.max(0, moment - origin) / partNanos;
  }
}

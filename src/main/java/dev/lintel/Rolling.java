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
   * took the last, since the origin. The newest part has its own, so that what is taken now leaves
   * the others where they are, and those who share them.
   */
  private final long[] parts;

  /** What the newest part took. */
  private final long newest;

  /** When it took the last, since the origin. */
  private final long newestAt;

  private final long total;

  /** When the oldest part is forgotten, since the origin. */
  private final long until;

  private Rolling(
      Rolling before,
      long part,
      long first,
      long[] parts,
      long newest,
      long newestAt,
      long total,
      boolean sameFirst) {
    this.origin = before.origin;
    this.length = before.length;
    this.partNanos = before.partNanos;
    this.part = part;
    this.first = first;
    this.parts = parts;
    this.newest = newest;
    this.newestAt = newestAt;
    this.total = total;
    this.until = sameFirst ? before.until : last(first) + length;
  }

  private Rolling(long origin, long length, long partNanos) {
    this.origin = origin;
    this.length = length;
    this.partNanos = partNanos;
    this.part = 0;
    this.first = 0;
    this.parts = new long[2 * KEPT];
    this.newest = 0;
    this.newestAt = 0;
    this.total = 0;
    this.until = last(first) + length;
  }

  /**
   * One of which nothing was taken.
   *
   * @param now nano time, as everywhere below
   */
  public static Rolling of(Duration length, long now) {
    long nanos = length.toNanos();
    long partNanos = Math.max(1, (nanos + PARTS - 1) / PARTS);
    return new Rolling(now, nanos, partNanos);
  }

  /** The same at a later moment; an earlier one is none. */
  public Rolling at(long now) {
    long later = Math.max(part, partOf(now));
    long left = oldest(now);
    long oldest = left > part ? later : left;
    if (later == part && oldest == first) {
      return this;
    }
    if (later == part) {
      return new Rolling(
          this, part, oldest, parts, newest, newestAt, total - before(oldest), false);
    }
    var moved = new long[2 * KEPT];
    long sum = 0;
    for (long one = oldest; one <= part; one++) {
      int slot = slot(one);
      moved[slot] = count(one);
      moved[KEPT + slot] = moment(one);
      sum += moved[slot];
    }
    return new Rolling(this, later, oldest, moved, 0, 0, sum, oldest == first);
  }

  private long count(long one) {
    return one == part ? newest : parts[slot(one)];
  }

  private long moment(long one) {
    return one == part ? newestAt : parts[KEPT + slot(one)];
  }

  /** What was taken in parts before that one. */
  private long before(long oldest) {
    long sum = 0;
    for (long one = first; one < oldest; one++) {
      sum += count(one);
    }
    return sum;
  }

  /** The first part that is not forgotten then. */
  private long oldest(long now) {
    long since = now - origin;
    if (since < until) {
      return first;
    }
    long one = first;
    while (one <= part && last(one) + length <= since) {
      one++;
    }
    return one;
  }

  /** Of a part of which nothing was taken its end: something may be, as long as it is not over. */
  private long last(long one) {
    return count(one) == 0 ? (one + 1) * partNanos - 1 : moment(one);
  }

  /** What was taken. */
  public long total() {
    return total;
  }

  /** What {@link #at} will have. */
  public long total(long now) {
    return total - before(oldest(now));
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
    long now = Math.max(0, count(in) + amount);
    long last = amount > 0 ? Math.max(moment(in), moment) : moment(in);
    long sum = total + now - count(in);
    if (in == part) {
      return new Rolling(this, part, first, parts, now, last, sum, first != part);
    }
    var changed = parts.clone();
    changed[slot(in)] = now;
    changed[KEPT + slot(in)] = last;
    return new Rolling(this, part, first, changed, newest, newestAt, sum, first != in);
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
      left -= current.count(one);
      last = current.count(one) == 0 ? last : current.moment(one);
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

package dev.lintel.route;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How much was taken within a window of time that ends now. What fits is never more than is
 * allowed, whoever asks at the same time: every change swaps one immutable state for another.
 *
 * <p>The window is kept in parts, and a part is forgotten as a whole once its last moment is older
 * than the window: so a window is never passed, and what was taken may hold room for a sixtieth of
 * it too long.
 */
final class Window {
  private static final int PARTS = 60;

  /** One part more than the window has: the one that is under way. */
  private static final int KEPT = PARTS + 1;

  /**
   * @param part the number of the newest part
   * @param sums what each part took, by its number modulo their count
   */
  private record State(long part, long[] sums, long total) {
    /** The same at a later part. */
    State at(long later) {
      if (later <= part) {
        return this;
      }
      long left = total;
      var moved = new long[KEPT];
      for (long one = Math.max(0, later - PARTS); one <= part; one++) {
        moved[slot(one)] = sums[slot(one)];
      }
      for (long one = Math.max(0, part - PARTS); one <= part && one < later - PARTS; one++) {
        left -= sums[slot(one)];
      }
      return new State(later, moved, left);
    }

    State with(long amount, long in) {
      var changed = sums.clone();
      // What a part gives back is never more than it took.
      long now = Math.max(0, changed[slot(in)] + amount);
      long difference = now - changed[slot(in)];
      changed[slot(in)] = now;
      return new State(part, changed, total + difference);
    }

    /** The first part after whose end that much fits; one that has ended where it does now. */
    long fits(long amount, long most) {
      long left = total;
      long one = Math.max(0, part - PARTS);
      while (left + amount > most && one <= part) {
        left -= sums[slot(one++)];
      }
      return one - 1;
    }

    private static int slot(long part) {
      return (int) (part % KEPT);
    }
  }

  private final long origin;
  private final long partNanos;
  private final AtomicReference<State> state =
      new AtomicReference<>(new State(0, new long[KEPT], 0));

  /**
   * @param now nano time, as everywhere below
   */
  Window(Duration length, long now) {
    this.origin = now;
    this.partNanos = Math.max(1, (length.toNanos() + PARTS - 1) / PARTS);
  }

  /**
   * Takes that much, where with it no more than {@code most} is taken. What is more than that fits
   * where nothing else is.
   *
   * @return 0 where it was taken; else the nanoseconds until it would fit
   */
  long take(long amount, long most, long now) {
    long wanted = Math.min(amount, most);
    while (true) {
      State known = known();
      State current = known.at(part(now));
      if (current.total() + wanted > most) {
        return wait(current, wanted, most, now);
      }
      if (state.compareAndSet(known, current.with(wanted, current.part()))) {
        return 0;
      }
    }
  }

  /** What {@link #take} would return, while nothing is taken. */
  long left(long amount, long most, long now) {
    State current = known().at(part(now));
    long wanted = Math.min(amount, most);
    return current.total() + wanted > most ? wait(current, wanted, most, now) : 0;
  }

  private long wait(State current, long wanted, long most, long now) {
    long end = origin + (current.fits(wanted, most) + KEPT) * partNanos;
    return Math.max(1, end - now);
  }

  /**
   * What was taken at some moment has turned out to be that much more; less where it is negative.
   */
  void correct(long difference, long taken, long now) {
    while (difference != 0) {
      State known = known();
      State current = known.at(part(now));
      long in = part(taken);
      if (in < current.part() - PARTS && difference < 0) {
        return;
      }
      State corrected = current.with(difference, in < current.part() - PARTS ? current.part() : in);
      if (state.compareAndSet(known, corrected)) {
        return;
      }
    }
  }

  private State known() {
    return Objects.requireNonNull(state.get());
  }

  private long part(long now) {
    return Math.max(0, now - origin) / partNanos;
  }
}

package dev.lintel.route;

import dev.lintel.Rolling;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** How much was taken within a window of time that ends now, on any thread, without waiting. */
final class Window {
  private final AtomicReference<Rolling> taken;

  /**
   * @param now nano time, as everywhere below
   */
  Window(Duration length, long now) {
    this.taken = new AtomicReference<>(Rolling.of(length, now));
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
      Rolling known = known();
      Rolling current = known.at(now);
      if (wanted > most - current.total()) {
        return current.wait(wanted, most, now);
      }
      if (taken.compareAndSet(known, current.plus(wanted, now))) {
        return 0;
      }
    }
  }

  /** What {@link #take} would return, while nothing is taken. */
  long left(long amount, long most, long now) {
    Rolling current = known();
    long wanted = Math.min(amount, most);
    return wanted > most - current.total(now) ? current.wait(wanted, most, now) : 0;
  }

  /**
   * What was taken at some moment has turned out to be that much more; less where it is negative.
   */
  void correct(long difference, long then, long now) {
    while (difference != 0) {
      Rolling known = known();
      if (taken.compareAndSet(known, known.at(now).plus(difference, then))) {
        return;
      }
    }
  }

  private Rolling known() {
    return Objects.requireNonNull(taken.get());
  }
}

package dev.lintel.route;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many calls are under way at something that may have so many at once, and how long each is.
 */
final class Slots {
  private final AtomicInteger taken = new AtomicInteger();
  private final Mean nanos = new Mean();
  private final List<Runnable> hearers = new CopyOnWriteArrayList<>();

  /** False where that many are under way. */
  boolean take(int most) {
    while (true) {
      int now = taken.get();
      if (now >= most) {
        return false;
      }
      if (taken.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  boolean full(int most) {
    return taken.get() >= most;
  }

  int taken() {
    return taken.get();
  }

  /** A call has ended that lasted so long. */
  void ended(long took) {
    nanos.add(took);
    giveBack();
  }

  /**
   * A place is given back because there was none elsewhere. Nobody is told, least of all who gives
   * it back: whoever wants it waits for the same other place, and will hear of that.
   */
  void putBack() {
    taken.decrementAndGet();
  }

  /** A place was taken that is not wanted. */
  void giveBack() {
    taken.decrementAndGet();
    for (Runnable hearer : hearers) {
      hearer.run();
    }
  }

  /** Until one of that many has ended, as long as calls have lasted so far; 0 if none has ended. */
  Duration rest(int most) {
    double known = nanos.get();
    return Duration.ofNanos(Double.isNaN(known) ? 0 : (long) (known / most));
  }

  void hear(Runnable room) {
    hearers.add(room);
  }

  void unhear(Runnable room) {
    hearers.remove(room);
  }
}

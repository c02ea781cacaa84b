package dev.lintel.main;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts who needs something; the last to let go ends it, and nobody takes it after that. Whoever
 * makes it holds it first.
 */
final class Hold {
  private final AtomicLong holders = new AtomicLong(1);
  private final Runnable end;

  /**
   * @param end runs once, on the thread that lets go last; must not wait
   */
  Hold(Runnable end) {
    this.end = end;
  }

  /** False where it has ended. */
  boolean take() {
    return holders.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
      end.run();
    }
  }
}

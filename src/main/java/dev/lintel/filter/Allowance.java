package dev.lintel.filter;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How many of a model's last hundred calls something was done for, so that it is done for a share
 * of them only; for one at least. On any thread, without waiting.
 */
final class Allowance {
  private static final int LAST = 100;

  private final AtomicLong calls = new AtomicLong();

  /** The numbers of the calls for which it was done, of the last hundred; never changed. */
  private final AtomicReference<long[]> done = new AtomicReference<>(new long[0]);

  /** A call has come. */
  void count() {
    calls.incrementAndGet();
  }

  /**
   * Whether it may be done for one more; if so it counts as done.
   *
   * @param share from 0 to 1
   */
  boolean take(double share) {
    long now = calls.get();
    long most = Math.max(1, (long) (share * Math.min(now, LAST) + 1e-9));
    while (true) {
      long[] known = done.get();
      long[] recent = Arrays.stream(known).filter(call -> call > now - LAST).toArray();
      if (recent.length >= most) {
        return false;
      }
      long[] more = Arrays.copyOf(recent, recent.length + 1);
      more[recent.length] = now;
      if (done.compareAndSet(known, more)) {
        return true;
      }
    }
  }

  /** It was not done after all for the last one for which it might have been. */
  void giveBack() {
    done.updateAndGet(known -> Arrays.copyOf(known, Math.max(0, known.length - 1)));
  }
}

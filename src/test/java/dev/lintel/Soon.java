package dev.lintel;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * How tests wait: as long as a machine may need that does much else besides, and never by turning
 * one of its processors.
 */
public final class Soon {
  private static final Duration MOST = Duration.ofMinutes(1);
  private static final Duration PAUSE = Duration.ofMillis(2);
  private static final int TRIES = 20;

  private Soon() {}

  /** Waits until that holds. */
  public static void until(BooleanSupplier holds) {
    var _ = found(holds::getAsBoolean, held -> held);
  }

  /** Asks again and again, and returns the first answer that is wanted. */
  public static <T> T found(Callable<T> ask, Predicate<T> wanted) {
    long end = System.nanoTime() + MOST.toNanos();
    T answer = asked(ask);
    while (!wanted.test(answer)) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("has not come in " + MOST + ", only " + answer);
      }
      LockSupport.parkNanos(PAUSE.toNanos());
      answer = asked(ask);
    }
    return answer;
  }

  /**
   * Tries until one try has taken less than that: what else the machine does may slow down some of
   * them, but not all.
   *
   * @param timed makes a try, and says how long what counts of it has taken
   */
  public static void within(Duration bound, Callable<Duration> timed) {
    Duration quickest = asked(timed);
    for (int i = 1; i < TRIES && quickest.compareTo(bound) >= 0; i++) {
      Duration next = asked(timed);
      quickest = next.compareTo(quickest) < 0 ? next : quickest;
    }
    if (quickest.compareTo(bound) >= 0) {
      throw new AssertionError("the quickest of " + TRIES + " tries has taken " + quickest);
    }
  }

  /** How long it takes until that holds. */
  public static Duration taken(BooleanSupplier holds) {
    long begun = System.nanoTime();
    until(holds);
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  private static <T> T asked(Callable<T> ask) {
    try {
      return ask.call();
    } catch (RuntimeException failed) {
      throw failed;
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }
}

package dev.lintel.ledger;

import dev.lintel.Account;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * On what all parts of counting in a Redis stand.
 *
 * @param time by which the calendar goes
 */
record Ground(Redis redis, RedisCounters.Pace pace, InstantSource time) {
  /** How many accounts one run of the script is about at the most. */
  static final int MOST = 200;

  Place place(Account account) {
    return Place.of(redis, account, time.instant());
  }

  /**
   * @param who asks; empty where that makes no difference
   */
  Words words(String what, String who) {
    return Words.of(redis, what, pace.dead(), who);
  }

  /** Throws {@link IllegalStateException} where Redis does not answer in time. */
  <T> T wait(CompletableFuture<T> asked) {
    try {
      return bounded(asked).join();
    } catch (CompletionException failed) {
      throw new IllegalStateException(failed.getCause());
    }
  }

  /** The same for who waits in another way; the answer may still come. */
  <T> CompletableFuture<T> bounded(CompletableFuture<T> asked) {
    return asked.copy().orTimeout(pace.exchange().toMillis(), TimeUnit.MILLISECONDS);
  }

  static String said(Throwable failed) {
    Throwable cause = failed.getCause() == null ? failed : failed.getCause();
    return String.valueOf(cause.getMessage());
  }
}

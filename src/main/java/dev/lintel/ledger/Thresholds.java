package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Counters.Watcher;
import java.time.Instant;
import java.util.OptionalInt;

/** The percents of an allowance at whose passing somebody is told. */
final class Thresholds {
  private Thresholds() {}

  /** Tells of the highest of each allowance that was passed on the way from one to the other. */
  static void tell(Watcher watcher, Account account, Instant period, long before, long after) {
    tell(watcher, account, account.allowance(), period, before, after);
    if (!account.beside().isEmpty()) {
      account.beside().forEach(other -> tell(watcher, account, other, period, before, after));
    }
  }

  private static void tell(
      Watcher watcher,
      Account account,
      Allowance allowance,
      Instant period,
      long before,
      long after) {
    if (!allowance.thresholds().isEmpty()) {
      passed(allowance, before, after)
          .ifPresent(
              percent -> watcher.passed(account.judgedBy(allowance), period, percent, after));
    }
  }

  private static OptionalInt passed(Allowance allowance, long before, long after) {
    for (int percent : allowance.thresholds().reversed()) {
      long bar = share(allowance.amount(), percent);
      if (before < bar && after >= bar) {
        return OptionalInt.of(percent);
      }
    }
    return OptionalInt.empty();
  }

  private static long share(long amount, int percent) {
    return amount / 100 * percent + amount % 100 * percent / 100;
  }
}

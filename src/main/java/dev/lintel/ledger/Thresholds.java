package dev.lintel.ledger;

import dev.lintel.Allowance;
import java.util.OptionalInt;

/** The percents of an allowance at whose passing somebody is told. */
final class Thresholds {
  private Thresholds() {}

  /** The highest that was passed on the way from one to the other. */
  static OptionalInt passed(Allowance allowance, long before, long after) {
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

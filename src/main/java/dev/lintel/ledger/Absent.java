package dev.lintel.ledger;

import dev.lintel.Account;
import java.time.Duration;

/**
 * The nodes that have not come back to Redis since this one lost it. Nobody knows yet what they
 * have used meanwhile, so their parts are left to them, until they have told it or are dead.
 */
final class Absent {
  static final Absent NOBODY = new Absent(Division.ALONE, Duration.ZERO);

  private final Division parts;
  private final Duration dead;
  private final long back = System.nanoTime();
  private volatile int missing;

  /**
   * This node is back now.
   *
   * @param dead after which those are not waited for any more that were not heard of
   */
  Absent(Division parts, Duration dead) {
    this.parts = parts;
    this.dead = dead;
    this.missing = parts.nodes() - 1;
  }

  /** How many they are. */
  int missing() {
    return missing;
  }

  /** How much of an account is left to them. */
  long parts(Account account, Place place) {
    int some = missing;
    return some == 0 ? 0 : parts.others(account, place, some);
  }

  /** For how long, in milliseconds, who was heard of within that time is back. */
  long within() {
    return parts.millis();
  }

  /**
   * @param heard how many nodes were, with this one
   * @return whether less is left to them now
   */
  boolean hear(int heard) {
    int before = missing;
    boolean over = System.nanoTime() - back > dead.toNanos();
    missing = over ? 0 : Math.clamp(parts.nodes() - heard, 0, before);
    return missing < before;
  }
}

package dev.lintel.ledger;

import dev.lintel.Allowance;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Level;
import dev.lintel.Mode;
import java.time.Duration;

/** The count of one account. Its methods may be called on any thread and never wait. */
sealed interface Tally permits RollingTally, PeriodTally {
  /** There is not enough left. */
  long SHORT = -1;

  /** The count was given up for not having been used: there is another one, or none. */
  long GONE = -2;

  /** So far above every amount in use that sums of it are none, and far below an overflow. */
  long MOST = Long.MAX_VALUE / 8;

  /** What {@link #take} would hold. */
  long room(Claim claim, Moment now);

  /** How much is held from now on, {@link #SHORT} or {@link #GONE}. */
  long take(Claim claim, Moment now);

  /**
   * What was held is used to that extent, and free for the rest.
   *
   * @param taken when it was taken
   * @return what was spent before; {@link #GONE} where that is of another period or of none
   */
  long settle(Claim claim, long held, long used, Moment taken, Moment now);

  /** Something was used that was not held. What was spent before, or {@link #GONE}. */
  long add(Claim claim, Moment now);

  /** What is left; below 0 where more was taken than there is. */
  long left(Allowance allowance, Moment now);

  /** Until all of it is there again. */
  Duration reset(Allowance allowance, Moment now);

  /** Until a claim that is short holds by time alone. */
  Duration again(Claim claim, Moment now);

  /** Whether the claim may hold once nothing is held any more. */
  boolean held(Claim claim, Moment now);

  Level level(Allowance allowance, Moment now);

  /** Whether it is one of that owner's, and has not been given up. */
  boolean counts(Object owner);

  /** What a look at a count came to. */
  enum Look {
    NEEDED,
    /** It says nothing, but was used lately. */
    SPARED,
    /** It was given up. */
    GONE
  }

  /**
   * Gives the count up where it says nothing any more. One look at a time.
   *
   * @param since in the windows' nanoseconds: a look before it, or now, must have found the count
   *     as it is
   */
  Look retire(Moment now, long since);

  /** What a claim would hold of an account of which that is spent and reserved. */
  static long hold(Claim claim, long spent, long reserved) {
    long bound = Math.min(claim.bound(), MOST);
    Allowance allowance = claim.account().allowance();
    long left = allowance.amount() - plus(spent, reserved);
    if (bound <= left || bound <= 0) {
      return Math.max(0, bound);
    }
    if (reserved == 0 && claim.usual() <= left) {
      return left;
    }
    return allowance.mode() == Mode.ENFORCE ? SHORT : bound;
  }

  static long plus(long one, long other) {
    return Math.min(one + other, Long.MAX_VALUE / 2);
  }
}

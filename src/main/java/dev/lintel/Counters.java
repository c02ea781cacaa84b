package dev.lintel;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Counts what callers use against what they may. What a call may need is reserved before it and
 * settled after it, so that an allowance is never passed, whoever asks at the same time.
 */
public interface Counters extends AutoCloseable {
  /**
   * What a call wants of an account.
   *
   * @param bound the most that it may use
   * @param usual what such calls have really used at the most lately; not above the bound
   */
  record Claim(Account account, long bound, long usual) {}

  /** What came of claims. */
  sealed interface Taken {}

  /** All of them hold; to be ended exactly once. */
  non-sealed interface Grant extends Taken {
    /**
     * What is left of the account of the claim with that number, after all claims; below 0 where it
     * is not enforced and would have been short.
     */
    long left(int claim);

    /** How much of it was reserved: of no claim more than its bound. */
    long held(int claim);

    /** Until all of the account is there again, as far as time alone brings it. */
    Duration reset(int claim);

    /**
     * The call is over; does not wait. What is used of an account beyond what was reserved counts,
     * too.
     *
     * @param used of each account, in the order of the claims; of calls at once it is given back,
     *     whatever is said
     * @return what of it has to outlast the process
     */
    List<Charge> settle(long[] used);
  }

  /**
   * Nothing was taken.
   *
   * @param claim the number of the first claim that does not hold
   * @param left of its account
   * @param again until it would hold by time alone; a day where that never happens, and a second
   *     for calls at once
   * @param held whether it may hold once calls that are under way have ended
   */
  record Short(int claim, long left, Duration again, boolean held) implements Taken {}

  /**
   * What was used of a lasting allowance.
   *
   * @param account its id
   * @param period when that began for which it is; the beginning of 1970 where it is for all time
   */
  record Charge(String account, Instant period, long amount) {}

  /**
   * How an account stands.
   *
   * @param reset when all of it is there again; {@link Instant#MAX} for never
   */
  record Level(long spent, long reserved, Instant reset) {}

  /** Is told that a threshold of an account was passed; on any thread, must not wait. */
  @FunctionalInterface
  interface Watcher {
    /**
     * @param percent of the allowance's thresholds the highest that was passed
     */
    void passed(Account account, Instant period, int percent, long spent);
  }

  /**
   * All of the claims or none. A claim holds where what is spent and reserved leaves its bound;
   * where nothing else is reserved, also where it leaves what is usual: it then holds what is left.
   * A claim of nothing always holds, and so does one on an allowance that is not enforced. Waits
   * for one exchange at the most with whoever keeps the count. Throws {@link Failure} {@code
   * UNAVAILABLE} where the count cannot be had and must be.
   */
  Taken take(List<Claim> claims);

  /**
   * Something was used without having been reserved, such as by a batch that a provider has worked
   * off.
   *
   * @return what of it has to outlast the process
   */
  List<Charge> spent(List<Claim> claims);

  /** How each of them stands, in their order. */
  List<Level> levels(List<Account> accounts);

  /**
   * What is known to have been spent of lasting allowances: the count is raised to it where it is
   * lower.
   */
  void atLeast(List<Charge> known);

  /** From now on somebody is told, on any thread, when something was given back. */
  void hear(Runnable givenBack);

  void unhear(Runnable givenBack);

  @Override
  void close();
}

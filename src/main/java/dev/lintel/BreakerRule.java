package dev.lintel;

import java.time.Duration;

/**
 * When who fails is left alone, and how it is found out that it is well again.
 *
 * @param failures so many within the window, and within four times as many calls; 0 where nobody
 *     said
 * @param window how long a failure counts; zero where nobody said
 * @param open how long it is left alone, unless the provider says it; zero where nobody said
 * @param probes how many calls may ask it at once after that, and how many have to be answered; 0
 *     where nobody said
 */
public record BreakerRule(int failures, Duration window, Duration open, int probes) {
  /** Nobody said anything. */
  public static final BreakerRule UNSAID = new BreakerRule(0, Duration.ZERO, Duration.ZERO, 0);

  /** Where nobody says otherwise. */
  public static final BreakerRule USUAL =
      new BreakerRule(5, Duration.ofSeconds(60), Duration.ofSeconds(60), 3);

  public BreakerRule {
    if (failures < 0 || window.isNegative() || open.isNegative() || probes < 0) {
      throw new IllegalArgumentException("less than nothing");
    }
  }

  /**
   * Of what the two say: the fewest failures, the longest times, the fewest probes. What only one
   * says stands.
   */
  public BreakerRule strictest(BreakerRule other) {
    return new BreakerRule(
        fewest(failures, other.failures),
        longest(window, other.window),
        longest(open, other.open),
        fewest(probes, other.probes));
  }

  /** The same, with what is usual where nobody said anything. */
  public BreakerRule orUsual() {
    return new BreakerRule(
        failures == 0 ? USUAL.failures : failures,
        window.isZero() ? USUAL.window : window,
        open.isZero() ? USUAL.open : open,
        probes == 0 ? USUAL.probes : probes);
  }

  private static int fewest(int one, int other) {
    return one == 0 || other == 0 ? Math.max(one, other) : Math.min(one, other);
  }

  private static Duration longest(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}

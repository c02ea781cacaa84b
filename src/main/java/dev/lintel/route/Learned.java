package dev.lintel.route;

import dev.lintel.Percent;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import java.math.BigDecimal;
import java.util.Optional;

/**
 * Asks whoever has turned out best for calls of the same {@link Kind}, and now and then another
 * one, so that it learns when that has changed: a bandit with a context.
 *
 * <p>What it knows of a target are figures of its calls, each new one making the earlier ones count
 * 2 % less, and all of them counting {@code 500 / (500 + calls of the kind since the last)}: {@code
 * n} of them, of which {@code A} is the share that were answered, {@code C} the mean cost in USD,
 * {@code L} the mean time to the end of the answer, and {@code F} the mean of what callers said.
 * The reward of a target, from 0 to 1, is
 *
 * <pre>
 * A * (cost * Cmin/C + latency * Lmin/L + feedback * F) / (cost + latency + feedback)
 * </pre>
 *
 * with the least of the candidates as {@code min}: a call that failed has the reward 0. Who has no
 * price counts as the dearest, and F is drawn to the candidates' mean (0.5 where nobody was rated)
 * by one more rating. It is taken of all calls and of those of the kind, each drawn to the one
 * before by {@code k = 2} more calls:
 *
 * <pre>
 * all    = (n_all  * reward_all  + k * mean of the candidates' reward_all) / (n_all  + k)
 * reward = (n_kind * reward_kind + k * all)                               / (n_kind + k)
 * </pre>
 *
 * <p>Thompson sampling (Thompson, On the likelihood that one unknown probability exceeds another,
 * 1933; with Gaussian draws as in Agrawal and Goyal, Further optimal regret bounds for Thompson
 * sampling, 2013, and forgetting as in Garivier and Moulines, On upper-confidence bound policies
 * for switching bandit problems, 2011): each target draws from a normal distribution around its
 * reward with the deviation {@code 0.25 / sqrt(1 + n_kind)}, and who draws highest is asked first.
 * Of {@code explore} of the calls it is one that is drawn evenly from all candidates: the floor.
 *
 * <p>The ceiling: whoever is asked first without having the highest reward costs the difference.
 * The sum of these costs over the last thousand calls or so (each making the earlier ones count 0.1
 * % less) is never above {@code regret} of the sum of the highest rewards of all calls; where it
 * would be, the best is asked. The ceiling stands above the floor.
 *
 * <p>A score is 1 less the reward. Calls with a caller's own key teach nothing.
 *
 * @param explore of the calls that are spread over all targets
 * @param regret of the reward of the best that may be given away to learn
 * @param cost its weight; where no weight is given all are equal, else what is left out is 0
 */
public record Learned(
    Percent explore,
    Percent regret,
    Optional<BigDecimal> cost,
    Optional<BigDecimal> latency,
    Optional<BigDecimal> feedback)
    implements Spec<Strategy> {
  static final Learned USUAL =
      new Learned(
          new Percent(BigDecimal.valueOf(5)),
          new Percent(BigDecimal.TEN),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  /** Throws {@link IllegalArgumentException} where nothing counts. */
  public Learned {
    weights(cost, latency, feedback);
  }

  @Override
  public Strategy build() {
    return new Bandit(
        weights(cost, latency, feedback), explore.share(), regret.share(), new Experience());
  }

  private static Weights weights(
      Optional<BigDecimal> cost, Optional<BigDecimal> latency, Optional<BigDecimal> feedback) {
    return Weights.of(cost, latency, feedback, "feedback");
  }
}

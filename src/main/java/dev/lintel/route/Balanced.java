package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/**
 * Asks whoever is best in cost, latency and quality together. With {@code C} the USD and {@code L}
 * the seconds that this call is expected to take at a target, as {@code cheapest} and {@code
 * fastest} see them, and {@code Q} its quality from 0 to 1 (0.5 where nobody said), each set in
 * proportion to the highest among the candidates, a target's score is
 *
 * <pre>
 * (cost * C/Cmax + latency * L/Lmax + quality * (1 - Q/Qmax)) / (cost + latency + quality)
 * </pre>
 *
 * from 0 to 1. Proportions are used rather than ranks or distances from the best, so that a small
 * difference counts little. Who has no price counts as the dearest. Who has not been asked yet
 * counts as having no latency, so that it becomes known, but while calls are under way there as the
 * slowest. A part in which all candidates have nothing counts 0.
 *
 * @param cost its weight; where no weight is given all are equal, else what is left out is 0
 */
public record Balanced(
    Optional<BigDecimal> cost, Optional<BigDecimal> latency, Optional<BigDecimal> quality)
    implements Spec<Strategy> {
  private static final double USUAL_QUALITY = 0.5;

  /** Throws {@link IllegalArgumentException} where nothing counts. */
  public Balanced {
    weights(cost, latency, quality);
  }

  private static Weights weights(
      Optional<BigDecimal> cost, Optional<BigDecimal> latency, Optional<BigDecimal> quality) {
    return Weights.of(cost, latency, quality, "quality");
  }

  @Override
  public Strategy build() {
    Weights weights = weights(cost, latency, quality);
    return (call, targets) ->
        targets.size() < 2 ? Ranking.AS_WRITTEN : rank(call, targets, weights);
  }

  private static Ranking rank(Call call, List<Target> targets, Weights weights) {
    var outlook = new Outlook(call, targets);
    int count = targets.size();
    var costs = new double[count];
    var seconds = new double[count];
    var qualities = new double[count];
    double dearest = 0;
    double slowest = 0;
    double best = 0;
    for (int i = 0; i < count; i++) {
      Target target = targets.get(i);
      costs[i] = outlook.cost(target);
      seconds[i] = outlook.seconds(target);
      qualities[i] = target.profile().quality().orElse(USUAL_QUALITY);
      dearest = costs[i] > dearest ? costs[i] : dearest;
      slowest = seconds[i] > slowest ? seconds[i] : slowest;
      best = Math.max(best, qualities[i]);
    }
    // Takes the place of the costs, which are not needed any more.
    double[] scores = costs;
    for (int i = 0; i < count; i++) {
      boolean busy = targets.get(i).standing().underWay() > 0;
      scores[i] =
          weights.cost() * part(costs[i], dearest, 1)
              + weights.latency() * part(seconds[i], slowest, busy ? 1 : 0)
              + weights.other() * (best == 0 ? 0 : 1 - qualities[i] / best);
    }
    return Ranking.of(scores);
  }

  private static double part(double value, double highest, double unknown) {
    return Double.isNaN(value) ? unknown : highest == 0 ? 0 : value / highest;
  }
}

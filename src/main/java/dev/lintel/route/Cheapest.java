package dev.lintel.route;

import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;

/**
 * Asks whoever costs least for this very call: its prompt's tokens and the answer that is expected,
 * at each target's prices. The score is USD; those whose price nobody knows come last.
 */
public record Cheapest() implements Spec<Strategy> {
  @Override
  public Strategy build() {
    return (call, targets) -> {
      if (targets.size() < 2) {
        return Ranking.AS_WRITTEN;
      }
      var outlook = new Outlook(call, targets);
      var scores = new double[targets.size()];
      for (int i = 0; i < scores.length; i++) {
        double cost = outlook.cost(targets.get(i));
        scores[i] = Double.isNaN(cost) ? Double.POSITIVE_INFINITY : cost;
      }
      return Ranking.of(scores);
    };
  }
}

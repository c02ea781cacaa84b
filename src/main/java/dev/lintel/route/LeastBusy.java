package dev.lintel.route;

import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;

/**
 * Asks whoever has the fewest calls under way for its weight. A target's score is {@code (calls
 * under way + 1) / weight}: how busy it would be with this call.
 */
public record LeastBusy() implements Spec<Strategy> {
  @Override
  public Strategy build() {
    return (call, targets) -> {
      if (targets.size() < 2) {
        return Ranking.AS_WRITTEN;
      }
      var scores = new double[targets.size()];
      for (int i = 0; i < scores.length; i++) {
        Target target = targets.get(i);
        scores[i] = (target.standing().underWay() + 1.0) / target.profile().weight();
      }
      return Ranking.of(scores);
    };
  }
}

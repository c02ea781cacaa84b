package dev.lintel.route;

import dev.lintel.CallThread;
import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Draws targets without putting them back, each with a chance that is its share of the weight still
 * in the urn: so the first one gets its share of the calls, and where it fails the others share
 * what it leaves by their own weights.
 */
public record Weighted() implements Spec<Strategy> {
  @Override
  public Strategy build() {
    return (call, targets) -> targets.size() < 2 ? Ranking.AS_WRITTEN : draw(targets);
  }

  /**
   * Gives each target an exponential waiting time with its weight as the rate; the order of arrival
   * is the draw (Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006).
   */
  private static Ranking draw(List<Target> targets) {
    RandomGenerator random = CallThread.random();
    var arrivals = new double[targets.size()];
    for (int i = 0; i < arrivals.length; i++) {
      arrivals[i] = -Math.log(1 - random.nextDouble()) / targets.get(i).profile().weight();
    }
    return Ranking.of(arrivals);
  }
}

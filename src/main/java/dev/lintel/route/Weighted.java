package dev.lintel.route;

import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Draws targets without putting them back, each with a chance that is its share of the weight still
 * in the urn: so the first one gets its share of the calls, and where it fails the others share
 * what it leaves by their own weights.
 */
public record Weighted() implements Spec<Strategy> {
  @Override
  public Strategy build() {
    return (call, targets) -> targets.size() < 2 ? targets : draw(targets);
  }

  /**
   * Gives each target an exponential waiting time with its weight as the rate; the order of arrival
   * is the draw (Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006).
   */
  private static List<Target> draw(List<Target> targets) {
    record Arrival(double time, Target target) {}
    var random = ThreadLocalRandom.current();
    var arrivals = new Arrival[targets.size()];
    for (int i = 0; i < arrivals.length; i++) {
      Target target = targets.get(i);
      arrivals[i] = new Arrival(-Math.log(1 - random.nextDouble()) / target.weight(), target);
    }
    Arrays.sort(arrivals, Comparator.comparingDouble(Arrival::time));
    return Arrays.stream(arrivals).map(Arrival::target).toList();
  }
}

package dev.lintel.route;

import dev.lintel.Target;
import dev.lintel.route.Experience.Results;
import java.util.List;

/**
 * What is to be expected of each of some targets, for calls of one kind, as {@link Learned} says.
 * Made of all that was learned until then; not changed any more.
 */
final class Rewards {
  private static final double SPREAD = 0.25;

  /** Calls for which what was expected before counts. */
  private static final double PRIOR = 2;

  private static final double UNKNOWN = 0.5;

  private final List<Target> targets;
  private final long learned;
  private final double[] means;
  private final double[] deviations;
  private final int best;

  /** 1 less the mean: shared by the rankings of many calls. */
  private final double[] scores;

  private Rewards(
      List<Target> targets, long learned, double[] means, double[] deviations, int best) {
    this.targets = targets;
    this.learned = learned;
    this.means = means;
    this.deviations = deviations;
    this.best = best;
    this.scores = new double[means.length];
    for (int i = 0; i < means.length; i++) {
      scores[i] = 1 - means[i];
    }
  }

  static Rewards of(Experience experience, int kind, List<Target> targets, Weights weights) {
    int count = targets.size();
    long learned = experience.learned(kind);
    var all = new Results[count];
    var own = new Results[count];
    for (int i = 0; i < count; i++) {
      Experience.Arm arm = experience.of(targets.get(i));
      all[i] = arm.of(Experience.ALL);
      own[i] = arm.of(kind);
    }
    double[] usual = rewards(all, weights);
    double[] special = rewards(own, weights);
    double sum = 0;
    int known = 0;
    for (int i = 0; i < count; i++) {
      if (all[i].calls() > 0) {
        sum += usual[i];
        known++;
      }
    }
    double middle = known == 0 ? UNKNOWN : sum / known;
    long now = experience.begun(kind);
    long everyNow = experience.begun(Experience.ALL);
    var means = new double[count];
    var deviations = new double[count];
    int best = 0;
    for (int i = 0; i < count; i++) {
      double calls = own[i].calls() * own[i].weight(now);
      double mean = drawn(all[i].calls() * all[i].weight(everyNow), usual[i], middle);
      means[i] = drawn(calls, special[i], mean);
      deviations[i] = SPREAD / Math.sqrt(1 + calls);
      best = means[i] > means[best] ? i : best;
    }
    return new Rewards(List.copyOf(targets), learned, means, deviations, best);
  }

  private static double drawn(double calls, double reward, double to) {
    return (calls * reward + PRIOR * to) / (calls + PRIOR);
  }

  /** Of each, 0 where nothing is known. */
  private static double[] rewards(Results[] results, Weights weights) {
    double cheapest = Double.POSITIVE_INFINITY;
    double dearest = 0;
    double fastest = Double.POSITIVE_INFINITY;
    double ratings = 0;
    double rating = 0;
    for (Results one : results) {
      if (one.priced() > 0) {
        double cost = one.cost() / one.priced();
        cheapest = Math.min(cheapest, cost);
        dearest = Math.max(dearest, cost);
      }
      if (one.answered() > 0) {
        fastest = Math.min(fastest, one.seconds() / one.answered());
      }
      ratings += one.ratings();
      rating += one.rating();
    }
    double usual = ratings == 0 ? UNKNOWN : rating / ratings;
    var rewards = new double[results.length];
    for (int i = 0; i < rewards.length; i++) {
      Results one = results[i];
      if (one.answered() > 0) {
        double cost = one.priced() > 0 ? one.cost() / one.priced() : dearest;
        rewards[i] =
            one.answered()
                / one.calls()
                * (weights.cost() * part(cheapest, cost)
                    + weights.latency() * part(fastest, one.seconds() / one.answered())
                    + weights.other() * (one.rating() + usual) / (one.ratings() + 1));
      }
    }
    return rewards;
  }

  /** In proportion to the least; nothing is as good as nothing. */
  private static double part(double least, double value) {
    return value <= least ? 1 : least / value;
  }

  /** Whether it is of these targets and not out of date. */
  boolean holds(List<Target> others, long learnedSince) {
    // With many targets one outcome changes little, and to weigh them all takes a while.
    if (others.size() != targets.size() || learnedSince - learned > targets.size() / 8) {
      return false;
    }
    for (int i = 0; i < means.length; i++) {
      if (others.get(i) != targets.get(i)) {
        return false;
      }
    }
    return true;
  }

  /** Of whom most is expected. */
  int best() {
    return best;
  }

  double mean(int index) {
    return means[index];
  }

  double deviation(int index) {
    return deviations[index];
  }

  double[] scores() {
    return scores;
  }
}

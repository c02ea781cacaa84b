package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Asks the cheapest target that is good enough for the call, which no model is asked to tell. How
 * hard the call is, from 0 to 1, is a logistic sum of weighted features:
 *
 * <pre>
 * D = 1 / (1 + exp(-sum of weight * min(1, found / of)))
 * </pre>
 *
 * over the rows of a list (see {@code difficulty.csv}). A target's quality {@code Q} is the one of
 * its own; else that of its tier in the list; else by its price: {@code 0.3 + 0.6 * ln(C/Cmin) /
 * ln(Cmax/Cmin)} among the candidates, 0.6 where nobody knows it. With {@code C} the USD that the
 * call is expected to cost, the score of who is good enough, {@code Q >= D}, is
 *
 * <pre>
 * C / Cmax, under 1
 * </pre>
 *
 * (Q where nobody has a price), and who is not good enough comes after them all with {@code 1 + D -
 * Q}, the best of them first.
 *
 * @param rules a list in the place of the built-in one
 */
public record Classified(Optional<Path> rules) implements Spec<Strategy> {
  private static final double USUAL_QUALITY = 0.6;
  private static final double CHEAPEST_QUALITY = 0.3;
  private static final double UNDER_ONE = 0.999;

  @Override
  public List<Path> files() {
    return rules.stream().toList();
  }

  @Override
  public List<Flaw> flaws() {
    return rules.map(Difficulty::flaws).orElse(List.of());
  }

  @Override
  public Strategy build() {
    Difficulty difficulty = rules.map(Difficulty::of).orElseGet(Difficulty::usual);
    return (call, targets) ->
        targets.size() < 2 ? Ranking.AS_WRITTEN : rank(call, targets, difficulty);
  }

  private static Ranking rank(Call call, List<Target> targets, Difficulty difficulty) {
    var outlook = new Outlook(call, targets);
    int count = targets.size();
    var costs = new double[count];
    double cheapest = Double.POSITIVE_INFINITY;
    double dearest = 0;
    boolean priced = false;
    for (int i = 0; i < count; i++) {
      costs[i] = outlook.cost(targets.get(i));
      if (!Double.isNaN(costs[i])) {
        priced = true;
        cheapest = Math.min(cheapest, costs[i]);
        dearest = Math.max(dearest, costs[i]);
      }
    }
    double hard = difficulty.of(call);
    var scores = new double[count];
    for (int i = 0; i < count; i++) {
      double quality = quality(targets.get(i), difficulty, costs[i], cheapest, dearest);
      double cost = priced ? part(costs[i], dearest) : quality;
      scores[i] = quality >= hard ? cost * UNDER_ONE : 1 + hard - quality;
    }
    return Ranking.of(scores);
  }

  private static double quality(
      Target target, Difficulty difficulty, double cost, double cheapest, double dearest) {
    OptionalDouble said = target.profile().quality();
    if (said.isEmpty()) {
      said = difficulty.quality(target.profile().tier());
    }
    if (said.isPresent()) {
      return said.getAsDouble();
    }
    return Double.isNaN(cost) || cheapest <= 0 || cheapest == dearest
        ? USUAL_QUALITY
        : CHEAPEST_QUALITY
            + USUAL_QUALITY * Math.log(cost / cheapest) / Math.log(dearest / cheapest);
  }

  private static double part(double cost, double dearest) {
    return Double.isNaN(cost) ? 1 : dearest == 0 ? 0 : cost / dearest;
  }
}

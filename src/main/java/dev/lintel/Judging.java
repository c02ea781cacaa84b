package dev.lintel;

import java.util.List;
import java.util.Set;

/**
 * How a model judges the answers of others.
 *
 * @param model which one, by its configured name
 * @param share of the answered calls, from 0 to 1
 * @param rubric what makes an answer good, in words for the model
 * @param scale it gives 1 for the worst and this for the best
 * @param models whose answers; empty for all
 * @param budget the one allowance for what it costs
 */
public record Judging(
    String model,
    double share,
    String rubric,
    int scale,
    Set<String> models,
    List<Allowance> budget) {
  public static final String RUBRIC =
      "Is the answer right, complete, to the point, and in the form that was asked for?";

  public Judging {
    models = Set.copyOf(models);
    budget = List.copyOf(budget);
  }

  /** A score from 0 to 1 of one of its scale. */
  public double score(int given) {
    return (given - 1) / (scale - 1.0);
  }
}

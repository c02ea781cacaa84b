package dev.lintel;

import java.util.List;

/** Says in which order targets are tried. */
@FunctionalInterface
public non-sealed interface Strategy extends Extension {
  /**
   * Scores one target or more. Called by many threads at once; must not wait.
   *
   * @param targets all that may be tried, well or not
   */
  Ranking rank(Call call, List<Target> targets);

  /**
   * The same, where another configuration was in force until now.
   *
   * @param before the model's strategy in it; what that has learned need not be learned again
   */
  default Strategy following(Strategy before) {
    return this;
  }
}

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
}

package dev.lintel;

import java.util.List;

/** Puts targets in the order in which they are tried. */
@FunctionalInterface
public non-sealed interface Strategy extends Extension {
  /** All targets that may be tried, best first. Called by many threads at once; must not wait. */
  List<Target> rank(Call call, List<Target> targets);
}

package dev.lintel.route;

import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;

/** Tries targets in the order in which they are written. */
public record InOrder() implements Spec<Strategy> {
  @Override
  public Strategy build() {
    return (call, targets) -> Ranking.AS_WRITTEN;
  }
}

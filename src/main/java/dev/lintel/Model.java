package dev.lintel;

import java.util.List;

/** A name that callers ask for, and the targets behind it. */
public record Model(
    String name, List<Target> targets, Strategy strategy, Timeouts timeouts, Retry retry) {
  public Model {
    targets = List.copyOf(targets);
    if (targets.isEmpty()) {
      throw new IllegalArgumentException("model " + name + " has no target");
    }
  }

  /** The same with some of its targets. */
  public Model only(List<Target> some) {
    return new Model(name, some, strategy, timeouts, retry);
  }
}

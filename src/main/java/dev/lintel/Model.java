package dev.lintel;

import java.util.List;
import java.util.Optional;

/**
 * A name that callers ask for, and the targets behind it.
 *
 * @param merging empty where each request for vectors goes out alone
 */
public record Model(
    String name,
    List<Target> targets,
    Strategy strategy,
    Timeouts timeouts,
    Retry retry,
    Optional<Merging> merging) {
  /** One whose requests all go out alone. */
  public Model(
      String name, List<Target> targets, Strategy strategy, Timeouts timeouts, Retry retry) {
    this(name, targets, strategy, timeouts, retry, Optional.empty());
  }

  public Model {
    targets = List.copyOf(targets);
    if (targets.isEmpty()) {
      throw new IllegalArgumentException("model " + name + " has no target");
    }
  }

  /** The same with some of its targets. */
  public Model only(List<Target> some) {
    return new Model(name, some, strategy, timeouts, retry, merging);
  }
}

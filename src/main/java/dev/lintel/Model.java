package dev.lintel;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
    Optional<Merging> merging,
    Routing routing) {
  /** One whose requests all go out alone. */
  public Model(
      String name, List<Target> targets, Strategy strategy, Timeouts timeouts, Retry retry) {
    this(name, targets, strategy, timeouts, retry, Optional.empty(), Routing.NONE);
  }

  public Model {
    targets = List.copyOf(targets);
    if (targets.isEmpty()) {
      throw new IllegalArgumentException("model " + name + " has no target");
    }
  }

  /**
   * The same with some of its targets and no others: what would lead a call elsewhere, such as a
   * fallback, is left out. A call may still wait for them.
   */
  public Model only(List<Target> some) {
    return new Model(name, some, strategy, timeouts, retry, merging, routing.staying());
  }

  /** The same with other targets. */
  public Model among(List<Target> others) {
    return others == targets
        ? this
        : new Model(name, others, strategy, timeouts, retry, merging, routing);
  }

  /** Every target to which a call for it may come: its own, its rules', its split's. */
  public Stream<Target> everywhere() {
    return Stream.of(
            Stream.of(targets),
            routing.rules().stream().map(Routing.Rule::use),
            routing.split().stream().flatMap(split -> split.arms().stream()).map(Routing.Arm::to))
        .flatMap(lists -> lists)
        .flatMap(List::stream);
  }

  /** The same, tried so often at most. */
  public Model trying(int attempts) {
    return attempts == retry.attempts()
        ? this
        : new Model(
            name,
            targets,
            strategy,
            timeouts,
            new Retry(attempts, retry.least(), retry.most()),
            merging,
            routing);
  }

  /** The same on other ways. */
  public Model with(Routing other) {
    return other == routing
        ? this
        : new Model(name, targets, strategy, timeouts, retry, merging, other);
  }

  /** The same, its targets tried in another order. */
  public Model by(Strategy other) {
    return new Model(name, targets, other, timeouts, retry, merging, routing);
  }
}

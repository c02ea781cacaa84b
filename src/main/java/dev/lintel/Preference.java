package dev.lintel;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Of whom somebody would rather have calls asked. It keeps nobody from being asked: who is well
 * comes before who is not, whatever anybody prefers.
 *
 * @param strategy in the model's own's place
 * @param weights for that strategy, by the names of providers and targets
 * @param order names of providers and targets that come before all others, in that order
 * @param prefer who comes before others that are alike
 * @param avoid who comes after others that are alike
 */
public record Preference(
    Optional<Spec<Strategy>> strategy,
    Map<String, Integer> weights,
    List<String> order,
    Some prefer,
    Some avoid) {
  public Preference {
    weights = Map.copyOf(weights);
    order = List.copyOf(order);
  }

  /**
   * Some targets.
   *
   * @param names of providers and targets; empty where any will do
   * @param regions empty where any will do
   */
  public record Some(Set<String> names, Set<String> regions) {
    public static final Some NONE = new Some(Set.of(), Set.of());

    public Some {
      names = Set.copyOf(names);
      regions = Set.copyOf(regions);
    }

    public boolean isEmpty() {
      return names.isEmpty() && regions.isEmpty();
    }

    boolean has(Target target) {
      return !isEmpty()
          && (names.isEmpty() || names.stream().anyMatch(name -> is(target, name)))
          && (regions.isEmpty() || regions.stream().anyMatch(target.profile()::isIn));
    }
  }

  private static boolean is(Target target, String name) {
    return target.provider().name().equals(name) || target.named(name);
  }

  /** Whether it tells targets apart whatever its strategy says. */
  public boolean sorts() {
    return !order.isEmpty() || !prefer.isEmpty() || !avoid.isEmpty();
  }

  /** How many {@link #place places} there are. */
  public int places() {
    return 3 * (order.size() + 1);
  }

  /** Where the target stands, from 0; the same for those that it does not tell apart. */
  public int place(Target target) {
    int listed = 0;
    while (listed < order.size() && !is(target, order.get(listed))) {
      listed++;
    }
    return 3 * listed + (avoid.has(target) ? 2 : prefer.has(target) ? 0 : 1);
  }

  /** What it says of the target, such as {@code preferred}; empty where nothing. */
  public String words(Target target) {
    for (int i = 0; i < order.size(); i++) {
      if (is(target, order.get(i))) {
        return "number " + (i + 1) + " of the order";
      }
    }
    return avoid.has(target) ? "avoided" : prefer.has(target) ? "preferred" : "";
  }

  /** The target as its strategy is to see it. */
  public Target weighed(Target target) {
    Integer weight = weights.get(target.name());
    if (weight == null) {
      weight = weights.get(target.provider().name());
    }
    return weight == null
        ? target
        : new Target(
            target.provider(),
            target.model(),
            target.profile().weighing(weight),
            target.facts(),
            target.standing());
  }
}

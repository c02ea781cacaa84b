package dev.lintel;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What calls of one tenant, app and use case may do. Resolved once a configuration, from the
 * policies above it: what they forbid stays forbidden, what they force cannot be changed, and what
 * they count is counted. Rules stand in that order, those from above first.
 *
 * @param models that may be asked for, by the names that callers use
 * @param providers at which a target must be
 * @param endpoints kinds of requests, by the words of {@link Service}
 * @param tools what may be offered to a model
 * @param required terms that a call must bring
 * @param forced terms that hold whatever the call says; of those that two rules enforce the first
 * @param maxTokens the most tokens of an answer
 * @param dataClasses where calls of a class of data may go, by the class
 * @param routing of whom calls are asked rather than of others; of several the one furthest below
 *     is the last word
 * @param retention how long what its calls leave behind is kept; the shortest holds
 * @param capture how much of what its calls say is kept; the least holds
 * @param training whether nobody may train a model with what its calls say; one that says so is
 *     enough
 * @param allowances limits and budgets
 */
public record Policy(
    List<Ruled<Names>> models,
    List<Ruled<Names>> providers,
    List<Ruled<Names>> endpoints,
    List<Ruled<Names>> tools,
    List<Ruled<Set<String>>> required,
    List<Ruled<Map<String, String>>> forced,
    List<Ruled<Long>> maxTokens,
    List<Ruled<Map<String, Whereto>>> dataClasses,
    List<Ruled<Preference>> routing,
    List<Ruled<Retention>> retention,
    List<Ruled<Capture>> capture,
    List<Ruled<Boolean>> training,
    List<Allowance> allowances) {

  /** Nothing is forbidden, and nothing counted. */
  public static final Policy NONE = counting(List.of());

  public Policy {
    models = List.copyOf(models);
    providers = List.copyOf(providers);
    endpoints = List.copyOf(endpoints);
    tools = List.copyOf(tools);
    required = List.copyOf(required);
    forced = List.copyOf(forced);
    maxTokens = List.copyOf(maxTokens);
    dataClasses = List.copyOf(dataClasses);
    routing = List.copyOf(routing);
    retention = List.copyOf(retention);
    capture = List.copyOf(capture);
    training = List.copyOf(training);
    allowances = List.copyOf(allowances);
  }

  /** One that forbids nothing. */
  public static Policy counting(List<Allowance> allowances) {
    return new Policy(
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        allowances);
  }

  /** The same with other limits and budgets. */
  public Policy with(List<Allowance> others) {
    return new Policy(
        models,
        providers,
        endpoints,
        tools,
        required,
        forced,
        maxTokens,
        dataClasses,
        routing,
        retention,
        capture,
        training,
        others);
  }

  /**
   * Whether it asks nothing of a call itself: it counts, prefers one target to another, or says
   * what is kept.
   */
  public boolean counts() {
    return models.isEmpty()
        && providers.isEmpty()
        && endpoints.isEmpty()
        && tools.isEmpty()
        && required.isEmpty()
        && forced.isEmpty()
        && maxTokens.isEmpty()
        && dataClasses.isEmpty();
  }

  /**
   * Whether nobody may train a model with what its calls say, in whatever mode: that neither
   * refuses nor changes a call.
   */
  public boolean optsOut() {
    for (Ruled<Boolean> rule : training) {
      if (rule.value()) {
        return true;
      }
    }
    return false;
  }

  /** Whether it forbids to ask that model, in whatever model's place. */
  public boolean forbids(String model) {
    for (Ruled<Names> rule : models) {
      if (rule.mode() == Mode.ENFORCE && !rule.value().allows(model)) {
        return true;
      }
    }
    return false;
  }

  /** Whether it narrows the targets of some call. */
  public boolean narrows() {
    return !providers.isEmpty() || !dataClasses.isEmpty();
  }

  /** Both, this one above the other. */
  public Policy and(Policy below) {
    if (this == NONE || below == NONE) {
      return this == NONE ? below : this;
    }
    return new Policy(
        both(models, below.models),
        both(providers, below.providers),
        both(endpoints, below.endpoints),
        both(tools, below.tools),
        both(required, below.required),
        both(forced, below.forced),
        both(maxTokens, below.maxTokens),
        both(dataClasses, below.dataClasses),
        both(routing, below.routing),
        both(retention, below.retention),
        both(capture, below.capture),
        both(training, below.training),
        both(allowances, below.allowances));
  }

  private static <T> List<T> both(List<T> above, List<T> below) {
    return above.isEmpty() || below.isEmpty()
        ? above.isEmpty() ? below : above
        : Stream.concat(above.stream(), below.stream()).toList();
  }

  /**
   * Names of models, providers, endpoints or tools.
   *
   * @param allowed empty where all are that are not denied
   */
  public record Names(Optional<Set<String>> allowed, Set<String> denied) {
    public Names {
      allowed = allowed.map(Set::copyOf);
      denied = Set.copyOf(denied);
    }

    /** Those and no others. */
    public static Names of(Set<String> allowed) {
      return new Names(Optional.of(allowed), Set.of());
    }

    public boolean allows(String name) {
      return (allowed.isEmpty() || allowed.get().contains(name)) && !denied.contains(name);
    }
  }

  /**
   * Where data may go.
   *
   * @param refused nowhere
   * @param regions in one of which the target must be; empty where any will do
   * @param providers one of which the target's must be; empty where any will do
   */
  public record Whereto(boolean refused, Set<String> regions, Set<String> providers) {
    public static final Whereto NOWHERE = new Whereto(true, Set.of(), Set.of());

    public Whereto {
      regions = Set.copyOf(regions);
      providers = Set.copyOf(providers);
    }

    public boolean allows(Target target) {
      return !refused
          && (providers.isEmpty() || providers.contains(target.provider().name()))
          && (regions.isEmpty() || regions.stream().anyMatch(target.profile()::isIn));
    }
  }

  /** The policies of one caller, by the use case that a call names. */
  @FunctionalInterface
  public interface Source {
    Source NONE = useCase -> Policy.NONE;

    /**
     * Must not wait.
     *
     * @param useCase empty where the call names none
     */
    Policy of(String useCase);
  }
}

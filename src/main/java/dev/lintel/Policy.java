package dev.lintel;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What calls of one tenant, app and use case may do. Resolved once a configuration, from the
 * policies above it: what they forbid stays forbidden, and what they count is counted.
 *
 * @param models each a set in which the model's name must be
 * @param providers each a set in which the target's provider must be
 * @param endpoints each a set in which the kind of request must be, such as {@code chat}
 * @param tools what may be offered to a model
 * @param required terms that a call must bring
 * @param forced terms that hold whatever the call says
 * @param maxTokens the most tokens of an answer that a call may ask for; 0 for any number
 * @param dataClasses where calls of a class of data may go, by the class
 * @param allowances limits and budgets
 */
public record Policy(
    List<Ruled<Set<String>>> models,
    List<Ruled<Set<String>>> providers,
    List<Ruled<Set<String>>> endpoints,
    List<Ruled<Tools>> tools,
    List<Ruled<Set<String>>> required,
    Map<String, String> forced,
    long maxTokens,
    List<Ruled<Map<String, Whereto>>> dataClasses,
    List<Allowance> allowances) {

  /** Nothing is forbidden, and nothing counted. */
  public static final Policy NONE =
      new Policy(
          List.of(), List.of(), List.of(), List.of(), List.of(), Map.of(), 0, List.of(), List.of());

  public Policy {
    models = List.copyOf(models);
    providers = List.copyOf(providers);
    endpoints = List.copyOf(endpoints);
    tools = List.copyOf(tools);
    required = List.copyOf(required);
    forced = Map.copyOf(forced);
    dataClasses = List.copyOf(dataClasses);
    allowances = List.copyOf(allowances);
  }

  /**
   * Names of tools.
   *
   * @param allowed empty where all are that are not denied
   */
  public record Tools(Optional<Set<String>> allowed, Set<String> denied) {
    public boolean allows(String tool) {
      return allowed.map(names -> names.contains(tool)).orElse(true) && !denied.contains(tool);
    }
  }

  /**
   * Where data may go.
   *
   * @param refused nowhere
   * @param regions in one of which the target must be; empty where any will do
   * @param providers one of which the target's must be; empty where any will do
   */
  public record Whereto(boolean refused, Set<String> regions, Set<String> providers) {}

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

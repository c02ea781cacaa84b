package dev.lintel;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Every model that may be asked for, by the name a caller uses. */
public final class Models {
  private final Map<String, Model> configured;
  private final Map<String, Provider> providers;
  private final Strategy inOrder;
  private final Facts.Source facts;
  private final Standing.Source standings;
  private final Set<String> refusing;
  private final Map<String, String> usual;

  /** The most calls at once of those targets that have such a bound, whoever names them. */
  private final Map<String, Integer> concurrent;

  public Models(Map<String, Model> configured, Map<String, Provider> providers, Strategy inOrder) {
    this(configured, providers, inOrder, Facts.Source.NONE, Standing.Source.NONE, Set.of());
  }

  /**
   * @param inOrder the strategy of a model that is asked for as {@code provider/model}
   * @param facts what is known of such a model
   * @param standings how it fares
   * @param refusing the providers that are not asked while they are in trouble
   */
  public Models(
      Map<String, Model> configured,
      Map<String, Provider> providers,
      Strategy inOrder,
      Facts.Source facts,
      Standing.Source standings,
      Set<String> refusing) {
    this.refusing = Set.copyOf(refusing);
    this.standings = standings;
    this.configured = new LinkedHashMap<>(configured);
    this.providers = Map.copyOf(providers);
    this.inOrder = inOrder;
    this.facts = facts;
    this.usual = new HashMap<>();
    configured.values().stream()
        .flatMap(model -> model.targets().stream())
        .forEach(target -> usual.putIfAbsent(target.provider().name(), target.model()));
    this.concurrent = new HashMap<>();
    configured.values().stream()
        .flatMap(model -> model.targets().stream())
        .filter(target -> target.profile().concurrent() > 0)
        .forEach(
            target -> concurrent.merge(target.name(), target.profile().concurrent(), Math::min));
  }

  /** The configured names, in the order in which they are configured. */
  public List<String> names() {
    return List.copyOf(configured.keySet());
  }

  /** Whether that is a configured model's name. */
  public boolean has(String name) {
    return configured.containsKey(name);
  }

  /**
   * A configured model, or the one target that {@code provider/model} names; empty where there is
   * neither.
   */
  public Optional<Model> find(String name) {
    Model known = configured.get(name);
    if (known != null) {
      return Optional.of(known);
    }
    int slash = name.indexOf('/');
    return slash < 1 ? Optional.empty() : at(name.substring(0, slash), name.substring(slash + 1));
  }

  /**
   * The name of the first configured model with a target at that provider; empty where there is
   * none.
   */
  public Optional<String> usualAt(String provider) {
    return Optional.ofNullable(usual.get(provider));
  }

  /** The same as a configured model has it for a target, with its region, where one has. */
  public Optional<Model> listed(String provider, String model) {
    return at(provider, model)
        .map(alone ->
            configured.values().stream()
                .flatMap(Model::everywhere)
                .filter(target -> target.name().equals(alone.name()))
                .findFirst()
                .map(target -> alone.among(List.of(target)))
                .orElse(alone));
  }

  /** That model at that provider; empty where there is no such provider. */
  public Optional<Model> at(String provider, String model) {
    Provider known = providers.get(provider);
    if (known == null || model.isEmpty()) {
      return Optional.empty();
    }
    var target =
        new Target(
            known,
            model,
            Profile.NONE,
            facts.of(known, model),
            standings.of(known, model, concurrent.getOrDefault(provider + "/" + model, 0)));
    return Optional.of(
        new Model(
            target.name(),
            List.of(target),
            inOrder,
            Timeouts.USUAL,
            Retry.usual(1),
            Optional.empty(),
            Routing.NONE.insisting(!refusing.contains(provider))));
  }
}

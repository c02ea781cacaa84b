package dev.lintel.config;

import dev.lintel.Dialect;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.route.Balanced;
import dev.lintel.route.Classified;
import dev.lintel.route.ConsistentHash;
import dev.lintel.route.InOrder;
import dev.lintel.route.Learned;
import dev.lintel.route.RoundRobin;
import dev.lintel.route.Weighted;
import dev.lintel.rule.CelConditions;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Loaders for tests: the dialects by name only, and the strategies that are built in. */
final class Loaders {
  private Loaders() {}

  static final Map<String, Class<? extends Spec<Strategy>>> STRATEGIES =
      Map.of(
          "in_order", InOrder.class,
          "weighted", Weighted.class,
          "round_robin", RoundRobin.class,
          "consistent_hash", ConsistentHash.class,
          "balanced", Balanced.class,
          "learned", Learned.class,
          "classified", Classified.class);

  static Loader with(Map<String, String> variables) {
    return with(variables, Map.of());
  }

  static Loader with(Map<String, String> variables, Map<String, Source> sources) {
    return new Loader(
        Map.of(
            "openai", List.of(dialect("openai")),
            "anthropic", List.of(dialect("anthropic")),
            "gemini", List.of(dialect("gemini")),
            "cohere", List.of(dialect("cohere")),
            "mistral", List.of(dialect("mistral")),
            "azure", List.of(dialect("openai")),
            "vertex", List.of(dialect("gemini"), dialect("anthropic")),
            "bedrock", List.of(dialect("bedrock"))),
        STRATEGIES,
        new CelConditions(),
        Set.of("429_seconds", "stall_mid_stream", "malformed_event"),
        name -> Optional.ofNullable(variables.get(name)),
        sources,
        file -> java.util.Collections.emptySortedMap());
  }

  static Config load(String... lines) {
    return with(Map.of()).load("lintel.yaml", String.join("\n", lines));
  }

  static Dialect dialect(String name) {
    return (Dialect)
        Proxy.newProxyInstance(
            Loaders.class.getClassLoader(),
            new Class<?>[] {Dialect.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "name", "toString" -> name;
                  case "hashCode" -> name.hashCode();
                  case "equals" -> proxy == arguments[0];
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }
}

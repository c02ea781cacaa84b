package dev.lintel.observe;

import dev.lintel.Health;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How providers, their keys and their models are, as figures that are made when they are read.
 * Models are counted and not named, because callers may make up their names.
 */
final class HealthGauges {
  private HealthGauges() {}

  static void register(PrometheusRegistry registry, Supplier<Map<String, Health>> health) {
    gauge(
        registry,
        "lintel_provider_state",
        "1 for the state in which the provider is: healthy, cooling or half_open; 0 for the others.",
        Health.Word.values(),
        health,
        now -> Stream.of(now.word()));
    gauge(
        registry,
        "lintel_provider_keys",
        "The provider's keys by their state: ok, resting, invalid or no_credit.",
        Health.Fitness.values(),
        health,
        now -> now.keys().stream().map(Health.Key::fitness));
    gauge(
        registry,
        "lintel_provider_failed_models",
        "The provider's models that have failed, by the state in which they are.",
        Health.Word.values(),
        health,
        now -> now.models().stream().map(Health.Model::word));
  }

  /**
   * @param found the states of whatever is counted at one provider
   */
  private static <S extends Enum<S>> void gauge(
      PrometheusRegistry registry,
      String name,
      String help,
      S[] states,
      Supplier<Map<String, Health>> health,
      Function<Health, Stream<S>> found) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("provider", "state")
        .callback(figures ->
            health
                .get()
                .forEach((provider, now) -> {
                  Map<S, Long> counted =
                      found
                          .apply(now)
                          .collect(Collectors.groupingBy(s -> s, Collectors.counting()));
                  for (S state : states) {
                    figures.call(
                        counted.getOrDefault(state, 0L),
                        provider,
                        state.name().toLowerCase(Locale.ROOT));
                  }
                }))
        .register(registry);
  }
}

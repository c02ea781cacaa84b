package dev.lintel.config;

import dev.lintel.BreakerRule;
import dev.lintel.BreakerRules;
import dev.lintel.config.Config.ModelSpec;
import dev.lintel.config.Config.TargetSpec;
import dev.lintel.config.Document.Breaker;
import dev.lintel.config.Document.Entry;
import dev.lintel.config.Document.ModelEntry;
import dev.lintel.config.Document.WhenAllOpen;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What a file says of breakers, at its providers and at its models. */
final class Breakers {
  private final Map<String, Breaker> providers = new HashMap<>();
  private final Map<String, BreakerRule> targets = new HashMap<>();

  Breakers(Map<String, At<Entry>> entries) {
    entries.forEach((name, at) ->
        at.value().flatMap(Entry::breaker).ifPresent(breaker -> providers.put(name, breaker)));
  }

  /** The providers that nobody is to ask where all that might answer are in trouble. */
  Set<String> refusing() {
    return providers.entrySet().stream()
        .filter(entry -> says(Optional.of(entry.getValue()), WhenAllOpen.REFUSE))
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The model's own word counts, else the strictest of its targets' providers. */
  boolean insists(ModelEntry entry, List<TargetSpec> own) {
    if (entry.breaker().flatMap(Breaker::whenAllOpen).isPresent()) {
      return says(entry.breaker(), WhenAllOpen.TRY);
    }
    return own.stream()
        .map(target -> Optional.ofNullable(providers.get(target.provider())))
        .noneMatch(breaker -> says(breaker, WhenAllOpen.REFUSE));
  }

  private static boolean says(Optional<Breaker> breaker, WhenAllOpen word) {
    return breaker.flatMap(Breaker::whenAllOpen).filter(word::equals).isPresent();
  }

  /** What a model says holds for all that it may ask. */
  void add(ModelEntry entry, ModelSpec model) {
    entry
        .breaker()
        .map(Breaker::rule)
        .ifPresent(rule ->
            model
                .everyTarget()
                .forEach(target -> targets.merge(target.name(), rule, BreakerRule::strictest)));
  }

  BreakerRules rules() {
    return new BreakerRules(
        providers.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().rule())),
        targets);
  }
}

package dev.lintel;

import java.util.HashMap;
import java.util.Map;

/**
 * What a configuration says of breakers.
 *
 * @param providers by name: what stands at the provider itself
 * @param targets by {@code provider/model}: what the models say that list the target, the strictest
 *     where several do
 */
public record BreakerRules(Map<String, BreakerRule> providers, Map<String, BreakerRule> targets) {
  /** Nobody says anything. */
  public static final BreakerRules NONE = new BreakerRules(Map.of(), Map.of());

  public BreakerRules {
    providers = Map.copyOf(providers);
    targets = Map.copyOf(targets);
  }

  /**
   * By provider: the strictest of what stands there and at any model with a target there, because
   * they share it. Without gaps; providers of which nobody said anything are left out.
   */
  public Map<String, BreakerRule> shared() {
    var all = new HashMap<>(providers);
    targets.forEach((target, rule) ->
        all.merge(target.substring(0, target.indexOf('/')), rule, BreakerRule::strictest));
    all.replaceAll((name, rule) -> rule.orUsual());
    return Map.copyOf(all);
  }

  /** Of a model at a provider, without gaps. */
  public BreakerRule of(String provider, String model) {
    return providers
        .getOrDefault(provider, BreakerRule.UNSAID)
        .strictest(targets.getOrDefault(provider + "/" + model, BreakerRule.UNSAID))
        .orUsual();
  }
}

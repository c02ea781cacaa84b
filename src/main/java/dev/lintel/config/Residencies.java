package dev.lintel.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Regions that calls must not leave. Whoever may not leave one has to have a target there for each
 * model that it lists: that is better known at the start than at the first call.
 */
final class Residencies {
  private final Faults faults;
  private final Set<String> configured;
  private final Map<String, Config.ModelSpec> models = new HashMap<>();

  /** What has been found out; many apps share a residency and list the same models. */
  private final Map<Stay, Boolean> known = new HashMap<>();

  private record Stay(String residency, String model) {}

  /**
   * @param configured the names of all models
   * @param models those that have targets
   */
  Residencies(Faults faults, Set<String> configured, List<Config.ModelSpec> models) {
    this.faults = faults;
    this.configured = configured;
    models.forEach(model -> this.models.put(model.name(), model));
  }

  /**
   * As it is written, without blanks around it. Blank would mean anywhere, which has its own form.
   */
  String region(At<String> at) {
    String region = at.value().orElse("").strip();
    if (at.value().isPresent() && region.isEmpty()) {
      faults.add(at, "must not be empty; leave it out where calls may go anywhere");
    }
    return region;
  }

  /**
   * @param listed the models that an app may ask for
   */
  void check(String residency, List<At<String>> listed) {
    if (residency.isEmpty()) {
      return;
    }
    for (At<String> at : listed) {
      String name = at.value().orElse("");
      if (!known.computeIfAbsent(new Stay(residency, name), this::hasTarget)) {
        faults.add(
            at,
            "has no target in the region that the app's calls must not leave; give one of its "
                + "targets that 'region', or leave the model out");
      } else if (name.indexOf('/') > 0 && !configured.contains(name)) {
        faults.add(
            at,
            "is of no region, which the app's calls must not leave; configure a model with it as "
                + "a target that has a 'region'");
      }
    }
  }

  private boolean hasTarget(Stay stay) {
    Config.ModelSpec model = models.get(stay.model);
    return model == null
        || model.targets().stream().anyMatch(target -> target.profile().isIn(stay.residency));
  }
}

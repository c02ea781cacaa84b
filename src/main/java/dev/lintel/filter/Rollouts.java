package dev.lintel.filter;

import dev.lintel.Model;
import dev.lintel.Rollout;
import dev.lintel.Target;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The splits of all models, and how their arms fare. Outlives reloads: an arm whose definition has
 * not changed goes on with its results, and one that is stopped stays so until its split changes.
 */
public final class Rollouts {
  private final LongSupplier clock;
  private final InstantSource wall;
  private volatile Map<String, Division> divisions = Map.of();

  /**
   * @param clock counts nanoseconds, as {@link System#nanoTime} does
   * @param wall tells when an arm was stopped
   */
  public Rollouts(LongSupplier clock, InstantSource wall) {
    this.clock = clock;
    this.wall = wall;
  }

  /** Those of a configuration that is in force from now on, by their models' names. */
  synchronized Map<String, Division> begin(Collection<Model> models) {
    long now = clock.getAsLong();
    var all = new TreeMap<String, Division>();
    for (Model model : models) {
      model
          .routing()
          .split()
          .ifPresent(split -> {
            List<Target> own = model.targets();
            all.put(
                model.name(),
                Division.of(model.name(), split, own, divisions.get(model.name()), now));
          });
    }
    divisions = Map.copyOf(all);
    return divisions;
  }

  InstantSource wall() {
    return wall;
  }

  /** Every model that has arms, by name. */
  public List<Rollout> all() {
    long now = clock.getAsLong();
    return new TreeMap<>(divisions).values().stream().map(division -> division.shown(now)).toList();
  }

  /** The model's arms get their calls again; false where it has none. */
  public boolean resume(String model) {
    Division known = divisions.get(model);
    if (known != null) {
      known.resume();
    }
    return known != null;
  }
}

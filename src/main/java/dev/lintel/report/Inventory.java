package dev.lintel.report;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is there to be used, whether or not anybody uses it.
 *
 * @param models names that callers may ask for
 * @param whole whether these are all keys
 */
public record Inventory(List<Key> keys, List<App> apps, List<String> models, boolean whole) {
  public Inventory {
    keys = List.copyOf(keys);
    apps = List.copyOf(apps);
    models = List.copyOf(models);
  }

  /** A caller's key that is good now. */
  public record Key(
      String id, String name, String tenant, String app, Instant created, Optional<Instant> used) {}

  /** An app of a tenant. */
  public record App(String tenant, String name) {}
}

package dev.lintel.main;

import dev.lintel.Changes;
import dev.lintel.Settings;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Settings in which the keys of an app end with it: another app that takes its name begins without
 * any.
 *
 * @param keys ends all keys of a tenant's app
 */
record Departing(Settings settings, BiConsumer<String, String> keys) implements Settings {
  private static final String TENANTS = "tenants";
  private static final String APPS = "apps";

  @Override
  public Done change(Wish wish, Verb verb, Place place, JsonNode value) {
    Done done = settings.change(wish, verb, place, value);
    for (Difference difference : done.differences()) {
      Set<List<String>> gone = apps(difference.path(), difference.before());
      gone.removeAll(apps(difference.path(), difference.after()));
      gone.forEach(app -> keys.accept(app.get(1), app.get(3)));
    }
    return done;
  }

  /** The paths of all apps that stand in that value. */
  private static Set<List<String>> apps(List<String> path, Optional<JsonNode> value) {
    var found = new LinkedHashSet<List<String>>();
    value.ifPresent(there -> apps(path, there, found));
    return found;
  }

  private static void apps(List<String> path, JsonNode value, Set<List<String>> found) {
    if (!path.getFirst().equals(TENANTS) || (path.size() > 2 && !path.get(2).equals(APPS))) {
      return;
    }
    if (path.size() == 4) {
      found.add(path);
    } else if (path.size() < 4) {
      value
          .properties()
          .forEach(member ->
              apps(
                  Stream.concat(path.stream(), Stream.of(member.getKey())).toList(),
                  member.getValue(),
                  found));
    }
  }

  @Override
  public Optional<JsonNode> find(List<String> path) {
    return settings.find(path);
  }

  @Override
  public List<String> names(List<String> path) {
    return settings.names(path);
  }

  @Override
  public String tag(List<String> path) {
    return settings.tag(path);
  }

  @Override
  public List<Changes.Change> overrides() {
    return settings.overrides();
  }

  @Override
  public Done end(Wish wish, List<String> path) {
    return settings.end(wish, path);
  }
}

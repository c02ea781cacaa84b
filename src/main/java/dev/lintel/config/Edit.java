package dev.lintel.config;

import dev.lintel.Changes.Change;
import dev.lintel.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * New changes in the making: every place is changed by one change at most, so that their number is
 * bounded by what is written and not by how often it was written.
 */
public final class Edit {
  /** Keys of a resource that are resources themselves. */
  private static final Map<String, String> NESTED = Map.of("tenants", "apps");

  private final Written base;
  private final Written now;
  private final Map<List<String>, Change> changes = new LinkedHashMap<>();
  private final String by;
  private final Instant at;
  private final Optional<Instant> until;

  /**
   * @param base what the file says
   * @param now the file with the changes that hold
   * @param by who changes it
   * @param until when it ends by itself; empty for never
   */
  public Edit(Written base, Written now, String by, Instant at, Optional<Instant> until) {
    this.base = base.with(List.of());
    this.now = now;
    this.by = by;
    this.at = at;
    this.until = until;
    now.changes().forEach(change -> changes.put(change.path(), change));
  }

  /** All changes that hold then, those of a place after those of what it stands in. */
  public List<Change> changes() {
    return List.copyOf(changes.values());
  }

  /** Nothing stands there any more. */
  public void remove(List<String> path) {
    put(path, Optional.empty());
  }

  /** That alone stands there, but resources of their own within it stay where they are. */
  public void replace(List<String> path, JsonNode value) {
    JsonNode written = kept(path, value);
    Optional<JsonNode> before = now.at(path).filter(JsonNode::isObject);
    String nested = nested(path);
    if (before.isEmpty() || !written.isObject()) {
      put(path, Optional.of(isNested(written, nested) ? without(written, nested) : written));
    } else {
      before
          .get()
          .propertyNames()
          .forEach(key -> {
            if (!written.has(key) && !key.equals(nested)) {
              remove(below(path, key));
            }
          });
      written
          .properties()
          .forEach(member -> {
            if (!(member.getKey().equals(nested) && isNested(written, nested))
                && !member.getValue().equals(before.get().get(member.getKey()))) {
              put(below(path, member.getKey()), Optional.of(member.getValue()));
            }
          });
    }
    written
        .path(nested)
        .properties()
        .forEach(member -> replace(below(below(path, nested), member.getKey()), member.getValue()));
  }

  /** A JSON merge patch of what stands there (RFC 7396). */
  public void merge(List<String> path, JsonNode patch) {
    Optional<JsonNode> before = now.at(path);
    JsonNode written = kept(path, patch);
    if (before.isPresent() && before.get().isObject()) {
      merge(path, before, written);
      return;
    }
    JsonNode opened =
        Grammar.at(path)
            .flatMap(type -> before.map(value -> Grammar.opened(value, type)))
            .orElseGet(Json::object);
    put(path, Optional.of(merged(opened, written)));
  }

  private void merge(List<String> path, Optional<JsonNode> before, JsonNode patch) {
    if (patch.isNull()) {
      if (before.isPresent()) {
        remove(path);
      }
    } else if (patch.isObject() && before.map(JsonNode::isObject).orElse(false)) {
      patch
          .properties()
          .forEach(member ->
              merge(
                  below(path, member.getKey()),
                  Optional.ofNullable(before.get().get(member.getKey())),
                  member.getValue()));
    } else {
      put(path, Optional.of(merged(Json.object(), patch)));
    }
  }

  /** Ends the change of that place; false where there is none. */
  public boolean end(List<String> path) {
    return changes.remove(path) != null;
  }

  /**
   * Lets the file speak again: ends every change of what the file says something of, and of what it
   * said something of when it was changed.
   *
   * @param file what it says now
   * @return those that have ended
   */
  public List<Change> apply(Written file) {
    var ended = new ArrayList<Change>();
    changes
        .values()
        .removeIf(change -> {
          boolean ends = change.override() || file.owns(change.path());
          if (ends) {
            ended.add(change);
          }
          return ends;
        });
    // What stood within something that is gone with the file is gone, too.
    changes
        .values()
        .removeIf(change -> {
          List<String> home = home(change.path());
          boolean gone =
              !home.isEmpty()
                  && file.at(home).isEmpty()
                  && changes.keySet().stream().noneMatch(path -> path.equals(home));
          if (gone) {
            ended.add(change);
          }
          return gone;
        });
    return ended;
  }

  private void put(List<String> path, Optional<JsonNode> value) {
    changes.keySet().removeIf(other -> begins(path, other));
    if (!under(path).equals(value)) {
      changes.put(path, new Change(path, value, base.owns(path), by, at, until));
    }
  }

  /** What the file and the remaining changes say of a place at and below which none is left. */
  private Optional<JsonNode> under(List<String> path) {
    for (int length = path.size() - 1; length > 0; length--) {
      Change above = changes.get(path.subList(0, length));
      if (above != null) {
        List<String> rest = path.subList(length, path.size());
        return above.value().flatMap(value -> Written.at(value, rest));
      }
    }
    return base.at(path);
  }

  private JsonNode kept(List<String> path, JsonNode value) {
    return Grammar.at(path).map(type -> Grammar.kept(value, now.at(path), type)).orElse(value);
  }

  /** Else it is at fault, as whoever reads it will say. */
  private static boolean isNested(JsonNode written, String nested) {
    return written.path(nested).isObject();
  }

  static String nested(List<String> path) {
    return path.size() == 2 ? NESTED.getOrDefault(path.getFirst(), "") : "";
  }

  /** The resource within which a resource of its own stands; empty where it stands in none. */
  private static List<String> home(List<String> path) {
    return path.size() > 3 && nested(path.subList(0, 2)).equals(path.get(2))
        ? path.subList(0, 2)
        : List.of();
  }

  /** The resource that a place belongs to. */
  static List<String> resource(List<String> path) {
    int length = home(path).isEmpty() ? 2 : 4;
    return path.subList(0, Math.min(length, path.size()));
  }

  /** Whether a change of that place changes that resource, and not only another within it. */
  public static boolean touches(List<String> resource, List<String> path) {
    return begins(path, resource) || resource(path).equals(resource);
  }

  private static boolean begins(List<String> path, List<String> other) {
    return other.size() >= path.size() && other.subList(0, path.size()).equals(path);
  }

  private static List<String> below(List<String> path, String key) {
    return Stream.concat(path.stream(), Stream.of(key)).toList();
  }

  static JsonNode without(JsonNode value, String key) {
    return value instanceof ObjectNode object && object.has(key)
        ? object.deepCopy().without(key)
        : value;
  }

  /** RFC 7396, section 2. */
  private static JsonNode merged(JsonNode target, JsonNode patch) {
    if (!patch.isObject()) {
      return patch;
    }
    ObjectNode out = target instanceof ObjectNode object ? object.deepCopy() : Json.object();
    patch
        .properties()
        .forEach(member -> {
          if (member.getValue().isNull()) {
            out.remove(member.getKey());
          } else {
            out.set(member.getKey(), merged(out.path(member.getKey()), member.getValue()));
          }
        });
    return out;
  }
}

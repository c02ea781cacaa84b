package dev.lintel.config;

import dev.lintel.Spec;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URI;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the document's types say of what is written: which of it is secret, and which key a value
 * that stands alone belongs to.
 */
public final class Grammar {
  /** Names a variable and holds nothing itself. */
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{[A-Za-z0-9_]+(:-(none)?)?}");

  /** What becomes of a secret. */
  @FunctionalInterface
  private interface Fate {
    /**
     * @param other what stands at the same place of another; {@code null} where nothing does
     */
    JsonNode of(JsonNode secret, @Nullable JsonNode other, String path);
  }

  /** Where a word was written that keeps what was there, and nothing was. */
  public static final class NothingKept extends RuntimeException {
    private final String path;

    NothingKept(String path) {
      super(path, null, false, false);
      this.path = path;
    }

    /** Below what was written. */
    public String path() {
      return path;
    }
  }

  private final Fate fate;

  /** Whether what has no place in the document is as good as secret. */
  private final boolean wary;

  private Grammar(boolean wary, Fate fate) {
    this.wary = wary;
    this.fate = fate;
  }

  /** With {@link Written#UNCHANGED} in the place of each secret. */
  static JsonNode shown(JsonNode written, Type type) {
    return new Grammar(true, (secret, other, path) -> hidden(secret)).walk(written, null, type, "");
  }

  /**
   * With what stood before in the place of each secret that is {@link Written#UNCHANGED}. Throws
   * {@link NothingKept}.
   */
  static JsonNode kept(JsonNode written, Optional<JsonNode> before, Type type) {
    return new Grammar(false, Grammar::kept).walk(written, before.orElse(null), type, "");
  }

  private static JsonNode kept(JsonNode secret, @Nullable JsonNode other, String path) {
    if (!secret.asString("").equals(Written.UNCHANGED)) {
      return secret;
    }
    if (other == null) {
      throw new NothingKept(path);
    }
    return other;
  }

  /** What may stand at that path of the document; empty where it is no place of it. */
  static Optional<Type> at(List<String> path) {
    Type type = Document.class;
    for (Iterator<String> keys = path.iterator(); keys.hasNext(); ) {
      String key = keys.next();
      Type inner = inner(type);
      if (inner instanceof ParameterizedType map && map.getRawType() == Map.class) {
        type = map.getActualTypeArguments()[1];
      } else {
        Optional<Shape.Component> component =
            inner instanceof Class<?> record && record.isRecord()
                ? Shape.of(record).components().stream()
                    .filter(known -> known.key().equals(key))
                    .findFirst()
                : Optional.empty();
        if (component.isEmpty()) {
          return Optional.empty();
        }
        type = component.get().type();
      }
    }
    return Optional.of(inner(type));
  }

  /** A value that stands alone for its whole record, under the key that it stands for. */
  static JsonNode opened(JsonNode value, Type type) {
    if (!value.isObject() && type instanceof Class<?> record && record.isRecord()) {
      for (Shape.Component component : Shape.of(record).components()) {
        if (component.alone() && !value.isNull()) {
          ObjectNode whole = JsonNodeFactory.instance.objectNode();
          return whole.set(component.key(), value);
        }
      }
    }
    return value.isNull() ? JsonNodeFactory.instance.objectNode() : value;
  }

  private JsonNode walk(JsonNode value, @Nullable JsonNode other, Type written, String path) {
    Type type = inner(written);
    if (type instanceof ParameterizedType generic) {
      var raw = (Class<?>) generic.getRawType();
      if (raw == Spec.class) {
        return value;
      }
      if (raw == Map.class) {
        Type of = generic.getActualTypeArguments()[1];
        return members(value, other, path, key -> Optional.of(new Member(of, false)));
      }
      return elements(value, other, generic.getActualTypeArguments()[0], path, false);
    }
    var plain = (Class<?>) type;
    if (plain == URI.class) {
      return value.asString("").matches("[^/]*//[^/]*@.*")
              || value.asString("").equals(Written.UNCHANGED)
          ? fate.of(value, other, path)
          : value;
    }
    if (Scalar.of(plain).isPresent() || plain.isEnum()) {
      return value;
    }
    Class<?> record =
        plain.isSealed() ? Binder.choose(value.path("kind").asString(""), plain) : plain;
    Shape shape = Shape.of(record);
    if (!value.isObject()) {
      for (Shape.Component component : shape.components()) {
        if (component.alone()) {
          return component.secret()
              ? every(value, other, path)
              : walk(value, other, component.type(), path);
        }
      }
      return value;
    }
    return members(
        value,
        other,
        path,
        key ->
            shape.components().stream()
                .filter(component -> component.key().equals(key))
                .findFirst()
                .map(component -> new Member(component.type(), component.secret())));
  }

  private record Member(Type type, boolean secret) {}

  private JsonNode members(
      JsonNode value,
      @Nullable JsonNode other,
      String path,
      java.util.function.Function<String, Optional<Member>> types) {
    if (!(value instanceof ObjectNode object)) {
      return value;
    }
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    object
        .properties()
        .forEach(entry -> {
          JsonNode beside = other == null ? null : other.get(entry.getKey());
          String at = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
          Optional<Member> member = types.apply(entry.getKey());
          out.set(
              entry.getKey(),
              member.isEmpty() && !wary
                  ? entry.getValue()
                  : member.isEmpty() || member.get().secret
                      ? every(entry.getValue(), beside, at)
                      : walk(entry.getValue(), beside, member.get().type, at));
        });
    return out;
  }

  private JsonNode elements(
      JsonNode value, @Nullable JsonNode other, Type of, String path, boolean secret) {
    if (!(value instanceof ArrayNode array)) {
      JsonNode only = other != null && other.isArray() ? other.get(0) : other;
      return secret ? every(value, only, path) : walk(value, only, of, path);
    }
    ArrayNode out = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < array.size(); i++) {
      JsonNode beside =
          other == null ? null : other.isArray() ? other.get(i) : i == 0 ? other : null;
      String at = path + "[" + i + "]";
      out.add(secret ? every(array.get(i), beside, at) : walk(array.get(i), beside, of, at));
    }
    return out;
  }

  /** All of it is secret, whatever its form. */
  private JsonNode every(JsonNode value, @Nullable JsonNode other, String path) {
    if (value.isObject()) {
      if (value.size() == 1 && Elsewhere.WORDS.contains(value.propertyNames().iterator().next())) {
        return value;
      }
      return members(value, other, path, key -> Optional.of(new Member(Object.class, true)));
    }
    if (value.isArray()) {
      return elements(value, other, Object.class, path, true);
    }
    return value.isNull() ? value : fate.of(value, other, path);
  }

  private static JsonNode hidden(JsonNode secret) {
    return VARIABLE.matcher(secret.asString("")).matches()
        ? secret
        : JsonNodeFactory.instance.stringNode(Written.UNCHANGED);
  }

  /** Without what only says that it may be left out, or where it stands. */
  private static Type inner(Type type) {
    Type at = type;
    while (at instanceof ParameterizedType generic
        && (generic.getRawType() == Optional.class || generic.getRawType() == At.class)) {
      at = generic.getActualTypeArguments()[0];
    }
    return at;
  }
}

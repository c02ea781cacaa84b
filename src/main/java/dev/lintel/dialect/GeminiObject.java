package dev.lintel.dialect;

import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One object of a client's request, whose fields are taken out by their camelCase names; protobuf's
 * JSON mapping lets clients write them in snake_case as well. What nobody took is {@link #rest}.
 *
 * <p>A field of the wrong shape is a {@link Failure} naming its place, such as {@code
 * contents[1].parts[0].inlineData.data}.
 */
final class GeminiObject {
  private final ObjectNode node;
  private final String place;
  private final Set<String> taken = new HashSet<>();

  /**
   * @param place where it stands, empty for the request itself
   */
  GeminiObject(ObjectNode node, String place) {
    this.node = node;
    this.place = place;
  }

  static GeminiObject of(JsonNode node, String place) {
    if (node instanceof ObjectNode object) {
      return new GeminiObject(object, place);
    }
    throw wrong(place, "an object");
  }

  ObjectNode node() {
    return node;
  }

  /** The place of a field of this object. */
  String at(String name) {
    return place.isEmpty() ? name : place + "." + name;
  }

  /** Takes the field; empty where it is missing or null. */
  Optional<JsonNode> take(String name) {
    String found = node.has(name) ? name : snake(name);
    JsonNode value = node.get(found);
    if (value == null) {
      return Optional.empty();
    }
    taken.add(found);
    return value.isNull() ? Optional.empty() : Optional.of(value);
  }

  Optional<String> text(String name) {
    return take(name)
        .map(value -> {
          if (!value.isString()) {
            throw wrong(at(name), "a string");
          }
          return value.asString();
        });
  }

  boolean flag(String name) {
    return take(name)
        .map(value -> {
          if (!value.isBoolean()) {
            throw wrong(at(name), "true or false");
          }
          return value.asBoolean();
        })
        .orElse(false);
  }

  Optional<Integer> integer(String name) {
    return take(name)
        .map(value -> {
          if (!value.isNumber() || !value.canConvertToInt()) {
            throw wrong(at(name), "a whole number");
          }
          return value.asInt();
        });
  }

  Optional<GeminiObject> object(String name) {
    return take(name).map(value -> of(value, at(name)));
  }

  /** The elements of a field; one element alone may stand without its array, as at Google. */
  List<GeminiObject> objects(String name) {
    Optional<JsonNode> value = take(name);
    if (value.isEmpty()) {
      return List.of();
    }
    if (!value.get().isArray()) {
      return List.of(of(value.get(), at(name)));
    }
    var list = new ArrayList<GeminiObject>(value.get().size());
    for (JsonNode element : value.get()) {
      list.add(of(element, at(name) + "[" + list.size() + "]"));
    }
    return list;
  }

  List<String> texts(String name) {
    Optional<JsonNode> value = take(name);
    var list = new ArrayList<String>();
    if (value.isPresent()) {
      if (!value.get().isArray()) {
        throw wrong(at(name), "an array of strings");
      }
      for (JsonNode element : value.get()) {
        if (!element.isString()) {
          throw wrong(at(name) + "[" + list.size() + "]", "a string");
        }
        list.add(element.asString());
      }
    }
    return list;
  }

  /** What nobody has taken so far. */
  ObjectNode rest() {
    ObjectNode rest = Json.object();
    node.properties()
        .forEach(field -> {
          if (!taken.contains(field.getKey())) {
            rest.set(field.getKey(), field.getValue());
          }
        });
    return rest;
  }

  Extra extra() {
    return extra(rest());
  }

  static Extra extra(ObjectNode fields) {
    return fields.isEmpty() ? Extra.NONE : new Extra(Gemini.NAME, fields);
  }

  static Failure wrong(String place, String right) {
    return Failure.invalid("'" + place + "' must be " + right + ".").at(place);
  }

  private static String snake(String camel) {
    var out = new StringBuilder(camel.length() + 4);
    for (int i = 0; i < camel.length(); i++) {
      char c = camel.charAt(i);
      if (Character.isUpperCase(c)) {
        out.append('_');
      }
      out.append(c);
    }
    return out.toString().toLowerCase(Locale.ROOT);
  }
}

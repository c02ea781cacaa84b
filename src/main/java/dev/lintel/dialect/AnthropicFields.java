package dev.lintel.dialect;

import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An object of a request, read field by field: what nobody asked for is the rest. A field of the
 * wrong shape is a {@link Failure} that names its place, such as {@code
 * messages.1.content.0.source.data}.
 */
final class AnthropicFields {
  private final JsonNode node;
  private final String place;
  private final Set<String> read = new HashSet<>();

  AnthropicFields(JsonNode node, String place) {
    if (!node.isObject()) {
      throw wrong(place, "an object", node);
    }
    this.node = node;
    this.place = place;
  }

  static Failure wrong(String place, String wanted, JsonNode found) {
    return Failure.invalid(
            "'"
                + place
                + "' must be "
                + wanted
                + ", not "
                + found.getNodeType().name().toLowerCase(Locale.ROOT)
                + ".")
        .at(place);
  }

  String place(String name) {
    return place.isEmpty() ? name : place + "." + name;
  }

  /** A field that may be left out; null counts as left out. */
  Optional<JsonNode> any(String name) {
    read.add(name);
    return Optional.ofNullable(node.get(name)).filter(value -> !value.isNull());
  }

  JsonNode needed(String name) {
    return any(name)
        .orElseThrow(() -> Failure.invalid("'" + place(name) + "' is missing.").at(place(name)));
  }

  String text(String name) {
    JsonNode value = needed(name);
    if (!value.isString()) {
      throw wrong(place(name), "a string", value);
    }
    return value.asString();
  }

  String text(String name, String otherwise) {
    return any(name).isPresent() ? text(name) : otherwise;
  }

  Optional<Boolean> flag(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isPresent() && !value.get().isBoolean()) {
      throw wrong(place(name), "true or false", value.get());
    }
    return value.map(JsonNode::asBoolean);
  }

  Optional<JsonNode> number(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isPresent() && !value.get().isNumber()) {
      throw wrong(place(name), "a number", value.get());
    }
    return value;
  }

  int integer(String name) {
    JsonNode value = needed(name);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrong(place(name), "a whole number", value);
    }
    return value.asInt();
  }

  Optional<JsonNode> array(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isPresent() && !value.get().isArray()) {
      throw wrong(place(name), "an array", value.get());
    }
    return value;
  }

  Optional<AnthropicFields> object(String name) {
    return any(name).map(value -> new AnthropicFields(value, place(name)));
  }

  /** Says that the field is read although nobody has to ask for it. */
  AnthropicFields ignore(String... names) {
    read.addAll(Set.of(names));
    return this;
  }

  /** Says that the field was not understood after all. */
  void leave(String name) {
    read.remove(name);
  }

  /** The object as it came. */
  JsonNode whole() {
    return node;
  }

  /** A new object of all fields that nobody read and that are not null. */
  ObjectNode rest() {
    ObjectNode rest = Json.object();
    for (var field : node.properties()) {
      if (!read.contains(field.getKey()) && !field.getValue().isNull()) {
        rest.set(field.getKey(), field.getValue());
      }
    }
    return rest;
  }

  Extra extra() {
    ObjectNode rest = rest();
    return rest.isEmpty() ? Extra.NONE : new Extra(AnthropicWords.NAME, rest);
  }
}

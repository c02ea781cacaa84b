package dev.lintel.dialect;

import dev.lintel.Block;
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
 * An object of a caller's request, read field by field: what nobody asked for is the rest. A field
 * of the wrong shape is a {@link Failure} that names its place as the caller would. Null counts as
 * left out.
 */
final class Fields {
  /**
   * How a dialect's callers write and name fields.
   *
   * @param dialect whose the rest of an object is
   * @param dotted an element's place is {@code messages.1}, else {@code messages[1]}
   * @param protobuf names may stand in snake_case as well, and an element alone without its array,
   *     as protobuf's JSON mapping has it
   */
  record Manner(String dialect, boolean dotted, boolean protobuf) {}

  private final Manner manner;
  private final ObjectNode node;
  private final String place;
  private final Set<String> read = new HashSet<>();

  private Fields(Manner manner, ObjectNode node, String place) {
    this.manner = manner;
    this.node = node;
    this.place = place;
  }

  /** Of a whole request. */
  static Fields of(Manner manner, ObjectNode body) {
    return new Fields(manner, body, "");
  }

  /** The place of a field of this object. */
  String place(String name) {
    return place.isEmpty() ? name : place + "." + name;
  }

  private String place(String name, int element) {
    return place(name) + (manner.dotted ? "." + element : "[" + element + "]");
  }

  /**
   * @param wanted such as {@code a string}
   */
  Failure wrong(String name, String wanted) {
    return wrong(place(name), wanted, node.path(spelled(name)));
  }

  private static Failure wrong(String place, String wanted, JsonNode found) {
    String type = found.getNodeType().name().toLowerCase(Locale.ROOT);
    return Failure.invalid("'" + place + "' must be " + wanted + ", not " + type + ".").at(place);
  }

  /**
   * The field is of the right shape, and its word is none that is known.
   *
   * @param known such as {@code auto, any or none}
   */
  Failure unknown(String name, String known) {
    return Failure.invalid("'" + place(name) + "' must be " + known + ".").at(place(name));
  }

  Failure missing(String name) {
    return Failure.invalid("'" + place(name) + "' is missing.").at(place(name));
  }

  /** A field that may be left out, like those below that are an {@link Optional}. */
  Optional<JsonNode> any(String name) {
    String spelled = spelled(name);
    read.add(spelled);
    return Optional.ofNullable(node.get(spelled)).filter(value -> !value.isNull());
  }

  JsonNode needed(String name) {
    return any(name).orElseThrow(() -> missing(name));
  }

  String text(String name) {
    return textIfAny(name).orElseThrow(() -> missing(name));
  }

  String text(String name, String otherwise) {
    return textIfAny(name).orElse(otherwise);
  }

  Optional<String> textIfAny(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isPresent() && !value.get().isString()) {
      throw wrong(name, "a string");
    }
    return value.map(JsonNode::asString);
  }

  List<String> texts(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isPresent() && !isTexts(value.get())) {
      throw wrong(name, "an array of strings");
    }
    return value.stream().flatMap(JsonNode::valueStream).map(JsonNode::asString).toList();
  }

  static boolean isTexts(JsonNode node) {
    return node.isArray() && node.valueStream().allMatch(JsonNode::isString);
  }

  Optional<Boolean> flag(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isPresent() && !value.get().isBoolean()) {
      throw wrong(name, "true or false");
    }
    return value.map(JsonNode::asBoolean);
  }

  Optional<Integer> integer(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isPresent()
        && !(value.get().canConvertToExactIntegral() && value.get().canConvertToInt())) {
      throw wrong(name, "a whole number");
    }
    return value.map(JsonNode::asInt);
  }

  Optional<Fields> object(String name) {
    return any(name).map(value -> object(value, place(name)));
  }

  Fields neededObject(String name) {
    return object(name).orElseThrow(() -> missing(name));
  }

  private Fields object(JsonNode value, String at) {
    if (value instanceof ObjectNode object) {
      return new Fields(manner, object, at);
    }
    throw wrong(at, "an object", value);
  }

  /** The elements of an array of objects; none where it is left out. */
  List<Fields> objects(String name) {
    JsonNode value = any(name).orElse(Json.array());
    if (manner.protobuf && value.isObject()) {
      return List.of(object(value, place(name)));
    }
    if (!value.isArray()) {
      throw wrong(name, "an array");
    }
    var list = new ArrayList<Fields>(value.size());
    for (JsonNode element : value) {
      list.add(object(element, place(name, list.size())));
    }
    return list;
  }

  /**
   * Anthropic's {@code cache_control}, which gateways take in OpenAI's dialect too. What the common
   * model cannot say, such as a scope, stays in the rest as well.
   */
  Block.Cache cache() {
    Optional<Fields> control = object("cache_control");
    if (control.isEmpty()) {
      return Block.Cache.NONE;
    }
    String ttl = control.get().text("ttl", "5m");
    boolean usual = control.get().text("type", "ephemeral").equals("ephemeral");
    if (!usual || !control.get().rest().isEmpty() || !(ttl.equals("5m") || ttl.equals("1h"))) {
      leave("cache_control");
    }
    return ttl.equals("1h") ? Block.Cache.LONG : Block.Cache.SHORT;
  }

  /** Says that the fields are read although nobody has to ask for them. */
  Fields ignore(String... names) {
    for (String name : names) {
      read.add(spelled(name));
    }
    return this;
  }

  /** Says that empty arrays are read: clients echo whole messages with all their empty fields. */
  Fields ignoreEmpty() {
    for (var field : node.properties()) {
      if (field.getValue().isArray() && field.getValue().isEmpty()) {
        read.add(field.getKey());
      }
    }
    return this;
  }

  /** Says that the field was not understood after all. */
  void leave(String name) {
    read.remove(spelled(name));
  }

  /** The schema of a tool's arguments, which are an object wherever tools are known. */
  ObjectNode arguments() {
    JsonNode type = node.path("type");
    boolean object =
        type.isMissingNode()
            || type.isNull()
            || type.asString("").equalsIgnoreCase("object")
            || (type.isArray()
                && type.valueStream().anyMatch(one -> one.asString("").equals("object")));
    if (!object) {
      throw unknown("type", "object: a tool's arguments are one");
    }
    if (node.has("properties") && !node.get("properties").isObject()) {
      throw wrong("properties", "an object");
    }
    node.path("properties")
        .forEachEntry((name, schema) -> {
          if (!schema.isObject() && !schema.isBoolean()) {
            throw wrong(place("properties") + "." + name, "an object", schema);
          }
        });
    texts("required");
    return whole();
  }

  /** The object as it came. */
  ObjectNode whole() {
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

  /** The rest, for the same dialect to put back. */
  Extra extra() {
    return extra(rest());
  }

  /** Fields for the same dialect to put back. */
  Extra extra(ObjectNode fields) {
    return fields.isEmpty() ? Extra.NONE : new Extra(manner.dialect, fields);
  }

  private String spelled(String name) {
    return manner.protobuf && !node.has(name) ? snake(name) : name;
  }

  private static String snake(String camel) {
    var out = new StringBuilder(camel.length() + 4);
    for (int i = 0; i < camel.length(); i++) {
      char c = camel.charAt(i);
      if (Character.isUpperCase(c)) {
        out.append('_');
      }
      out.append(Character.toLowerCase(c));
    }
    return out.toString();
  }
}

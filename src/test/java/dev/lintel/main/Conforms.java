package dev.lintel.main;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** As much of JSON Schema 2020-12 as the admin API's description uses. */
final class Conforms {
  private final List<String> faults = new ArrayList<>();

  private Conforms() {}

  /** What of the value is not as the schema says; empty where all is. */
  static List<String> faults(JsonNode schema, JsonNode value) {
    var conforms = new Conforms();
    conforms.check(schema, value, "$");
    return conforms.faults;
  }

  private void check(JsonNode schema, JsonNode value, String at) {
    if (schema.has("anyOf")) {
      boolean any =
          schema.path("anyOf").valueStream().anyMatch(one -> faults(one, value).isEmpty());
      if (!any) {
        faults.add(at + " is none of anyOf: " + value);
      }
    }
    JsonNode type = schema.path("type");
    boolean fits =
        type.isMissingNode()
            || (type.isArray()
                ? type.valueStream().anyMatch(one -> is(one.asString(), value))
                : is(type.asString(), value));
    if (!fits) {
      faults.add(at + " is no " + type + ": " + value);
      return;
    }
    if (schema.has("enum")
        && schema.path("enum").valueStream().noneMatch(word -> word.equals(value))) {
      faults.add(at + " is none of " + schema.path("enum") + ": " + value);
    }
    if (schema.has("pattern")
        && value.isString()
        && !value.asString().matches(schema.path("pattern").asString())) {
      faults.add(at + " does not match: " + value);
    }
    for (JsonNode name : schema.path("required")) {
      if (value.isObject() && !value.has(name.asString())) {
        faults.add(at + " lacks " + name);
      }
    }
    value
        .properties()
        .forEach(member -> {
          JsonNode known = schema.path("properties").path(member.getKey());
          JsonNode other = known.isMissingNode() ? schema.path("additionalProperties") : known;
          if (!other.isMissingNode()) {
            check(other, member.getValue(), at + "." + member.getKey());
          }
        });
    if (value.isArray() && schema.has("items")) {
      value.forEach(element -> check(schema.path("items"), element, at + "[]"));
    }
  }

  private static boolean is(String type, JsonNode value) {
    return switch (type) {
      case "string" -> value.isString();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      case "boolean" -> value.isBoolean();
      case "array" -> value.isArray();
      case "object" -> value.isObject();
      case "null" -> value.isNull();
      default -> throw new AssertionError(type);
    };
  }
}

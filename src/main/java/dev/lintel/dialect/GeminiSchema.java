package dev.lintel.dialect;

import dev.lintel.Json;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Google's {@code Schema}, a subset of OpenAPI 3.0, as JSON Schema: types in lower case, {@code
 * nullable} as a type of its own, {@code example} as {@code examples}, 64-bit counts that protobuf
 * writes as strings as numbers.
 *
 * <p>There is no way back, and none is needed: requests to Google carry JSON Schema as it is, in
 * {@code parametersJsonSchema} and {@code responseJsonSchema}, which take {@code $ref}, {@code
 * anyOf}, {@code const} and {@code additionalProperties} (reference of {@code FunctionDeclaration}
 * and {@code GenerationConfig}, 2025).
 */
final class GeminiSchema {
  private static final Set<String> COUNTS =
      Set.of("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties");

  private GeminiSchema() {}

  static ObjectNode json(ObjectNode schema) {
    ObjectNode out = Json.object();
    boolean nullable = schema.path("nullable").asBoolean(false);
    for (var field : schema.properties()) {
      String key = camel(field.getKey());
      JsonNode value = field.getValue();
      switch (key) {
        case "type" -> type(out, value, nullable);
        case "nullable" -> {}
        case "format" -> {
          // Google's word for "this string has an enum"; JSON Schema has no such format.
          if (!value.asString("").equals("enum")) {
            out.set(key, value);
          }
        }
        case "enum" -> out.set(key, nullable ? withNull(value) : value);
        case "example" -> out.set("examples", Json.array().add(value));
        case "properties", "$defs", "defs" -> out.set(key, each(value));
        case "items", "additionalProperties" -> out.set(key, one(value));
        case "anyOf", "oneOf", "allOf", "prefixItems" -> out.set(key, all(value));
        default -> out.set(key, COUNTS.contains(key) ? number(value) : value);
      }
    }
    if (nullable && !schema.has("type") && out.get("anyOf") instanceof ArrayNode any) {
      any.add(Json.object().put("type", "null"));
    }
    return out;
  }

  private static void type(ObjectNode out, JsonNode value, boolean nullable) {
    if (!value.isString()) {
      out.set("type", value);
      return;
    }
    String word = value.asString().toLowerCase(Locale.ROOT);
    if (word.equals("type_unspecified")) {
      return;
    }
    if (nullable) {
      out.putArray("type").add(word).add("null");
    } else {
      out.put("type", word);
    }
  }

  private static JsonNode withNull(JsonNode values) {
    ArrayNode out = Json.array();
    values.forEach(out::add);
    return out.addNull();
  }

  private static JsonNode one(JsonNode value) {
    return value instanceof ObjectNode object ? json(object) : value;
  }

  private static JsonNode all(JsonNode value) {
    ArrayNode out = Json.array();
    value.forEach(element -> out.add(one(element)));
    return out;
  }

  private static JsonNode each(JsonNode value) {
    ObjectNode out = Json.object();
    value.properties().forEach(field -> out.set(field.getKey(), one(field.getValue())));
    return out;
  }

  private static JsonNode number(JsonNode value) {
    String text = value.isString() ? value.asString() : "";
    boolean digits = !text.isEmpty() && text.length() < 20;
    for (int i = 0; i < text.length() && digits; i++) {
      digits = Character.isDigit(text.charAt(i));
    }
    return digits ? Json.parse(new BigDecimal(text).toPlainString()) : value;
  }

  /** The keywords that protobuf clients may write in snake_case. */
  private static String camel(String key) {
    return switch (key) {
      case "any_of" -> "anyOf";
      case "min_items" -> "minItems";
      case "max_items" -> "maxItems";
      case "min_length" -> "minLength";
      case "max_length" -> "maxLength";
      case "min_properties" -> "minProperties";
      case "max_properties" -> "maxProperties";
      case "property_ordering" -> "propertyOrdering";
      default -> key;
    };
  }
}

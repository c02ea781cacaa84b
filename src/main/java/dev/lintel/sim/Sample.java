package dev.lintel.sim;

import dev.lintel.Json;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes JSON that fits a JSON Schema: the required members, enums, types, bounds and usual formats.
 * Patterns and conditions are not looked at.
 */
final class Sample {
  /** Schemas may contain themselves: below this depth only what is required is made. */
  private static final int DEPTH = 12;

  private final JsonNode root;
  private final Random random;

  private Sample(JsonNode root, Random random) {
    this.root = root;
    this.random = random;
  }

  static JsonNode of(JsonNode schema, Random random) {
    return new Sample(schema, random).make(schema, "", 0);
  }

  private JsonNode make(JsonNode given, String name, int depth) {
    JsonNode schema = resolve(given);
    if (schema.has("const")) {
      return schema.get("const");
    }
    if (schema.path("enum").isArray() && !schema.path("enum").isEmpty()) {
      return schema.get("enum").get(random.nextInt(schema.get("enum").size()));
    }
    return switch (type(schema)) {
      case "object" -> object(schema, depth);
      case "array" -> array(schema, name, depth);
      case "integer" -> Json.MAPPER.valueToTree(number(schema, BigDecimal.ONE).toBigInteger());
      case "number" -> Json.MAPPER.valueToTree(number(schema, new BigDecimal("0.5")));
      case "boolean" -> Json.MAPPER.valueToTree(random.nextBoolean());
      case "null" -> Json.MAPPER.nullNode();
      default -> Json.MAPPER.valueToTree(text(schema, name));
    };
  }

  /** References followed, the first choice taken, what must hold together put together. */
  private JsonNode resolve(JsonNode given) {
    JsonNode schema = given;
    for (int i = 0; i < DEPTH; i++) {
      String reference = schema.path("$ref").asString("");
      JsonNode choice = firstChoice(schema);
      if (reference.startsWith("#")) {
        schema = root.at(reference.substring(1));
      } else if (choice.isObject()) {
        schema = choice;
      } else if (schema.path("allOf").isArray()) {
        schema = merged(schema);
      } else {
        return schema;
      }
    }
    return schema;
  }

  private static JsonNode firstChoice(JsonNode schema) {
    for (String word : new String[] {"anyOf", "oneOf"}) {
      for (JsonNode choice : schema.path(word)) {
        if (!choice.path("type").asString("").equals("null")) {
          return choice;
        }
      }
    }
    return Json.MAPPER.nullNode();
  }

  private JsonNode merged(JsonNode schema) {
    ObjectNode all = Json.object();
    schema
        .properties()
        .forEach(member -> {
          if (!member.getKey().equals("allOf")) {
            all.set(member.getKey(), member.getValue());
          }
        });
    for (JsonNode part : schema.path("allOf")) {
      for (var member : resolve(part).properties()) {
        JsonNode known = all.path(member.getKey());
        if (known instanceof ObjectNode object && member.getValue() instanceof ObjectNode more) {
          all.set(member.getKey(), object.deepCopy().setAll(more));
        } else if (known instanceof ArrayNode array
            && member.getValue() instanceof ArrayNode more) {
          all.set(member.getKey(), array.deepCopy().addAll(more));
        } else {
          all.set(member.getKey(), member.getValue());
        }
      }
    }
    return all;
  }

  private static String type(JsonNode schema) {
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      for (JsonNode one : type) {
        if (!one.asString("").equals("null")) {
          return word(one);
        }
      }
      return "null";
    }
    if (type.isString()) {
      return word(type);
    }
    return schema.has("properties") ? "object" : schema.has("items") ? "array" : "string";
  }

  /** Gemini writes its types in capitals. */
  private static String word(JsonNode type) {
    return type.asString("").toLowerCase(Locale.ROOT);
  }

  private ObjectNode object(JsonNode schema, int depth) {
    ObjectNode object = Json.object();
    if (depth < DEPTH) {
      for (JsonNode required : schema.path("required")) {
        String name = required.asString();
        object.set(name, make(schema.path("properties").path(name), name, depth + 1));
      }
    }
    return object;
  }

  private ArrayNode array(JsonNode schema, String name, int depth) {
    ArrayNode array = Json.array();
    for (JsonNode item : schema.path("prefixItems")) {
      array.add(make(item, name, depth + 1));
    }
    int least = schema.path("minItems").asInt(depth < DEPTH ? 1 : 0);
    int most = schema.path("maxItems").asInt(Integer.MAX_VALUE);
    while (array.size() < Math.min(least, most)) {
      array.add(make(schema.path("items"), name, depth + 1));
    }
    return array;
  }

  private BigDecimal number(JsonNode schema, BigDecimal step) {
    BigDecimal least = bound(schema, "minimum", "exclusiveMinimum", step);
    BigDecimal most = bound(schema, "maximum", "exclusiveMaximum", step.negate());
    BigDecimal from =
        least != null ? least : most != null ? most.min(BigDecimal.ZERO) : BigDecimal.ZERO;
    BigDecimal value = from.add(step.multiply(BigDecimal.valueOf(random.nextInt(20))));
    if (most != null && value.compareTo(most) > 0) {
      value = from;
    }
    JsonNode multiple = schema.path("multipleOf");
    if (multiple.isNumber() && multiple.decimalValue().signum() > 0) {
      BigDecimal unit = multiple.decimalValue();
      value = from.divide(unit, 0, RoundingMode.CEILING).multiply(unit);
    }
    return value;
  }

  private static @Nullable BigDecimal bound(
      JsonNode schema, String word, String exclusive, BigDecimal step) {
    if (schema.path(word).isNumber()) {
      return schema.get(word).decimalValue();
    }
    return schema.path(exclusive).isNumber()
        ? schema.get(exclusive).decimalValue().add(step)
        : null;
  }

  private String text(JsonNode schema, String name) {
    String plain =
        switch (schema.path("format").asString("")) {
          case "date" -> "2026-11-%02d".formatted(1 + random.nextInt(28));
          case "time" -> "%02d:30:00Z".formatted(random.nextInt(24));
          case "date-time" -> "2026-11-%02dT12:30:00Z".formatted(1 + random.nextInt(28));
          case "email" -> "someone" + random.nextInt(100) + "@example.com";
          case "uri" -> "https://example.com/" + random.nextInt(100);
          case "hostname" -> "host" + random.nextInt(100) + ".example.com";
          case "ipv4" -> "192.0.2." + random.nextInt(255);
          case "ipv6" -> "2001:db8::" + (1 + random.nextInt(9));
          case "uuid" -> new UUID(random.nextLong(), random.nextLong()).toString();
          case "duration" -> "PT" + (1 + random.nextInt(60)) + "M";
          default -> name.isEmpty() ? "text" : name + " " + (1 + random.nextInt(99));
        };
    int least = Math.min(schema.path("minLength").asInt(0), 1_000_000);
    int most = Math.max(schema.path("maxLength").asInt(Integer.MAX_VALUE), 0);
    String enough = plain.length() >= least ? plain : plain + "x".repeat(least - plain.length());
    return enough.length() <= most ? enough : enough.substring(0, most);
  }
}

package dev.lintel.admin;

import dev.lintel.Json;
import java.util.Arrays;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a JSON value looks like, as JSON Schema 2020-12 says it.
 *
 * @param json must not be changed
 */
public record Schema(ObjectNode json) {
  public static final Schema TEXT = of("string");
  public static final Schema WHOLE = of("integer");
  public static final Schema NUMBER = of("number");
  public static final Schema FLAG = of("boolean");

  /** Anything at all. */
  public static final Schema ANY = new Schema(Json.object());

  /** RFC 3339, UTC. */
  public static final Schema TIME = new Schema(of("string").json.put("format", "date-time"));

  /** USD, a plain decimal. */
  public static final Schema MONEY =
      new Schema(of("string").json.put("pattern", "^-?[0-9]+(\\.[0-9]+)?$"));

  private static Schema of(String type) {
    return new Schema(Json.object().put("type", type));
  }

  /** One of those words. */
  public static Schema oneOf(String... words) {
    ObjectNode json = Json.object().put("type", "string");
    Arrays.stream(words).forEach(json.putArray("enum")::add);
    return new Schema(json);
  }

  public static Schema list(Schema of) {
    ObjectNode json = Json.object().put("type", "array");
    json.set("items", of.json);
    return new Schema(json);
  }

  /** Any names, with such a value each. */
  public static Schema map(Schema of) {
    ObjectNode json = Json.object().put("type", "object");
    json.set("additionalProperties", of.json);
    return new Schema(json);
  }

  /**
   * Those members; others may come with a later version.
   *
   * @param members names and {@link Schema}s in turn; a name that ends with {@code ?} may be
   *     missing
   */
  public static Schema object(Object... members) {
    ObjectNode json = Json.object().put("type", "object");
    ObjectNode properties = json.putObject("properties");
    var required = Json.array();
    for (int i = 0; i < members.length; i += 2) {
      String name = (String) members[i];
      boolean optional = name.endsWith("?");
      String key = optional ? name.substring(0, name.length() - 1) : name;
      properties.set(key, ((Schema) members[i + 1]).json);
      if (!optional) {
        required.add(key);
      }
    }
    if (!required.isEmpty()) {
      json.set("required", required);
    }
    return new Schema(json);
  }

  /** {@code {data: […], next: cursor or null}}. */
  public static Schema page(Schema of) {
    return object("data", list(of), "next", TEXT.orNull());
  }

  /** The same, or null. */
  public Schema orNull() {
    ObjectNode either = Json.object();
    JsonNode type = json.path("type");
    if (type.isString() && !json.has("enum")) {
      either.setAll(json.deepCopy());
      either.putArray("type").add(type).add("null");
    } else {
      either.putArray("anyOf").add(json).addObject().put("type", "null");
    }
    return new Schema(either);
  }

  /** The same with words about it. */
  public Schema saying(String description) {
    return new Schema(json.deepCopy().put("description", description));
  }
}

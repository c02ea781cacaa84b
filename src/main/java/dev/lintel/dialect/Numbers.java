package dev.lintel.dialect;

import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JacksonSerializable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.jsontype.TypeSerializer;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * An array of numbers as it stands in a reply: a place in the reply's bytes. A reply may hold
 * millions of numbers, of which each would be an object in a tree, and most are handed on as they
 * came.
 */
record Numbers(byte[] bytes, int from, int length) implements JacksonSerializable {
  /** Reads one value and leaves the parser at its end. */
  private static final ObjectReader VALUES =
      Json.MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /**
   * The bytes as a tree, in which arrays of numbers are leaves that hold {@code Numbers}. Throws
   * {@link JacksonException} where they are not one JSON value.
   */
  static JsonNode tree(byte[] bytes) {
    try (JsonParser parser =
        Json.MAPPER.tokenStreamFactory().createParser(ObjectReadContext.empty(), bytes)) {
      parser.nextToken();
      JsonNode tree = value(bytes, parser);
      if (parser.nextToken() != null) {
        throw Garbled.reply("a reply that goes on after its end");
      }
      return tree;
    }
  }

  /** Leaves the parser at the value's end. */
  private static JsonNode value(byte[] bytes, JsonParser parser) {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      ObjectNode object = Json.object();
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        parser.nextToken();
        object.set(name, value(bytes, parser));
      }
      return object;
    }
    if (token == JsonToken.START_ARRAY) {
      return array(bytes, parser);
    }
    if (token == null) {
      throw Garbled.reply("a reply that is cut off");
    }
    return VALUES.readTree(parser);
  }

  private static JsonNode array(byte[] bytes, JsonParser parser) {
    int from = (int) parser.currentTokenLocation().getByteOffset();
    JsonToken token = parser.nextToken();
    if (token != null && token.isNumeric()) {
      boolean plain = true;
      for (; token != JsonToken.END_ARRAY; token = parser.nextToken()) {
        plain &= token != null && token.isNumeric();
        parser.skipChildren();
      }
      int length = (int) parser.currentLocation().getByteOffset() - from;
      return plain
          ? JsonNodeFactory.instance.pojoNode(new Numbers(bytes, from, length))
          : Json.parse(bytes, from, length);
    }
    ArrayNode array = Json.array();
    for (; token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      array.add(value(bytes, parser));
    }
    return array;
  }

  /** Whether that is an array of one number or more, as a leaf. */
  static boolean are(JsonNode node) {
    return node.isPojo();
  }

  @Override
  public void serialize(JsonGenerator json, SerializationContext context) {
    json.writeRawValue(new String(bytes, from, length, StandardCharsets.US_ASCII));
  }

  @Override
  public void serializeWithType(
      JsonGenerator json, SerializationContext context, TypeSerializer types) {
    serialize(json, context);
  }
}

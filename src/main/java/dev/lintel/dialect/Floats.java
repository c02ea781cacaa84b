package dev.lintel.dialect;

import dev.lintel.Embed.Format;
import dev.lintel.Json;
import dev.lintel.Part;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A vector as JSON numbers and as base64 of 32-bit floats, least significant byte first: OpenAI's
 * {@code encoding_format} as its own SDKs read it. Neither way loses a bit of a float.
 */
final class Floats {
  private Floats() {}

  /** The values of one input in that format, made from another one where need be. */
  static Optional<JsonNode> in(Format format, List<Part.Vector> ofInput) {
    for (Part.Vector vector : ofInput) {
      if (vector.format() == format) {
        return Optional.of(vector.values());
      }
    }
    for (Part.Vector vector : ofInput) {
      if (vector.format() == Format.FLOAT && format == Format.BASE64) {
        return Optional.of(packed(vector.values()));
      }
      if (vector.format() == Format.BASE64 && format == Format.FLOAT) {
        return Optional.of(numbers(vector.values().asString()));
      }
    }
    return Optional.empty();
  }

  private static JsonNode packed(JsonNode numbers) {
    var bytes = new ByteArrayOutputStream(8192);
    var one = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (JsonParser parser =
        Json.MAPPER
            .tokenStreamFactory()
            .createParser(ObjectReadContext.empty(), Json.bytes(numbers))) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        bytes.writeBytes(one.putFloat(0, parser.getFloatValue()).array());
      }
    }
    return Json.MAPPER.valueToTree(Base64.getEncoder().encodeToString(bytes.toByteArray()));
  }

  private static JsonNode numbers(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException notBase64) {
      throw Garbled.reply("a vector that is not base64");
    }
    if (bytes.length % Float.BYTES != 0) {
      throw Garbled.reply("a vector that is not made of 32-bit floats");
    }
    var text = new StringBuilder(bytes.length * 3).append('[');
    var floats = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (floats.hasRemaining()) {
      float next = floats.getFloat();
      if (!Float.isFinite(next)) {
        throw Garbled.reply("a vector with a float that is no number");
      }
      text.append(text.length() > 1 ? "," : "").append(next);
    }
    byte[] json = text.append(']').toString().getBytes(StandardCharsets.US_ASCII);
    return JsonNodeFactory.instance.pojoNode(new Numbers(json, 0, json.length));
  }
}

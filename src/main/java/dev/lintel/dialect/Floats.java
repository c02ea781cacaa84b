package dev.lintel.dialect;

import dev.lintel.Embed.Format;
import dev.lintel.Json;
import dev.lintel.Part;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

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
    var bytes = ByteBuffer.allocate(numbers.size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (JsonNode number : numbers) {
      bytes.putFloat(number.decimalValue().floatValue());
    }
    return Json.MAPPER.valueToTree(Base64.getEncoder().encodeToString(bytes.array()));
  }

  private static ArrayNode numbers(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException notBase64) {
      throw WholeReader.broken("a vector that is not base64");
    }
    if (bytes.length % Float.BYTES != 0) {
      throw WholeReader.broken("a vector that is not made of 32-bit floats");
    }
    ArrayNode numbers = Json.array();
    var floats = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (floats.hasRemaining()) {
      numbers.add(floats.getFloat());
    }
    return numbers;
  }
}

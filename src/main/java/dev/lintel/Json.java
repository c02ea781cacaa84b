package dev.lintel;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The one JSON mapper of the gateway, and the few ways in which it is used. */
public final class Json {
  /**
   * Buffers are recycled through a pool of the gateway's own, because a thread-local one would be
   * filled once per virtual thread. Strings may be as long as a body may be: the body limit bounds
   * them.
   */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .recyclerPool(new Recyclers())
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNestingDepth(500)
                  .build())
          .build();

  /** Numbers stay exact: a price or a seed must not change on its way through. */
  public static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  /** Of values that others follow. */
  static final ObjectReader PIECES =
      MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  public static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /** Throws {@link JacksonException} where the text is not one JSON value. */
  public static JsonNode parse(String text) {
    return MAPPER.readTree(text);
  }

  /** Throws {@link JacksonException} where the bytes are not one JSON value. */
  public static JsonNode parse(byte[] bytes, int offset, int length) {
    return MAPPER.readTree(bytes, offset, length);
  }

  /** Throws {@link JacksonException} where the bytes are not one JSON value. */
  public static JsonNode parse(byte[] bytes) {
    return parse(bytes, 0, bytes.length);
  }

  /** The text as a JSON string, with its quotes. */
  public static byte[] string(String text) {
    byte[] escaped = JsonStringEncoder.getInstance().quoteAsUTF8(text);
    var quoted = new byte[escaped.length + 2];
    quoted[0] = '"';
    System.arraycopy(escaped, 0, quoted, 1, escaped.length);
    quoted[quoted.length - 1] = '"';
    return quoted;
  }

  public static byte[] bytes(JsonNode node) {
    return MAPPER.writeValueAsBytes(node);
  }

  /** What is written to the generator. */
  public static byte[] bytes(Consumer<JsonGenerator> writing) {
    var bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = MAPPER.createGenerator(bytes)) {
      writing.accept(json);
    }
    return bytes.toByteArray();
  }

  public static String text(JsonNode node) {
    return new String(bytes(node), StandardCharsets.UTF_8);
  }
}

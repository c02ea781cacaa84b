package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** What a provider sent that is no reply. */
final class Garbled {
  private Garbled() {}

  /**
   * @param what was sent, such as {@code a reply without choices}
   */
  static Failure reply(String what) {
    return Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider sent " + what + ".");
  }

  static Failure reply(String what, Throwable cause) {
    return Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider sent " + what + ".", cause);
  }

  /** The JSON object that the provider sent; throws {@link Failure} where it is none. */
  static JsonNode object(byte[] bytes, int offset, int length) {
    JsonNode node;
    try {
      node = Json.parse(bytes, offset, length);
    } catch (JacksonException broken) {
      throw reply("something that is not JSON", broken);
    }
    if (!node.isObject()) {
      throw reply("JSON that is no object");
    }
    return node;
  }
}

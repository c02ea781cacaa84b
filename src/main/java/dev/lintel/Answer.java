package dev.lintel;

import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A whole reply to a client.
 *
 * @param headers that its dialect wants beside the gateway's own, such as AWS's {@code
 *     x-amzn-errortype}
 */
public record Answer(int status, String contentType, byte[] body, Map<String, String> headers) {
  public static final String JSON = "application/json";

  public Answer(int status, String contentType, byte[] body) {
    this(status, contentType, body, Map.of());
  }

  public static Answer json(int status, JsonNode body) {
    return new Answer(status, JSON, Json.bytes(body));
  }
}

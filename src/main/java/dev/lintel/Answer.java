package dev.lintel;

import tools.jackson.databind.JsonNode;

/** A whole reply to a client. */
public record Answer(int status, String contentType, byte[] body) {
  public static final String JSON = "application/json";

  public static Answer json(int status, JsonNode body) {
    return new Answer(status, JSON, Json.bytes(body));
  }
}

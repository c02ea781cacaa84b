package dev.lintel;

import java.util.Map;

/**
 * A complete reply as its caller got it, to be given again byte for byte.
 *
 * @param headers beside the content type that are worth telling again
 * @param stream whether it was sent piece by piece
 * @param callId of the call that was answered so
 */
public record Replay(
    int status,
    String contentType,
    Map<String, String> headers,
    byte[] body,
    boolean stream,
    String callId) {
  public Replay {
    headers = Map.copyOf(headers);
  }
}

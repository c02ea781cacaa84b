package dev.lintel;

import java.util.Map;

/**
 * The bytes of a client's request, before anybody looked into them.
 *
 * @param uri the path and query as they were sent
 * @param path the path's variables
 * @param query decoded, with the caller's key in it where an SDK puts it there
 */
public record RawRequest(
    String method,
    String uri,
    Map<String, String> path,
    Map<String, String> query,
    Headers headers,
    byte[] body) {
  /** One of which nobody asks how it was addressed. */
  public RawRequest(
      Map<String, String> path, Map<String, String> query, Headers headers, byte[] body) {
    this("POST", "/", path, query, headers, body);
  }
}

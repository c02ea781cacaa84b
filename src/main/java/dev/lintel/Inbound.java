package dev.lintel;

import java.util.Map;
import java.util.Optional;

/**
 * A client's request as it stands before a dialect reads it.
 *
 * @param method such as {@code POST}
 * @param uri path and query as they were sent
 * @param path the path's variables, such as {@code model} and {@code method} of Gemini's
 * @param query the query string without the caller's key, decoded
 * @param body an empty object where there is an upload
 * @param upload the body where it is not held
 */
public record Inbound(
    String method,
    String uri,
    Map<String, String> path,
    Map<String, String> query,
    Headers headers,
    Body body,
    Optional<Held> upload) {
  /** Posted, and held. */
  public Inbound(Map<String, String> path, Map<String, String> query, Headers headers, Body body) {
    this("POST", "", path, query, headers, body, Optional.empty());
  }
}

package dev.lintel;

import java.util.Map;
import java.util.Optional;

/**
 * The bytes of a client's request, before anybody looked into them.
 *
 * @param method such as {@code POST}
 * @param uri path and query as they were sent, with the caller's key in it where an SDK puts it
 *     there
 * @param path the path's variables
 * @param query decoded, with the caller's key as well
 * @param body empty where there is an upload
 * @param upload the body where it is not held
 * @param peer who sent it
 */
public record RawRequest(
    String method,
    String uri,
    Map<String, String> path,
    Map<String, String> query,
    Headers headers,
    byte[] body,
    Optional<Upload> upload,
    Peer peer) {
  /** Posted, and held. */
  public RawRequest(
      Map<String, String> path, Map<String, String> query, Headers headers, byte[] body) {
    this("POST", "/", path, query, headers, body, Optional.empty(), Peer.NOBODY);
  }

  /** The same with those bytes for its upload. */
  public RawRequest with(Upload other) {
    return new RawRequest(method, uri, path, query, headers, body, Optional.of(other), peer);
  }
}

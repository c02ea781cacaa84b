package dev.lintel;

import java.util.Map;
import java.util.Optional;

/**
 * A request for a provider.
 *
 * @param path below the provider's base URL, with its query, such as {@code /chat/completions}
 * @param headers of the dialect (versions, betas); authentication is added where it is sent. {@code
 *     content-type} is JSON unless it stands here; an empty one is none
 * @param upload sent in the body's place
 */
public record Outbound(
    String method, String path, Map<String, String> headers, byte[] body, Optional<Upload> upload) {
  /** JSON, posted. */
  public Outbound(String path, Map<String, String> headers, byte[] body) {
    this("POST", path, headers, body, Optional.empty());
  }
}

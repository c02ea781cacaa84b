package dev.lintel;

import java.util.Map;

/**
 * A request for a provider.
 *
 * @param path below the provider's base URL, with its query, such as {@code /chat/completions}
 * @param headers of the dialect (versions, betas); authentication is added where it is sent
 */
public record Outbound(String method, String path, Map<String, String> headers, byte[] body) {
  /** Posted. */
  public Outbound(String path, Map<String, String> headers, byte[] body) {
    this("POST", path, headers, body);
  }
}

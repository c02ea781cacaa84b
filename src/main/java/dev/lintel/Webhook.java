package dev.lintel;

import java.net.URI;
import java.util.Optional;
import java.util.Set;

/**
 * Where notices are sent.
 *
 * @param url may hold a secret in its path
 * @param kinds those that are sent
 * @param secret by which they are signed; empty where they are not
 */
public record Webhook(URI url, Set<Notice.Kind> kinds, Optional<String> secret) {
  public Webhook {
    kinds = Set.copyOf(kinds);
  }

  /** Where it leads, as far as that may be shown. */
  public String host() {
    return url.getHost();
  }

  @Override
  public String toString() {
    return "Webhook[" + host() + "]";
  }
}

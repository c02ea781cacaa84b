package dev.lintel.config;

import dev.lintel.ClientName;
import dev.lintel.Issuer;
import dev.lintel.Reach;
import java.util.List;

/**
 * By what callers are known beside keys.
 *
 * @param issuers whose tokens are believed
 * @param clients whom certificates stand for
 * @param trustedProxies that say truly from where a request comes
 */
public record Identities(
    List<Issuer> issuers, List<ClientName> clients, List<Reach.Network> trustedProxies) {
  public static final Identities NONE = new Identities(List.of(), List.of(), List.of());

  public Identities {
    issuers = List.copyOf(issuers);
    clients = List.copyOf(clients);
    trustedProxies = List.copyOf(trustedProxies);
  }

  /** Whether what is known of an issuer here is another thing; one that is gone is none. */
  boolean changes(Issuer before) {
    return issuers.stream()
        .anyMatch(issuer -> issuer.name().equals(before.name()) && !issuer.equals(before));
  }
}

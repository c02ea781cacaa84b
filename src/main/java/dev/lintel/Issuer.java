package dev.lintel;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Somebody whose tokens (JWT, RFC 7519) are believed.
 *
 * @param name what stands in their claim {@code iss}
 * @param audiences one of which must stand in their claim {@code aud}
 * @param keys where its public keys are; empty where it says so itself (OpenID Connect Discovery)
 * @param algorithms with which they may be signed, such as {@code RS256}
 * @param tenant to which they belong
 * @param app to which they belong
 * @param user the claim that says on whose behalf they are used; empty for none
 * @param rolesClaim where they say people's roles; dots lead into objects
 * @param roles what people may be, by such a word; empty where nobody administers with its tokens.
 *     A tenant admin without tenants is one of the token's own
 * @param plain whether its keys may be asked for without TLS
 */
public record Issuer(
    String name,
    Set<String> audiences,
    Optional<URI> keys,
    Set<String> algorithms,
    Named tenant,
    Named app,
    String user,
    String rolesClaim,
    Map<String, Admin.Grant> roles,
    boolean plain) {
  /** One of callers alone. */
  public Issuer(
      String name,
      Set<String> audiences,
      Optional<URI> keys,
      Set<String> algorithms,
      Named tenant,
      Named app,
      String user,
      boolean plain) {
    this(name, audiences, keys, algorithms, tenant, app, user, "", Map.of(), plain);
  }

  public Issuer {
    audiences = Set.copyOf(audiences);
    algorithms = Set.copyOf(algorithms);
    roles = Map.copyOf(roles);
  }

  /**
   * A name that is always the same, or stands in a claim; where both are empty there is none.
   *
   * @param fixed empty where it stands in the claim
   */
  public record Named(String fixed, String claim) {}
}

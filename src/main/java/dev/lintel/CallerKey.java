package dev.lintel;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * A key that was made by the admin API, for an app or for an admin.
 *
 * @param id names it without giving it away
 * @param name what its maker calls it; may be empty
 * @param kind what it is
 * @param prefix what may be shown of it
 * @param hash HMAC-SHA-256 of it, in hexadecimal; of an AWS pair the access key as it is
 * @param sealed the pair's secret, sealed; empty for every other key
 * @param expires from when it is not good any more; empty for never
 * @param lastUse to the minute; empty before the first
 * @param admin who administers with it, and then it is of no tenant and no app; empty for a
 *     caller's
 */
public record CallerKey(
    String id,
    String tenant,
    String app,
    String name,
    Kind kind,
    String prefix,
    String hash,
    String sealed,
    Scopes scopes,
    Instant created,
    Optional<Instant> expires,
    Optional<Instant> lastUse,
    Optional<Admin> admin) {
  public enum Kind {
    /** Sent with every request. */
    BEARER,
    /** Signs requests as AWS's SDKs do. */
    AWS
  }

  /**
   * To what it is narrowed; empty sets narrow nothing.
   *
   * @param endpoints kinds of requests, such as {@code chat}
   * @param addresses networks from which it is good, such as {@code 10.0.0.0/8}
   */
  public record Scopes(
      Set<String> models, Set<String> endpoints, Set<String> tools, Set<String> addresses) {
    public static final Scopes ALL = new Scopes(Set.of(), Set.of(), Set.of(), Set.of());
  }

  @Override
  public String toString() {
    return "CallerKey[" + id + "]";
  }
}

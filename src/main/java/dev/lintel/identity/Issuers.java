package dev.lintel.identity;

import dev.lintel.Issuer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The keys of all issuers, which outlast a configuration. */
public final class Issuers {
  private final Map<Issuer, Jwks> keys = new ConcurrentHashMap<>();
  private final LongSupplier clock;

  /**
   * @param clock counts nanoseconds
   */
  public Issuers(LongSupplier clock) {
    this.clock = clock;
  }

  Jwks of(Issuer issuer) {
    return keys.computeIfAbsent(
        issuer, first -> new Jwks(first, new PublicFetch(first.plain()), clock));
  }
}

package dev.lintel.identity;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The keys of all issuers, which outlast a configuration. */
public final class Issuers {
  private final Map<Jwks.Place, Jwks> keys = new ConcurrentHashMap<>();
  private final LongSupplier clock;

  /**
   * @param clock counts nanoseconds
   */
  public Issuers(LongSupplier clock) {
    this.clock = clock;
  }

  Jwks of(Jwks.Place place) {
    return keys.computeIfAbsent(
        place, first -> new Jwks(first, new PublicFetch(first.plain()), clock));
  }
}

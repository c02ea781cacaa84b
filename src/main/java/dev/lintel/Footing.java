package dev.lintel;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * How something is on which the gateway itself stands, such as its database, to be shown.
 *
 * @param since when it is so
 * @param well whether nothing is missing while it is so
 * @param more what else there is to be said, by name; no secrets
 */
public record Footing(
    String state, Optional<Instant> since, boolean well, Map<String, String> more) {
  public Footing {
    more = Map.copyOf(more);
  }
}

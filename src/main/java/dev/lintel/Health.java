package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a provider is, to be shown.
 *
 * @param until when it is asked again; empty where it may be asked now
 * @param lastFailure the last one that was blamed on it, its models or its keys, however long ago
 */
public record Health(
    Word word, Optional<Instant> until, Optional<Failure> lastFailure, List<Key> keys) {
  public Health {
    keys = List.copyOf(keys);
  }

  /** How a provider is. */
  public enum Word {
    HEALTHY,
    COOLING,
    /** It has rested, and the next calls or those under way show whether it is well. */
    HALF_OPEN
  }

  /**
   * How one of its keys is.
   *
   * @param until when it is asked again; empty where it may be asked now
   */
  public record Key(String id, Fitness fitness, Optional<Instant> until) {}

  /** What a key is good for. */
  public enum Fitness {
    OK,
    RESTING,
    INVALID,
    NO_CREDIT
  }
}

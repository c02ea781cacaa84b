package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a provider is, to be shown.
 *
 * @param word of the provider itself, whatever becomes of its keys and models
 * @param until when it is asked again; empty where it may be asked now
 * @param lastFailure the last one that was blamed on it or its keys, however long ago
 * @param models those of its models that have failed, as far as they are remembered
 */
public record Health(
    Word word,
    Optional<Instant> until,
    Optional<Failure> lastFailure,
    List<Key> keys,
    List<Model> models) {
  public Health {
    keys = List.copyOf(keys);
    models = List.copyOf(models);
  }

  /** Whether calls are kept from it: it rests, or every key of it does. */
  public boolean resting() {
    return word == Word.COOLING || keys.stream().allMatch(key -> key.until().isPresent());
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

  /**
   * How one of its models is.
   *
   * @param until when it is asked again; empty where it may be asked now
   * @param lastFailure however long ago
   */
  public record Model(
      String name, Word word, Optional<Instant> until, Optional<Failure> lastFailure) {}

  /** What a key is good for. */
  public enum Fitness {
    OK,
    RESTING,
    INVALID,
    NO_CREDIT
  }
}

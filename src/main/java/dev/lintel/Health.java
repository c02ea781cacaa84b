package dev.lintel;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Which targets and keys are fit to be asked. Called by many threads at once; never waits. */
public interface Health {
  /**
   * Asks for leave to try. True where the target and its key are well, or where they have rested
   * long enough and this call is the one that probes them; every leave ends in {@link #succeeded},
   * {@link #failed} or {@link #left}.
   */
  boolean admit(Target target, Credential credential);

  void succeeded(Target target, Credential credential);

  /** Tells of a failure; whom it is blamed on and what the provider asked for decide who rests. */
  void failed(Target target, Credential credential, Failure failure);

  /** The call ended without saying anything of the target, such as by a caller who left. */
  void left(Target target, Credential credential);

  /** How long until the target may be asked again; empty where it may be now. */
  Optional<Duration> rests(Target target, Credential credential);

  /**
   * What is known of a provider, to be shown.
   *
   * @param until when it is asked again; empty where it may be asked now
   * @param lastFailure the last one that somebody rested for, however long ago
   */
  record State(Word word, Optional<Instant> until, Optional<Failure> lastFailure, List<Key> keys) {
    public State {
      keys = List.copyOf(keys);
    }

    /** How a provider is. */
    public enum Word {
      HEALTHY,
      COOLING,
      /** It has rested, and the next call or the one under way shows whether it is well. */
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
}

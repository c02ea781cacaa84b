package dev.lintel;

import java.util.Optional;

/** Something that happened to a call. */
public sealed interface Event {
  /** One try at a target has ended, well or not. */
  record Attempted(Attempt attempt, Target target) implements Event {}

  /**
   * The call is over. Exactly one a call, whatever happened; the rest is in the call's {@link
   * Trail}.
   *
   * @param failure why it failed; empty where it was answered in full
   */
  record Ended(Optional<Failure> failure, long durationNanos) implements Event {}
}

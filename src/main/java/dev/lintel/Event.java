package dev.lintel;

import java.util.Optional;

/** Something that happened to a call. */
public sealed interface Event {
  /** One try at a target has ended, well or not. */
  record Attempted(Attempt attempt, Target target) implements Event {}

  /** A target may not be asked now. */
  record Barred(Target target, Leave.Bar bar) implements Event {}

  /** A wait for room at one of a model's targets has ended. */
  record Waited(String model, End end, long nanos) implements Event {
    /** How a wait ended. */
    public enum End {
      /** There was room. */
      SERVED,
      /** The queue was full, and others more urgent. */
      SHED,
      /** The call's time, or the longest that it may wait, was over. */
      LATE,
      /** The caller left. */
      LEFT,
      /** There was nothing left to wait for. */
      ELSEWHERE
    }
  }

  /**
   * Another model is asked in the place of one that has failed.
   *
   * @param cause which of the model's lists led there
   */
  record FellBack(String model, String to, Routing.Cause cause) implements Event {}

  /** A rule of a policy had something to say against the call; told once it is over. */
  record Found(Finding finding) implements Event {}

  /**
   * The call is over. Exactly one a call, whatever happened; the rest is in the call's {@link
   * Trail}.
   *
   * @param failure why it failed; empty where it was answered in full
   */
  record Ended(Optional<Failure> failure, long durationNanos) implements Event {}
}

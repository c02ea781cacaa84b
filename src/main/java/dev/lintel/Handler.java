package dev.lintel;

/** Answers a call. */
@FunctionalInterface
public interface Handler {
  /**
   * Returns when the reply is complete; throws {@link Failure} where it is not. Runs on the call's
   * own thread and may block.
   */
  void handle(Call call, Sink sink);
}

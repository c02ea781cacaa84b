package dev.lintel;

/** Is told what happens. */
@FunctionalInterface
public interface Listener {
  /**
   * Runs on the call's own thread: must not wait and must not throw. What is known of the call so
   * far is in its trail.
   */
  void on(Trail trail, Event event);
}

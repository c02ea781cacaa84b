package dev.lintel;

/** Is told what happens. */
@FunctionalInterface
public interface Listener {
  /** Runs on the call's own thread: must not wait and must not throw. */
  void on(Call call, Event event);
}

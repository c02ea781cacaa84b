package dev.lintel.main;

import sun.misc.Signal;

/** What to do when somebody asks the process to end. */
final class Signals {
  private Signals() {}

  /**
   * Runs the farewell once, on a thread of its own, at the first SIGTERM or SIGINT, and exits with
   * 0 after it. A shutdown hook could not: the JVM exits with 143 then. A second signal ends the
   * process at once.
   */
  static void onEnd(Runnable farewell) {
    var ending = new java.util.concurrent.atomic.AtomicBoolean();
    sun.misc.SignalHandler handler =
        signal -> {
          if (ending.getAndSet(true)) {
            Runtime.getRuntime().halt(1);
          }
          Thread.ofPlatform()
              .name("lintel-end")
              .start(() -> {
                farewell.run();
                Runtime.getRuntime().halt(0);
              });
        };
    Signal.handle(new Signal("TERM"), handler);
    Signal.handle(new Signal("INT"), handler);
  }
}

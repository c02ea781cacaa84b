package dev.lintel.main;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/** What to do when somebody asks the process to end. */
final class Signals {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  /**
   * Runs the farewell once, on a thread of its own, at the first SIGTERM or SIGINT, and exits with
   * 0 after it. A shutdown hook could not: the JVM exits with 143 then. A farewell that fails, or
   * is not done in time, and a second signal end the process with 1.
   */
  static void onEnd(Runnable farewell, Duration most) {
    var ending = new java.util.concurrent.atomic.AtomicBoolean();
    sun.misc.SignalHandler handler =
        signal -> {
          if (ending.getAndSet(true)) {
            Runtime.getRuntime().halt(1);
          }
          Thread.ofPlatform()
              .name("lintel-end")
              .start(() -> Runtime.getRuntime().halt(ended(farewell, most) ? 0 : 1));
        };
    Signal.handle(new Signal("TERM"), handler);
    Signal.handle(new Signal("INT"), handler);
  }

  private static boolean ended(Runnable farewell, Duration most) {
    var task = new FutureTask<>(farewell, true);
    Thread.ofPlatform().daemon().name("lintel-farewell").start(task);
    try {
      return task.get(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException failed) {
      LOG.error("the end failed", failed.getCause());
    } catch (TimeoutException late) {
      LOG.error("the end took longer than {} s", most.toSeconds());
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
    return false;
  }
}

package dev.lintel;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Runs a piece of a test as a call would run, carried by one thread that stands for an event loop.
 */
public final class OnCallThread {
  private static final ExecutorService LOOP =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("test-loop").factory());

  private OnCallThread() {}

  public static Executor loop() {
    return LOOP;
  }

  /** What the piece returns, or the exception it throws. */
  public static <T> T call(Supplier<T> piece) {
    var done = new CompletableFuture<T>();
    CallThread.start(
        LOOP,
        () -> {
          try {
            done.complete(piece.get());
          } catch (RuntimeException | Error failed) {
            done.completeExceptionally(failed);
          }
        });
    try {
      return done.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new AssertionError(failed.getCause());
    } catch (InterruptedException | TimeoutException stuck) {
      throw new AssertionError(stuck);
    }
  }

  public static void run(Runnable piece) {
    call(() -> {
      piece.run();
      return true;
    });
  }
}

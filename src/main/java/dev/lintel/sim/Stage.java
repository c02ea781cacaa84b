package dev.lintel.sim;

import dev.lintel.CallThread;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Where the steps of an answer are played. */
final class Stage {
  private static final long UNREAD = Duration.ofMinutes(1).toNanos();
  private static final long LONG = Duration.ofHours(1).toNanos();

  private Stage() {}

  /**
   * Returns when all is sent. Waits are counted from the start, so that a late one does not slow
   * down those after it. Throws {@link Failure} {@code CANCELLED} once the other side has left.
   */
  static void play(Exchange exchange, List<Step> steps) {
    CallThread thread = CallThread.current();
    long due = System.nanoTime();
    for (Step step : steps) {
      switch (step) {
        case Step.Wait(Duration time) -> {
          due += time.toNanos();
          thread.await(() -> false, due);
        }
        case Step.Whole(var answer, var headers) -> exchange.answer(answer, headers);
        case Step.Begin(String type) -> exchange.begin(200, type, Map.of());
        case Step.Send(byte[] bytes) -> exchange.write(bytes, System.nanoTime() + UNREAD);
        case Step.End() -> exchange.end();
        case Step.Stall() -> stall(thread);
        case Step.Reset() -> exchange.abort();
      }
    }
  }

  private static void stall(CallThread thread) {
    while (true) {
      thread.await(() -> false, System.nanoTime() + LONG);
    }
  }
}

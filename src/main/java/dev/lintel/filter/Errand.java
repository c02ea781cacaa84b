package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Part;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A request that is asked on a thread of its own, on behalf of one call or of several, with its
 * reply kept until somebody looks. What it notes it notes on a trail of its own.
 */
final class Errand {
  private final Call call;
  private final Handler next;
  private final List<Chunk> chunks = new ArrayList<>(1);
  private @Nullable CallThread thread;
  private @Nullable RuntimeException failed;
  private volatile boolean cancelled;
  private volatile boolean over;

  /**
   * @param call its trail is not used
   */
  Errand(Call call, Handler next) {
    this.call = call.with(call.trail().aside());
    this.next = next;
  }

  /** Begins on a new thread; {@code then} runs there once the errand is over. */
  Errand start(Executor loop, Runnable then) {
    thread =
        CallThread.start(
            loop,
            () -> {
              run();
              then.run();
            });
    return this;
  }

  /** Asks on the thread that calls, which must be a call's. */
  void run() {
    try {
      if (cancelled) {
        throw Failure.cancelled();
      }
      next.handle(call, chunks::add);
    } catch (RuntimeException broken) {
      failed = broken;
    } catch (StackOverflowError deep) {
      failed = new IllegalStateException(deep);
    } finally {
      over = true;
    }
  }

  /** What it notes, to be read by others once it is over or has handed something on. */
  Trail trail() {
    return call.trail();
  }

  boolean over() {
    return over;
  }

  /** Ends it, or keeps it from beginning. */
  void cancel() {
    cancelled = true;
    CallThread running = thread;
    if (running != null && !over) {
      running.cancel();
    }
  }

  /**
   * Why it failed, a fault of the gateway included; empty where it did not. Ask once it is over.
   */
  Optional<RuntimeException> failed() {
    return Optional.ofNullable(failed);
  }

  /** The parts of the reply. Throws what the errand failed with. Ask once it is over. */
  List<Part> parts() {
    if (failed != null) {
      throw failed;
    }
    var parts = new ArrayList<Part>();
    chunks.forEach(chunk -> parts.addAll(chunk.parts()));
    return parts;
  }

  /** What was adapted counts for that call, too. */
  void noteFor(Trail trail) {
    call.trail().adapted().forEach(trail::adapted);
  }

  /** The usage among parts; unknown where there is none. */
  static Usage usage(List<Part> parts) {
    for (Part part : parts) {
      if (part instanceof Usage usage) {
        return usage;
      }
    }
    return Usage.UNKNOWN;
  }

  /** A failure as the call itself would have met it. */
  static Failure late() {
    return Failure.of(Failure.Kind.TIMEOUT, "The call was not answered within its time.")
        .again(Failure.Again.NOWHERE)
        .blame(Failure.Blame.NOBODY);
  }
}

package dev.lintel.filter;

import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Sink;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;

/** Holds the chunks of one try back until one of them says something. */
final class Gate implements Sink {
  private final Sink sink;
  private List<Chunk> held = List.of();
  private volatile Usage told = Usage.UNKNOWN;
  private volatile boolean open;
  private volatile long opened;

  Gate(Sink sink) {
    this.sink = sink;
  }

  @Override
  public void emit(Chunk chunk) {
    if (!open) {
      if (!chunk.content()) {
        hold(chunk);
        return;
      }
      opened = CallThread.nanoTime();
      open = true;
      held.forEach(sink::emit);
      held = List.of();
    }
    sink.emit(chunk);
  }

  private void hold(Chunk chunk) {
    if (held.isEmpty()) {
      held = new ArrayList<>(2);
    }
    held.add(chunk);
    told = chunk.usageOr(told);
  }

  @Override
  public void flush() {
    if (open) {
      sink.flush();
    }
  }

  /** The reply is complete: what was held back is all there is. */
  void close() {
    if (!open) {
      throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider's reply was empty.")
          .upstream(200);
    }
  }

  /** Whether anything was let through. From any thread. */
  boolean isOpen() {
    return open;
  }

  /** When the first content came; from any thread, once it has. */
  long opened() {
    return opened;
  }

  /** What was reported before the first content. From any thread. */
  Usage told() {
    return told;
  }
}

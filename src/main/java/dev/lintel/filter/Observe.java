package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Finding;
import dev.lintel.Handler;
import dev.lintel.Listener;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.util.Optional;

/** The outermost stop: sees every call end, whatever happened to it, exactly once. */
public final class Observe implements Filter {
  private final Listener listener;

  public Observe(Listener listener) {
    this.listener = listener;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Optional<Failure> failure = Optional.of(Failure.internal());
    try {
      next.handle(call, new Noted(sink, call.trail()));
      failure = Optional.empty();
    } catch (Failure known) {
      failure = Optional.of(known);
      throw known;
    } finally {
      for (Finding finding : call.trail().findings()) {
        listener.on(call.trail(), new Event.Found(finding));
      }
      listener.on(
          call.trail(), new Event.Ended(failure, CallThread.nanoTime() - call.trail().started()));
    }
  }

  /** Notes when the first content passes, and the usage that was reported last. */
  private record Noted(Sink sink, Trail trail) implements Sink {
    @Override
    public void emit(Chunk chunk) {
      for (Part part : chunk.parts()) {
        if (part instanceof Usage usage) {
          trail.used(usage);
        } else if (part.content() && trail.firstContentNanos() < 0) {
          trail.answering(CallThread.nanoTime());
        }
      }
      sink.emit(chunk);
    }

    @Override
    public void flush() {
      sink.flush();
    }
  }
}

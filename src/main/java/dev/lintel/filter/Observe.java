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
import dev.lintel.Served;
import dev.lintel.Sink;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The outermost stop: sees every call end, whatever happened to it, exactly once. */
public final class Observe implements Filter {
  private final Listener listener;
  private final @Nullable Served served;

  /**
   * @param served what is said of every call
   */
  public Observe(Listener listener, Served served) {
    this.listener = listener;
    this.served = served;
  }

  /** For calls that are made by the gateway, which say for themselves where they belong. */
  public Observe(Listener listener) {
    this.listener = listener;
    this.served = null;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (served != null) {
      call.trail().served(served);
    }
    Optional<Failure> failure = Optional.of(Failure.internal());
    var noted = new Noted(sink, call.trail());
    try {
      next.handle(call, noted);
      failure = Optional.empty();
    } catch (Failure known) {
      failure = Optional.of(known);
      throw known;
    } finally {
      if (noted.longest >= 0) {
        call.trail().paused(noted.longest);
      }
      for (Finding finding : call.trail().findings()) {
        listener.on(call.trail(), new Event.Found(finding));
      }
      listener.on(
          call.trail(), new Event.Ended(failure, CallThread.nanoTime() - call.trail().started()));
    }
  }

  /**
   * Notes when the first content passes, the usage that was reported last, and for how long the
   * content stood still. What came at once is flushed at once, so that a look at the clock for each
   * flush is enough.
   */
  private static final class Noted implements Sink {
    private final Sink sink;
    private final Trail trail;
    private boolean begun;
    private boolean fresh;
    private long last;
    private long longest = -1;

    Noted(Sink sink, Trail trail) {
      this.sink = sink;
      this.trail = trail;
    }

    @Override
    public void emit(Chunk chunk) {
      for (Part part : chunk.parts()) {
        if (part instanceof Usage usage) {
          trail.used(usage);
        } else if (part.content()) {
          note();
        }
      }
      sink.emit(chunk);
    }

    private void note() {
      if (begun) {
        fresh = true;
      } else {
        begun = true;
        last = CallThread.nanoTime();
        trail.answering(last);
      }
    }

    @Override
    public void flush() {
      if (fresh) {
        long now = CallThread.nanoTime();
        longest = Math.max(longest, now - last);
        last = now;
        fresh = false;
      }
      sink.flush();
    }
  }
}

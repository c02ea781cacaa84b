package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Capture;
import dev.lintel.Captured;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Live;
import dev.lintel.Part;
import dev.lintel.Policy;
import dev.lintel.Sink;
import dev.lintel.Trail;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keeps what a call says and is answered where its policy has that kept. Stands where the policy is
 * known, and outside of all that might change the answer: what passes here is what the caller gets.
 */
public final class Tape implements Filter {
  /** The most bytes of an answer that are kept. */
  static final int LONGEST = 1 << 20;

  private final Captured.Taker taker;

  public Tape(Captured.Taker taker) {
    this.taker = taker;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Policy policy = call.trail().policy();
    Capture capture =
        policy.capture().isEmpty() || call.trail().supposed() || call.request() instanceof Live
            ? Capture.NOTHING
            : Capture.of(policy.capture(), call.trail().given(), call.terms());
    if (capture.level() == Capture.Level.NONE) {
      next.handle(call, sink);
      return;
    }
    var taped = new Taped(sink);
    Optional<Failure> failure = Optional.of(Failure.internal());
    try {
      next.handle(call, taped);
      failure = Optional.empty();
    } catch (Failure known) {
      failure = Optional.of(known);
      throw known;
    } finally {
      Trail trail = call.trail();
      taker.take(
          new Captured(
              trail,
              capture.level(),
              trail.first().orElse(call.request()),
              taped.chunks,
              failure,
              taped.cut,
              trail.time().plus(capture.keep())));
    }
  }

  private static final class Taped implements Sink {
    private final Sink sink;
    private final List<Chunk> chunks = new ArrayList<>();
    private long length;
    private boolean cut;

    Taped(Sink sink) {
      this.sink = sink;
    }

    @Override
    public void emit(Chunk chunk) {
      long more = chunk.frame().dataLength();
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Text text) {
          more = Math.max(more, text.text().length());
        } else if (part instanceof Part.Media media) {
          more = Math.max(more, media.base64().length());
        } else if (part instanceof Part.Data data) {
          more = Math.max(more, data.bytes().length);
        }
      }
      if (cut || length + more > LONGEST) {
        cut = true;
        // What it used and why it ended is short, and comes last.
        if (!chunk.content()) {
          chunks.add(chunk);
        }
      } else {
        length += more;
        chunks.add(chunk);
      }
      sink.emit(chunk);
    }

    @Override
    public void flush() {
      sink.flush();
    }
  }
}

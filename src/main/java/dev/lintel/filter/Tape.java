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
    var taped = new Taped(sink, taker);
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
              taped.held,
              failure,
              taped.cut,
              trail.time().plus(capture.keep())));
    }
  }

  private static final class Taped implements Sink {
    /** Of a chunk, beside what it says. */
    private static final int EACH = 200;

    private final Sink sink;
    private final Captured.Taker taker;
    private final List<Chunk> chunks = new ArrayList<>();
    private long length;
    private long held;
    private boolean cut;

    Taped(Sink sink, Captured.Taker taker) {
      this.sink = sink;
      this.taker = taker;
    }

    @Override
    public void emit(Chunk chunk) {
      long more = size(chunk);
      // What it used and why it ended is short, and comes last.
      boolean wanted = !chunk.content() || !cut && length + more <= LONGEST;
      if (wanted && taker.hold(EACH + more)) {
        length += more;
        held += EACH + more;
        chunks.add(chunk);
      } else {
        cut = true;
      }
      sink.emit(chunk);
    }

    private static long size(Chunk chunk) {
      long size = chunk.frame().dataLength();
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Text text) {
          size = Math.max(size, text.text().length());
        } else if (part instanceof Part.Media media) {
          size = Math.max(size, media.base64().length());
        } else if (part instanceof Part.Data data) {
          size = Math.max(size, data.bytes().length);
        }
      }
      return size;
    }

    @Override
    public void flush() {
      sink.flush();
    }
  }
}

package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Part;
import dev.lintel.Relay;
import dev.lintel.Service;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a reply whose provider told no usage an estimate of it, marked as one, so that it is
 * neither free nor taken for exact. A reply that was cut short or abandoned counts with what of it
 * came.
 *
 * <p>Until a provider tells its usage the reply's text is kept, up to a bound; the rest is counted
 * by its length.
 */
public final class Estimate implements Filter {
  /** Longer than a counter needs to make itself ready. */
  private static final long PATIENCE_NANOS = 5_000_000_000L;

  private final TokenCounter counter;

  public Estimate(TokenCounter counter) {
    this.counter = counter;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (call.request() instanceof Relay relay && relay.service() == Service.RAW) {
      passed(call, new Passed(call, relay, sink), next);
      return;
    }
    if (!(call.request() instanceof Chat chat)) {
      next.handle(call, sink);
      return;
    }
    var heard = new Heard(call, chat, sink);
    try {
      next.handle(call, heard);
    } catch (Failure broken) {
      if (heard.unpaid()) {
        call.trail().estimated(heard.estimate(0));
      }
      throw broken;
    }
    if (heard.unpaid()) {
      Usage usage = heard.estimate(PATIENCE_NANOS);
      call.trail().estimated(usage);
      sink.emit(Chunk.of(usage));
    }
  }

  /** Nobody here knows its prompt: it goes by the length. */
  private static void passed(Call call, Passed reply, Handler next) {
    try {
      next.handle(call, reply);
    } catch (Failure broken) {
      if (reply.unpaid()) {
        call.trail().estimated(reply.estimate());
      }
      throw broken;
    }
    if (reply.unpaid()) {
      Usage usage = reply.estimate();
      call.trail().estimated(usage);
      reply.emit(Chunk.of(usage));
    }
  }

  /** A run of text: its beginning, and how long all of it is. */
  private static final class Text {
    private static final int MOST = 64 << 10;

    private final StringBuilder beginning = new StringBuilder(0);
    private long length;

    void add(String text) {
      length += text.length();
      int room = MOST - beginning.length();
      beginning.append(text, 0, Math.min(room, text.length()));
    }

    void clear() {
      beginning.setLength(0);
      beginning.trimToSize();
    }

    long tokens(TokenCounter counter, String model) {
      long tokens = length == 0 ? 0 : counter.text(beginning.toString(), model);
      return length == beginning.length() ? tokens : tokens * length / beginning.length();
    }

    long guess() {
      return (length + 3) / 4;
    }
  }

  private final class Heard implements Sink {
    private final Call call;
    private final Chat chat;
    private final Sink sink;
    private final Text said = new Text();
    private final Text thought = new Text();
    private boolean content;
    private boolean paid;

    Heard(Call call, Chat chat, Sink sink) {
      this.call = call;
      this.chat = chat;
      this.sink = sink;
    }

    /** Whether something was answered that nobody has counted. */
    boolean unpaid() {
      return content && !paid;
    }

    @Override
    public void emit(Chunk chunk) {
      if (!paid) {
        hear(chunk);
      }
      if (!chat.stream() && unpaid() && chunk.frame().whole()) {
        // Beside the rest of it, so that a reply whose bytes pass through still does.
        paid = true;
        List<Part> parts = new ArrayList<>(chunk.parts());
        parts.add(estimate(PATIENCE_NANOS));
        sink.emit(new Chunk(parts, chunk.frame()));
      } else {
        sink.emit(chunk);
      }
    }

    @Override
    public void flush() {
      sink.flush();
    }

    /**
     * Where the provider tells the usage in the same breath, as whole replies do, nothing is kept.
     */
    private void hear(Chunk chunk) {
      for (Part part : chunk.parts()) {
        if (part instanceof Usage usage && usage.source() != Usage.Source.NONE) {
          paid = true;
          said.clear();
          thought.clear();
          return;
        }
      }
      chunk.parts().forEach(this::hear);
    }

    private void hear(Part part) {
      switch (part) {
        case Part.Text text -> said.add(text.text());
        case Part.Refusal refusal -> said.add(refusal.text());
        case Part.Thought piece -> thought.add(piece.text());
        case Part.ToolUse use -> {
          said.add(use.name());
          said.add(use.arguments());
        }
        case Usage unknown -> {}
        case Part.Start start -> {}
        case Part.Media media -> {}
        case Part.Stop stop -> {}
        case Part.Native other -> {}
        case Part.Piece piece -> {}
      }
      content |= part.content();
    }

    /**
     * A caller who has left interrupted this thread; the count is made all the same.
     *
     * @param patience in which the counter may make itself ready; where the caller is waiting for
     *     an error, or its time is almost over, the estimate goes by the length instead
     */
    Usage estimate(long patience) {
      String model = call.trail().target().map(Target::model).orElse(chat.model());
      if (!counter.ready(model)
          && (patience == 0 || call.deadline() - CallThread.nanoTime() < patience)) {
        return guessed();
      }
      boolean left = Thread.interrupted();
      try {
        return CallThread.current().offload(() -> counted(model));
      } catch (Failure gone) {
        return guessed();
      } finally {
        if (left) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private Usage guessed() {
      return usage(chat.estimatedTokens(), said.guess(), thought.guess());
    }

    private Usage counted(String model) {
      return usage(input(model), said.tokens(counter, model), thought.tokens(counter, model));
    }

    private long input(String model) {
      try {
        return counter.prompt(chat.prompt(), model);
      } catch (Failure passedUnread) {
        // The provider took what the gateway could not read.
        return chat.estimatedTokens();
      }
    }

    private static Usage usage(long input, long said, long thought) {
      return new Usage(input, 0, 0, 0, said + thought, thought, 0, 0, Usage.Source.ESTIMATE);
    }
  }
}

package dev.lintel.filter;

import dev.lintel.Block;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Embed;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Frame;
import dev.lintel.Handler;
import dev.lintel.Merging;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes one request of concurrent small ones for vectors, where the model says so, and gives each
 * call its own vectors and its own share of what was counted.
 *
 * <p>Calls of different tenants may share a request: what goes back to each is made of its own
 * inputs' vectors alone. They must ask the same target with the same key in the same words. A
 * request that is refused for what is in it says nothing about most of its calls, and may quote one
 * of them: each asks again by itself. A call that leaves, or whose time is over, does so alone; the
 * request goes on for the others.
 */
public final class Merge implements Filter {
  /** What calls must have in common. */
  private record Kin(
      Target target,
      Credential key,
      String asked,
      String spoken,
      boolean strict,
      List<Embed.Format> formats,
      Embed.Options options) {}

  /** How a round waits for more calls: until it is full, or as long as its window. */
  @FunctionalInterface
  interface Window {
    void await(BooleanSupplier full, long nanos);
  }

  private final Map<Kin, Round> open = new ConcurrentHashMap<>();
  private final Window window;

  public Merge() {
    this(Merge::park);
  }

  Merge(Window window) {
    this.window = window;
  }

  /** Parks by itself, because a call's own wait is kept to within some 10 ms only. */
  private static void park(BooleanSupplier full, long nanos) {
    long until = System.nanoTime() + nanos;
    for (long left = nanos; left > 0 && !full.getAsBoolean(); left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Optional<Merging> merging = call.resolved().merging();
    if (merging.isEmpty()
        || call.ownKey().isPresent()
        || call.target().isEmpty()
        || !(call.request() instanceof Embed embed)
        || !isText(embed)) {
      next.handle(call, sink);
      return;
    }
    Call.Choice choice = call.target().get();
    int most = Math.min(merging.get().size(), choice.dialect().most(embed));
    if (embed.inputs().size() >= most || !isUniform(embed)) {
      next.handle(call, sink);
      return;
    }
    var kin =
        new Kin(
            choice.target(),
            choice.credential(),
            choice.dialect().name(),
            embed.dialect().name(),
            call.terms().strict(),
            embed.formats(),
            embed.options());
    var seat = new Seat(call, embed, CallThread.current());
    Round round = join(kin, seat, most, merging.get(), next);
    try {
      if (!seat.thread.await(() -> seat.answer != null, call.deadline())) {
        throw Errand.late();
      }
    } finally {
      round.left(seat);
    }
    Handler answer = seat.answer;
    if (answer != null) {
      answer.handle(call, sink);
    }
  }

  private static boolean isText(Embed embed) {
    return embed.inputs().stream()
        .allMatch(input ->
            switch (input.content()) {
              case Embed.Tokens tokens -> true;
              case Embed.Blocks blocks ->
                  blocks.list().stream().allMatch(Block.Text.class::isInstance);
            });
  }

  private static boolean isUniform(Embed embed) {
    Embed.Options first = embed.inputs().getFirst().options();
    return embed.inputs().stream().allMatch(input -> input.options().equals(first));
  }

  private Round join(Kin kin, Seat seat, int most, Merging merging, Handler next) {
    var opened = new Round[1];
    // Whoever joins does so while nobody else does, and nobody joins a round that has closed.
    Round joined =
        open.compute(
            kin,
            (same, known) -> {
              if (known != null && known.take(seat)) {
                return known;
              }
              opened[0] = new Round(kin, most, next);
              opened[0].take(seat);
              return opened[0];
            });
    if (opened[0] != null) {
      opened[0].start(seat.thread.loop(), merging);
    }
    return Objects.requireNonNull(joined);
  }

  /** One call in a round. */
  private static final class Seat {
    private final Call call;
    private final Embed embed;
    private final CallThread thread;
    private volatile boolean left;

    /** What the call does once the round is over, on its own thread. */
    private volatile @Nullable Handler answer;

    Seat(Call call, Embed embed, CallThread thread) {
      this.call = call;
      this.embed = embed;
      this.thread = thread;
    }

    void answer(Handler how) {
      answer = how;
      thread.wake();
    }
  }

  /** Calls that become one request, gathered on a thread that belongs to none of them. */
  private final class Round {
    private final Kin kin;
    private final int most;
    private final Handler next;
    private final List<Seat> seats = new ArrayList<>();
    private int inputs;
    private volatile boolean full;

    /** Those for whom is asked; empty while more may join. */
    private volatile List<Seat> asking = List.of();

    private volatile @Nullable CallThread thread;

    Round(Kin kin, int most, Handler next) {
      this.kin = kin;
      this.most = most;
      this.next = next;
    }

    /** False where there is no room. Only while the table of open rounds is held for the kin. */
    boolean take(Seat seat) {
      if (inputs + seat.embed.inputs().size() > most) {
        full();
        return false;
      }
      seats.add(seat);
      inputs += seat.embed.inputs().size();
      if (inputs == most) {
        full();
      }
      return true;
    }

    private void full() {
      full = true;
      CallThread waiting = thread;
      if (waiting != null) {
        waiting.wake();
      }
    }

    void start(Executor loop, Merging merging) {
      CallThread.start(loop, () -> run(merging));
    }

    /** Where all have left there is nobody to ask for. */
    void left(Seat seat) {
      seat.left = true;
      List<Seat> asked = asking;
      CallThread running = thread;
      if (running != null
          && seat.answer == null
          && !asked.isEmpty()
          && asked.stream().allMatch(other -> other.left)) {
        running.cancel();
      }
    }

    private void run(Merging merging) {
      // Before it looks whether it is full, so that whoever fills it later wakes it.
      thread = CallThread.current();
      window.await(() -> full, merging.window().toNanos());
      // Also where another round took this one's place: it makes what was joined visible here.
      open.compute(
          kin,
          (same, known) -> {
            asking = seats.stream().filter(seat -> !seat.left).toList();
            return known == this ? null : known;
          });
      if (asking.size() < 2) {
        asking.forEach(seat -> seat.answer(next));
        return;
      }
      var errand = new Errand(merged(), next);
      errand.run();
      try {
        hand(errand);
      } catch (RuntimeException failure) {
        failed(failure);
      }
    }

    /** The words of the first, which all share, with the time of the one that has most. */
    private Call merged() {
      Call first = asking.getFirst().call;
      var all = new ArrayList<Embed.Input>();
      long deadline = first.deadline();
      for (Seat seat : asking) {
        all.addAll(seat.embed.inputs());
        deadline = seat.call.deadline() - deadline > 0 ? seat.call.deadline() : deadline;
      }
      return new Call(
          first.trail(),
          "",
          Caller.UNKNOWN,
          first.terms(),
          asking.getFirst().embed.with(all),
          Optional.empty(),
          first.model(),
          first.target(),
          deadline);
    }

    private void failed(RuntimeException failure) {
      boolean alone =
          failure instanceof Failure known
              && known.blame() == Failure.Blame.NOBODY
              && known.kind() != Failure.Kind.CANCELLED
              && known.kind() != Failure.Kind.TIMEOUT;
      for (Seat seat : asking) {
        seat.answer(
            alone
                ? next
                : (call, sink) -> {
                  throw failure;
                });
      }
    }

    private void hand(Errand errand) {
      List<Part> parts = errand.parts();
      List<Usage> shares =
          Shares.of(
              Errand.usage(parts),
              asking.stream().map(seat -> seat.embed.estimatedTokens()).toList());
      int from = 0;
      for (int i = 0; i < asking.size(); i++) {
        Seat seat = asking.get(i);
        int to = from + seat.embed.inputs().size();
        Chunk own = own(parts, from, to, shares.get(i));
        seat.answer((call, sink) -> {
          errand.noteFor(call.trail());
          sink.emit(own);
        });
        from = to;
      }
    }

    private static Chunk own(List<Part> parts, int from, int to, Usage share) {
      var own = new ArrayList<Part>();
      for (Part part : parts) {
        if (part instanceof Part.Vector vector && vector.index() >= from && vector.index() < to) {
          own.add(new Part.Vector(vector.index() - from, vector.format(), vector.values()));
        } else if (part instanceof Part.Start start) {
          // The id is of all of them, and so of none.
          own.add(new Part.Start("", start.model()));
        }
      }
      own.add(share);
      return new Chunk(own, Frame.NONE);
    }
  }
}

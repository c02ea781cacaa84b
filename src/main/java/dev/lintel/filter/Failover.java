package dev.lintel.filter;

import dev.lintel.Attempt;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Failure.Again;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Listener;
import dev.lintel.Sink;
import dev.lintel.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Asks a model's targets, one after the other as a {@link Walk} has them, until one answers.
 *
 * <p>The commit point is the first content: until it reaches the caller another target may be
 * asked, after it a failure can only be reported.
 */
public final class Failover implements Filter {
  private final Listener listener;
  private final Queues queues;
  private final Map<String, AtomicInteger> turns = new ConcurrentHashMap<>();

  /** One whose queues end with it. */
  Failover(Listener listener) {
    this(listener, new Queues(listener));
  }

  /**
   * @param queues of the calls that wait for targets
   */
  public Failover(Listener listener, Queues queues) {
    this.listener = listener;
    this.queues = queues;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    var walk = new Walk(call, this::turn, queues, listener);
    Failure last = null;
    for (int tries = 0; tries < call.resolved().retry().attempts(); tries++) {
      Walk.Step step = walk.next();
      if (step == null) {
        break;
      }
      var gate = new Gate(sink);
      Failure failure = attempt(call, step, gate, next);
      if (failure == null) {
        return;
      }
      last = failure;
      walk.failed(step, failure);
      if (gate.open
          || failure.again() == Again.NOWHERE
          || CallThread.nanoTime() - call.deadline() >= 0) {
        break;
      }
    }
    throw last == null ? walk.refusal() : last;
  }

  /** At which of its provider's keys to begin. */
  private int turn(Target target) {
    int keys = target.provider().credentials().size();
    return keys == 1
        ? 0
        : Math.floorMod(
            turns
                .computeIfAbsent(target.provider().name(), name -> new AtomicInteger())
                .getAndIncrement(),
            keys);
  }

  /** One try; its failure, or {@code null} where the reply is complete. */
  private @Nullable Failure attempt(Call call, Walk.Step step, Gate gate, Handler next) {
    long began = CallThread.nanoTime();
    call.trail().asking(step.target(), step.key());
    try {
      next.handle(call.to(step.target(), step.key()), gate);
      gate.close();
      note(call, step, Optional.empty(), began, gate);
      return null;
    } catch (Failure failure) {
      note(call, step, Optional.of(failure), began, gate);
      return failure;
    } catch (RuntimeException | StackOverflowError bug) {
      // A fault of the gateway: the attempt stays on the record, and the leave is given back.
      note(call, step, Optional.of(Failure.internal()), began, gate);
      throw bug;
    }
  }

  private void note(Call call, Walk.Step step, Optional<Failure> failure, long began, Gate gate) {
    long nanos = CallThread.nanoTime() - began;
    // A refusal that was handed on as it is says nothing of the target.
    boolean silent =
        failure
            .map(why -> why.blame() == Failure.Blame.NOBODY)
            .orElse(call.trail().status() >= 400);
    if (silent) {
      step.pass().left();
    } else if (failure.isPresent()) {
      step.pass().failed(failure.get());
    } else {
      step.pass().answered(gate.opened - began, nanos, call.trail().usage());
    }
    var attempt =
        new Attempt(
            step.target().name(),
            failure.map(Failure::upstreamStatus).orElse(call.trail().status()),
            failure.map(Failure::kind),
            failure.map(Failure::message).orElse(""),
            nanos / 1_000_000,
            call.trail().cost());
    call.trail().attempted(attempt);
    listener.on(call.trail(), new Event.Attempted(attempt, step.target()));
  }

  /** Holds chunks back until one of them says something. */
  private static final class Gate implements Sink {
    private final Sink sink;
    private List<Chunk> held = List.of();
    private boolean open;
    private long opened;

    Gate(Sink sink) {
      this.sink = sink;
    }

    @Override
    public void emit(Chunk chunk) {
      if (!open) {
        if (!chunk.content()) {
          if (held.isEmpty()) {
            held = new ArrayList<>(2);
          }
          held.add(chunk);
          return;
        }
        open = true;
        opened = CallThread.nanoTime();
        held.forEach(sink::emit);
        held = List.of();
      }
      sink.emit(chunk);
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
  }
}

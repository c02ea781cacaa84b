package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Failure.Again;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Listener;
import dev.lintel.Sink;
import dev.lintel.Target;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;

/**
 * Asks a model's targets, one after the other as a {@link Walk} has them, until one answers.
 *
 * <p>The commit point is the first content: until it reaches the caller another target may be
 * asked, after it a failure can only be reported.
 */
public final class Failover implements Filter {
  private static final long NEVER = -1;

  private final Listener listener;
  private final Queues queues;
  private final Hedging hedging = new Hedging();
  private final ToIntFunction<Target> turn = this::turn;
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
    var walk = new Walk(call, turn, queues, listener);
    Optional<Hedging.Watch> watch = hedging.watch(call);
    Failure last = null;
    for (int left = call.resolved().retry().attempts(); left > 0; ) {
      if (CallThread.nanoTime() - call.deadline() >= 0) {
        throw last == null ? Errand.late() : walk.told(last);
      }
      Walk.Step step = walk.next();
      if (step == null) {
        break;
      }
      long late =
          watch.isPresent() && left > 1 && walk.more()
              ? watch.get().lateAfter(step.target())
              : NEVER;
      boolean answering;
      if (late == NEVER) {
        var one = new Try(call, listener, step, new Gate(sink));
        last = one.ask(next);
        left--;
        answering = one.gate().isOpen();
        if (last != null) {
          walk.failed(step, last);
        }
      } else {
        var race = new Race(call, sink, next, listener, walk);
        last = race.run(step, CallThread.nanoTime() + late, watch.orElseThrow());
        left -= race.tries();
        answering = race.answering();
      }
      if (last == null) {
        return;
      }
      if (answering || last.again() == Again.NOWHERE) {
        break;
      }
    }
    throw last == null ? walk.refusal() : walk.told(last);
  }

  /** At which of its provider's several keys to begin. */
  private int turn(Target target) {
    return Math.floorMod(
        turns
            .computeIfAbsent(target.provider().name(), name -> new AtomicInteger())
            .getAndIncrement(),
        target.provider().credentials().size());
  }
}

package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Listener;
import dev.lintel.Sink;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A try that another one may join while it is silent. The first that has content answers the call,
 * and the other is ended at once; where one fails before, the other goes on.
 *
 * <p>Each is asked on a thread of its own. What they bring is handed on by the call's thread alone,
 * and what they note stands on the call's record once it is known who answers.
 */
final class Race {
  /** One of those who run. */
  private record Runner(Try one, Errand errand, Handover brought) {
    boolean stirs() {
      return brought.ready() || errand.over();
    }

    boolean hasContent() {
      return !brought.isEmpty();
    }
  }

  private final Call call;
  private final Sink sink;
  private final Handler next;
  private final Listener listener;
  private final Walk walk;
  private final CallThread thread = CallThread.current();
  private final List<Runner> running = new ArrayList<>(2);
  private @Nullable Failure last;
  private int tries;
  private boolean answering;

  Race(Call call, Sink sink, Handler next, Listener listener, Walk walk) {
    this.call = call;
    this.sink = sink;
    this.next = next;
    this.listener = listener;
    this.walk = walk;
  }

  /** How many were asked. */
  int tries() {
    return tries;
  }

  /** Whether anything reached the caller. */
  boolean answering() {
    return answering;
  }

  /**
   * Runs to the end of the reply.
   *
   * @param late when the second is asked
   * @param watch says who it is
   * @return {@code null} where the reply is complete; else the failure that counts: that the same
   *     would fail everywhere, where one says so, else the last
   */
  @Nullable Failure run(Walk.Step first, long late, Hedging.Watch watch) {
    long asked = late;
    try {
      start(first);
      while (true) {
        long until = asked - call.deadline() < 0 ? asked : call.deadline();
        if (!thread.await(this::stirs, until)) {
          if (CallThread.nanoTime() - call.deadline() >= 0) {
            throw Errand.late();
          }
          asked = call.deadline();
          Walk.Step other = watch.second(walk, first.target());
          if (other != null) {
            start(other);
          }
        }
        for (Runner runner : running) {
          if (runner.hasContent()) {
            return relay(runner);
          }
        }
        if (!anybodyLeft()) {
          return last;
        }
      }
    } catch (Failure over) {
      // The caller left, or its time is up.
      abandon(over);
      return over;
    } catch (RuntimeException | StackOverflowError bug) {
      abandon(Failure.internal());
      throw bug;
    }
  }

  private void abandon(Failure why) {
    running.forEach(runner -> runner.errand.cancel());
    running.forEach(runner -> runner.one.abandoned(why));
    running.clear();
  }

  private void start(Walk.Step step) {
    var brought = new Handover(thread);
    var gate = new Gate(brought);
    var one = new Try(call, listener, step, gate);
    var errand =
        new Errand(
            call,
            (at, out) -> {
              at.trail().asking(step.target(), step.key(), one.place());
              next.handle(at.to(step.target(), step.key()), gate);
              gate.close();
            });
    tries++;
    running.add(new Runner(one, errand, brought));
    errand.start(thread.loop(), thread::wake);
  }

  private boolean stirs() {
    for (Runner runner : running) {
      if (runner.stirs()) {
        return true;
      }
    }
    return false;
  }

  /** Takes those out that have failed. */
  private boolean anybodyLeft() {
    for (Runner runner : List.copyOf(running)) {
      if (runner.errand.over() && !runner.hasContent()) {
        running.remove(runner);
        Failure failure = end(runner);
        if (failure != null) {
          walk.failed(runner.one.step(), failure);
          last = last != null && last.again() == Failure.Again.NOWHERE ? last : failure;
        }
      }
    }
    return !running.isEmpty();
  }

  /** It is over: its failure, or {@code null} where it has none. */
  private static @Nullable Failure end(Runner runner) {
    Optional<RuntimeException> broken = runner.errand.failed();
    if (broken.isEmpty()) {
      runner.one.answered();
      return null;
    }
    if (broken.get() instanceof Failure failure) {
      runner.one.failed(failure);
      return failure;
    }
    runner.one.failed(Failure.internal());
    throw broken.get();
  }

  /** Hands on what that one brings, until its end. */
  private @Nullable Failure relay(Runner winner) {
    answering = true;
    running.remove(winner);
    for (Runner loser : running) {
      loser.errand.cancel();
      loser.one.outrun(winner.one, reported(loser));
    }
    running.clear();
    call.trail().answeredBy(winner.errand.trail());
    try {
      while (true) {
        boolean over = winner.errand.over();
        winner.brought.into(sink);
        if (over) {
          break;
        }
        if (!thread.await(winner::stirs, call.deadline())) {
          throw Errand.late();
        }
      }
    } catch (Failure broken) {
      // The caller left, does not read, or its time is up.
      winner.one.failed(broken);
      return broken;
    } catch (RuntimeException | StackOverflowError bug) {
      winner.one.failed(Failure.internal());
      throw bug;
    } finally {
      winner.errand.cancel();
    }
    return end(winner);
  }

  /** What a loser told of its usage, with the content that nobody will see. */
  private static Usage reported(Runner loser) {
    var told = new Usage[] {loser.one.gate().told()};
    loser.brought.into(chunk -> told[0] = chunk.usageOr(told[0]));
    return told[0];
  }
}

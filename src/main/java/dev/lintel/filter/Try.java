package dev.lintel.filter;

import dev.lintel.Attempt;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Listener;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One try at one target: ends exactly once, and then stands on the call's record, is told to
 * whoever listens, and its leave is given back. On the call's own thread.
 */
final class Try {
  private final Call call;
  private final Listener listener;
  private final Walk.Step step;
  private final Gate gate;
  private final int place;
  private final long began = CallThread.nanoTime();

  /** Begins. */
  Try(Call call, Listener listener, Walk.Step step, Gate gate) {
    this.call = call;
    this.listener = listener;
    this.step = step;
    this.gate = gate;
    this.place = call.trail().tries();
    call.trail().asking(step.target(), step.key());
  }

  Walk.Step step() {
    return step;
  }

  /** Among all the call's tries, as they began. */
  int place() {
    return place;
  }

  Gate gate() {
    return gate;
  }

  /** Asks as long as it takes; its failure, or {@code null} where the reply is complete. */
  @Nullable Failure ask(Handler next) {
    try {
      next.handle(call.to(step.target(), step.key()), gate);
      gate.close();
      answered();
      return null;
    } catch (Failure failure) {
      failed(failure);
      return failure;
    } catch (RuntimeException | StackOverflowError bug) {
      // A fault of the gateway: the try stays on the record, and the leave is given back.
      failed(Failure.internal());
      throw bug;
    }
  }

  /** The reply is complete, and all of it was handed on. */
  void answered() {
    // A refusal that was handed on as it is says nothing of the target.
    if (call.trail().status() >= 400) {
      step.pass().left();
    } else {
      step.pass().answered(gate.opened() - began, nanos(), call.trail().usage());
      call.trail().lesson().answered(step.target(), nanos(), call.trail().answerCost());
    }
    note(Optional.empty(), call.trail().answerCost());
  }

  void failed(Failure failure) {
    if (failure.blame() == Failure.Blame.NOBODY) {
      step.pass().left();
    } else {
      step.pass().failed(failure);
      call.trail().lesson().failed(step.target());
    }
    note(Optional.of(failure), gate.isOpen() ? call.trail().answerCost() : cost(gate.told()));
  }

  /**
   * Another one answers the call, and this one was ended.
   *
   * @param by the other: where that began later, it had less time and was quicker all the same
   * @param used as far as it was reported; the call pays for it
   */
  void outrun(Try by, Usage used) {
    if (gate.isOpen()) {
      step.pass().left();
    } else {
      step.pass().outrun(nanos());
      if (place < by.place) {
        call.trail().lesson().failed(step.target());
      }
    }
    beside(Failure.of(Failure.Kind.CANCELLED, "Another target answered first."), used);
  }

  /** The call ended before anybody had answered it, and this try with it. */
  void abandoned(Failure why) {
    step.pass().left();
    beside(why, gate.told());
  }

  private void beside(Failure why, Usage used) {
    Optional<BigDecimal> cost = cost(used);
    if (used.source() != Usage.Source.NONE) {
      call.trail().spentBeside(cost);
    }
    note(Optional.of(why), cost);
  }

  private Optional<BigDecimal> cost(Usage used) {
    return used.source() == Usage.Source.NONE ? Optional.empty() : step.target().price().cost(used);
  }

  private void note(Optional<Failure> failure, Optional<BigDecimal> cost) {
    long took = nanos();
    var attempt =
        new Attempt(
            step.target().name(),
            failure.map(Failure::upstreamStatus).orElse(call.trail().status()),
            failure.map(Failure::kind),
            failure.map(Failure::message).orElse(""),
            took / 1_000_000,
            cost,
            began - call.trail().started(),
            took);
    call.trail().attempted(attempt, place);
    listener.on(call.trail(), new Event.Attempted(attempt, step.target()));
  }

  private long nanos() {
    return CallThread.nanoTime() - began;
  }
}

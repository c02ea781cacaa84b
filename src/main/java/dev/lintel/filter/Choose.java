package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Leave;
import dev.lintel.Live;
import dev.lintel.Marks;
import dev.lintel.Model;
import dev.lintel.Routing;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Says which of a model's targets a call may go to: those of the first rule that holds, or of the
 * arm of the model's split to which the caller belongs, or the model's own; of these the ones that
 * the app's residency, the call's terms and its length allow. In which order they are asked is for
 * the model's strategy to say, or the policy's.
 *
 * <p>Where an arm fails before its first content the model's own targets are asked: an experiment
 * is no caller's trouble.
 */
public final class Choose implements Filter {
  private final Map<String, Division> divisions;
  private final Rollouts rollouts;
  private final Preferences preferences;
  private final TokenCounter counter;
  private final boolean counting;

  private Choose(
      Map<String, Division> divisions,
      Rollouts rollouts,
      Preferences preferences,
      TokenCounter counter,
      boolean counting) {
    this.divisions = divisions;
    this.rollouts = rollouts;
    this.preferences = preferences;
    this.counter = counter;
    this.counting = counting;
  }

  /**
   * @param models of a configuration that is in force from now on
   * @param counter for prompts that are close to what a target takes
   */
  public Choose(
      Rollouts rollouts, Preferences preferences, Collection<Model> models, TokenCounter counter) {
    this(rollouts.begin(models), rollouts, preferences, counter, true);
  }

  /** The same for calls that are not made, of which no arm has a result. */
  public Choose uncounted() {
    return new Choose(divisions, rollouts, preferences, counter, false);
  }

  @Override
  public void apply(Call asked, Sink sink, Handler next) {
    Model preferred = preferences.of(asked, asked.resolved());
    Call call = preferred == asked.resolved() ? asked : asked.with(preferred);
    Model model = call.resolved();
    Routing routing = model.routing();
    List<Target> targets =
        routing.rules().isEmpty() ? model.targets() : ruled(call, model, routing.rules());
    Division division =
        routing.split().isPresent() && targets == model.targets()
            ? divisions.get(model.name())
            : null;
    // A call that comes here for another model has left the arm of the first.
    call.trail().variant("");
    if (division != null) {
      new Divided(call, division, next).run(sink);
    } else if (Narrowing.needless(call, targets)) {
      next.handle(targets == model.targets() ? call : call.with(model.among(targets)), sink);
    } else {
      next.handle(narrowed(call, new Narrowing(call, counter), targets), sink);
    }
  }

  private List<Target> ruled(Call call, Model model, List<Routing.Rule> rules) {
    Instant now = rollouts.wall().instant();
    for (Routing.Rule rule : rules) {
      if (rule.condition().holds(call, now)) {
        return rule.use();
      }
    }
    return model.targets();
  }

  /** The call with those of the targets that it may ask; throws where there are none. */
  private static Call narrowed(Call call, Narrowing narrowing, List<Target> targets) {
    Model model = call.resolved();
    Model narrow = model.among(narrowing.left(targets)).with(shadowed(model.routing(), narrowing));
    return narrow == model ? call : call.with(narrow);
  }

  /** A copy of the call goes nowhere where the call itself may not. */
  private static Routing shadowed(Routing routing, Narrowing narrowing) {
    if (routing.shadow().isEmpty()) {
      return routing;
    }
    Routing.Shadow shadow = routing.shadow().get();
    List<Target> left = narrowing.among(shadow.to(), false);
    if (left.size() == shadow.to().size()) {
      return routing;
    }
    return routing.with(
        left.isEmpty()
            ? Optional.empty()
            : Optional.of(new Routing.Shadow(left, shadow.percent())));
  }

  /** A call of a model that is split. */
  private final class Divided {
    private final Call call;
    private final Division division;
    private final Narrowing narrowing;
    private final Handler next;

    Divided(Call call, Division division, Handler next) {
      this.call = call;
      this.division = division;
      this.narrowing = new Narrowing(call, counter);
      this.next = next;
    }

    void run(Sink sink) {
      int drawn = division.draw(Marks.of(call, division.split().on()), CallThread.nanoTime());
      List<Target> to =
          drawn < 0
              ? List.of()
              : of(division.split().arms().get(drawn), division.arms().get(drawn));
      Model model = call.resolved();
      if (to.isEmpty()) {
        base(model.retry().attempts(), sink);
        return;
      }
      int attempts = model.retry().attempts();
      int before = call.trail().tries();
      Call armed =
          call.with(
              model
                  .among(to)
                  .with(shadowed(model.routing(), narrowing))
                  .trying(Math.min(attempts, to.size())));
      var timed = new Timed(sink);
      try {
        asked(armed, division.arms().get(drawn), timed);
      } catch (Failure failure) {
        int left = attempts - (call.trail().tries() - before);
        if (timed.begun || left < 1 || isFinal(failure)) {
          throw failure;
        }
        if (narrowing.among(model.targets(), false).isEmpty()) {
          throw failure;
        }
        after(failure, left, sink);
      }
    }

    /** Where nobody else could be asked, what the arm failed with tells more than that. */
    private void after(Failure failed, int left, Sink sink) {
      int before = call.trail().tries();
      try {
        base(left, sink);
      } catch (Failure refused) {
        boolean nobody =
            refused.kind() == Failure.Kind.UNAVAILABLE && call.trail().tries() == before;
        throw nobody ? failed : refused;
      }
    }

    /** The arm's targets that may be asked; none where none of them is well. */
    private List<Target> of(Routing.Arm arm, LiveArm live) {
      List<Target> to = narrowing.among(arm.to(), true);
      for (Target target : to) {
        if (target.standing().well()) {
          return to;
        }
      }
      // Else an arm that fails too fast for twenty calls to tell would never be stopped.
      if (counting && to.stream().anyMatch(this::isInTrouble)) {
        live.missed(CallThread.nanoTime(), rollouts.wall().instant());
      }
      return List.of();
    }

    /** Whether it rests for having failed, and not for what it may have. */
    private boolean isInTrouble(Target target) {
      for (Credential key : target.provider().credentials()) {
        switch (target.standing().ask(call, key)) {
          case Leave.Pass recovered -> {
            recovered.unused();
            return false;
          }
          case Leave.Bar bar -> {
            if (!bar.why().mayBeTried()) {
              return false;
            }
          }
        }
      }
      return true;
    }

    private void base(int attempts, Sink sink) {
      Call based = narrowed(call, narrowing, call.resolved().targets());
      asked(based.with(based.resolved().trying(attempts)), division.base(), new Timed(sink));
    }

    private void asked(Call armed, LiveArm arm, Timed sink) {
      call.trail().variant(arm.definition.name(), arm.tally());
      // How long a conversation in real time takes says nothing of who is talked to.
      if (!counting || call.request() instanceof Live) {
        next.handle(armed, sink);
        return;
      }
      long began = CallThread.nanoTime();
      try {
        next.handle(armed, sink);
      } catch (Failure failure) {
        if (failure.kind() != Failure.Kind.CANCELLED) {
          long now = CallThread.nanoTime();
          arm.failed(failure, now, now - began, rollouts.wall().instant());
          arm.tally().paid(call.trail().cost());
        }
        throw failure;
      }
      long now = CallThread.nanoTime();
      arm.answered(now, now - began, sink.begun ? sink.at - began : -1, rollouts.wall().instant());
      arm.tally().paid(call.trail().cost());
    }

    /** Whether nobody else would do better. */
    private boolean isFinal(Failure failure) {
      boolean elsewhere =
          failure.again() != Failure.Again.NOWHERE
              || failure.kind() == Failure.Kind.UNAVAILABLE
              || failure.kind() == Failure.Kind.CONTEXT_LENGTH_EXCEEDED;
      return !elsewhere || CallThread.nanoTime() - call.deadline() >= 0;
    }
  }

  /** Knows when the first of a reply reached the caller. */
  private static final class Timed implements Sink {
    private final Sink sink;
    private boolean begun;
    private long at;

    Timed(Sink sink) {
      this.sink = sink;
    }

    @Override
    public void emit(Chunk chunk) {
      if (!begun) {
        begun = true;
        at = CallThread.nanoTime();
      }
      sink.emit(chunk);
    }

    @Override
    public void flush() {
      sink.flush();
    }
  }
}

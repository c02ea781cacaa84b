package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Credential;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Leave;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Ranking;
import dev.lintel.Routing.Queueing;
import dev.lintel.Standing;
import dev.lintel.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A call's way over its model's targets: says who is asked next, and gets leave for it.
 *
 * <p>First those that are well and have not been asked, in the order of the model's strategy, each
 * with its keys in turn; then, after a wait, those that have failed and may do better; then, where
 * the model insists, the one that is least bad of those that are in trouble.
 */
final class Walk {
  /** A target with a key that has leave to be asked. */
  record Step(Target target, Credential key, Leave.Pass pass) {}

  /** A target with a key, and how it fared in this call. */
  private static final class Lane {
    private final Target target;
    private final Credential key;

    /** The target's among those that are fit. */
    private int place = -1;

    private int tries;
    private boolean underWay;
    private boolean insisted;

    /** When its turn comes again, and before whom; known once it has failed. */
    private long due;

    private long order;
    private Leave.@Nullable Bar bar;

    Lane(Target target, Credential key) {
      this.target = target;
      this.key = key;
    }

    Optional<Leave.Bar> barred() {
      return Optional.ofNullable(bar);
    }
  }

  /** What failed so that the same would fail wherever its fate is shared. */
  private record Closed(Target target, Credential key, Failure.Blame blame) {
    boolean covers(Target other, Credential with) {
      return other.provider().equals(target.provider())
          && switch (blame) {
            case KEY -> with.equals(key);
            case MODEL, NOBODY -> other.model().equals(target.model());
            case PROVIDER -> true;
          };
    }
  }

  /** What is asked at different moments differs by so much at most. */
  private static final long SLACK_NANOS = 10_000_000;

  private final Call call;
  private final Model model;
  private final ToIntFunction<Target> turn;
  private final @Nullable Waiting waiting;
  private final Listener listener;
  private final List<Target> fit;
  private final Ranking ranking;

  /** Those that are not to be asked now: with all their keys, or under way. */
  private final boolean[] taken;

  /** How many of a target's keys have been looked at, and at which it began. */
  private final int[] keys;

  private final int[] firstKeys;
  private final List<Lane> lanes = new ArrayList<>(2);
  private @Nullable Duration least;
  private List<Closed> closed = List.of();

  /**
   * @param turn at which of a provider's keys to begin
   */
  Walk(Call call, ToIntFunction<Target> turn, Queues queues, Listener listener) {
    this.call = call;
    this.model = call.resolved();
    this.waiting = call.ownKey().isPresent() ? null : queues.of(model);
    this.listener = listener;
    this.turn = turn;
    this.fit = fit(model.targets());
    this.ranking = model.strategy().rank(call, fit);
    this.taken = new boolean[fit.size()];
    this.keys = new int[fit.size()];
    this.firstKeys = new int[fit.size()];
    call.trail().decision().ranked(fit, ranking);
    call.trail().teaching(ranking.lesson());
  }

  /** Those that are well; all where none is. */
  private List<Target> fit(List<Target> targets) {
    int well = 0;
    for (Target target : targets) {
      well += target.standing().well() ? 1 : 0;
    }
    if (well == targets.size() || well == 0 || call.ownKey().isPresent()) {
      return targets;
    }
    var fit = new ArrayList<Target>(well);
    for (Target target : targets) {
      if (target.standing().well() || !passedOver(target)) {
        fit.add(target);
      }
    }
    // Somebody may have fallen ill since they were counted.
    return fit.isEmpty() ? targets : fit;
  }

  /** Notes why; false where there is no reason any more. */
  private boolean passedOver(Target target) {
    for (Credential with : keys(target)) {
      switch (target.standing().ask(call, with)) {
        case Leave.Pass recovered -> {
          recovered.unused();
          return false;
        }
        case Leave.Bar bar -> barred(lane(target, with), bar);
      }
    }
    return true;
  }

  private void barred(Lane lane, Leave.Bar bar) {
    lane.bar = bar;
    call.trail().decision().excluded(lane.target, bar.words());
    listener.on(call.trail(), new Event.Barred(lane.target, bar));
  }

  private Lane lane(Target target, Credential with) {
    for (Lane lane : lanes) {
      if (lane.target == target && lane.key.equals(with)) {
        return lane;
      }
    }
    var lane = new Lane(target, with);
    lanes.add(lane);
    return lane;
  }

  /** Who is asked now; {@code null} where nobody is left. May wait. */
  @Nullable Step next() {
    Step step = fresh(taken);
    if (step == null) {
      step = recovered();
    }
    if (step == null) {
      step = again();
    }
    if (step == null) {
      step = waited();
    }
    return step == null && model.routing().insists() ? least() : step;
  }

  /**
   * Who is asked first, as things stand now, be it after a wait for room; empty where nobody is.
   * Waits for nobody.
   */
  Optional<Target> foreseen() {
    Step step = fresh(taken);
    if (step == null && waiting != null && !busy().isEmpty()) {
      return busy().keySet().stream().findFirst();
    }
    if (step == null && model.routing().insists()) {
      step = least();
    }
    if (step == null) {
      return Optional.empty();
    }
    step.pass().unused();
    return Optional.of(step.target());
  }

  /**
   * One that is only busy, once it has room.
   *
   * @throws Failure where there was none in time
   */
  private @Nullable Step waited() {
    Waiting queue = waiting;
    Queueing most = model.routing().queue().orElse(null);
    return queue == null || most == null ? null : queue.await(call, most, this::busy, this::room);
  }

  private Map<Target, Leave.Bar> busy() {
    Map<Target, Leave.Bar> busy = new LinkedHashMap<>();
    for (Lane lane : lanes) {
      Leave.Bar bar = lane.bar;
      if (bar != null && isBusy(lane)) {
        busy.merge(
            lane.target, bar, (one, other) -> one.rest().compareTo(other.rest()) < 0 ? one : other);
      }
    }
    return busy;
  }

  private boolean isBusy(Lane lane) {
    return lane.barred().filter(bar -> bar.why() == Leave.Why.BUSY).isPresent()
        && !lane.underWay
        && !isClosed(lane.target, lane.key);
  }

  private @Nullable Step room(Predicate<Target> turn) {
    for (Lane lane : lanes) {
      if (isBusy(lane) && turn.test(lane.target)) {
        Step step = step(lane, lane.target.standing().ask(call, lane.key));
        if (step != null) {
          return step;
        }
      }
    }
    return null;
  }

  /**
   * Who is asked beside those that are under way: one that is well and has not been asked, with
   * leave at once; {@code null} where there is none.
   *
   * @param may which targets are wanted
   */
  @Nullable Step beside(Predicate<Target> may) {
    boolean[] passed = taken.clone();
    for (int i = 0; i < passed.length; i++) {
      passed[i] |= !may.test(fit.get(i));
    }
    return fresh(passed);
  }

  /** Whether anybody is left that has not been looked at. */
  boolean more() {
    for (boolean one : taken) {
      if (!one) {
        return true;
      }
    }
    return false;
  }

  /**
   * The best that has not been asked.
   *
   * @param passed those that are not wanted; those that have leave no more are added
   */
  private @Nullable Step fresh(boolean[] passed) {
    for (int at = ranking.best(fit.size(), passed);
        at >= 0;
        at = ranking.best(fit.size(), passed)) {
      Target target = fit.get(at);
      List<Credential> all = keys(target);
      if (keys[at] == 0 && call.ownKey().isEmpty()) {
        firstKeys[at] = turn.applyAsInt(target);
      }
      while (keys[at] < all.size()) {
        Credential with = all.get((firstKeys[at] + keys[at]++) % all.size());
        if (!isClosed(target, with)) {
          Lane lane = lane(target, with);
          lane.place = at;
          Step step = step(lane, leave(lane));
          if (step != null) {
            taken[at] = true;
            return step;
          }
        }
      }
      passed[at] = true;
      taken[at] = true;
    }
    return null;
  }

  /** One that was asked already, once its wait is over: whose wait is over first. */
  private @Nullable Step again() {
    var tried =
        new ArrayList<>(
            lanes.stream()
                .filter(lane -> lane.tries > 0 && !lane.underWay && !lane.insisted)
                .filter(lane -> !isClosed(lane.target, lane.key))
                .sorted(Comparator.comparingLong(lane -> lane.order))
                .toList());
    for (Lane lane : tried) {
      if (rests(lane) || !pause(lane)) {
        continue;
      }
      Step step = recovered();
      if (step == null) {
        step = step(lane, leave(lane));
      }
      if (step != null) {
        return step;
      }
    }
    return null;
  }

  /** One that might not be asked when it was looked at, and may be now: time has passed since. */
  private @Nullable Step recovered() {
    for (Lane lane : lanes) {
      if (lane.tries == 0
          && lane.bar != null
          && !lane.underWay
          && !isClosed(lane.target, lane.key)
          && lane.target.standing().well()) {
        Step step = step(lane, leave(lane));
        if (step != null) {
          return step;
        }
      }
    }
    return null;
  }

  /** Whether it may not be asked even after its wait. */
  private boolean rests(Lane lane) {
    return switch (leave(lane)) {
      case Leave.Pass pass -> {
        pass.unused();
        yield false;
      }
      case Leave.Bar bar -> {
        barred(lane, bar);
        yield CallThread.nanoTime() + bar.rest().toNanos() - lane.due > SLACK_NANOS;
      }
    };
  }

  /** Of those in trouble the one that has the shortest time to rest. */
  private @Nullable Step least() {
    var least =
        lanes.stream()
            .filter(lane -> lane.barred().filter(bar -> bar.why().mayBeTried()).isPresent())
            .filter(lane -> !lane.underWay && !lane.insisted && !isClosed(lane.target, lane.key))
            .sorted(
                Comparator.<Lane>comparingInt(lane -> lane.tries)
                    .thenComparingLong(lane -> about(lane.barred().orElseThrow().rest())))
            .toList();
    for (Lane lane : least) {
      if (lane.tries > 0 && !pause(lane)) {
        continue;
      }
      Step step = lane.tries > 0 ? recovered() : null;
      if (step == null && lane.tries > 0) {
        step = step(lane, leave(lane));
      }
      if (step == null) {
        lane.insisted = lane.tries == 0;
        step = step(lane, lane.target.standing().insist(call, lane.key));
      }
      if (step != null) {
        return step;
      }
    }
    return null;
  }

  /** The same for those that share a rest and were asked at different moments. */
  private static long about(Duration rest) {
    return (rest.toNanos() + SLACK_NANOS / 2) / SLACK_NANOS;
  }

  private Leave leave(Lane lane) {
    if (call.ownKey().isPresent()) {
      return Standing.UNWATCHED.ask(call, lane.key);
    }
    if (waiting != null) {
      Optional<Leave.Bar> others = waiting.ahead(call, lane.target);
      if (others.isPresent()) {
        return others.get();
      }
    }
    return lane.target.standing().ask(call, lane.key);
  }

  private @Nullable Step step(Lane lane, Leave leave) {
    return switch (leave) {
      case Leave.Pass pass -> {
        call.trail().decision().asked(lane.target);
        lane.bar = null;
        lane.underWay = true;
        yield new Step(lane.target, lane.key, pass);
      }
      case Leave.Bar bar -> {
        barred(lane, bar);
        yield null;
      }
    };
  }

  /** The step was taken and failed. */
  void failed(Step step, Failure failure) {
    Lane lane = lane(step.target, step.key);
    lane.underWay = false;
    lane.tries++;
    wait(lane, failure.retryAfter());
    failure
        .retryAfter()
        .filter(wait -> least == null || wait.compareTo(least) < 0)
        .ifPresent(wait -> least = wait);
    if (failure.again() == Failure.Again.ELSEWHERE) {
      closed = closed.isEmpty() ? new ArrayList<>(2) : closed;
      closed.add(new Closed(step.target, step.key, failure.blame()));
    }
    // Another key may do better only where the key was to blame: else other targets come first.
    int at = lane.place;
    if (at >= 0 && failure.blame() == Failure.Blame.KEY) {
      taken[at] = keys[at] >= keys(step.target).size();
    }
  }

  /** What the caller is told where all has failed: with the shortest wait of all tries. */
  Failure told(Failure last) {
    return least == null || !last.retryable() ? last : last.retryAfter(Optional.of(least));
  }

  /** Why nobody is asked, while nobody has been: with what each failed last. */
  Failure refusal() {
    List<Leave.Bar> bars = lanes.stream().flatMap(lane -> lane.barred().stream()).toList();
    String reasons =
        lanes.stream()
            .flatMap(lane ->
                lane
                    .barred()
                    .map(bar ->
                        lane.target.name()
                            + ": "
                            + bar.words()
                            + bar.last().map(last -> " (" + last.message() + ")").orElse(""))
                    .stream())
            .distinct()
            .collect(Collectors.joining("; "));
    String words =
        "No target of '"
            + model.name()
            + "' may be asked now"
            + (reasons.isEmpty() ? "." : ": " + reasons + ".");
    return behind(bars)
        .map(why -> Failure.of(Failure.Kind.UNAVAILABLE, words, why))
        .orElseGet(() -> Failure.of(Failure.Kind.UNAVAILABLE, words))
        .retryAfter(
            bars.stream()
                .map(Leave.Bar::rest)
                .min(Comparator.naturalOrder())
                .map(Waiting::orGuessed));
  }

  /** What stands behind a refusal, as the cause by which a fallback is chosen: a limit, if any. */
  private static Optional<Failure> behind(List<Leave.Bar> bars) {
    List<Failure> reasons = bars.stream().flatMap(bar -> behind(bar).stream()).toList();
    return reasons.stream()
        .filter(why -> LIMITS.contains(why.kind()))
        .findFirst()
        .or(() -> reasons.stream().findFirst());
  }

  private static final Set<Failure.Kind> LIMITS =
      EnumSet.of(Failure.Kind.UPSTREAM_OVERLOADED, Failure.Kind.UPSTREAM_RATE_LIMITED);

  private static Optional<Failure> behind(Leave.Bar bar) {
    return switch (bar.why()) {
      case BUSY -> Optional.of(Failure.of(Failure.Kind.UPSTREAM_OVERLOADED, bar.words()));
      case SPENT -> Optional.of(Failure.of(Failure.Kind.UPSTREAM_RATE_LIMITED, bar.words()));
      case PROVIDER, MODEL, KEY -> bar.last();
    };
  }

  private List<Credential> keys(Target target) {
    return call.ownKey().map(List::of).orElse(target.provider().credentials());
  }

  private boolean isClosed(Target target, Credential with) {
    for (Closed one : closed) {
      if (one.covers(target, with)) {
        return true;
      }
    }
    return false;
  }

  /** How long it is not asked again: longer each time, and as long as the provider asked. */
  private void wait(Lane lane, Optional<Duration> asked) {
    long now = CallThread.nanoTime();
    long backoff = model.retry().least().toNanos() << Math.min(lane.tries - 1, 20);
    backoff = Math.min(backoff, model.retry().most().toNanos());
    // Full jitter would allow no wait at all; half of it keeps callers apart without that.
    long drawn = backoff / 2 + CallThread.random().nextLong(backoff / 2 + 1);
    long least = asked.map(Duration::toNanos).orElse(0L);
    lane.due = now + Math.max(drawn, least);
    lane.order = now + Math.max(backoff, least);
  }

  /**
   * Waits until a target may be asked again. False where the wait would outlast the call, or
   * another model is nearer than its end.
   */
  private boolean pause(Lane lane) {
    long wait = lane.due - CallThread.nanoTime();
    if (lane.due - call.deadline() >= 0
        || (wait > model.retry().most().toNanos() && !model.routing().fallback().isEmpty())) {
      return false;
    }
    CallThread.current().await(() -> false, lane.due);
    return true;
  }
}

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
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

  /** The keys of a target, each once. */
  private static final class KeyTurn {
    private final List<Credential> keys;
    private final int first;
    private int passed;

    KeyTurn(List<Credential> keys, int first) {
      this.keys = keys;
      this.first = first;
    }

    boolean more() {
      return passed < keys.size();
    }

    Credential next() {
      return keys.get((first + passed++) % keys.size());
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

  /** By target, where it has several keys; {@code null} while none of them is wanted. */
  private @Nullable KeyTurn @Nullable [] keyTurns;

  private final List<Lane> lanes = new ArrayList<>(2);
  private @Nullable Duration leastWait;
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
    call.trail().decision().ranked(fit, ranking);
    call.trail().teaching(ranking.lesson());
  }

  /** Those that are well; all where none is. */
  private List<Target> fit(List<Target> targets) {
    if (targets.size() == 1 || call.ownKey().isPresent()) {
      return targets;
    }
    int well = 0;
    for (Target target : targets) {
      well += target.standing().well() ? 1 : 0;
    }
    if (well == targets.size() || well == 0) {
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
    return step == null && model.routing().insists() ? leastBad() : step;
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
      step = leastBad();
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
    if (queue == null || most == null || (busy().isEmpty() && !rested())) {
      return null;
    }
    Step step = queue.await(call, most, this::busy, this::room);
    return step == null ? recovered() : step;
  }

  /** Waits until the first of those is due that have failed and are busy, too. */
  private boolean rested() {
    Lane first = null;
    for (Lane lane : lanes) {
      if (isFull(lane) && (first == null || lane.due - first.due < 0)) {
        first = lane;
      }
    }
    return first != null && pause(first);
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

  /** Whether it may be asked as soon as it has room. */
  private boolean isBusy(Lane lane) {
    return isFull(lane) && (lane.tries == 0 || lane.due - CallThread.nanoTime() <= 0);
  }

  private boolean isFull(Lane lane) {
    return lane.isBusy() && !isClosed(lane);
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
      Step step = ask(at);
      taken[at] = true;
      if (step != null) {
        return step;
      }
      passed[at] = true;
    }
    return null;
  }

  /** With its keys in turn. */
  private @Nullable Step ask(int at) {
    Target target = fit.get(at);
    List<Credential> keys = keys(target);
    if (keys.size() == 1) {
      return ask(at, target, keys.getFirst());
    }
    KeyTurn keyTurn = keyTurn(at, target, keys);
    while (keyTurn.more()) {
      Step step = ask(at, target, keyTurn.next());
      if (step != null) {
        return step;
      }
    }
    return null;
  }

  private KeyTurn keyTurn(int at, Target target, List<Credential> keys) {
    if (keyTurns == null) {
      keyTurns = new KeyTurn[fit.size()];
    }
    KeyTurn known = keyTurns[at];
    if (known == null) {
      known = new KeyTurn(keys, turn.applyAsInt(target));
      keyTurns[at] = known;
    }
    return known;
  }

  private boolean moreKeys(int at) {
    KeyTurn known = keyTurns == null ? null : keyTurns[at];
    return known != null && known.more();
  }

  private @Nullable Step ask(int at, Target target, Credential with) {
    if (isClosed(target, with)) {
      return null;
    }
    Lane lane = lane(target, with);
    lane.place = at;
    return step(lane, leave(lane));
  }

  /** One that was asked already, once its wait is over: whose wait is over first. */
  private @Nullable Step again() {
    List<Lane> tried =
        lanes.stream()
            .filter(lane -> lane.tries > 0 && !lane.underWay && !lane.insisted && !isClosed(lane))
            .sorted(Comparator.comparingLong(lane -> lane.order))
            .toList();
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
      if (lane.isPassed() && !isClosed(lane) && lane.target.standing().well()) {
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
  private @Nullable Step leastBad() {
    List<Lane> inTrouble =
        lanes.stream()
            .filter(lane -> lane.mayBeTried() && !isClosed(lane))
            .sorted(
                Comparator.<Lane>comparingInt(lane -> lane.tries)
                    .thenComparingLong(lane -> about(lane.barred().orElseThrow().rest())))
            .toList();
    for (Lane lane : inTrouble) {
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
    lane.backOff(model.retry(), failure.retryAfter());
    failure
        .retryAfter()
        .filter(wait -> leastWait == null || wait.compareTo(leastWait) < 0)
        .ifPresent(wait -> leastWait = wait);
    if (failure.again() == Failure.Again.ELSEWHERE) {
      closed = closed.isEmpty() ? new ArrayList<>(2) : closed;
      closed.add(new Closed(step.target, step.key, failure.blame()));
    }
    // Another key may do better only where the key was to blame: else other targets come first.
    int at = lane.place;
    if (at >= 0 && failure.blame() == Failure.Blame.KEY) {
      taken[at] = !moreKeys(at);
    }
  }

  /** What the caller is told where all has failed: with the shortest wait of all tries. */
  Failure told(Failure last) {
    return leastWait == null || !last.retryable() ? last : last.retryAfter(Optional.of(leastWait));
  }

  /** Why nobody is asked, while nobody has been: with what each failed last. */
  Failure refusal() {
    return Refusal.of(model.name(), lanes);
  }

  private List<Credential> keys(Target target) {
    return call.ownKey().map(List::of).orElse(target.provider().credentials());
  }

  private boolean isClosed(Lane lane) {
    return isClosed(lane.target, lane.key);
  }

  private boolean isClosed(Target target, Credential with) {
    for (Closed one : closed) {
      if (one.covers(target, with)) {
        return true;
      }
    }
    return false;
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

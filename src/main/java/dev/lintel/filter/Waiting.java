package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Leave;
import dev.lintel.Listener;
import dev.lintel.Routing.Cause;
import dev.lintel.Routing.Queueing;
import dev.lintel.Standing;
import dev.lintel.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one model that wait for a target to have room: those of high priority first, and
 * those of one priority as they came. Who waits asks by itself: it is woken when a call has ended
 * where it wants to ask, and lets nobody by who came later and is not more urgent.
 *
 * <p>The lock is taken only where a call waits, or has ended at a target for which one does.
 */
final class Waiting {
  private static final Duration GUESS = Duration.ofSeconds(1);

  /** The more urgent first. */
  private enum Priority {
    HIGH,
    NORMAL,
    LOW;

    static Priority of(Call call) {
      return switch (call.terms().get("priority").orElse("")) {
        case "high" -> HIGH;
        case "low" -> LOW;
        default -> NORMAL;
      };
    }
  }

  /** Somebody who waits. */
  private static final class Seat {
    private final CallThread thread;
    private final Priority priority;
    private final Map<String, Target> targets;
    private final Duration rest;
    private volatile boolean woken;
    private volatile boolean shed;

    Seat(CallThread thread, Priority priority, Map<String, Target> targets, Duration rest) {
      this.thread = thread;
      this.priority = priority;
      this.targets = targets;
      this.rest = rest;
    }

    void wake() {
      woken = true;
      thread.wake();
    }
  }

  private final String model;
  private final Listener listener;
  private final Runnable room = this::stir;

  /** In the order in which they are served. */
  private final List<Seat> seats = new ArrayList<>();

  /** For how many seats a target is listened to. */
  private final Map<Standing, Integer> heard = new HashMap<>();

  private volatile int length;

  Waiting(String model, Listener listener) {
    this.model = model;
    this.listener = listener;
  }

  int length() {
    return length;
  }

  /**
   * Why a call that does not wait may not ask the target: somebody waits for it who came before and
   * is as urgent. Empty where it may.
   */
  Optional<Leave.Bar> ahead(Call call, Target target) {
    if (length == 0) {
      return Optional.empty();
    }
    Priority priority = Priority.of(call);
    synchronized (this) {
      for (Seat seat : seats) {
        if (seat.priority.compareTo(priority) <= 0 && seat.targets.containsKey(target.name())) {
          return Optional.of(new Leave.Bar(Leave.Why.BUSY, seat.rest, Optional.empty()));
        }
      }
    }
    return Optional.empty();
  }

  /** Asks one of the targets for which somebody waits, where it may. */
  @FunctionalInterface
  interface Asking<T> {
    /**
     * @param turn whether it is the caller's turn to ask that target
     */
    @Nullable T ask(Predicate<Target> turn);
  }

  /**
   * Waits until one of the targets has room.
   *
   * @param busy what has to be waited for; once it is empty there is no more sense in waiting
   * @return {@code null} where none of them is worth waiting for any more
   * @throws Failure {@code UNAVAILABLE} where the queue is full or the wait was too long, {@code
   *     TIMEOUT} where the call's time is over, {@code CANCELLED}
   */
  <T> @Nullable T await(
      Call call, Queueing most, Supplier<Map<Target, Leave.Bar>> busy, Asking<T> asking) {
    Map<Target, Leave.Bar> first = busy.get();
    if (first.isEmpty()) {
      return null;
    }
    long began = CallThread.nanoTime();
    Event.Waited.End end = Event.Waited.End.LEFT;
    var targets = new HashMap<String, Target>();
    first.keySet().forEach(target -> targets.put(target.name(), target));
    Duration rest =
        first.values().stream().map(Leave.Bar::rest).min(Duration::compareTo).orElseThrow();
    var seat = new Seat(CallThread.current(), Priority.of(call), targets, rest);
    try {
      end = Event.Waited.End.SHED;
      sit(seat, most.size(), call);
      end = Event.Waited.End.LEFT;
      long patience = began + most.longest().toNanos();
      boolean callFirst = call.deadline() - patience < 0;
      while (true) {
        seat.woken = false;
        T asked = asking.ask(target -> isTurn(seat, target));
        if (asked != null) {
          end = Event.Waited.End.SERVED;
          return asked;
        }
        if (busy.get().isEmpty()) {
          end = Event.Waited.End.ELSEWHERE;
          return null;
        }
        if (!seat.thread.await(
            () -> seat.woken || seat.shed, callFirst ? call.deadline() : patience)) {
          end = Event.Waited.End.LATE;
          throw callFirst
              ? late().again(Failure.Again.NOWHERE)
              : refusal(seat, "No target of '" + model + "' had room in time");
        }
        if (seat.shed) {
          end = Event.Waited.End.SHED;
          throw refusal(seat, "More urgent calls of '" + model + "' wait for its targets");
        }
      }
    } finally {
      stand(seat);
      long waited = CallThread.nanoTime() - began;
      call.trail().waited(waited);
      listener.on(call.trail(), new Event.Waited(model, end, waited));
    }
  }

  private synchronized void sit(Seat seat, int size, Call call) {
    if (seats.size() >= size) {
      Seat last = seats.getLast();
      if (seat.priority.compareTo(last.priority) >= 0) {
        throw refusal(seat, "As many calls of '" + model + "' as may wait for its targets do");
      }
      leave(last);
      last.shed = true;
      last.wake();
    }
    int place = seats.size();
    while (place > 0 && seats.get(place - 1).priority.compareTo(seat.priority) > 0) {
      place--;
    }
    // Those before it alone would outlast it, and meanwhile it would keep others out; where another
    // model may be asked its own wait counts, too.
    var fallback = call.resolved().routing().fallback();
    boolean elsewhere = fallback.containsKey(Cause.OVERLOADED) || fallback.containsKey(Cause.ANY);
    long wait = (place + (elsewhere ? 1 : 0)) * seat.rest.toNanos();
    if (CallThread.nanoTime() + wait - call.deadline() > 0) {
      throw late().again(Failure.Again.ELSEWHERE);
    }
    seats.add(place, seat);
    length = seats.size();
    for (Target target : seat.targets.values()) {
      if (heard.merge(target.standing(), 1, Integer::sum) == 1) {
        target.standing().hear(room);
      }
    }
  }

  private synchronized void stand(Seat seat) {
    leave(seat);
    // It may have been woken for room that it did not take.
    stir();
  }

  private void leave(Seat seat) {
    if (seats.remove(seat)) {
      length = seats.size();
      for (Target target : seat.targets.values()) {
        if (heard.merge(target.standing(), -1, Integer::sum) == 0) {
          heard.remove(target.standing());
          target.standing().unhear(room);
        }
      }
    }
  }

  private synchronized boolean isTurn(Seat seat, Target target) {
    for (Seat one : seats) {
      if (one == seat) {
        return true;
      }
      if (one.targets.containsKey(target.name())) {
        return false;
      }
    }
    return false;
  }

  /** Wakes whoever is first for some target. */
  private synchronized void stir() {
    Set<String> woken = new HashSet<>();
    for (Seat seat : seats) {
      if (woken.addAll(seat.targets.keySet())) {
        seat.wake();
      }
      if (woken.size() >= heard.size()) {
        return;
      }
    }
  }

  /** With the time until those who wait have been served, and a cause as {@link Walk} gives. */
  private Failure refusal(Seat seat, String what) {
    Duration wait = orGuessed(seat.rest).multipliedBy(length + 1L);
    return Failure.of(Failure.Kind.UNAVAILABLE, what + ".", busy()).retryAfter(Optional.of(wait));
  }

  /** The cause by which a fallback is chosen. */
  private static Failure busy() {
    return Failure.of(
        Failure.Kind.UPSTREAM_OVERLOADED, "As many calls as may be are under way at each.");
  }

  /** A second where nobody knows how long calls take. */
  static Duration orGuessed(Duration rest) {
    return rest.isZero() ? GUESS : rest;
  }

  private Failure late() {
    return Failure.of(
            Failure.Kind.TIMEOUT,
            "The call's time is over before a target of '" + model + "' has room for it.",
            busy())
        .blame(Failure.Blame.NOBODY);
  }
}

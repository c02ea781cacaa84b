package dev.lintel.route;

import dev.lintel.BreakerRule;
import dev.lintel.Failure;
import dev.lintel.Health;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Leaves a provider, or a model at it, alone after too many failures: closed while it is well, open
 * while nobody asks, half-open while some calls at a time find out how it is.
 *
 * <p>Failures count by their share: so many of the last calls, within a time. A provider that says
 * how long to wait opens it at once. Who began before it opened tells of the past and is not heard
 * any more. Every change swaps one immutable state for another; while all is well a call reads one
 * field.
 */
final class Breaker {
  private static final AtomicReferenceFieldUpdater<Breaker, State> STATE =
      AtomicReferenceFieldUpdater.newUpdater(Breaker.class, State.class, "state");

  /** Of the last so many times the failures that open it, that many have to be failures. */
  private static final int SHARE = 4;

  /** Leave to ask: tells the state in which a call began, and one probe from the others. */
  static final class Ticket {
    private final long began;

    private Ticket(long began) {
      this.began = began;
    }
  }

  private record Mark(long at, long outcome) {}

  private sealed interface State {
    Ticket ticket();
  }

  /**
   * @param marks of the failures that may still count, the latest last
   */
  private record Closed(Ticket ticket, List<Mark> marks) implements State {}

  /**
   * @param asked whether the provider itself said how long
   */
  private record Open(Ticket ticket, long until, boolean asked) implements State {}

  private record Half(Ticket ticket, List<Ticket> probes, int answered) implements State {
    boolean knows(Ticket other) {
      return other == ticket || probes.contains(other);
    }

    List<Ticket> out(long now) {
      return probes.stream().filter(probe -> now - probe.began < Patience.PROBE_NANOS).toList();
    }

    Half with(Ticket probe, long now) {
      return new Half(
          ticket, Stream.concat(out(now).stream(), Stream.of(probe)).toList(), answered);
    }

    Half without(Ticket probe, int more) {
      return new Half(
          ticket, probes.stream().filter(other -> other != probe).toList(), answered + more);
    }
  }

  private final LongSupplier clock;
  private volatile State state;

  /** Counts while there are marks only. */
  private final AtomicLong outcomes = new AtomicLong();

  private volatile BreakerRule rule;
  private volatile @Nullable Failure last;

  /**
   * @param clock counts nanoseconds
   * @param rule without gaps
   */
  Breaker(LongSupplier clock, BreakerRule rule) {
    this.clock = clock;
    this.rule = rule;
    this.state = new Closed(new Ticket(clock.getAsLong()), List.of());
  }

  /** From now on by that rule, which has no gaps; what is open stays so. */
  void rule(BreakerRule other) {
    rule = other;
  }

  private Closed closed() {
    return new Closed(new Ticket(clock.getAsLong()), List.of());
  }

  /** Leave to ask, to be given back by one of the methods that take it; {@code null}: not now. */
  @Nullable Ticket ask() {
    while (true) {
      State now = state;
      switch (now) {
        case Closed closed -> {
          return closed.ticket;
        }
        case Open open -> {
          long time = clock.getAsLong();
          if (time - open.until < 0) {
            return null;
          }
          var probe = new Ticket(time);
          var half = new Half(new Ticket(time), List.of(probe), 0);
          if (STATE.compareAndSet(this, open, half)) {
            return probe;
          }
        }
        case Half half -> {
          long time = clock.getAsLong();
          if (half.out(time).size() >= rule.probes()) {
            return null;
          }
          var probe = new Ticket(time);
          if (STATE.compareAndSet(this, half, half.with(probe, time))) {
            return probe;
          }
        }
      }
    }
  }

  /** The same whatever the state: what comes of it counts, but it takes no probe's place. */
  Ticket insist() {
    return state.ticket();
  }

  /** Whether {@link #ask} would give leave. */
  boolean well() {
    State now = state;
    return now instanceof Closed || left(now) == 0;
  }

  /** Nanoseconds until it may be asked, as far as anybody knows; 0 where it may now. */
  long left() {
    return left(state);
  }

  private long left(State now) {
    return switch (now) {
      case Closed closed -> 0;
      case Open open -> Math.max(0, open.until - clock.getAsLong());
      case Half half ->
          half.out(clock.getAsLong()).size() < rule.probes() ? 0 : Patience.PROBED_NANOS;
    };
  }

  void answered(Ticket ticket) {
    while (true) {
      State now = state;
      State then =
          switch (now) {
            case Closed closed -> calmed(closed, ticket);
            // Somebody insisted, and it is well.
            case Open open ->
                open.ticket == ticket ? afterAnswer(new Half(ticket, List.of(), 0), ticket) : open;
            case Half half -> half.knows(ticket) ? afterAnswer(half, ticket) : half;
          };
      // A calmed breaker that another thread has marked meanwhile stays marked.
      if (then == now || STATE.compareAndSet(this, now, then) || now instanceof Closed) {
        return;
      }
    }
  }

  private Closed calmed(Closed closed, Ticket ticket) {
    if (closed.marks.isEmpty() || closed.ticket != ticket) {
      return closed;
    }
    long passed = outcomes.incrementAndGet() - closed.marks.getLast().outcome;
    return passed < calls() ? closed : new Closed(closed.ticket, List.of());
  }

  private State afterAnswer(Half half, Ticket ticket) {
    return half.answered + 1 < rule.probes() ? half.without(ticket, 1) : closed();
  }

  void failed(Ticket ticket, Failure failure) {
    last = failure;
    long time = clock.getAsLong();
    long outcome = outcomes.incrementAndGet();
    long asked = asked(failure);
    while (true) {
      State now = state;
      State then =
          switch (now) {
            case Closed closed ->
                closed.ticket == ticket ? marked(closed, new Mark(time, outcome), asked) : closed;
            case Open open ->
                asked > 0 && time + asked - open.until > 0
                    ? new Open(open.ticket, time + asked, true)
                    : open;
            case Half half -> half.knows(ticket) ? open(time, asked) : half;
          };
      if (then == now || STATE.compareAndSet(this, now, then)) {
        return;
      }
    }
  }

  private State marked(Closed closed, Mark mark, long asked) {
    if (asked > 0) {
      return open(mark.at, asked);
    }
    long window = rule.window().toNanos();
    List<Mark> marks =
        Stream.concat(
                closed.marks.stream()
                    .filter(
                        old -> mark.at - old.at < window && mark.outcome - old.outcome < calls()),
                Stream.of(mark))
            .toList();
    return marks.size() < rule.failures() ? new Closed(closed.ticket, marks) : open(mark.at, 0);
  }

  private Open open(long time, long asked) {
    long rest = asked > 0 ? asked : rule.open().toNanos();
    return new Open(new Ticket(time), time + rest, asked > 0);
  }

  /** Among how many calls failures count. */
  private long calls() {
    return (long) SHARE * rule.failures();
  }

  private static long asked(Failure failure) {
    return failure.retryAfter().map(wait -> Patience.asked(wait).toNanos()).orElse(0L);
  }

  /** The call says nothing: another may probe in its place. */
  void left(Ticket ticket) {
    while (true) {
      State now = state;
      if (!(now instanceof Half half)
          || !half.probes.contains(ticket)
          || STATE.compareAndSet(this, half, half.without(ticket, 0))) {
        return;
      }
    }
  }

  /**
   * Somebody else has found that it rests, for so many nanoseconds more. Where it was thought well
   * it rests here, too.
   *
   * @param asked whether the provider itself said how long
   */
  void rest(long left, boolean asked) {
    State now = state;
    if (left > 0 && now instanceof Closed) {
      long time = clock.getAsLong();
      STATE.compareAndSet(this, now, new Open(new Ticket(time), time + left, asked));
    }
  }

  /** Nanoseconds for which it rests still, whoever probes; 0 where it does not. */
  long resting() {
    return state instanceof Open open ? left(open) : 0;
  }

  /** Whether it rests because the provider itself said how long. */
  boolean asked() {
    return state instanceof Open open && open.asked;
  }

  /** Calls may find out how it is from now on, unless the provider said how long it rests. */
  void halfOpen() {
    if (state instanceof Open open && !open.asked) {
      var half = new Half(new Ticket(clock.getAsLong()), List.of(), 0);
      STATE.compareAndSet(this, open, half);
    }
  }

  /** It is known to be well. */
  void close() {
    State now = state;
    if (!(now instanceof Closed)) {
      STATE.compareAndSet(this, now, closed());
    }
  }

  /** How it is, to be shown. */
  Health.Word word() {
    return switch (state) {
      case Closed closed -> Health.Word.HEALTHY;
      case Open open ->
          open.until - clock.getAsLong() > 0 ? Health.Word.COOLING : Health.Word.HALF_OPEN;
      case Half half -> Health.Word.HALF_OPEN;
    };
  }

  /** What it failed with last, however long ago. */
  Optional<Failure> last() {
    return Optional.ofNullable(last);
  }

  /** Whether it is as good as new: it rests no more, and nothing that counts is known of it. */
  boolean forgettable() {
    return switch (state) {
      case Closed closed ->
          closed.marks.isEmpty()
              || clock.getAsLong() - closed.marks.getLast().at >= rule.window().toNanos();
      case Open open -> open.until - clock.getAsLong() <= 0;
      case Half half -> half.out(clock.getAsLong()).isEmpty();
    };
  }
}

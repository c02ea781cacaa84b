package dev.lintel.ledger;

import dev.lintel.Allowance;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Level;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * The count of what is for a period of the calendar, for all time, or for calls at once. What was
 * taken in a period is settled in it, also after its end.
 */
final class PeriodTally extends Idling implements Tally {
  /** For all time, as for this moment. */
  private static final long NEVER = Long.MAX_VALUE;

  /** Known by what was spent of it alone. */
  private static final long UNKNOWN = Long.MIN_VALUE;

  /** Where time alone never brings what is wanted. */
  private static final Duration LATE = Duration.ofDays(1);

  /** A call that is under way may end at any moment. */
  private static final Duration SHORTLY = Duration.ofSeconds(1);

  /**
   * @param start in milliseconds since the beginning of 1970
   * @param end the same, of the next period's beginning
   */
  private record State(long start, long end, long spent, long reserved) {
    boolean isOf(long moment) {
      return moment >= start && moment < end;
    }
  }

  private static final State GIVEN_UP = new State(0, 0, 0, 0);

  /** With so many calls under way, of what counts nothing else: of many keys none has its own. */
  private static final State[] AT_ONCE = new State[64];

  static {
    for (int i = 0; i < AT_ONCE.length; i++) {
      AT_ONCE[i] = new State(0, NEVER, 0, i);
    }
  }

  private static State state(long start, long end, long spent, long reserved) {
    return start == 0 && end == NEVER && spent == 0 && reserved >= 0 && reserved < AT_ONCE.length
        ? AT_ONCE[(int) reserved]
        : new State(start, end, spent, reserved);
  }

  private static final AtomicReferenceFieldUpdater<PeriodTally, State> STATE =
      AtomicReferenceFieldUpdater.newUpdater(PeriodTally.class, State.class, "state");

  private final Object owner;
  private final boolean lasting;
  private volatile State state;

  PeriodTally(Object owner, Span span, Moment now) {
    this.owner = owner;
    this.lasting = !(span instanceof Span.Now);
    this.state = begin(span, now);
  }

  /** Of a period that began then, of which that is known to have been spent. */
  PeriodTally(Object owner, Instant start, long spent) {
    this.owner = owner;
    this.lasting = true;
    this.state = new State(start.toEpochMilli(), UNKNOWN, spent, 0);
  }

  /** Whether what is spent of it outlasts the call. */
  boolean lasting() {
    return lasting;
  }

  private State known() {
    return state;
  }

  @Override
  public boolean counts(Object other) {
    return owner == other && state != GIVEN_UP;
  }

  private static State begin(Span span, Moment now) {
    return switch (span) {
      case Span.Calendar calendar -> {
        Instant moment = Instant.ofEpochMilli(now.millis());
        yield new State(
            calendar.start(moment).toEpochMilli(), calendar.end(moment).toEpochMilli(), 0, 0);
      }
      case Span.Total total -> AT_ONCE[0];
      case Span.Now current -> AT_ONCE[0];
      case Span.Rolling rolling -> throw new IllegalArgumentException("rolls: " + rolling);
    };
  }

  /** As it is now; the same object where nothing has changed. */
  private static State at(State known, Allowance allowance, Moment now) {
    if (known.isOf(now.millis())) {
      return known;
    }
    State next = begin(allowance.span(), now);
    return known.end == UNKNOWN && known.start == next.start
        ? new State(next.start, next.end, known.spent, known.reserved)
        : next;
  }

  /** When the period began in which that moment lies, as charges name it. */
  Instant period(Allowance allowance, Moment moment) {
    State known = known();
    return Instant.ofEpochMilli(
        known.isOf(moment.millis()) ? known.start : begin(allowance.span(), moment).start);
  }

  @Override
  public long room(Claim claim, Moment now) {
    State current = at(known(), claim.account().allowance(), now);
    return Tally.hold(claim, current.spent, current.reserved);
  }

  @Override
  public long take(Claim claim, Moment now) {
    while (true) {
      State known = known();
      if (known == GIVEN_UP) {
        return GONE;
      }
      State current = at(known, claim.account().allowance(), now);
      long held = Tally.hold(claim, current.spent, current.reserved);
      if (held == SHORT) {
        return SHORT;
      }
      var next =
          state(current.start, current.end, current.spent, Tally.plus(current.reserved, held));
      if (STATE.compareAndSet(this, known, next)) {
        use();
        return held;
      }
    }
  }

  @Override
  public long settle(Claim claim, long held, long used, Moment taken, Moment now) {
    long spent = lasting ? used : 0;
    while (true) {
      State known = known();
      if (known == GIVEN_UP || !known.isOf(taken.millis())) {
        return GONE;
      }
      var next =
          state(known.start, known.end, Tally.plus(known.spent, spent), known.reserved - held);
      if (STATE.compareAndSet(this, known, next)) {
        return known.spent;
      }
    }
  }

  @Override
  public long add(Claim claim, Moment now) {
    while (true) {
      State known = known();
      if (known == GIVEN_UP) {
        return GONE;
      }
      State current = at(known, claim.account().allowance(), now);
      var next =
          new State(
              current.start,
              current.end,
              Tally.plus(current.spent, claim.bound()),
              current.reserved);
      if (STATE.compareAndSet(this, known, next)) {
        return current.spent;
      }
    }
  }

  /**
   * That much has been spent at least, of the period that began then; one that has not begun here
   * is not known yet. False where the count was given up.
   */
  boolean raise(Instant start, long spent, Moment now) {
    long from = start.toEpochMilli();
    if (from > now.millis()) {
      return true;
    }
    while (true) {
      State known = known();
      if (known == GIVEN_UP) {
        return false;
      }
      // One that lies ahead was begun by a clock that has been set back since.
      boolean ahead = known.start > now.millis();
      if (!ahead && (from < known.start || (from == known.start && spent <= known.spent))) {
        return true;
      }
      State next =
          from == known.start
              ? new State(known.start, known.end, spent, known.reserved)
              : new State(from, UNKNOWN, spent, 0);
      if (STATE.compareAndSet(this, known, next)) {
        return true;
      }
    }
  }

  @Override
  public long left(Allowance allowance, Moment now) {
    State current = at(known(), allowance, now);
    return allowance.amount() - Tally.plus(current.spent, current.reserved);
  }

  @Override
  public Duration reset(Allowance allowance, Moment now) {
    return switch (allowance.span()) {
      case Span.Calendar calendar ->
          Duration.ofMillis(at(known(), allowance, now).end - now.millis());
      case Span.Now current -> Duration.ZERO;
      case Span.Total total -> Duration.ofSeconds(Long.MAX_VALUE);
      case Span.Rolling rolling -> throw new IllegalArgumentException("rolls: " + rolling);
    };
  }

  @Override
  public Duration again(Claim claim, Moment now) {
    Allowance allowance = claim.account().allowance();
    return switch (allowance.span()) {
      case Span.Calendar calendar -> reset(allowance, now);
      case Span.Now current -> SHORTLY;
      case Span.Total total -> LATE;
      case Span.Rolling rolling -> throw new IllegalArgumentException("rolls: " + rolling);
    };
  }

  @Override
  public boolean held(Claim claim, Moment now) {
    Allowance allowance = claim.account().allowance();
    State current = at(known(), allowance, now);
    return current.reserved > 0 && claim.usual() <= allowance.amount() - current.spent;
  }

  @Override
  public Level level(Allowance allowance, Moment now) {
    State current = at(known(), allowance, now);
    Instant reset =
        switch (allowance.span()) {
          case Span.Calendar calendar -> Instant.ofEpochMilli(current.end);
          case Span.Now moment -> Instant.ofEpochMilli(now.millis());
          case Span.Total total -> Instant.MAX;
          case Span.Rolling rolling -> throw new IllegalArgumentException("rolls: " + rolling);
        };
    return new Level(current.spent, current.reserved, reset);
  }

  @Override
  public Look retire(Moment now, long since) {
    State known = known();
    boolean idle =
        known.end != UNKNOWN
            && (now.millis() >= known.end || (known.spent == 0 && known.reserved == 0));
    if (!idle) {
      return Look.NEEDED;
    }
    return idleSince(now) - since <= 0 && STATE.compareAndSet(this, known, GIVEN_UP)
        ? Look.GONE
        : Look.SPARED;
  }
}

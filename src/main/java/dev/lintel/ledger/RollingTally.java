package dev.lintel.ledger;

import dev.lintel.Allowance;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Level;
import dev.lintel.Measure;
import dev.lintel.Rolling;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/** The count of what rolls. What is held is taken from the moment at which it was. */
final class RollingTally extends Idling implements Tally {
  /** Where time alone never brings what is wanted. */
  private static final Duration LATE = Duration.ofDays(1);

  /**
   * @param reserved of what was taken what is not settled
   */
  private record State(Rolling taken, long reserved) {
    long spent(long now) {
      return Math.max(0, taken.total(now) - reserved);
    }
  }

  /** After which nothing is counted any more. */
  private static final State GIVEN_UP = new State(Rolling.of(Duration.ofSeconds(1), 0), 0);

  private static final AtomicReferenceFieldUpdater<RollingTally, State> STATE =
      AtomicReferenceFieldUpdater.newUpdater(RollingTally.class, State.class, "state");

  private final Object owner;
  private volatile State state;

  RollingTally(Object owner, Span.Rolling span, Moment now) {
    this.owner = owner;
    this.state = new State(Rolling.of(span.length(), now.nanos()), 0);
  }

  private State known() {
    return state;
  }

  @Override
  public boolean counts(Object other) {
    return owner == other && state != GIVEN_UP;
  }

  private static long hold(Claim claim, State known, long total) {
    long reserved = Math.min(known.reserved, total);
    return Tally.hold(claim, total - reserved, reserved);
  }

  /** A request that was made is never given back, so that nobody waits for it. */
  private static long reserving(Claim claim, long held) {
    return claim.account().allowance().measure() == Measure.REQUESTS ? 0 : held;
  }

  @Override
  public long room(Claim claim, Moment now) {
    State known = known();
    return hold(claim, known, known.taken.total(now.nanos()));
  }

  @Override
  public long take(Claim claim, Moment now) {
    while (true) {
      State known = known();
      if (known == GIVEN_UP) {
        return GONE;
      }
      Rolling current = known.taken.at(now.nanos());
      long held = hold(claim, known, current.total());
      if (held == SHORT) {
        return SHORT;
      }
      var next =
          new State(current.plus(held, now.nanos()), known.reserved + reserving(claim, held));
      if (STATE.compareAndSet(this, known, next)) {
        use();
        return held;
      }
    }
  }

  @Override
  public long settle(Claim claim, long held, long used, Moment taken, Moment now) {
    return change(used - held, -reserving(claim, held), taken, now);
  }

  @Override
  public long add(Claim claim, Moment now) {
    return change(claim.bound(), 0, now, now);
  }

  private long change(long more, long reserved, Moment taken, Moment now) {
    while (true) {
      State known = known();
      if (known == GIVEN_UP) {
        return GONE;
      }
      if (more == 0 && reserved == 0) {
        return known.spent(now.nanos());
      }
      Rolling current = known.taken.at(now.nanos());
      Rolling changed = more == 0 ? current : current.plus(more, taken.nanos());
      if (STATE.compareAndSet(this, known, new State(changed, known.reserved + reserved))) {
        return known.spent(now.nanos());
      }
    }
  }

  @Override
  public long left(Allowance allowance, Moment now) {
    return allowance.amount() - known().taken.total(now.nanos());
  }

  @Override
  public Duration reset(Allowance allowance, Moment now) {
    Rolling taken = known().taken;
    return taken.total(now.nanos()) == 0
        ? Duration.ZERO
        : Duration.ofNanos(taken.wait(allowance.amount(), allowance.amount(), now.nanos()));
  }

  @Override
  public Duration again(Claim claim, Moment now) {
    long most = claim.account().allowance().amount();
    long wanted = claim.bound() <= most ? claim.bound() : claim.usual();
    return wanted > most ? LATE : Duration.ofNanos(known().taken.wait(wanted, most, now.nanos()));
  }

  @Override
  public boolean held(Claim claim, Moment now) {
    State known = known();
    return known.reserved > 0
        && claim.usual() <= claim.account().allowance().amount() - known.spent(now.nanos());
  }

  @Override
  public Level level(Allowance allowance, Moment now) {
    State known = known();
    return new Level(
        known.spent(now.nanos()),
        known.reserved,
        Instant.ofEpochMilli(now.millis()).plus(reset(allowance, now)));
  }

  @Override
  public Look retire(Moment now, long since) {
    State known = known();
    if (known.reserved != 0 || known.taken.total(now.nanos()) != 0) {
      return Look.NEEDED;
    }
    return idleSince(now) - since <= 0 && STATE.compareAndSet(this, known, GIVEN_UP)
        ? Look.GONE
        : Look.SPARED;
  }
}

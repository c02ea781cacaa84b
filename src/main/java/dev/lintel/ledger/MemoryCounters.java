package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Counters;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts in the memory of this process. Nobody waits: each account's state is swapped as a whole
 * for the next, and claims that cannot all be had are given back in reverse.
 *
 * <p>A new account takes a look at some others, and those go of which nothing is known that matters
 * and that were not used lately: as many as have something to say are kept, and a bounded number of
 * others for a short time, whatever number of users there was. Who calls again finds his.
 */
public final class MemoryCounters implements Counters {
  /** Of accounts, for each that is new. */
  private static final int LOOKED_AT = 4;

  /** Of idle ones so many are kept for a while: some 20 MB of them. */
  private static final int SPARED = 1 << 17;

  /** For so long, from the first look that finds them idle. */
  private static final Duration SPARED_FOR = Duration.ofMinutes(1);

  /** All accounts once, a few by each new one. */
  private static final class Round {
    final Iterator<Map.Entry<String, Tally>> left;
    int spared;

    Round(Iterator<Map.Entry<String, Tally>> left) {
      this.left = left;
    }
  }

  private final LongSupplier nanos;
  private final InstantSource time;
  private final Watcher watcher;
  private final Map<String, Tally> tallies = new ConcurrentHashMap<>();
  private final List<Runnable> hearers = new CopyOnWriteArrayList<>();

  /** Where the next look goes on; {@code null} while somebody looks, or before the first. */
  private final AtomicReference<@Nullable Round> looking = new AtomicReference<>();

  private final int mostSpared;

  /**
   * @param nanos by which windows roll
   * @param time by which the calendar goes
   */
  public MemoryCounters(LongSupplier nanos, InstantSource time, Watcher watcher) {
    this(nanos, time, watcher, SPARED);
  }

  /**
   * @param mostSpared how many idle accounts are kept for a while
   */
  MemoryCounters(LongSupplier nanos, InstantSource time, Watcher watcher, int mostSpared) {
    this.mostSpared = mostSpared;
    this.nanos = nanos;
    this.time = time;
    this.watcher = watcher;
  }

  private Moment now() {
    return new Moment(nanos.getAsLong(), time.millis());
  }

  /** How many accounts are kept. */
  int kept() {
    return tallies.size();
  }

  private Tally tally(Account account, Moment now) {
    if (account.count() instanceof Tally known && known.counts(this)) {
      return known;
    }
    Tally kept = tallies.get(account.id());
    Tally found = kept == null ? made(account, now) : kept;
    account.count(found);
    return found;
  }

  private Tally made(Account account, Moment now) {
    // Before it is there: a fresh one has nothing to say yet.
    look(now);
    return tallies.computeIfAbsent(account.id(), id -> fresh(account, now));
  }

  private Tally fresh(Account account, Moment now) {
    return account.allowance().span() instanceof Span.Rolling rolling
        ? new RollingTally(this, rolling, now)
        : new PeriodTally(this, account.allowance().span(), now);
  }

  private void look(Moment now) {
    Round mine = looking.getAndSet(null);
    if (mine == null || !mine.left.hasNext()) {
      mine = new Round(tallies.entrySet().iterator());
    }
    for (int i = 0; i < LOOKED_AT && mine.left.hasNext(); i++) {
      var one = mine.left.next();
      long since = mine.spared < mostSpared ? now.nanos() - SPARED_FOR.toNanos() : now.nanos();
      switch (one.getValue().retire(now, since)) {
        case NEEDED -> {}
        case SPARED -> mine.spared++;
        case GONE -> tallies.remove(one.getKey(), one.getValue());
      }
    }
    looking.set(mine);
  }

  @Override
  public Taken take(List<Claim> claims) {
    Moment now = now();
    int count = claims.size();
    var taken = new Tally[count];
    // Before anything is held: who is short for good must not be in the way of others meanwhile.
    for (int i = 0; i < count; i++) {
      Claim claim = claims.get(i);
      taken[i] = tally(claim.account(), now);
      if (taken[i].room(claim, now) == Tally.SHORT) {
        return missing(i, claim, taken[i], now);
      }
    }
    var grant = new Held(claims, taken, new long[count], now);
    for (int i = 0; i < count; i++) {
      Claim claim = claims.get(i);
      long held = taken[i].take(claim, now);
      while (held == Tally.GONE) {
        tallies.remove(claim.account().id(), taken[i]);
        taken[i] = tally(claim.account(), now);
        held = taken[i].take(claim, now);
      }
      if (held == Tally.SHORT) {
        grant.rollBack(i);
        return missing(i, claim, taken[i], now);
      }
      grant.held[i] = held;
    }
    return grant;
  }

  private static Short missing(int number, Claim claim, Tally tally, Moment now) {
    return new Short(
        number,
        Math.max(0, tally.left(claim.account().allowance(), now)),
        tally.again(claim, now),
        tally.held(claim, now));
  }

  @Override
  public List<Charge> spent(List<Claim> claims) {
    Moment now = now();
    var charges = new ArrayList<Charge>();
    for (Claim claim : claims) {
      Tally tally = tally(claim.account(), now);
      long before = tally.add(claim, now);
      while (before == Tally.GONE) {
        tallies.remove(claim.account().id(), tally);
        tally = tally(claim.account(), now);
        before = tally.add(claim, now);
      }
      if (claim.bound() > 0 && tally instanceof PeriodTally period) {
        charge(claim, period, before, claim.bound(), now).ifPresent(charges::add);
      }
    }
    return charges;
  }

  /**
   * What of it has to outlast the process. Tells of the highest thresholds that are passed by this,
   * if any are.
   */
  private Optional<Charge> charge(
      Claim claim, PeriodTally tally, long before, long used, Moment taken) {
    Account account = claim.account();
    Allowance allowance = account.allowance();
    if (!tally.lasting()) {
      return Optional.empty();
    }
    Instant period = tally.period(allowance, taken);
    if (before != Tally.GONE) {
      Thresholds.tell(watcher, account, period, before, Tally.plus(before, used));
    }
    return Optional.of(new Charge(account.id(), period, used));
  }

  @Override
  public List<Level> levels(List<Account> accounts) {
    Moment now = now();
    return accounts.stream()
        .map(account -> {
          Tally known = tallies.get(account.id());
          return (known == null ? fresh(account, now) : known).level(account.allowance(), now);
        })
        .toList();
  }

  @Override
  public void atLeast(List<Charge> known) {
    Moment now = now();
    for (Charge charge : known) {
      while (true) {
        Tally tally =
            tallies.computeIfAbsent(
                charge.account(), id -> new PeriodTally(this, charge.period(), charge.amount()));
        if (!(tally instanceof PeriodTally period)
            || period.raise(charge.period(), charge.amount(), now)) {
          break;
        }
        tallies.remove(charge.account(), tally);
      }
    }
  }

  @Override
  public void hear(Runnable givenBack) {
    hearers.add(givenBack);
  }

  @Override
  public void unhear(Runnable givenBack) {
    hearers.remove(givenBack);
  }

  private void tell() {
    for (Runnable hearer : hearers) {
      hearer.run();
    }
  }

  /** There is nothing to be closed. */
  @Override
  public void close() {}

  /** What a call holds. */
  private final class Held implements Grant {
    private final List<Claim> claims;
    private final Tally[] tallies;
    private final long[] held;
    private final Moment taken;
    private final AtomicBoolean over = new AtomicBoolean();

    Held(List<Claim> claims, Tally[] tallies, long[] held, Moment taken) {
      this.claims = claims;
      this.tallies = tallies;
      this.held = held;
      this.taken = taken;
    }

    private Allowance allowance(int claim) {
      return claims.get(claim).account().allowance();
    }

    @Override
    public long left(int claim) {
      return tallies[claim].left(allowance(claim), now());
    }

    @Override
    public long held(int claim) {
      return held[claim];
    }

    @Override
    public Duration reset(int claim) {
      return tallies[claim].reset(allowance(claim), now());
    }

    void rollBack(int count) {
      for (int i = count - 1; i >= 0; i--) {
        tallies[i].settle(claims.get(i), held[i], 0, taken, taken);
      }
      if (count > 0) {
        tell();
      }
    }

    @Override
    public List<Charge> settle(long[] used) {
      if (!over.compareAndSet(false, true)) {
        throw new IllegalStateException("was settled before");
      }
      Moment now = now();
      List<Charge> charges = List.of();
      for (int i = 0; i < held.length; i++) {
        Claim claim = claims.get(i);
        long before = tallies[i].settle(claim, held[i], used[i], taken, now);
        if (before == Tally.GONE && tallies[i] instanceof RollingTally && used[i] > held[i]) {
          // Its window has passed over all that it knew; what is more counts now.
          long more = used[i] - held[i];
          MemoryCounters.this.spent(List.of(new Claim(claim.account(), more, more)));
        }
        if (used[i] > 0 && tallies[i] instanceof PeriodTally period) {
          Optional<Charge> charge = charge(claim, period, before, used[i], taken);
          if (charge.isPresent()) {
            charges = charges.isEmpty() ? new ArrayList<>(held.length) : charges;
            charges.add(charge.get());
          }
        }
      }
      tell();
      return charges;
    }
  }
}

package dev.lintel.route;

import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Health.Fitness;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which of a provider's keys rest: each as long as the provider asked, else 3 s, twice as long
 * after each probe that fails, up to 5 min; then one call probes it. While a key rests only its
 * probe speaks for it: calls that had begun before it failed tell of the past.
 *
 * <p>Every change swaps one immutable map for another. Keys that are well are not in it, so that a
 * call among them reads one field.
 */
final class KeyRests {
  private static final Duration FIRST = Duration.ofSeconds(3);
  private static final Duration LONGEST = Duration.ofMinutes(5);

  /** Keys that a reload has taken away are forgotten when there are so many. */
  private static final int MANY = 1_000;

  /** What providers say beside other statuses of an account that has not been paid. */
  private static final Set<String> UNPAID =
      Set.of(
          "insufficient_quota", "billing_hard_limit_reached", "payment_required", "billing_error");

  /**
   * @param until nano time
   * @param next how long the next rest is, unless the provider says it
   * @param prober whose call probes, once {@code until} has passed
   */
  record Rest(long until, Duration next, Failure failure, @Nullable Object prober, long probing) {
    /** Nanoseconds until it may be asked, as far as anybody knows; 0 where it may now. */
    long left(long now) {
      if (until - now > 0) {
        return until - now;
      }
      return prober != null && now - probing < Patience.PROBE_NANOS ? Patience.PROBED_NANOS : 0;
    }

    /** The same, but that a probe that is out is no rest. */
    long resting(long now) {
      return Math.max(0, until - now);
    }

    private Rest probedBy(@Nullable Object other, long now) {
      return new Rest(until, next, failure, other, now);
    }

    /** By what it failed with; a word of the provider is worth more than a status. */
    Fitness fitness() {
      if (failure.upstreamStatus() == 402 || failure.code().filter(UNPAID::contains).isPresent()) {
        return Fitness.NO_CREDIT;
      }
      return failure.kind() == Failure.Kind.UPSTREAM_RATE_LIMITED
          ? Fitness.RESTING
          : Fitness.INVALID;
    }
  }

  @SuppressWarnings("rawtypes")
  private static final AtomicReferenceFieldUpdater<KeyRests, Map> RESTING =
      AtomicReferenceFieldUpdater.newUpdater(KeyRests.class, Map.class, "resting");

  private volatile Map<Credential, Rest> resting = Map.of();
  private final LongSupplier clock;

  KeyRests(LongSupplier clock) {
    this.clock = clock;
  }

  /**
   * True for a key that is well, and for one call at a time once its rest is over.
   *
   * @param prober who asks: to be given again when it is known what came of it
   */
  boolean admit(Credential key, Object prober) {
    while (true) {
      Map<Credential, Rest> now = resting;
      Rest rest = now.get(key);
      if (rest == null) {
        return true;
      }
      long time = clock.getAsLong();
      if (rest.left(time) > 0) {
        return false;
      }
      if (RESTING.compareAndSet(this, now, with(now, key, rest.probedBy(prober, time)))) {
        return true;
      }
    }
  }

  void answered(Credential key, Object prober) {
    ifProbed(key, prober, rest -> null);
  }

  /** Lets another call probe. */
  void left(Credential key, Object prober) {
    ifProbed(key, prober, rest -> rest.probedBy(null, 0));
  }

  private void ifProbed(Credential key, Object prober, UnaryOperator<@Nullable Rest> then) {
    Map<Credential, Rest> now = resting;
    while (now.get(key) instanceof Rest rest && rest.prober == prober) {
      if (RESTING.compareAndSet(this, now, with(now, key, then.apply(rest)))) {
        return;
      }
      now = resting;
    }
  }

  void failed(Credential key, Failure failure, Object prober) {
    long time = clock.getAsLong();
    change(now -> with(now, key, after(now.get(key), failure, time, prober)));
  }

  /**
   * It was asked all the same, and is well.
   *
   * @param seen its rest when it was asked
   */
  void healed(Credential key, Rest seen) {
    change(now -> now.get(key) == seen ? with(now, key, null) : now);
  }

  private void change(UnaryOperator<Map<Credential, Rest>> change) {
    Map<Credential, Rest> now;
    do {
      now = resting;
    } while (!RESTING.compareAndSet(this, now, change.apply(now)));
  }

  private Map<Credential, Rest> with(
      Map<Credential, Rest> now, Credential key, @Nullable Rest rest) {
    var then = new HashMap<>(now);
    if (rest == null) {
      then.remove(key);
    } else {
      if (then.size() >= MANY) {
        long time = clock.getAsLong();
        then.values().removeIf(old -> old.left(time) == 0);
      }
      then.put(key, rest);
    }
    return Map.copyOf(then);
  }

  private static Rest after(@Nullable Rest rest, Failure failure, long now, Object prober) {
    Optional<Duration> asked = failure.retryAfter().map(Patience::asked);
    if (rest != null && rest.prober != prober) {
      long longer = asked.map(wait -> now + wait.toNanos()).orElse(rest.until);
      return longer - rest.until > 0
          ? new Rest(longer, rest.next, failure, rest.prober, rest.probing)
          : rest;
    }
    Duration own = rest == null ? FIRST : rest.next;
    return asked.isPresent()
        ? new Rest(now + asked.get().toNanos(), own, failure, null, 0)
        : new Rest(now + own.toNanos(), least(own.multipliedBy(2), LONGEST), failure, null, 0);
  }

  /** Somebody else has found that it rests, for so many nanoseconds more. */
  void rest(Credential key, Failure failure, long left) {
    long until = clock.getAsLong() + left;
    change(now ->
        now.containsKey(key) ? now : with(now, key, new Rest(until, FIRST, failure, null, 0)));
  }

  /** Nanoseconds until it may be asked; 0 where it may now. */
  long left(Credential key) {
    Rest rest = resting.get(key);
    return rest == null ? 0 : rest.left(clock.getAsLong());
  }

  /** The rest of that key; empty where it is well. */
  Optional<Rest> of(Credential key) {
    return Optional.ofNullable(resting.get(key));
  }

  private static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}

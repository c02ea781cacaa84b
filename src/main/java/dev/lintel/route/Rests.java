package dev.lintel.route;

import dev.lintel.Failure;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who of one kind (keys, or models at a provider) rests after a failure. What is well is not in
 * here, so that a call among the healthy costs one look.
 *
 * <p>Every change swaps one immutable {@link Rest} for another. While something rests only the call
 * that probes it speaks for it: calls that had begun before it failed tell of the past.
 */
final class Rests<K> {
  private static final Duration FIRST = Duration.ofSeconds(3);
  private static final Duration LONGEST = Duration.ofMinutes(5);
  private static final Duration LONGEST_ASKED = Duration.ofHours(1);

  /** A probe that has said nothing for so long is taken for lost. */
  private static final long PROBE_NANOS = Duration.ofMinutes(10).toNanos();

  /** Callers may name any model: what they made up must not fill the memory. */
  private static final int MOST = 1_000;

  /**
   * @param until nano time
   * @param next how long the next rest is, unless the provider says it
   * @param prober the thread whose call probes, once {@code until} has passed
   */
  record Rest(long until, Duration next, Failure failure, @Nullable Thread prober, long probing) {
    /** Nanoseconds until it may be asked again; 0 once it may. */
    long left(long now) {
      return Math.max(0, until - now);
    }

    boolean isOver(long now) {
      return left(now) == 0;
    }

    boolean isProbed(long now) {
      return prober != null && now - probing < PROBE_NANOS;
    }

    boolean isProbedBy(Thread thread) {
      return thread.equals(prober);
    }

    private Rest probedBy(@Nullable Thread thread, long now) {
      return new Rest(until, next, failure, thread, now);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  private final ConcurrentMap<K, Rest> resting = new ConcurrentHashMap<>();
  private final LongSupplier clock;

  Rests(LongSupplier clock) {
    this.clock = clock;
  }

  /** True for what is well, and for one call at a time once the rest is over. */
  boolean admit(K key) {
    Rest rest = resting.get(key);
    if (rest == null) {
      return true;
    }
    long now = clock.getAsLong();
    return rest.isOver(now)
        && !rest.isProbed(now)
        && resting.replace(key, rest, rest.probedBy(Thread.currentThread(), now));
  }

  void succeeded(K key) {
    Rest rest = resting.get(key);
    if (rest != null && rest.isProbedBy(Thread.currentThread())) {
      resting.remove(key, rest);
    }
  }

  /** Lets another call probe. */
  void left(K key) {
    Rest rest = resting.get(key);
    if (rest != null && rest.isProbedBy(Thread.currentThread())) {
      resting.replace(key, rest, rest.probedBy(null, 0));
    }
  }

  void failed(K key, Failure failure) {
    if (resting.size() >= MOST && !resting.containsKey(key)) {
      forgetTheRested();
      if (resting.size() >= MOST) {
        return;
      }
    }
    long now = clock.getAsLong();
    Thread self = Thread.currentThread();
    resting.compute(key, (same, rest) -> after(rest, failure, now, self));
  }

  private static Rest after(@Nullable Rest rest, Failure failure, long now, Thread self) {
    Optional<Duration> asked = failure.retryAfter().map(wait -> least(wait, LONGEST_ASKED));
    if (rest != null && !rest.isProbedBy(self)) {
      long longer = asked.map(wait -> now + wait.toNanos()).orElse(rest.until());
      return longer - rest.until() > 0
          ? new Rest(longer, rest.next(), failure, rest.prober(), rest.probing())
          : rest;
    }
    Duration own = rest == null ? FIRST : rest.next();
    return asked.isPresent()
        ? new Rest(now + asked.get().toNanos(), own, failure, null, 0)
        : new Rest(now + own.toNanos(), least(own.multipliedBy(2), LONGEST), failure, null, 0);
  }

  /** Empty where it may be asked now. */
  Optional<Duration> remaining(K key) {
    Rest rest = resting.get(key);
    if (rest == null) {
      return Optional.empty();
    }
    long now = clock.getAsLong();
    if (!rest.isOver(now)) {
      return Optional.of(Duration.ofNanos(rest.left(now)));
    }
    // Nobody knows when the probe comes back: the first rest is a fair guess.
    return rest.isProbed(now) ? Optional.of(FIRST) : Optional.empty();
  }

  /** The rest of that key; empty where it is well. */
  Optional<Rest> of(K key) {
    return Optional.ofNullable(resting.get(key));
  }

  Collection<Rest> all() {
    return resting.values();
  }

  private void forgetTheRested() {
    long now = clock.getAsLong();
    resting.values().removeIf(rest -> rest.isOver(now));
  }

  private static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}

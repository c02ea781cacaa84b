package dev.lintel.route;

import dev.lintel.Credential;
import dev.lintel.Headers;
import dev.lintel.RetryAfter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;

/**
 * What is under way at a provider, and what was used of its account. Outlives reloads; what it may
 * come to is for the configurations to say.
 */
final class Account {
  private final Slots calls = new Slots();
  private final ConcurrentMap<Credential, Slots> keys = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Slots> models = new ConcurrentHashMap<>();
  private final ConcurrentMap<Duration, Window> requests = new ConcurrentHashMap<>();
  private final ConcurrentMap<Duration, Window> tokens = new ConcurrentHashMap<>();

  /** Until when (nano time) the provider says that a key has nothing left; few are in here. */
  private final ConcurrentMap<Credential, Long> spent = new ConcurrentHashMap<>();

  private final LongSupplier clock;
  private final InstantSource wall;

  /**
   * @param wall tells the time of day, which providers name
   */
  Account(LongSupplier clock, InstantSource wall) {
    this.clock = clock;
    this.wall = wall;
  }

  long now() {
    return clock.getAsLong();
  }

  Slots calls() {
    return calls;
  }

  Slots key(Credential key) {
    return keys.computeIfAbsent(key, made -> new Slots());
  }

  Slots model(String model) {
    return models.computeIfAbsent(model, made -> new Slots());
  }

  Window requests(Duration length) {
    return requests.computeIfAbsent(length, made -> new Window(made, clock.getAsLong()));
  }

  Window tokens(Duration length) {
    return tokens.computeIfAbsent(length, made -> new Window(made, clock.getAsLong()));
  }

  void told(Credential key, Headers headers) {
    RetryAfter.spent(headers, wall)
        .ifPresent(reset -> {
          long until = clock.getAsLong() + Patience.asked(reset).toNanos();
          spent.merge(key, until, (known, told) -> told - known > 0 ? told : known);
        });
  }

  /** Nanoseconds until the provider has said that the key is good again; 0 where it is. */
  long spent(Credential key) {
    if (spent.isEmpty()) {
      return 0;
    }
    Long until = spent.get(key);
    if (until == null) {
      return 0;
    }
    long left = until - clock.getAsLong();
    if (left <= 0) {
      spent.remove(key, until);
    }
    return Math.max(0, left);
  }
}

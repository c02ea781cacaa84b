package dev.lintel.route;

import dev.lintel.BreakerRule;
import dev.lintel.BreakerRules;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Health;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What is known of one provider, its keys and its models. */
final class Site {
  /** Callers may name any model: what they make up must not fill the memory. */
  private static final int MOST_NAMED = 1_000;

  /** Looking for what may be forgotten takes a moment: that is not done for each call. */
  private static final long SWEEP_NANOS = 1_000_000_000;

  /**
   * What the configuration says of it.
   *
   * @param own of the provider, without gaps
   */
  record Rules(String provider, BreakerRule own, BreakerRules all) {
    BreakerRule of(String model) {
      return all.of(provider, model);
    }
  }

  final Breaker breaker;
  final KeyRests keys;
  final Account account;

  private final LongSupplier clock;
  private final ConcurrentMap<String, Spot> configured = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Spot> named = new ConcurrentHashMap<>();
  private final AtomicLong swept;
  private final Consumer<Trouble> told;
  private volatile Rules rules;
  private volatile @Nullable Failure last;

  /**
   * @param told who hears of it when something of it rests
   */
  Site(LongSupplier clock, InstantSource wall, Rules rules, Consumer<Trouble> told) {
    this.clock = clock;
    this.told = told;
    this.rules = rules;
    this.breaker = new Breaker(clock, rules.own);
    this.keys = new KeyRests(clock);
    this.account = new Account(clock, wall);
    this.swept = new AtomicLong(clock.getAsLong() - SWEEP_NANOS);
  }

  /** From now on by those rules. */
  void use(Rules other) {
    rules = other;
    breaker.rule(other.own);
    configured.forEach((model, spot) -> spot.breaker.rule(other.of(model)));
    named.forEach((model, spot) -> spot.breaker.rule(other.of(model)));
  }

  /** A model that the configuration names: never forgotten. */
  Spot configured(String model) {
    Spot known = configured.get(model);
    if (known != null) {
      return known;
    }
    Spot spot =
        configured.computeIfAbsent(
            model, name -> Optional.ofNullable(named.remove(name)).orElseGet(() -> make(name)));
    spot.breaker.rule(rules.of(model));
    return spot;
  }

  /**
   * A model that a caller names. Where too many have been named it is one that nobody remembers.
   */
  Spot named(String model) {
    Spot known = configured.get(model);
    if (known == null) {
      known = named.get(model);
    }
    if (known != null) {
      return known;
    }
    if (named.size() >= MOST_NAMED) {
      forget();
      if (named.size() >= MOST_NAMED) {
        return make(model);
      }
    }
    Spot spot = named.computeIfAbsent(model, this::make);
    spot.breaker.rule(rules.of(model));
    return spot;
  }

  private Spot make(String model) {
    return new Spot(clock, rules.of(model));
  }

  private void forget() {
    long now = clock.getAsLong();
    long before = swept.get();
    if (now - before >= SWEEP_NANOS && swept.compareAndSet(before, now)) {
      named.values().removeIf(spot -> spot.breaker.forgettable());
    }
  }

  /** Tells others that it rests, its model of that name or its key of that id, where it does. */
  void tell(Trouble.Scope scope, String name, long left, boolean asked, Failure failure) {
    if (left > 0) {
      told.accept(
          new Trouble(rules.provider, scope, name, Duration.ofNanos(left), asked, failure.kind()));
    }
  }

  /** What others have found. A key is known by its id, which all nodes with one file give it. */
  void heard(Trouble trouble, List<Credential> credentials) {
    long left = trouble.left().toNanos();
    switch (trouble.scope()) {
      case PROVIDER -> breaker.rest(left, trouble.asked());
      case MODEL -> named(trouble.name()).breaker.rest(left, trouble.asked());
      case KEY ->
          credentials.stream()
              .filter(key -> key.id().equals(trouble.name()))
              .forEach(key ->
                  keys.rest(
                      key,
                      Failure.of(trouble.kind(), "Another node was told that this key rests."),
                      left));
    }
  }

  /** It, or one of its keys, failed. */
  void failed(Failure failure) {
    last = failure;
  }

  /** What it, or one of its keys, failed with last, however long ago. */
  Optional<Failure> last() {
    return Optional.ofNullable(last);
  }

  /** Those of its models that are not healthy or have failed, by their names. */
  Map<String, Breaker> failedModels() {
    var all = new TreeMap<String, Breaker>();
    for (var spots : List.of(named, configured)) {
      spots.forEach((model, spot) -> {
        if (spot.breaker.word() != Health.Word.HEALTHY || spot.breaker.last().isPresent()) {
          all.put(model, spot.breaker);
        }
      });
    }
    return all;
  }
}

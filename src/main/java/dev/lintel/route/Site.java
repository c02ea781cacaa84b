package dev.lintel.route;

import dev.lintel.BreakerRule;
import dev.lintel.BreakerRules;
import dev.lintel.Failure;
import dev.lintel.Health;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
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
  private volatile Rules rules;
  private volatile @Nullable Failure last;

  Site(LongSupplier clock, InstantSource wall, Rules rules) {
    this.clock = clock;
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

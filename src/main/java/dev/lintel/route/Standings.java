package dev.lintel.route;

import dev.lintel.BreakerRule;
import dev.lintel.BreakerRules;
import dev.lintel.Credential;
import dev.lintel.Health;
import dev.lintel.Provider;
import dev.lintel.Standing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How every target fares: the breakers of providers and of models at them, and the rests of keys.
 * One's trouble never closes another.
 *
 * <p>Outlives reloads: everything is kept by name, a key by its secret too.
 */
public final class Standings implements Standing.Source {
  /**
   * @param shared by provider, without gaps
   */
  private record InForce(BreakerRules all, Map<String, BreakerRule> shared) {
    Site.Rules of(String provider) {
      return new Site.Rules(provider, shared.getOrDefault(provider, BreakerRule.USUAL), all);
    }
  }

  private final ConcurrentMap<String, Site> sites = new ConcurrentHashMap<>();
  private final LongSupplier clock;
  private final InstantSource wall;
  private volatile Consumer<Trouble> told = trouble -> {};
  private volatile Scores scores = Scores.NONE;
  private final Supplier<Scores> scoring = () -> scores;
  private volatile InForce rules = new InForce(BreakerRules.NONE, Map.of());

  /**
   * @param clock counts nanoseconds, as {@link System#nanoTime} does
   * @param wall tells the time of day, in which providers and {@link #health} speak
   */
  public Standings(LongSupplier clock, InstantSource wall) {
    this.clock = clock;
    this.wall = wall;
  }

  /**
   * From now on breakers go by those rules. To be called at each load of a configuration; what is
   * open stays open.
   */
  public void use(BreakerRules all) {
    var now = new InForce(all, all.shared());
    rules = now;
    sites.forEach((name, site) -> site.use(now.of(name)));
  }

  /** From now on that is what was said of the targets' answers. */
  public void scored(Scores all) {
    scores = all;
  }

  /** From now on that one hears what rests, when it begins; on any thread, must not wait. */
  public void tell(Consumer<Trouble> hearer) {
    told = hearer;
  }

  /** What another node has found of that provider: what is thought well here rests, too. */
  public void heard(Provider provider, Trouble trouble) {
    site(provider).heard(trouble, provider.credentials());
  }

  /** Of a target that the configuration names. */
  @Override
  public Standing of(Provider provider, String model, int concurrent) {
    Site site = site(provider);
    return new Watched(site, site.configured(model), provider, model, concurrent, scoring);
  }

  /**
   * Of a target that a caller names. Callers may make up what they like, so where they have named
   * many the trouble of further models is not kept; that of their providers and keys is.
   */
  public Standing named(Provider provider, String model, int concurrent) {
    Site site = site(provider);
    return new Watched(site, site.named(model), provider, model, concurrent, scoring);
  }

  private Site site(Provider provider) {
    Site known = sites.get(provider.name());
    if (known != null) {
      return known;
    }
    Site site =
        sites.computeIfAbsent(
            provider.name(),
            name -> new Site(clock, wall, rules.of(name), trouble -> told.accept(trouble)));
    site.use(rules.of(provider.name()));
    return site;
  }

  /** The key with which the provider is best asked now: one that is well, if one is. */
  public Credential bestKey(Provider provider) {
    KeyRests keys = site(provider).keys;
    return provider.credentials().stream()
        .min(Comparator.comparingLong(keys::left))
        .orElseThrow(() -> new IllegalStateException(provider.name() + " has no key"));
  }

  /** Somebody who looked found the provider well: its breaker closes. */
  public void recovered(Provider provider) {
    site(provider).breaker.close();
  }

  /** The same of a model and a key, too: they answered. */
  public void recovered(Provider provider, String model, Credential key) {
    Site site = site(provider);
    site.breaker.close();
    site.named(model).breaker.close();
    site.keys.of(key).ifPresent(rest -> site.keys.healed(key, rest));
  }

  /**
   * There is a sign of life: calls may find out how the provider is before its rest is over, unless
   * it said itself how long it has to last.
   */
  public void stirred(Provider provider) {
    site(provider).breaker.halfOpen();
  }

  /** Whether calls are kept from the provider because it failed. */
  public boolean cooling(Provider provider) {
    return site(provider).breaker.word() == Health.Word.COOLING;
  }

  /** How the provider is, its keys and its models. */
  public Health health(Provider provider) {
    Site site = site(provider);
    Instant time = wall.instant();
    var keys = new ArrayList<Health.Key>();
    for (Credential key : provider.credentials()) {
      Optional<KeyRests.Rest> rest = site.keys.of(key);
      keys.add(
          new Health.Key(
              key.id(),
              rest.map(KeyRests.Rest::fitness).orElse(Health.Fitness.OK),
              rest.flatMap(known -> until(time, known.resting(clock.getAsLong())))));
    }
    List<Health.Model> models =
        site.failedModels().entrySet().stream()
            .map(model ->
                new Health.Model(
                    model.getKey(),
                    model.getValue().word(),
                    until(time, model.getValue()),
                    model.getValue().last()))
            .toList();
    return new Health(site.breaker.word(), until(time, site.breaker), site.last(), keys, models);
  }

  /** Only where it rests: that all probes are out says nothing of when it is well. */
  private static Optional<Instant> until(Instant time, Breaker breaker) {
    return breaker.word() == Health.Word.COOLING ? until(time, breaker.left()) : Optional.empty();
  }

  private static Optional<Instant> until(Instant time, long wait) {
    // Finer than that it would be another time whenever it is asked for.
    return wait == 0
        ? Optional.empty()
        : Optional.of(time.plus(Duration.ofNanos(wait)).truncatedTo(ChronoUnit.MILLIS));
  }
}

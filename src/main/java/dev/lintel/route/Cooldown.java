package dev.lintel.route;

import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Health;
import dev.lintel.Provider;
import dev.lintel.Target;
import dev.lintel.route.Rests.Rest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Lets what has failed rest: as long as the provider asked, up to an hour, else 3 s, twice as long
 * after each probe that fails, up to 5 min. Then one call probes it while the others go elsewhere.
 *
 * <p>A failure rests either the key or the model at the provider, never both, so that one's trouble
 * does not close the other. Only keys of the configuration rest: one that a caller brought is
 * nobody else's affair. A call asks for leave and reports on one and the same thread.
 *
 * <p>Outlives reloads: everything is kept by name, a key by its secret too.
 */
public final class Cooldown implements Health {
  /** What is known of one provider. */
  private static final class Site {
    final Rests<String> models;
    final Rests<Credential> keys;
    volatile @Nullable Failure last;

    Site(LongSupplier clock) {
      models = new Rests<>(clock);
      keys = new Rests<>(clock);
    }
  }

  private final ConcurrentMap<String, Site> sites = new ConcurrentHashMap<>();
  private final LongSupplier clock;
  private final InstantSource wall;

  /**
   * @param clock counts nanoseconds, as {@link System#nanoTime} does
   * @param wall tells the time of day, for {@link #state} only
   */
  public Cooldown(LongSupplier clock, InstantSource wall) {
    this.clock = clock;
    this.wall = wall;
  }

  @Override
  public boolean admit(Target target, Credential credential) {
    Site site = sites.get(target.provider().name());
    if (site == null) {
      return true;
    }
    if (!site.models.admit(target.model())) {
      return false;
    }
    if (!site.keys.admit(credential)) {
      site.models.left(target.model());
      return false;
    }
    return true;
  }

  @Override
  public void succeeded(Target target, Credential credential) {
    Site site = sites.get(target.provider().name());
    if (site != null) {
      site.models.succeeded(target.model());
      site.keys.succeeded(credential);
    }
  }

  @Override
  public void failed(Target target, Credential credential, Failure failure) {
    switch (failure.blame()) {
      case NOBODY -> left(target, credential);
      case MODEL -> {
        Site site = blamed(target, failure);
        site.models.failed(target.model(), failure);
        site.keys.left(credential);
      }
      case KEY -> {
        Site site = blamed(target, failure);
        site.models.left(target.model());
        if (target.provider().credentials().contains(credential)) {
          site.keys.failed(credential, failure);
        }
      }
    }
  }

  private Site blamed(Target target, Failure failure) {
    Site site = sites.computeIfAbsent(target.provider().name(), name -> new Site(clock));
    site.last = failure;
    return site;
  }

  @Override
  public void left(Target target, Credential credential) {
    Site site = sites.get(target.provider().name());
    if (site != null) {
      site.models.left(target.model());
      site.keys.left(credential);
    }
  }

  @Override
  public Optional<Duration> rests(Target target, Credential credential) {
    Site site = sites.get(target.provider().name());
    if (site == null) {
      return Optional.empty();
    }
    Optional<Duration> model = site.models.remaining(target.model());
    Optional<Duration> key = site.keys.remaining(credential);
    return model.isPresent() && key.isPresent()
        ? Optional.of(model.get().compareTo(key.get()) > 0 ? model.get() : key.get())
        : model.or(() -> key);
  }

  /**
   * How the provider is: as its worst model, or as its best key where every key rests. That a model
   * is not found says nothing of the provider.
   */
  public State state(Provider provider) {
    Site site = sites.get(provider.name());
    if (site == null) {
      var well =
          provider.credentials().stream()
              .map(key -> new State.Key(key.id(), State.Fitness.OK, Optional.empty()))
              .toList();
      return new State(State.Word.HEALTHY, Optional.empty(), Optional.empty(), well);
    }
    long now = clock.getAsLong();
    Instant time = wall.instant();
    var keys = new ArrayList<State.Key>();
    var rested = new ArrayList<Rest>();
    for (Credential credential : provider.credentials()) {
      Optional<Rest> rest = site.keys.of(credential);
      rest.ifPresent(rested::add);
      keys.add(
          new State.Key(
              credential.id(),
              rest.map(Cooldown::fitness).orElse(State.Fitness.OK),
              rest.flatMap(known -> until(time, known.left(now)))));
    }
    OptionalLong worstModel =
        site.models.all().stream()
            .filter(rest -> rest.failure().kind() != Failure.Kind.NOT_FOUND)
            .mapToLong(rest -> rest.left(now))
            .max();
    OptionalLong bestKey =
        rested.size() < keys.size()
            ? OptionalLong.empty()
            : rested.stream().mapToLong(rest -> rest.left(now)).min();
    OptionalLong wait = LongStream.concat(worstModel.stream(), bestKey.stream()).max();
    State.Word word =
        wait.isEmpty()
            ? State.Word.HEALTHY
            : wait.getAsLong() > 0 ? State.Word.COOLING : State.Word.HALF_OPEN;
    return new State(word, until(time, wait.orElse(0)), Optional.ofNullable(site.last), keys);
  }

  private static Optional<Instant> until(Instant time, long wait) {
    return wait == 0 ? Optional.empty() : Optional.of(time.plusNanos(wait));
  }

  private static State.Fitness fitness(Rest rest) {
    return switch (rest.failure().upstreamStatus()) {
      case 401, 403 -> State.Fitness.INVALID;
      case 402 -> State.Fitness.NO_CREDIT;
      default -> State.Fitness.RESTING;
    };
  }
}

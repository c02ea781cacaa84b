package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Health;
import dev.lintel.Leave;
import dev.lintel.Provider;
import dev.lintel.Standing;
import dev.lintel.Usage;
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
 * How every target fares: lets what has failed rest, as long as the provider asked, up to an hour,
 * else 3 s, twice as long after each probe that fails, up to 5 min.
 *
 * <p>Outlives reloads: everything is kept by name, a key by its secret too.
 */
public final class Standings implements Standing.Source {
  /** At one provider. */
  private static final int MOST_PACES = 20_000;

  /** What is known of one provider. */
  private static final class Site {
    final Rests<String> models;
    final Rests<Credential> keys;
    final ConcurrentMap<String, Pace> paces = new ConcurrentHashMap<>();
    volatile @Nullable Failure last;

    Site(LongSupplier clock) {
      models = new Rests<>(clock);
      keys = new Rests<>(clock);
    }

    /** A caller may ask for models that nobody has heard of, and there is no end to them. */
    Pace pace(String model, LongSupplier clock) {
      Pace known = paces.get(model);
      if (known != null) {
        return known;
      }
      return paces.size() < MOST_PACES
          ? paces.computeIfAbsent(model, name -> new Pace(clock))
          : new Pace(clock);
    }
  }

  private final ConcurrentMap<String, Site> sites = new ConcurrentHashMap<>();
  private final LongSupplier clock;
  private final InstantSource wall;

  /**
   * @param clock counts nanoseconds, as {@link System#nanoTime} does
   * @param wall tells the time of day, for {@link #health} only
   */
  public Standings(LongSupplier clock, InstantSource wall) {
    this.clock = clock;
    this.wall = wall;
  }

  @Override
  public Standing of(Provider provider, String model, int concurrent) {
    Site site = sites.computeIfAbsent(provider.name(), name -> new Site(clock));
    return new Watched(site, model, site.pace(model, clock));
  }

  private static final class Watched implements Standing {
    private final Site site;
    private final String model;
    private final Pace pace;

    Watched(Site site, String model, Pace pace) {
      this.site = site;
      this.model = model;
      this.pace = pace;
    }

    @Override
    public Leave ask(Call call, Credential key) {
      if (!site.models.admit(model)) {
        return bar(Leave.Why.MODEL, site.models.of(model), site.models.remaining(model));
      }
      if (!site.keys.admit(key)) {
        site.models.left(model);
        return bar(Leave.Why.KEY, site.keys.of(key), site.keys.remaining(key));
      }
      return new Pass(key);
    }

    private static Leave bar(Leave.Why why, Optional<Rest> rest, Optional<Duration> wait) {
      return new Leave.Bar(why, wait.orElse(Duration.ZERO), rest.map(Rest::failure));
    }

    @Override
    public Leave insist(Call call, Credential key) {
      return new Pass(key);
    }

    @Override
    public boolean well() {
      return site.models.remaining(model).isEmpty();
    }

    @Override
    public void told(Credential key, Headers headers) {}

    @Override
    public void hear(Runnable room) {}

    @Override
    public void unhear(Runnable room) {}

    @Override
    public int underWay() {
      return pace.underWay();
    }

    @Override
    public double firstContentNanos(long now) {
      return pace.firstContentNanos(now);
    }

    @Override
    public double tokensPerSecond() {
      return pace.tokensPerSecond();
    }

    @Override
    public double outputTokens() {
      return pace.outputTokens();
    }

    @Override
    public long firstContentP95Nanos() {
      return pace.firstContentP95Nanos();
    }

    private final class Pass implements Leave.Pass {
      private final Credential key;
      private final long began = pace.began();

      Pass(Credential key) {
        this.key = key;
      }

      @Override
      public void answered(long firstContentNanos, long nanos, Usage usage) {
        pace.answered(firstContentNanos, nanos, usage);
        site.models.succeeded(model);
        site.keys.succeeded(key);
      }

      @Override
      public void failed(Failure failure) {
        pace.failed(began);
        switch (failure.blame()) {
          case NOBODY, MODEL, PROVIDER -> {
            site.last = failure;
            site.models.failed(model, failure);
            site.keys.left(key);
          }
          case KEY -> {
            site.last = failure;
            site.models.left(model);
            site.keys.failed(key, failure);
          }
        }
      }

      @Override
      public void left() {
        pace.left();
        site.models.left(model);
        site.keys.left(key);
      }
    }
  }

  /**
   * How the provider is: as its worst model, or as its best key where every key rests. That a model
   * is not found says nothing of the provider.
   */
  public Health health(Provider provider) {
    Site site = sites.get(provider.name());
    if (site == null) {
      var well =
          provider.credentials().stream()
              .map(key -> new Health.Key(key.id(), Health.Fitness.OK, Optional.empty()))
              .toList();
      return new Health(Health.Word.HEALTHY, Optional.empty(), Optional.empty(), well);
    }
    long now = clock.getAsLong();
    Instant time = wall.instant();
    var keys = new ArrayList<Health.Key>();
    var rested = new ArrayList<Rest>();
    for (Credential credential : provider.credentials()) {
      Optional<Rest> rest = site.keys.of(credential);
      rest.ifPresent(rested::add);
      keys.add(
          new Health.Key(
              credential.id(),
              rest.map(Standings::fitness).orElse(Health.Fitness.OK),
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
    Health.Word word =
        wait.isEmpty()
            ? Health.Word.HEALTHY
            : wait.getAsLong() > 0 ? Health.Word.COOLING : Health.Word.HALF_OPEN;
    return new Health(word, until(time, wait.orElse(0)), Optional.ofNullable(site.last), keys);
  }

  private static Optional<Instant> until(Instant time, long wait) {
    return wait == 0 ? Optional.empty() : Optional.of(time.plusNanos(wait));
  }

  private static Health.Fitness fitness(Rest rest) {
    return switch (rest.failure().upstreamStatus()) {
      case 401, 403 -> Health.Fitness.INVALID;
      case 402 -> Health.Fitness.NO_CREDIT;
      default -> Health.Fitness.RESTING;
    };
  }
}

package dev.lintel.observe;

import dev.lintel.Attempt;
import dev.lintel.Event;
import dev.lintel.Model;
import dev.lintel.Request;
import dev.lintel.Tracing;
import dev.lintel.Trail;
import dev.lintel.Usage;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What is counted of calls that have ended, and of their copies for comparison. */
final class CallFigures {
  private static final String OTHER = "other";
  private static final String NONE = "none";
  private static final String OK = "ok";

  /** So many tenants' apps at so many models and providers have series of their own. */
  static final int MOST = 10_000;

  /** Of models at providers, which configurations are free to have many of. */
  private static final int MOST_PLACES = 1_000;

  /** What a series is about; looked up once a call. */
  private record Key(String tenant, String app, String dialect, String model, String provider) {
    /** Models and providers are configured, and fewer than tenants with their apps. */
    Key folded() {
      return new Key(OTHER, OTHER, dialect, model, provider);
    }
  }

  private record Place(String model, String provider) {
    Place folded() {
      return new Place(OTHER, provider);
    }
  }

  private final Predicate<String> configured;
  private final Tracing tracing;
  private final GenAiFigures genAi;
  private final StopFigures stops;
  private final Counter calls;
  private final Counter tokens;
  private final Counter cost;
  private final Counter unpriced;
  private final Counter retries;
  private final Counter shadows;
  private final Counter shadowCost;
  private final Buckets durations;
  private final Buckets firstTokens;
  private final Buckets perTokens;
  private final Buckets gaps;
  private final Sparing<Key, Series> series = new Sparing<>(MOST, Series::new, Key::folded);
  private final Sparing<Place, Pace> paces = new Sparing<>(MOST_PLACES, Pace::new, Place::folded);

  CallFigures(
      PrometheusRegistry registry,
      Predicate<String> configured,
      Tracing tracing,
      GenAiFigures genAi) {
    this.configured = configured;
    this.tracing = tracing;
    this.genAi = genAi;
    this.stops = new StopFigures(registry);
    calls =
        Counter.builder()
            .name("lintel_calls_total")
            .help("Calls that ended, by how: kind is 'ok' or the failure's.")
            .labelNames("tenant", "app", "dialect", "model", "provider", "kind")
            .withoutExemplars()
            .register(registry);
    tokens =
        Counter.builder()
            .name("lintel_tokens_total")
            .help("Tokens used: input excludes the cache's, output includes reasoning.")
            .labelNames("tenant", "app", "model", "provider", "type")
            .withoutExemplars()
            .register(registry);
    cost =
        Counter.builder()
            .name("lintel_cost_usd_total")
            .help("What calls cost in USD, as far as prices are known.")
            .labelNames("tenant", "app", "model", "provider")
            .withoutExemplars()
            .register(registry);
    unpriced =
        Counter.builder()
            .name("lintel_unpriced_calls_total")
            .help("Calls that used something whose price is not known.")
            .labelNames("model", "provider")
            .withoutExemplars()
            .register(registry);
    retries =
        Counter.builder()
            .name("lintel_retries_total")
            .help("Tries after a call's first, by whom they asked and why the one before ended.")
            .labelNames("provider", "how", "why")
            .withoutExemplars()
            .register(registry);
    shadows =
        Counter.builder()
            .name("lintel_shadow_calls_total")
            .help(
                "Copies of calls for comparison that ended, by how: kind is 'ok' or the failure's.")
            .labelNames("model", "provider", "kind")
            .withoutExemplars()
            .register(registry);
    shadowCost =
        Counter.builder()
            .name("lintel_shadow_cost_usd_total")
            .help("What copies of calls for comparison cost in USD, as far as prices are known.")
            .labelNames("model", "provider")
            .withoutExemplars()
            .register(registry);
    durations =
        waits(
            registry,
            "lintel_call_duration_seconds",
            "From the request's arrival to the end of the reply.");
    firstTokens =
        waits(
            registry,
            "lintel_time_to_first_token_seconds",
            "From the request's arrival to the first content of the reply.");
    perTokens =
        new Buckets(
            registry,
            "lintel_time_per_output_token_seconds",
            "Between the tokens of a stream after the first, in the mean of the call.",
            Buckets.NANOS,
            GenAiNames.PER_TOKENS,
            "model",
            "provider");
    gaps =
        waits(
            registry,
            "lintel_longest_gap_seconds",
            "The longest pause between contents of a stream, one a call.");
  }

  private static Buckets waits(PrometheusRegistry registry, String name, String help) {
    return new Buckets(registry, name, help, Buckets.NANOS, Buckets.WAITS, "model", "provider");
  }

  void ended(Trail trail, Event.Ended ended) {
    String model = trail.model().map(Model::name).filter(configured).orElse(OTHER);
    String provider = trail.target().map(target -> target.provider().name()).orElse(NONE);
    String kind = ended.failure().isEmpty() ? OK : ended.failure().get().kind().word();
    if (trail.judgeOf().isPresent()) {
      // It has figures of its own.
      return;
    }
    if (trail.shadowOf().isPresent()) {
      shadows.labelValues(model, provider, kind).inc();
      trail.cost().ifPresent(usd -> shadowCost.labelValues(model, provider).inc(usd.doubleValue()));
      return;
    }
    var key =
        new Key(
            trail.caller().tenant(),
            trail.caller().app(),
            trail.request().map(request -> request.dialect().name()).orElse(NONE),
            model,
            provider);
    var example = new Example(tracing, trail);
    long perToken = perToken(trail, ended);
    series.of(key).count(trail, kind, ended.durationNanos(), perToken, example);
    stops.ended(trail, ended.durationNanos());
    if (trail.attempts().size() > 1 && !trail.free()) {
      retried(trail.attempts());
    }
    genAi.ended(
        trail, !model.equals(OTHER), ended.failure(), ended.durationNanos(), perToken, example);
  }

  /** -1 where there is no telling. */
  private static long perToken(Trail trail, Event.Ended ended) {
    long output = trail.usage().output();
    boolean streamed = trail.request().map(Request::stream).orElse(false);
    return streamed && output > 1 && trail.firstContentNanos() >= 0 && ended.failure().isEmpty()
        ? (ended.durationNanos() - trail.firstContentNanos()) / (output - 1)
        : -1;
  }

  private void retried(List<Attempt> attempts) {
    for (int i = 1; i < attempts.size(); i++) {
      Attempt before = attempts.get(i - 1);
      Attempt attempt = attempts.get(i);
      String target = attempt.target();
      // One of the two was not needed: they ran side by side.
      boolean hedged = before.kind().isEmpty() || attempt.began() < before.began() + before.took();
      String how = hedged ? "beside" : before.target().equals(target) ? "again" : "elsewhere";
      retries
          .labelValues(
              target.substring(0, Math.max(0, target.indexOf('/'))),
              how,
              hedged ? "slow" : before.kind().get().word())
          .inc();
    }
  }

  /** How long callers wait for a model at a provider. */
  private final class Pace {
    private final Buckets.Cell duration;
    private final Buckets.Cell first;
    private final Buckets.Cell perToken;
    private final Buckets.Cell gap;

    Pace(Place place) {
      duration = durations.of(place.model, place.provider);
      first = firstTokens.of(place.model, place.provider);
      perToken = perTokens.of(place.model, place.provider);
      gap = gaps.of(place.model, place.provider);
    }

    void count(Trail trail, long nanos, long mean, Example example) {
      duration.observe(nanos, example);
      if (trail.firstContentNanos() >= 0) {
        first.observe(trail.firstContentNanos(), example);
      }
      if (mean >= 0) {
        perToken.observe(mean, example);
      }
      if (trail.longestGapNanos() >= 0) {
        gap.observe(trail.longestGapNanos(), example);
      }
    }
  }

  /** The series of one key, so that counting needs no look-up by labels. */
  private final class Series {
    private final Key key;
    private final CounterDataPoint ok;
    private final Tally input;
    private final Tally output;
    private final Tally cacheRead;
    private final Tally cacheWrite;
    private final Tally reasoning;
    private final CounterDataPoint costs;
    private final Pace pace;

    Series(Key key) {
      this.key = key;
      this.ok = calls(key, OK);
      this.input = new Tally(key, "input");
      this.output = new Tally(key, "output");
      this.cacheRead = new Tally(key, "cache_read");
      this.cacheWrite = new Tally(key, "cache_write");
      this.reasoning = new Tally(key, "reasoning");
      this.costs = cost.labelValues(key.tenant, key.app, key.model, key.provider);
      this.pace = paces.of(new Place(key.model, key.provider));
    }

    private CounterDataPoint calls(Key of, String kind) {
      return calls.labelValues(of.tenant, of.app, of.dialect, of.model, of.provider, kind);
    }

    void count(Trail trail, String kind, long nanos, long perToken, Example example) {
      (kind.equals(OK) ? ok : calls(key, kind)).inc();
      Usage usage = trail.usage();
      input.add(usage.input());
      output.add(usage.output());
      cacheRead.add(usage.cacheRead());
      cacheWrite.add(usage.cacheWrite() + usage.cacheWriteHour());
      reasoning.add(usage.reasoning());
      Optional<BigDecimal> usd = trail.cost();
      if (usd.isPresent()) {
        costs.inc(usd.get().doubleValue());
      } else if (usage.source() != Usage.Source.NONE) {
        unpriced.labelValues(key.model, key.provider).inc();
      }
      pace.count(trail, nanos, perToken, example);
    }
  }

  /** One kind of tokens; there is no series of it until there are some. */
  private final class Tally {
    private final Key key;
    private final String type;
    private @Nullable CounterDataPoint point;

    Tally(Key key, String type) {
      this.key = key;
      this.type = type;
    }

    void add(long amount) {
      if (amount > 0) {
        CounterDataPoint known = point;
        if (known == null) {
          known = tokens.labelValues(key.tenant, key.app, key.model, key.provider, type);
          point = known;
        }
        known.inc(amount);
      }
    }
  }
}

package dev.lintel.observe;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Health;
import dev.lintel.Json;
import dev.lintel.Model;
import dev.lintel.Sample;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.observe.Look.Of;
import dev.lintel.observe.Look.Series;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who and what takes part in what goes on, row by row.
 *
 * @param tenant of that one alone; empty for all
 * @param grown what has come within those seconds
 * @param bounds of the buckets of durations
 * @param underWay the calls that have begun and not ended
 */
record Tables(
    Optional<String> tenant,
    Map<Series, double[]> grown,
    double seconds,
    List<Double> bounds,
    List<Trail> underWay) {
  /** The most rows of a table. */
  static final int MOST_ROWS = 50;

  private static final String OTHER = "other";
  private static final String NONE = "none";

  private record Route(String model, String provider) {}

  private boolean fits(Series series) {
    return series.of() == Of.CALLS && tenant.map(series.tenant()::equals).orElse(true);
  }

  /** Of all calls. */
  Sum sum() {
    var sum = new Sum();
    grown.forEach((series, row) -> {
      if (fits(series)) {
        sum.add(row);
      }
    });
    return sum;
  }

  /**
   * The busiest first.
   *
   * @param configured whether that is the name of a configured model
   */
  ArrayNode models(Predicate<String> configured, Map<String, Health> health) {
    var sums = new HashMap<Route, Sum>();
    grown.forEach((series, row) -> {
      if (fits(series)) {
        var route = new Route(series.model(), series.provider());
        sums.computeIfAbsent(route, made -> new Sum()).add(row);
      }
    });
    for (Trail trail : underWay) {
      var route =
          new Route(
              trail.model().map(Model::name).filter(configured).orElse(OTHER),
              trail.target().map(target -> target.provider().name()).orElse(NONE));
      sums.computeIfAbsent(route, made -> new Sum()).goesOn();
    }
    ArrayNode models = Json.array();
    busiest(sums)
        .forEach(entry -> {
          Route route = entry.getKey();
          Sum sum = entry.getValue();
          ObjectNode one = models.addObject();
          one.put("model", route.model).put("provider", route.provider);
          // How a provider is, and how long others waited for it, is not told to one tenant.
          Health state = tenant.isPresent() ? null : health.get(route.provider);
          one.put("state", state == null ? null : word(state.word()));
          one.put("under_way", sum.underWay());
          sum.figures(one, seconds);
          sum.tokens(one, seconds);
          times(one, "", Of.DURATION, route);
          times(one, "ttft_", Of.FIRST_CONTENT, route);
        });
    return models;
  }

  private static <K> Stream<Entry<K, Sum>> busiest(Map<K, Sum> sums) {
    return sums.entrySet().stream()
        .sorted(
            Comparator.comparingDouble((Entry<K, Sum> entry) -> entry.getValue().ended())
                .thenComparingInt(entry -> entry.getValue().underWay())
                .reversed()
                .thenComparing(entry -> entry.getKey().toString()))
        .limit(MOST_ROWS);
  }

  private void times(ObjectNode of, String before, Of what, Route route) {
    double[] counts =
        tenant.isPresent()
            ? null
            : grown.get(new Series(what, "", "", route.model, route.provider));
    for (int percent : new int[] {50, 95}) {
      double time = counts == null ? Double.NaN : Sample.quantile(bounds, counts, percent * 0.01);
      String name = before + "p" + percent + "_ms";
      if (Double.isNaN(time)) {
        of.putNull(name);
      } else {
        of.put(name, Math.round(time * 1000));
      }
    }
  }

  /** Those who were asked, and those of whom something rests; none to one tenant. */
  ArrayNode providers(Map<String, Health> health) {
    ArrayNode providers = Json.array();
    if (tenant.isPresent()) {
      return providers;
    }
    var sums = new HashMap<String, Sum>();
    grown.forEach((series, row) -> {
      if (series.of() == Of.TRIES) {
        sums.computeIfAbsent(series.provider(), made -> new Sum()).add(row);
      }
    });
    health.forEach((name, state) -> {
      if (!well(state)) {
        sums.computeIfAbsent(name, made -> new Sum());
      }
    });
    busiest(sums)
        .forEach(entry -> {
          ObjectNode one = providers.addObject().put("provider", entry.getKey());
          one.put("tries_per_second", Sum.rounded(entry.getValue().ended() / seconds));
          entry.getValue().share(one);
          state(one, health.get(entry.getKey()));
        });
    return providers;
  }

  private static boolean well(Health state) {
    return state.word() == Health.Word.HEALTHY
        && state.keys().stream().allMatch(key -> key.fitness() == Health.Fitness.OK)
        && state.models().stream().allMatch(model -> model.word() == Health.Word.HEALTHY);
  }

  /** A provider that is configured no more has none. */
  private static void state(ObjectNode of, @Nullable Health state) {
    of.put("state", state == null ? null : word(state.word()));
    of.put("until", state == null ? null : state.until().map(Instant::toString).orElse(null));
    of.put(
        "last_failure",
        state == null ? null : state.lastFailure().map(why -> why.kind().word()).orElse(null));
    ObjectNode keys = of.putObject("keys");
    ArrayNode models = of.putArray("models");
    if (state != null) {
      state
          .keys()
          .forEach(key -> {
            String word = word(key.fitness());
            keys.put(word, keys.path(word).asInt(0) + 1);
          });
      state.models().stream()
          .filter(model -> model.word() != Health.Word.HEALTHY)
          .limit(MOST_ROWS)
          .forEach(model ->
              models
                  .addObject()
                  .put("model", model.name())
                  .put("state", word(model.word()))
                  .put("until", model.until().map(Instant::toString).orElse(null)));
    }
  }

  /** The dearest first; of one tenant its apps. */
  ArrayNode tenants() {
    boolean own = tenant.isPresent();
    var sums = new HashMap<String, Sum>();
    grown.forEach((series, row) -> {
      if (fits(series)) {
        sums.computeIfAbsent(own ? series.app() : series.tenant(), made -> new Sum()).add(row);
      }
    });
    for (Trail trail : underWay) {
      String name = own ? trail.caller().app() : trail.caller().tenant();
      sums.computeIfAbsent(name, made -> new Sum()).goesOn();
    }
    ArrayNode tenants = Json.array();
    sums.entrySet().stream()
        .sorted(
            Comparator.comparingDouble((Entry<String, Sum> entry) -> entry.getValue().cost())
                .thenComparingDouble(entry -> entry.getValue().ended())
                .reversed()
                .thenComparing(Entry::getKey))
        .limit(MOST_ROWS)
        .forEach(entry -> {
          ObjectNode one = tenants.addObject().put(own ? "app" : "tenant", entry.getKey());
          one.put("under_way", entry.getValue().underWay());
          entry.getValue().figures(one, seconds);
          entry.getValue().tokens(one, seconds);
        });
    return tenants;
  }

  /** The longest under way first. */
  ArrayNode calls() {
    long now = CallThread.nanoTime();
    ArrayNode calls = Json.array();
    underWay.stream()
        .sorted(Comparator.comparingLong(trail -> trail.started() - now))
        .limit(MOST_ROWS)
        .forEach(trail -> {
          ObjectNode one = calls.addObject();
          one.put("request_id", trail.id()).put("time", trail.time().toString());
          one.put("tenant", trail.caller().tenant()).put("app", trail.caller().app());
          one.put("model", Notable.named(trail));
          one.put("target", trail.target().map(Target::name).orElse(null));
          one.put("ms", (now - trail.started()) / 1_000_000);
          milliseconds(one, "ttft_ms", trail.firstContentNanos());
        });
    return calls;
  }

  static ArrayNode past(List<Notable.Past> calls) {
    ArrayNode all = Json.array();
    for (Notable.Past past : calls) {
      ObjectNode one = all.addObject();
      one.put("request_id", past.id()).put("time", past.time().toString());
      one.put("tenant", past.tenant()).put("app", past.app());
      one.put("model", past.model());
      one.put("target", past.target().isEmpty() ? null : past.target());
      one.put("ms", past.nanos() / 1_000_000);
      milliseconds(one, "ttft_ms", past.firstContentNanos());
      one.put("kind", past.kind().map(Failure.Kind::word).orElse(null));
    }
    return all;
  }

  private static void milliseconds(ObjectNode of, String name, long nanos) {
    if (nanos < 0) {
      of.putNull(name);
    } else {
      of.put(name, nanos / 1_000_000);
    }
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}

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
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What goes on now: rates, who waits for whom, the slowest, the failing. Made of what the metrics
 * say at two moments, so that it costs something only while somebody looks: who looks first waits a
 * second for the second of them.
 */
public final class Moment {
  private static final String OTHER = "other";
  private static final String NONE = "none";

  /** A rate over less says nothing. */
  private static final long LEAST_NANOS = Duration.ofSeconds(1).toNanos();

  /** What was seen so shortly ago is not looked at again. */
  private static final long SAME_NANOS = LEAST_NANOS / 2;

  private static final long NOW_NANOS = Duration.ofSeconds(10).toNanos();
  private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

  /** Between the moments that are kept. */
  private static final long STEP_NANOS = Duration.ofSeconds(5).toNanos();

  /** Nobody has looked for so long: what was seen then says nothing of now. */
  private static final long GAP_NANOS = Duration.ofSeconds(15).toNanos();

  /** The most rows of a table, and the most calls under way that are named. */
  static final int MOST_ROWS = 50;

  /**
   * This node.
   *
   * @param shared whether other nodes may serve calls, too, of which nothing is told here
   */
  public record Node(String name, String version, boolean shared, Instant started) {}

  private record Route(String model, String provider) {}

  private final Node node;
  private final Function<Set<String>, List<Sample>> samples;
  private final Predicate<String> configured;
  private final Supplier<Map<String, Health>> health;
  private final Supplier<List<Trail>> serving;
  private final Notable notable;
  private final InstantSource clock;
  private final Deque<Look> looks = new ArrayDeque<>();
  private @Nullable Look latest;

  /**
   * @param samples of the metrics of those names
   * @param configured whether that is the name of a configured model
   * @param health of every provider, by name
   * @param serving the calls under way; of other gateways of this process, too
   */
  public Moment(
      Node node,
      Function<Set<String>, List<Sample>> samples,
      Predicate<String> configured,
      Supplier<Map<String, Health>> health,
      Supplier<List<Trail>> serving,
      Notable notable,
      InstantSource clock) {
    this.node = node;
    this.samples = samples;
    this.configured = configured;
    this.health = health;
    this.serving = serving;
    this.notable = notable;
    this.clock = clock;
  }

  /** What lies between two looks. */
  private record Between(double seconds, Map<Series, double[]> grown) {
    static Between of(Look before, Look now) {
      return new Between(now.secondsSince(before), now.since(before));
    }

    /** The sum of the rows of calls that fit. */
    double[] calls(Predicate<Series> fits) {
      var sum = new double[Look.COST + 1];
      grown.forEach((series, row) -> {
        if (series.of() == Of.CALLS && fits.test(series)) {
          add(sum, row);
        }
      });
      return sum;
    }
  }

  private static void add(double[] sum, double[] row) {
    for (int i = 0; i < row.length; i++) {
      sum[i] += row[i];
    }
  }

  private synchronized Look look() {
    long now = CallThread.nanoTime();
    Look last = latest;
    if (last != null && now - last.nanos() < SAME_NANOS) {
      return last;
    }
    Look next = Look.of(now, samples.apply(Look.METRICS), last);
    if (last != null && now - last.nanos() > GAP_NANOS) {
      looks.clear();
    }
    if (looks.isEmpty() || now - looks.getLast().nanos() >= STEP_NANOS) {
      looks.addLast(next);
    }
    // The one before the minute stays: from it on it has grown within it.
    while (looks.size() > 1 && now - second().nanos() >= MINUTE_NANOS) {
      looks.removeFirst();
    }
    latest = next;
    return next;
  }

  private Look second() {
    Iterator<Look> all = looks.iterator();
    all.next();
    return all.next();
  }

  /** The youngest look that is so old; the oldest, where none is. */
  private synchronized Look before(Look now, long nanos) {
    Iterator<Look> youngest = looks.descendingIterator();
    while (youngest.hasNext()) {
      Look one = youngest.next();
      if (now.nanos() - one.nanos() >= nanos) {
        return one;
      }
    }
    return looks.getFirst();
  }

  /** Lets go what was seen, once nobody has looked for a while. To be called now and then. */
  public synchronized void rest() {
    if (latest != null && CallThread.nanoTime() - latest.nanos() > GAP_NANOS) {
      looks.clear();
      latest = null;
    }
  }

  /**
   * As the admin API shows it. On a call's thread, which may wait for a second.
   *
   * @param tenant of that one alone; empty for all
   */
  public ObjectNode shown(Optional<String> tenant) {
    Look now = look();
    long young = LEAST_NANOS - (now.nanos() - before(now, MINUTE_NANOS).nanos());
    if (young > 0) {
      CallThread.current().await(() -> false, CallThread.nanoTime() + young);
      now = look();
    }
    Between lately = Between.of(before(now, NOW_NANOS), now);
    Between minute = Between.of(before(now, MINUTE_NANOS), now);
    List<Trail> underWay =
        serving.get().stream()
            .filter(trail -> trail.served().node().equals(node.name))
            .filter(trail -> tenant.map(trail.caller().tenant()::equals).orElse(true))
            .toList();
    Predicate<Series> fits = series -> tenant.map(series.tenant()::equals).orElse(true);

    ObjectNode shown = Json.object();
    shown.put("node", node.name).put("version", node.version).put("shared", node.shared);
    shown.put("time", clock.instant().toString()).put("started", node.started.toString());
    shown.put("tenant", tenant.orElse(null));
    shown.put("under_way", underWay.size());
    if (tenant.isPresent()) {
      shown.putNull("waiting");
    } else {
      shown.put("waiting", Math.round(now.waiting()));
    }
    shown.set("now", sums(lately, fits));
    shown.set("minute", sums(minute, fits));
    shown.set("kinds", kinds(lately, minute, fits));
    shown.set("models", models(minute, fits, tenant.isPresent(), now, underWay));
    shown.set("providers", tenant.isPresent() ? Json.array() : providers(minute));
    shown.set("tenants", tenants(minute, fits, tenant.isPresent(), underWay));
    shown.set("calls", calls(underWay));
    long nanos = CallThread.nanoTime();
    ArrayNode slowest = shown.putArray("slowest");
    notable.slowest(tenant, nanos).forEach(past -> slowest.add(past(past)));
    ArrayNode failed = shown.putArray("failed");
    notable.failed(tenant, nanos).forEach(past -> failed.add(past(past)));
    return shown;
  }

  private static ObjectNode sums(Between between, Predicate<Series> fits) {
    double[] sum = between.calls(fits);
    ObjectNode sums = Json.object().put("seconds", rounded(between.seconds));
    figures(sums, sum, between.seconds);
    ObjectNode tokens = sums.putObject("tokens_per_second");
    for (int i = 0; i < Look.TOKENS.size(); i++) {
      tokens.put(Look.TOKENS.get(i), rounded(sum[Look.ENDS.size() + i] / between.seconds));
    }
    return sums;
  }

  /** What is said of every group of calls. */
  private static void figures(ObjectNode of, double[] sum, double seconds) {
    of.put("calls_per_second", rounded(ended(sum) / seconds));
    share(of, sum);
    of.put("cost_usd_per_minute", money(sum[Look.COST] / seconds * 60));
  }

  /** Of those that have ended; a caller who left is none that failed. */
  private static void share(ObjectNode of, double[] sum) {
    double all = ended(sum);
    double failing = failing(sum);
    if (all > 0) {
      of.put("failing", rounded(failing / all));
    } else {
      of.putNull("failing");
    }
  }

  private static double ended(double[] sum) {
    double all = 0;
    for (int i = 0; i < Look.ENDS.size(); i++) {
      all += sum[i];
    }
    return all;
  }

  private static double failing(double[] sum) {
    return ended(sum) - sum[0] - sum[Look.ENDS.indexOf(Failure.Kind.CANCELLED.word())];
  }

  private static ArrayNode kinds(Between lately, Between minute, Predicate<Series> fits) {
    double[] few = lately.calls(fits);
    double[] sum = minute.calls(fits);
    ArrayNode kinds = Json.array();
    Stream.iterate(1, i -> i < Look.ENDS.size(), i -> i + 1)
        .filter(i -> sum[i] > 0)
        .sorted(Comparator.comparingDouble(i -> -sum[i]))
        .forEach(i ->
            kinds
                .addObject()
                .put("kind", Look.ENDS.get(i))
                .put("calls", Math.round(sum[i]))
                .put("per_second", rounded(few[i] / lately.seconds)));
    return kinds;
  }

  private ArrayNode models(
      Between minute,
      Predicate<Series> fits,
      boolean own,
      Look now,
      List<Trail> underWay) {
    var sums = new HashMap<Route, double[]>();
    minute.grown.forEach((series, row) -> {
      if (series.of() == Of.CALLS && fits.test(series)) {
        var route = new Route(series.model(), series.provider());
        add(sums.computeIfAbsent(route, made -> new double[Look.COST + 1]), row);
      }
    });
    var running = new HashMap<Route, Integer>();
    for (Trail trail : underWay) {
      Route route = route(trail);
      running.merge(route, 1, Integer::sum);
      sums.computeIfAbsent(route, made -> new double[Look.COST + 1]);
    }
    Map<String, Health> states = own ? Map.of() : health.get();
    ArrayNode models = Json.array();
    busiest(sums, running)
        .forEach(route -> {
          double[] sum = sums.get(route);
          ObjectNode one = models.addObject();
          one.put("model", route.model).put("provider", route.provider);
          Health state = states.get(route.provider);
          one.put("state", state == null ? null : word(state.word()));
          one.put("under_way", running.getOrDefault(route, 0));
          figures(one, sum, minute.seconds);
          tokens(one, sum, minute.seconds);
          // How long others waited is not told to one tenant.
          times(one, "", Of.DURATION, own ? Map.of() : minute.grown, route, now.bounds());
          times(one, "ttft_", Of.FIRST_CONTENT, own ? Map.of() : minute.grown, route, now.bounds());
        });
    return models;
  }

  private Route route(Trail trail) {
    return new Route(
        trail.model().map(Model::name).filter(configured).orElse(OTHER),
        trail.target().map(target -> target.provider().name()).orElse(NONE));
  }

  private static <K> Stream<K> busiest(Map<K, double[]> sums, Map<K, Integer> running) {
    return sums.keySet().stream()
        .sorted(
            Comparator.comparingDouble((K key) -> ended(sums.get(key)))
                .thenComparingInt(key -> running.getOrDefault(key, 0))
                .reversed()
                .thenComparing(K::toString))
        .limit(MOST_ROWS);
  }

  private static void tokens(ObjectNode of, double[] sum, double seconds) {
    double all = 0;
    for (String type : Look.TOKENS) {
      // Output has them in it.
      all += type.equals("reasoning") ? 0 : sum[Look.ENDS.size() + Look.TOKENS.indexOf(type)];
    }
    of.put("tokens_per_second", rounded(all / seconds));
  }

  private static void times(
      ObjectNode of,
      String before,
      Of what,
      Map<Series, double[]> grown,
      Route route,
      List<Double> bounds) {
    double[] counts = grown.get(new Series(what, "", "", route.model, route.provider));
    for (int percent : new int[] {50, 95}) {
      double seconds =
          counts == null ? Double.NaN : Sample.quantile(bounds, counts, percent * 0.01);
      String name = before + "p" + percent + "_ms";
      if (Double.isNaN(seconds)) {
        of.putNull(name);
      } else {
        of.put(name, Math.round(seconds * 1000));
      }
    }
  }

  private ArrayNode providers(Between minute) {
    var sums = new HashMap<String, double[]>();
    minute.grown.forEach((series, row) -> {
      if (series.of() == Of.TRIES) {
        sums.put(series.provider(), row);
      }
    });
    Map<String, Health> states = health.get();
    states.forEach((name, state) -> {
      if (!well(state)) {
        sums.computeIfAbsent(name, made -> new double[Look.COST + 1]);
      }
    });
    ArrayNode providers = Json.array();
    busiest(sums, Map.of())
        .forEach(name -> {
          double[] sum = sums.get(name);
          ObjectNode one = providers.addObject().put("provider", name);
          one.put("tries_per_second", rounded(ended(sum) / minute.seconds));
          share(one, sum);
          state(one, states.get(name));
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
      state.keys().forEach(key -> {
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
  private static ArrayNode tenants(
      Between minute, Predicate<Series> fits, boolean own, List<Trail> underWay) {
    var sums = new HashMap<String, double[]>();
    minute.grown.forEach((series, row) -> {
      if (series.of() == Of.CALLS && fits.test(series)) {
        String name = own ? series.app() : series.tenant();
        add(sums.computeIfAbsent(name, made -> new double[Look.COST + 1]), row);
      }
    });
    var running = new HashMap<String, Integer>();
    for (Trail trail : underWay) {
      String name = own ? trail.caller().app() : trail.caller().tenant();
      running.merge(name, 1, Integer::sum);
      sums.computeIfAbsent(name, made -> new double[Look.COST + 1]);
    }
    ArrayNode tenants = Json.array();
    sums.keySet().stream()
        .sorted(
            Comparator.comparingDouble((String name) -> sums.get(name)[Look.COST])
                .thenComparingDouble(name -> ended(sums.get(name)))
                .reversed()
                .thenComparing(name -> name))
        .limit(MOST_ROWS)
        .forEach(name -> {
          ObjectNode one = tenants.addObject().put(own ? "app" : "tenant", name);
          one.put("under_way", running.getOrDefault(name, 0));
          figures(one, sums.get(name), minute.seconds);
          tokens(one, sums.get(name), minute.seconds);
        });
    return tenants;
  }

  /** The longest under way first. */
  private static ArrayNode calls(List<Trail> underWay) {
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

  private static ObjectNode past(Notable.Past past) {
    ObjectNode one = Json.object();
    one.put("request_id", past.id()).put("time", past.time().toString());
    one.put("tenant", past.tenant()).put("app", past.app());
    one.put("model", past.model());
    one.put("target", past.target().isEmpty() ? null : past.target());
    one.put("ms", past.nanos() / 1_000_000);
    milliseconds(one, "ttft_ms", past.firstContentNanos());
    return one.put("kind", past.kind().map(Failure.Kind::word).orElse(null));
  }

  private static void milliseconds(ObjectNode of, String name, long nanos) {
    if (nanos < 0) {
      of.putNull(name);
    } else {
      of.put(name, nanos / 1_000_000);
    }
  }

  private static double rounded(double value) {
    return BigDecimal.valueOf(value).setScale(4, RoundingMode.HALF_UP).doubleValue();
  }

  private static String money(double usd) {
    BigDecimal plain = BigDecimal.valueOf(usd).setScale(9, RoundingMode.HALF_UP);
    return plain.signum() == 0 ? "0" : plain.stripTrailingZeros().toPlainString();
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}

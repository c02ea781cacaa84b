package dev.lintel.admin;

import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Spread;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a configuration would change, added up. Of fixed size, however many calls are added. */
final class Forecast {
  /** The most rows of each kind; what is beyond them is counted with them. */
  private static final int MOST = 1000;

  private static final int EXAMPLES = 3;
  private static final String OTHER = "(other)";

  private record Way(String from, String to) {}

  private record Why(String rule, String kind) {}

  /** Calls that were, or would be, refused for the same reason. */
  private static final class Refused {
    private final List<String> examples = new ArrayList<>(EXAMPLES);
    private final String message;
    private long calls;

    Refused(String message) {
      this.message = message;
    }

    void add(String id) {
      calls++;
      if (examples.size() < EXAMPLES) {
        examples.add(id);
      }
    }
  }

  /** What calls come to, as they were and as they would be. */
  private static final class Sum {
    private final Spread timeBefore = new Spread();
    private final Spread timeAfter = new Spread();
    private long calls;
    private long moved;
    private long newlyRefused;
    private long noLongerRefused;
    private long newlyFailed;
    private long noLongerFailed;
    private BigDecimal before = BigDecimal.ZERO;
    private BigDecimal after = BigDecimal.ZERO;
    private long unknownBefore;
    private long unknownAfter;
    private long guessed;
    private long timeUnknown;
    private boolean timed;

    void add(Past past, Outcome then) {
      calls++;
      moved += moved(past, then) ? 1 : 0;
      newlyRefused += !past.refused() && then.refused() ? 1 : 0;
      noLongerRefused += past.refused() && !then.refused() ? 1 : 0;
      newlyFailed += past.answered() && !then.answered() && !then.refused() ? 1 : 0;
      noLongerFailed += !past.answered() && !past.refused() && then.answered() ? 1 : 0;
      if (past.cost().isPresent()) {
        before = before.add(past.cost().get());
      } else {
        unknownBefore += past.answered() ? 1 : 0;
      }
      if (then.cost().isPresent()) {
        after = after.add(then.cost().get());
      } else {
        unknownAfter += then.answered() ? 1 : 0;
      }
      guessed += then.guessed() && then.cost().isPresent() ? 1 : 0;
      if (past.answered()) {
        timeBefore.add(past.latencyMs() * 1_000_000);
        timed = true;
      }
      if (then.answered() && then.nanos() >= 0) {
        timeAfter.add(then.nanos());
        timed = true;
      }
      timeUnknown += then.answered() && then.nanos() < 0 ? 1 : 0;
    }

    void write(ObjectNode node) {
      node.put("calls", calls).put("moved", moved);
      node.put("newly_refused", newlyRefused).put("no_longer_refused", noLongerRefused);
      node.put("newly_failed", newlyFailed).put("no_longer_failed", noLongerFailed);
      node.putObject("cost_usd")
          .put("before", Story.plain(before))
          .put("after", Story.plain(after))
          .put("difference", Story.plain(after.subtract(before)))
          .put("unknown_before", unknownBefore)
          .put("unknown_after", unknownAfter)
          .put("guessed", guessed);
      ObjectNode time = node.putObject("latency_ms");
      if (timed) {
        spread(time.putObject("before"), timeBefore);
        spread(time.putObject("after"), timeAfter);
      } else {
        time.putNull("before").putNull("after");
      }
      time.put("unknown", timeUnknown);
    }

    private static void spread(ObjectNode node, Spread times) {
      percentile(node, "p50", times.within(0.5));
      percentile(node, "p95", times.within(0.95));
    }

    private static void percentile(ObjectNode node, String name, OptionalLong nanos) {
      if (nanos.isPresent()) {
        node.put(name, Math.round(nanos.getAsLong() / 1e6));
      } else {
        node.putNull(name);
      }
    }
  }

  private final WhatIf.Replaying candidate;
  private final Sum all = new Sum();
  private final Map<String, Sum> tenants = new TreeMap<>();
  private final Map<Way, Long> ways = new LinkedHashMap<>();
  private final Map<Why, Refused> newly = new LinkedHashMap<>();
  private final Map<Why, Refused> noLonger = new LinkedHashMap<>();
  private final Map<String, Long> left = new LinkedHashMap<>();
  private final Map<String, Long> models = new LinkedHashMap<>();
  private final Map<String, Long> apps = new LinkedHashMap<>();
  private long seen;
  private long nearly;

  Forecast(WhatIf.Replaying candidate) {
    this.candidate = candidate;
  }

  /** A call that cannot be made again. */
  void left(String why) {
    seen++;
    left.merge(why, 1L, Long::sum);
  }

  /** A call that is made again, and of which {@link #add} will tell what came. */
  void seen(Past past) {
    seen++;
    nearly += past.sized() ? 0 : 1;
    if (!candidate.hasApp(past.tenant(), past.app())) {
      count(apps, past.tenant() + "/" + past.app());
    } else if (!candidate.hasModel(past.model())) {
      count(models, past.model());
    }
  }

  private static void count(Map<String, Long> counts, String name) {
    String key = counts.size() < MOST || counts.containsKey(name) ? name : OTHER;
    counts.merge(key, 1L, Long::sum);
  }

  void add(Past past, Outcome then) {
    all.add(past, then);
    String tenant =
        tenants.size() < MOST || tenants.containsKey(past.tenant()) ? past.tenant() : OTHER;
    tenants.computeIfAbsent(tenant, first -> new Sum()).add(past, then);
    if (moved(past, then)) {
      var way = new Way(past.target(), then.target());
      Way key = ways.size() < MOST || ways.containsKey(way) ? way : new Way(OTHER, OTHER);
      ways.merge(key, 1L, Long::sum);
    }
    if (!past.refused() && then.refused()) {
      Failure failure = then.failure().orElseThrow();
      refused(newly, then.rule(), failure.kind(), failure.message(), past.id());
    } else if (past.refused() && !then.refused()) {
      refused(noLonger, past.rule(), past.kind().orElseThrow(), past.message(), past.id());
    }
  }

  private static void refused(
      Map<Why, Refused> all, String rule, Failure.Kind kind, String message, String id) {
    var why = new Why(rule, kind.word());
    Why key = all.size() < MOST || all.containsKey(why) ? why : new Why(OTHER, kind.word());
    all.computeIfAbsent(key, first -> new Refused(message)).add(id);
  }

  /** Whether somebody else is asked last, and somebody is. */
  private static boolean moved(Past past, Outcome then) {
    return !past.target().isEmpty()
        && !then.target().isEmpty()
        && !past.target().equals(then.target());
  }

  ObjectNode json() {
    ObjectNode body = Json.object();
    body.put("seen", seen);
    all.write(body);
    ArrayNode routes = body.putArray("routes");
    rows(
        ways,
        Long::longValue,
        (way, calls) ->
            routes.addObject().put("from", way.from).put("to", way.to).put("calls", calls));
    refusals(body.putArray("newly_refused_by"), newly);
    refusals(body.putArray("no_longer_refused_by"), noLonger);
    counts(body.putArray("missing_models"), "model", models);
    counts(body.putArray("missing_apps"), "app", apps);
    counts(body.putArray("not_replayed"), "why", left);
    ArrayNode each = body.putArray("tenants");
    tenants.forEach((name, sum) -> sum.write(each.addObject().put("tenant", name)));
    candidate.notHeld().forEach(body.putArray("not_held")::add);
    return body.put("nearly", nearly);
  }

  private static void refusals(ArrayNode array, Map<Why, Refused> all) {
    rows(
        all,
        refused -> refused.calls,
        (why, refused) -> {
          ObjectNode row = array.addObject();
          row.put("rule", Optional.of(why.rule).filter(rule -> !rule.isEmpty()).orElse(null));
          row.put("kind", why.kind).put("calls", refused.calls);
          row.put("message", refused.message);
          refused.examples.forEach(row.putArray("examples")::add);
        });
  }

  private static void counts(ArrayNode array, String name, Map<String, Long> counts) {
    rows(
        counts,
        Long::longValue,
        (what, calls) -> array.addObject().put(name, what).put("calls", calls));
  }

  /** The most frequent first. */
  private static <K, V> void rows(
      Map<K, V> all, ToLongFunction<V> calls, BiConsumer<K, V> writing) {
    all.entrySet().stream()
        .sorted(
            Comparator.<Map.Entry<K, V>>comparingLong(row -> calls.applyAsLong(row.getValue()))
                .reversed())
        .forEach(row -> writing.accept(row.getKey(), row.getValue()));
  }
}

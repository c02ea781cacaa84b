package dev.lintel.store;

import dev.lintel.Costs;
import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * What one call adds to the costs of its day.
 *
 * @param keys under which it counts: one of all calls, and one of each of its tags
 */
record RecordCost(List<CostKey> keys, Sums sums) {
  /** A call with more tags counts for the first of them. */
  private static final int MOST_TAGS = 16;

  /** What a record says beside its usage, while it is read. */
  static final class Found {
    String key = "";
    String tags = "";
    boolean estimated;
    boolean shadow;
    boolean replay;
    long tries;
    long failedTries;
    long failedPico;
    long bound;
  }

  static RecordCost of(
      String tenant,
      String app,
      String useCase,
      String model,
      String target,
      String kind,
      boolean priced,
      UsageSum usage,
      Found found) {
    long prompt = usage.input() + usage.cacheRead() + usage.cacheWrite();
    boolean used = prompt + usage.output() > 0;
    boolean answered = kind.isEmpty();
    Map<Figure, Long> sums = new EnumMap<>(Figure.class);
    sums.put(Figure.CALLS, 1L);
    sums.put(Figure.ANSWERED, one(answered));
    sums.put(Figure.PICO_USD, usage.picoUsd());
    sums.put(Figure.UNPRICED, one(used && !priced && !target.isEmpty()));
    sums.put(Figure.ESTIMATED, one(found.estimated));
    sums.put(Figure.CUT, one(used && !answered));
    sums.put(Figure.TRIES, found.tries);
    sums.put(Figure.FAILED_TRIES, found.failedTries);
    sums.put(Figure.FAILED_PICO_USD, found.failedPico);
    sums.put(Figure.INPUT, usage.input());
    sums.put(Figure.OUTPUT, usage.output());
    sums.put(Figure.CACHE_READ, usage.cacheRead());
    sums.put(Figure.CACHE_WRITE, usage.cacheWrite());
    sums.put(Figure.REASONING, usage.reasoning());
    if (prompt >= Costs.LONG) {
      sums.put(Figure.LONG_CALLS, 1L);
      sums.put(Figure.LONG_PROMPT, prompt);
      sums.put(Figure.LONG_READ, usage.cacheRead());
    }
    if (found.bound > 0 && answered) {
      sums.put(Figure.BOUNDED_CALLS, 1L);
      sums.put(Figure.BOUND, found.bound);
      sums.put(Figure.BOUNDED_OUTPUT, usage.output());
    }
    if (found.shadow) {
      sums.put(Figure.SHADOWS, 1L);
      sums.put(Figure.SHADOW_PICO_USD, usage.picoUsd());
    }
    sums.put(Figure.REPLAYS, one(found.replay));
    return new RecordCost(keys(tenant, app, useCase, model, target, found), Sums.of(sums));
  }

  private static long one(boolean holds) {
    return holds ? 1 : 0;
  }

  private static List<CostKey> keys(
      String tenant, String app, String useCase, String model, String target, Found found) {
    CostKey own = CostKey.of(tenant, app, useCase, model, target, found.key);
    if (found.tags.isEmpty()) {
      return List.of(own, CostKey.tagged(tenant, app, ""));
    }
    var keys = new ArrayList<CostKey>();
    keys.add(own);
    var tags = new LinkedHashSet<String>();
    Arrays.stream(found.tags.split(","))
        .map(String::strip)
        .filter(tag -> !tag.isEmpty())
        .limit(MOST_TAGS)
        .forEach(tags::add);
    if (tags.isEmpty()) {
      tags.add("");
    }
    tags.forEach(tag -> keys.add(CostKey.tagged(tenant, app, tag)));
    return keys;
  }
}

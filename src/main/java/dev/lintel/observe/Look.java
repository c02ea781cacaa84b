package dev.lintel.observe;

import dev.lintel.Failure;
import dev.lintel.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the metrics said of calls at a moment: two of them say what came between.
 *
 * @param nanos when
 * @param waiting calls that wait for targets to have room
 * @param bounds of the buckets of durations, in seconds
 */
record Look(long nanos, Map<Series, double[]> values, double waiting, List<Double> bounds) {
  static final Set<String> METRICS =
      Set.of(
          "lintel_calls_total",
          "lintel_tokens_total",
          "lintel_cost_usd_total",
          "lintel_attempts_total",
          "lintel_call_duration_seconds",
          "lintel_time_to_first_token_seconds",
          "lintel_queue_length");

  static final List<String> TOKENS =
      List.of("input", "output", "cache_read", "cache_write", "reasoning");

  /** How calls and tries end; the first is well. */
  static final List<String> ENDS = ends();

  static final int COST = ENDS.size() + TOKENS.size();

  private static final Map<String, Integer> COLUMNS = columns();

  /** What is counted. */
  enum Of {
    /** Ends, tokens and cost, by tenant, app, model and provider. */
    CALLS,
    /** Seconds, by model and provider. */
    DURATION,
    /** Seconds, by model and provider. */
    FIRST_CONTENT,
    /** Ends, by provider. */
    TRIES
  }

  /** Whose; empty where it is not told apart. */
  record Series(Of of, String tenant, String app, String model, String provider) {}

  private static List<String> ends() {
    var all = new ArrayList<String>(List.of("ok"));
    Arrays.stream(Failure.Kind.values()).map(Failure.Kind::word).forEach(all::add);
    return List.copyOf(all);
  }

  private static Map<String, Integer> columns() {
    var all = new HashMap<String, Integer>();
    ENDS.forEach(end -> all.put(end, all.size()));
    TOKENS.forEach(type -> all.put(type, all.size()));
    return Map.copyOf(all);
  }

  /**
   * @param before shares its rows where nothing has changed since: most series rest
   */
  static Look of(long nanos, List<Sample> samples, @Nullable Look before) {
    var values = new HashMap<Series, double[]>();
    double waiting = 0;
    List<Double> bounds = List.of();
    for (Sample sample : samples) {
      double value = sample.values().getFirst();
      switch (sample.name()) {
        case "lintel_calls_total" -> add(values, Of.CALLS, sample, "kind", value);
        case "lintel_tokens_total" -> add(values, Of.CALLS, sample, "type", value);
        case "lintel_cost_usd_total" -> row(values, Of.CALLS, sample)[COST] += value;
        case "lintel_attempts_total" -> add(values, Of.TRIES, sample, "kind", value);
        case "lintel_call_duration_seconds" -> {
          bounds = sample.bounds();
          values.put(series(Of.DURATION, sample), buckets(sample));
        }
        case "lintel_time_to_first_token_seconds" ->
            values.put(series(Of.FIRST_CONTENT, sample), buckets(sample));
        case "lintel_queue_length" -> waiting += value;
        default -> throw new IllegalArgumentException("nobody asked for " + sample.name());
      }
    }
    if (before != null) {
      values.replaceAll((series, row) -> {
        double[] old = before.values.get(series);
        return old != null && Arrays.equals(old, row) ? old : row;
      });
    }
    return new Look(nanos, values, waiting, bounds);
  }

  private static void add(
      Map<Series, double[]> values, Of of, Sample sample, String label, double value) {
    Integer column = COLUMNS.get(sample.labels().getOrDefault(label, ""));
    if (column != null) {
      row(values, of, sample)[column] += value;
    }
  }

  private static double[] row(Map<Series, double[]> values, Of of, Sample sample) {
    return values.computeIfAbsent(series(of, sample), made -> new double[COST + 1]);
  }

  private static double[] buckets(Sample sample) {
    return sample.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static Series series(Of of, Sample sample) {
    Map<String, String> labels = sample.labels();
    return new Series(
        of,
        labels.getOrDefault("tenant", ""),
        labels.getOrDefault("app", ""),
        labels.getOrDefault("model", ""),
        labels.getOrDefault("provider", ""));
  }

  /** What has come since then, as far as anything has. */
  Map<Series, double[]> since(Look before) {
    var grown = new HashMap<Series, double[]>();
    values.forEach((series, row) -> {
      double[] old = before.values.get(series);
      if (row != old) {
        double[] more = row.clone();
        for (int i = 0; old != null && i < more.length; i++) {
          more[i] -= old[i];
        }
        grown.put(series, more);
      }
    });
    return grown;
  }

  double secondsSince(Look before) {
    return (nanos - before.nanos) * 1e-9;
  }
}

package dev.lintel.alert;

import dev.lintel.AlertRule.Figure;
import dev.lintel.AlertRule.Function;
import dev.lintel.Sample;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** How a metric has grown of late, by group; what came of each look lies in it for a while. */
final class Window {
  /** Looks that are kept of a window: it is exact to a sixtieth. */
  private static final int STEPS = 60;

  /** Groups beyond are not watched: somebody named labels of which there are too many. */
  static final int MOST = 10_000;

  /** Sums of a group: of the series that match, and behind them of all where that is asked for. */
  private record Look(long nanos, Map<SortedMap<String, String>, double[]> sums) {}

  private final Figure figure;
  private final boolean above;
  private final ArrayDeque<Look> looks = new ArrayDeque<>();
  private List<Double> bounds = List.of();
  private boolean seen;

  /**
   * @param above whether the greatest value of a group counts, and not the least
   */
  Window(Figure figure, boolean above) {
    this.figure = figure;
    this.above = above;
  }

  /** Whether there was ever anything to look at. */
  boolean seen() {
    return seen;
  }

  /** The figure of each group that has one. */
  Map<SortedMap<String, String>, Double> look(long nanos, List<Sample> samples) {
    var now = new Look(nanos, sums(samples));
    if (figure.function() == Function.VALUE) {
      var values = new HashMap<SortedMap<String, String>, Double>();
      now.sums.forEach((group, sums) -> values.put(group, sums[0]));
      return values;
    }
    if (looks.isEmpty()) {
      looks.add(now);
      return Map.of();
    }
    long start = nanos - figure.over().toNanos();
    // The one before the window stays: from it on it has grown within it.
    while (looks.size() > 1 && second().nanos <= start) {
      looks.removeFirst();
    }
    Look before = looks.getFirst();
    var values = new HashMap<SortedMap<String, String>, Double>();
    now.sums.forEach((group, sums) -> {
      double[] grown = grown(sums, before.sums.get(group));
      double value = value(grown, (nanos - before.nanos) * 1e-9);
      if (!Double.isNaN(value)) {
        values.put(group, value);
      }
    });
    if (nanos - looks.getLast().nanos >= figure.over().toNanos() / STEPS) {
      looks.addLast(now);
    }
    return values;
  }

  private Look second() {
    var all = looks.iterator();
    all.next();
    return all.next();
  }

  /** What was not there before has begun at nothing. */
  private static double[] grown(double[] now, double @org.jspecify.annotations.Nullable [] before) {
    if (before == null) {
      return now;
    }
    var grown = now.clone();
    for (int i = 0; i < Math.min(now.length, before.length); i++) {
      grown[i] -= before[i];
    }
    return grown;
  }

  /** Not a number where it says nothing. */
  private double value(double[] grown, double seconds) {
    return switch (figure.function()) {
      case VALUE, INCREASE -> grown[0];
      case RATE -> seconds > 0 ? grown[0] / seconds : Double.NaN;
      case RATIO -> grown[1] > 0 && grown[1] >= figure.least() ? grown[0] / grown[1] : Double.NaN;
      case QUANTILE -> quantile(grown);
    };
  }

  private double quantile(double[] grown) {
    double all = Arrays.stream(grown).sum();
    return all <= 0 || all < figure.least()
        ? Double.NaN
        : Sample.quantile(bounds, grown, figure.quantile());
  }

  private Map<SortedMap<String, String>, double[]> sums(List<Sample> samples) {
    var sums = new HashMap<SortedMap<String, String>, double[]>();
    for (Sample sample : samples) {
      boolean fits = sample.name().equals(figure.metric());
      seen |= fits;
      boolean matches = fits && matches(sample.labels());
      if (!fits || (!matches && figure.function() != Function.RATIO)) {
        continue;
      }
      SortedMap<String, String> group = group(sample.labels());
      if (sums.size() < MOST || sums.containsKey(group)) {
        add(sums, group, sample, matches);
      }
    }
    return sums;
  }

  private void add(
      Map<SortedMap<String, String>, double[]> sums,
      SortedMap<String, String> group,
      Sample sample,
      boolean matches) {
    double value = sample.values().getFirst();
    switch (figure.function()) {
      case VALUE ->
          sums.merge(
              group,
              new double[] {value},
              (one, other) -> (one[0] > other[0]) == above ? one : other);
      case RATE, INCREASE -> sums.computeIfAbsent(group, made -> new double[1])[0] += value;
      case RATIO -> {
        double[] both = sums.computeIfAbsent(group, made -> new double[2]);
        both[0] += matches ? value : 0;
        both[1] += value;
      }
      case QUANTILE -> {
        bounds = sample.bounds();
        double[] buckets = sums.computeIfAbsent(group, made -> new double[bounds.size()]);
        for (int i = 0; i < Math.min(buckets.length, sample.values().size()); i++) {
          buckets[i] += sample.values().get(i);
        }
      }
    }
  }

  private boolean matches(Map<String, String> labels) {
    return figure.only().entrySet().stream()
        .allMatch(only -> only.getValue().holds(labels.getOrDefault(only.getKey(), "")));
  }

  private SortedMap<String, String> group(Map<String, String> labels) {
    if (figure.by().isEmpty()) {
      return new TreeMap<>(labels);
    }
    var group = new TreeMap<String, String>();
    figure.by().get().forEach(label -> group.put(label, labels.getOrDefault(label, "")));
    return group;
  }
}

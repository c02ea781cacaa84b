package dev.lintel.observe;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A histogram of whole numbers, such as nanoseconds, that are shown in another unit. A number costs
 * a short search and two additions, because a call is looked at ten times and more. A bucket has
 * the latest call as its example, at most one in ten seconds.
 */
final class Buckets implements Collector {
  private static final long EXAMPLE_MILLIS = 10_000;

  /** From a millisecond on, for what people wait for. */
  static final double[] WAITS = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600
  };

  /** From a microsecond on, for what the gateway does itself, and for waits within a call. */
  static final double[] MOMENTS = {
    0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
    0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30
  };

  static final double NANOS = 1e-9;

  private final MetricMetadata metadata;
  private final String[] labels;
  private final double unit;
  private final double[] bounds;

  /** The same in whole numbers. */
  private final long[] limits;

  private final Map<List<String>, Cell> cells = new ConcurrentHashMap<>();

  /**
   * @param unit in which it is shown, of what is observed; {@link #NANOS} for seconds
   * @param bounds of its buckets, in the unit in which it is shown
   */
  Buckets(
      PrometheusRegistry registry,
      String name,
      String help,
      double unit,
      double[] bounds,
      String... labels) {
    this.metadata = new MetricMetadata(name, help);
    this.labels = labels.clone();
    this.unit = unit;
    this.bounds = Arrays.copyOf(bounds, bounds.length + 1);
    this.bounds[bounds.length] = Double.POSITIVE_INFINITY;
    this.limits = Arrays.stream(bounds).mapToLong(bound -> Math.round(bound / unit)).toArray();
    registry.register(this);
  }

  /** Its figures for those labels; whoever asks sees to it that there are not too many. */
  Cell of(String... values) {
    return cells.computeIfAbsent(List.of(values), made -> new Cell());
  }

  @Override
  public MetricSnapshot collect() {
    var points = new ArrayList<HistogramDataPointSnapshot>();
    cells.forEach((values, cell) ->
        points.add(cell.snapshot(Labels.of(labels, values.toArray(String[]::new)))));
    return new HistogramSnapshot(metadata, points);
  }

  @Override
  public String getPrometheusName() {
    return metadata.getPrometheusName();
  }

  /** The figures for some labels. */
  final class Cell {
    private final AtomicLongArray counts = new AtomicLongArray(bounds.length);
    private final AtomicLong sum = new AtomicLong();
    private final AtomicReferenceArray<Exemplar> examples =
        new AtomicReferenceArray<>(bounds.length);

    void observe(long value) {
      counts.getAndIncrement(bucket(value));
      sum.getAndAdd(value);
    }

    /** The same, and the call is an example of it where its trace is kept. */
    void observe(long value, Example example) {
      int bucket = bucket(value);
      counts.getAndIncrement(bucket);
      sum.getAndAdd(value);
      Exemplar last = examples.get(bucket);
      if (last == null || example.millis() - last.getTimestampMillis() >= EXAMPLE_MILLIS) {
        example
            .trace()
            .ifPresent(trace ->
                examples.set(
                    bucket,
                    Exemplar.builder()
                        .value(value * unit)
                        .traceId(trace.traceId())
                        .spanId(trace.span())
                        .timestampMillis(example.millis())
                        .build()));
      }
    }

    /** There are few of them, and most values are in the first half. */
    private int bucket(long value) {
      int i = 0;
      while (i < limits.length && value > limits[i]) {
        i++;
      }
      return i;
    }

    HistogramDataPointSnapshot snapshot(Labels shown) {
      var seen = new long[bounds.length];
      var found = new ArrayList<Exemplar>();
      for (int i = 0; i < seen.length; i++) {
        seen[i] = counts.get(i);
        Exemplar example = examples.get(i);
        if (example != null) {
          found.add(example);
        }
      }
      return new HistogramDataPointSnapshot(
          ClassicHistogramBuckets.of(bounds, seen),
          sum.get() * unit,
          shown,
          Exemplars.of(found),
          0);
    }
  }
}

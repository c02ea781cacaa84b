package dev.lintel.observe;

import dev.lintel.Sample;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a registry knows, without a text between. */
final class Samples {
  private static final String TOTAL = "_total";

  private Samples() {}

  static List<Sample> of(PrometheusRegistry registry, Set<String> names) {
    Set<String> known = names.stream().map(Samples::plain).collect(Collectors.toSet());
    var all = new ArrayList<Sample>();
    for (MetricSnapshot metric : registry.scrape(name -> known.contains(plain(name)))) {
      String name = metric.getMetadata().getPrometheusName();
      switch (metric) {
        case CounterSnapshot counter ->
            counter
                .getDataPoints()
                .forEach(point ->
                    all.add(single(plain(name) + TOTAL, point.getLabels(), point.getValue())));
        case GaugeSnapshot gauge ->
            gauge
                .getDataPoints()
                .forEach(point -> all.add(single(name, point.getLabels(), point.getValue())));
        case HistogramSnapshot histogram ->
            histogram.getDataPoints().forEach(point -> all.add(buckets(name, point)));
        default -> throw new IllegalStateException("nobody here makes a " + metric.getClass());
      }
    }
    return all;
  }

  private static String plain(String name) {
    return name.endsWith(TOTAL) ? name.substring(0, name.length() - TOTAL.length()) : name;
  }

  private static Sample single(String name, Labels labels, double value) {
    return new Sample(name, map(labels), List.of(), List.of(value));
  }

  private static Sample buckets(String name, HistogramSnapshot.HistogramDataPointSnapshot point) {
    var bounds = new ArrayList<Double>();
    var values = new ArrayList<Double>();
    for (var bucket : point.getClassicBuckets()) {
      bounds.add(bucket.getUpperBound());
      values.add((double) bucket.getCount());
    }
    return new Sample(name, map(point.getLabels()), bounds, values);
  }

  private static Map<String, String> map(Labels labels) {
    var map = new HashMap<String, String>();
    labels.forEach(label -> map.put(label.getName(), label.getValue()));
    return map;
  }
}

package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Call;
import dev.lintel.TraceContext;
import dev.lintel.Tracing;
import dev.lintel.Trail;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BucketsTest {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Buckets buckets =
      new Buckets(registry, "some_seconds", "Help.", Buckets.NANOS, new double[] {0.1, 1}, "a");

  private static Example example(String id, long millis, AtomicInteger asked, boolean kept) {
    return new Example(
        new Tracing() {
          @Override
          public Map<String, String> along(Call call) {
            return Map.of();
          }

          @Override
          public Optional<TraceContext> kept(Trail trail) {
            asked.incrementAndGet();
            return kept ? Optional.of(TraceContext.of(trail)) : Optional.empty();
          }
        },
        new Trail(id, Instant.ofEpochMilli(millis), 0));
  }

  private String written() throws IOException {
    var out = new ByteArrayOutputStream();
    OpenMetricsTextFormatWriter.create().write(out, registry.scrape());
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void counts_what_is_at_a_bound_below_it() {
    var cell = buckets.of("x");
    cell.observe(100_000_000);
    cell.observe(100_000_001);
    cell.observe(5_000_000_000L);

    var point = ((HistogramSnapshot) buckets.collect()).getDataPoints().getFirst();
    assertThat(point.getClassicBuckets().getCount(0)).isEqualTo(1);
    assertThat(point.getClassicBuckets().getCount(1)).isEqualTo(1);
    assertThat(point.getClassicBuckets().getCount(2)).isEqualTo(1);
    assertThat(point.getCount()).isEqualTo(3);
    assertThat(point.getSum()).isEqualTo(5.200000001);
  }

  @Test
  void shows_a_call_whose_trace_is_kept_as_an_example() throws IOException {
    var asked = new AtomicInteger();
    Example example = example("req_1", 1_000_000, asked, true);
    buckets.of("x").observe(50_000_000, example);
    TraceContext trace = example.trace().orElseThrow();

    assertThat(written())
        .contains(
            "some_seconds_bucket{a=\"x\",le=\"0.1\"} 1 # {span_id=\""
                + trace.span()
                + "\",trace_id=\""
                + trace.traceId()
                + "\"} 0.05 1000.000");
  }

  @Test
  void takes_another_example_after_a_while_and_looks_for_none_before() throws IOException {
    var asked = new AtomicInteger();
    var cell = buckets.of("x");
    cell.observe(50_000_000, example("req_1", 1_000_000, asked, true));
    cell.observe(50_000_000, example("req_2", 1_009_999, asked, true));
    assertThat(asked).hasValue(1);

    Example later = example("req_3", 1_010_000, asked, true);
    cell.observe(50_000_000, later);
    assertThat(written()).contains(later.trace().orElseThrow().traceId());
  }

  @Test
  void has_no_example_of_calls_that_cannot_be_found() throws IOException {
    buckets.of("x").observe(50_000_000, example("req_1", 1_000_000, new AtomicInteger(), false));

    assertThat(written()).contains("some_seconds_bucket{a=\"x\",le=\"0.1\"} 1\n");
  }

  @Test
  void makes_no_more_than_it_may() {
    var made = new AtomicInteger();
    var few =
        new Sparing<String, Integer>(
            100, key -> made.incrementAndGet(), key -> key.isEmpty() ? key : "other");
    for (int i = 0; i < 10_000; i++) {
      few.of("tenant " + i);
    }

    assertThat(made).hasValue(101);
    assertThat(few.of("tenant 5000")).isEqualTo(few.of("tenant 6000"));
    assertThat(few.of("tenant 5")).isNotEqualTo(few.of("tenant 6"));
  }
}

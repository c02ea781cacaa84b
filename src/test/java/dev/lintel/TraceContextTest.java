package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";

  private static Trail trail(String id, String header) {
    var trail = new Trail(id, Instant.EPOCH, 0);
    trail.said(
        Terms.read(
            Headers.of(header.isEmpty() ? Map.of() : Map.of("traceparent", header)),
            Optional.empty()));
    return trail;
  }

  @Test
  void goes_on_with_the_trace_of_the_caller() {
    TraceContext kept = TraceContext.of(trail("req_1", "00-" + TRACE + "-" + PARENT + "-01"));
    TraceContext dropped = TraceContext.of(trail("req_1", "00-" + TRACE + "-" + PARENT + "-02"));

    assertThat(kept.traceId()).isEqualTo(TRACE);
    assertThat(kept.parent()).isEqualTo(PARENT);
    assertThat(kept.sampled()).isTrue();
    assertThat(dropped.sampled()).isFalse();
    assertThat(kept.header(kept.span(), true)).isEqualTo("00-" + TRACE + "-" + kept.span() + "-01");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f35",
        ""
      })
  void begins_a_trace_where_the_caller_names_none(String header) {
    TraceContext own = TraceContext.of(trail("req_1", header));

    assertThat(own.traceId()).matches("[0-9a-f]{32}").isNotEqualTo(TRACE);
    assertThat(own.parent()).isEmpty();
    assertThat(own.sampled()).isFalse();
  }

  @Test
  void goes_on_with_a_version_that_is_yet_to_come() {
    assertThat(TraceContext.of(trail("req_1", "01-" + TRACE + "-" + PARENT + "-01-x")).traceId())
        .isEqualTo(TRACE);
  }

  @Test
  void gives_each_span_of_each_call_an_id_of_its_own_that_stays() {
    var seen = new HashSet<String>();
    for (int call = 0; call < 1000; call++) {
      String header = "00-" + TRACE + "-" + PARENT + "-01";
      TraceContext context = TraceContext.of(trail("req_" + call, header));
      for (int place = -1; place < 10; place++) {
        String id = place < 0 ? context.span() : context.spanOf(place);
        assertThat(id).matches("[0-9a-f]{16}");
        assertThat(seen.add(id)).isTrue();
      }
      assertThat(TraceContext.of(trail("req_" + call, header))).isEqualTo(context);
    }
  }

  @Test
  void draws_lots_evenly() {
    long under =
        IntStream.range(0, 10_000)
            .filter(i -> TraceContext.of(trail(Ids.request(), "")).lot() < 0.1)
            .count();

    assertThat(under).isBetween(800L, 1200L);
  }
}

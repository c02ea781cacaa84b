package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Health;
import dev.lintel.Sample;
import dev.lintel.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

@Tag("threads")
class MomentTest {
  private static final List<Double> BOUNDS = List.of(0.1, 1.0, Double.POSITIVE_INFINITY);

  private final VirtualTime time = new VirtualTime();
  private double calls;
  private double failed;
  private int looked;

  private final Moment moment =
      new Moment(
          new Moment.Node("n", "1", false, Instant.EPOCH),
          names -> samples(),
          name -> true,
          () -> Map.of("p", healthy()),
          List::of,
          new Notable(),
          time.wall());

  private static Health healthy() {
    return new Health(
        Health.Word.HEALTHY, Optional.empty(), Optional.empty(), List.of(), List.of());
  }

  private List<Sample> samples() {
    looked++;
    var all = new ArrayList<Sample>();
    all.add(sample("lintel_calls_total", "kind", "ok", calls));
    all.add(sample("lintel_calls_total", "kind", "timeout", failed));
    all.add(sample("lintel_calls_total", "kind", "cancelled", failed));
    all.add(sample("lintel_tokens_total", "type", "input", calls * 100));
    all.add(sample("lintel_tokens_total", "type", "output", calls * 10));
    all.add(sample("lintel_tokens_total", "type", "reasoning", calls * 5));
    all.add(sample("lintel_cost_usd_total", "x", "x", calls * 0.5));
    all.add(new Sample("lintel_queue_length", Map.of("model", "m"), List.of(), List.of(2.0)));
    all.add(
        new Sample(
            "lintel_call_duration_seconds",
            Map.of("model", "m", "provider", "p"),
            BOUNDS,
            List.of(calls, 0.0, 0.0)));
    return all;
  }

  private static Sample sample(String name, String label, String value, double count) {
    return new Sample(
        name,
        Map.of("tenant", "t", "app", "a", "model", "m", "provider", "p", label, value),
        List.of(),
        List.of(count));
  }

  private JsonNode look() {
    var shown = new AtomicReference<JsonNode>();
    time.start(() -> shown.set(moment.shown(Optional.empty())));
    time.run(Duration.ofMillis(1500));
    return shown.get();
  }

  private void pass(long seconds) {
    time.after(Duration.ofSeconds(seconds), () -> {});
    time.run();
  }

  @Test
  void who_looks_first_waits_for_a_second_look() {
    time.after(Duration.ofMillis(500), () -> calls += 30);
    JsonNode shown = look();
    assertThat(looked).isEqualTo(2);
    assertThat(shown.path("now").path("seconds").asDouble()).isBetween(1.0, 1.1);
    assertThat(shown.path("now").path("calls_per_second").asDouble()).isBetween(27.0, 30.0);
    assertThat(shown.path("waiting").asInt()).isEqualTo(2);
  }

  @Test
  void what_was_counted_before_anybody_looked_is_no_rate() {
    calls = 1_000_000;
    assertThat(look().path("now").path("calls_per_second").asDouble()).isZero();
  }

  @Test
  void rates_are_of_the_last_seconds_and_of_the_last_minute() {
    look();
    for (int i = 0; i < 60; i++) {
      calls += i < 30 ? 20 : 0;
      pass(1);
      look();
    }
    JsonNode shown = look();
    assertThat(shown.path("now").path("seconds").asDouble()).isBetween(10.0, 15.0);
    assertThat(shown.path("now").path("calls_per_second").asDouble()).isZero();
    assertThat(shown.path("minute").path("seconds").asDouble()).isBetween(60.0, 65.0);
    calls += 100;
    failed += 50;
    pass(1);
    JsonNode sums = look();
    assertThat(sums.path("now").path("calls_per_second").asDouble()).isGreaterThan(5);
  }

  @Test
  void the_figures_of_a_model_are_what_came_within_the_minute() {
    look();
    pass(8);
    calls += 60;
    failed += 20;
    JsonNode shown = look();
    JsonNode model = shown.path("models").get(0);
    double seconds = shown.path("minute").path("seconds").asDouble();
    assertThat(model.path("calls_per_second").asDouble() * seconds).isBetween(99.9, 100.1);
    assertThat(model.path("failing").asDouble()).isEqualTo(0.2);
    assertThat(model.path("tokens_per_second").asDouble() * seconds).isBetween(6599.0, 6601.0);
    assertThat(Double.parseDouble(model.path("cost_usd_per_minute").asString()) * seconds / 60)
        .isBetween(29.99, 30.01);
    assertThat(model.path("p50_ms").asInt()).isEqualTo(50);
    assertThat(model.path("ttft_p50_ms").isNull()).isTrue();
    assertThat(model.path("state").asString()).isEqualTo("healthy");
    assertThat(shown.path("kinds"))
        .extracting(kind -> kind.path("calls").asInt())
        .containsExactly(20, 20);
  }

  @Test
  void after_a_while_without_anybody_the_next_look_is_a_first_one() {
    look();
    pass(60);
    calls += 500;
    JsonNode shown = look();
    assertThat(shown.path("minute").path("seconds").asDouble()).isLessThan(2);
    assertThat(shown.path("minute").path("calls_per_second").asDouble()).isZero();
  }

  @Test
  void many_who_look_at_once_cost_one_look() {
    look();
    pass(3);
    int before = looked;
    for (int i = 0; i < 20; i++) {
      time.start(() -> moment.shown(Optional.empty()));
    }
    time.run(Duration.ofMillis(100));
    assertThat(looked).isEqualTo(before + 1);
  }
}

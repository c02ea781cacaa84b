package dev.lintel.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Costs.Figure;
import dev.lintel.Json;
import dev.lintel.Opinion;
import dev.lintel.Opinions;
import dev.lintel.Price;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class AdviceTest {
  private static final LocalDate DAY = LocalDate.of(2026, 11, 1);
  private static final long USD = 1_000_000_000_000L;

  /** Sums that a test has put down. */
  private static final class Said implements Opinions {
    private final List<Sum> sums = new ArrayList<>();

    @Override
    public boolean keep(Opinion opinion) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<Opinion> of(List<String> callIds) {
      return List.of();
    }

    @Override
    public List<Sum> sums(List<String> by, Optional<String> tenant, Instant from, Instant to) {
      return sums;
    }

    Said put(String target, long count, double mean) {
      return put(target, Opinion.CALLER, count, mean);
    }

    Said put(String target, String source, long count, double mean) {
      sums.add(new Sum(List.of("acme", "support", "", target, source), count, count * mean, 0));
      return this;
    }
  }

  private record PerMillion(double input, double read, double output) implements Price {
    @Override
    public Optional<BigDecimal> cost(Usage usage) {
      return Optional.of(
          BigDecimal.valueOf(usage.input() * input)
              .add(BigDecimal.valueOf(usage.cacheRead() * read))
              .add(BigDecimal.valueOf(usage.output() * output))
              .movePointLeft(6));
    }

    @Override
    public ObjectNode json() {
      return Json.object().put("input", input);
    }
  }

  private static Optional<Price> price(String target) {
    return switch (target) {
      case "p/dear" -> Optional.of(new PerMillion(10, 1, 30));
      case "p/cheap" -> Optional.of(new PerMillion(1, 0.1, 3));
      default -> Optional.empty();
    };
  }

  private static Map<String, String> support(String target) {
    return Map.of("tenant", "acme", "app", "support", "target", target);
  }

  private static Map<Figure, Long> calls(long calls, long answered, long cost) {
    return Map.of(
        Figure.CALLS, calls,
        Figure.ANSWERED, answered,
        Figure.PICO_USD, cost,
        Figure.INPUT, 1_000_000L,
        Figure.OUTPUT, 100_000L);
  }

  private static JsonNode advice(KnownCosts costs, Opinions said, Inventory inventory) {
    return Advice.of(
        costs,
        said,
        new Advice.Asked(Optional.empty(), DAY, DAY.plusDays(30), new BigDecimal("0.01"), 20),
        AdviceTest::price,
        inventory);
  }

  private static JsonNode advice(KnownCosts costs, Opinions said) {
    return advice(costs, said, new Inventory(List.of(), List.of(), List.of(), true));
  }

  private static Optional<JsonNode> of(JsonNode advice, String kind) {
    return advice
        .path("data")
        .valueStream()
        .filter(one -> one.path("kind").asString().equals(kind))
        .findFirst();
  }

  private static KnownCosts both(long answeredByCheap) {
    return new KnownCosts()
        .put(DAY, support("p/dear"), calls(100, 100, 13 * USD))
        .put(DAY, support("p/cheap"), calls(100, answeredByCheap, USD));
  }

  @Test
  void a_cheaper_model_that_does_as_well_would_have_saved_the_difference() {
    JsonNode one = of(advice(both(100), new Said()), "cheaper_model").orElseThrow();
    assertThat(one.path("saving_usd").asString()).isEqualTo("11.7");
    assertThat(one.path("figures").path("instead").asString()).isEqualTo("p/cheap");
    assertThat(one.path("how").asString()).contains("not enough feedback");
  }

  @Test
  void one_that_fails_more_or_is_liked_less_is_no_advice() {
    assertThat(of(advice(both(90), new Said()), "cheaper_model")).isEmpty();
    assertThat(
            of(
                advice(both(100), new Said().put("p/dear", 9, 0.9).put("p/cheap", 9, 0.5)),
                "cheaper_model"))
        .isEmpty();
    JsonNode liked =
        of(
                advice(both(100), new Said().put("p/dear", 9, 0.9).put("p/cheap", 9, 0.88)),
                "cheaper_model")
            .orElseThrow();
    assertThat(liked.path("figures").path("instead_feedback").asDouble()).isEqualTo(0.88);
  }

  @Test
  void what_a_judging_model_says_counts_where_people_said_too_little_and_is_never_mixed_in() {
    var judged =
        new Said()
            .put("p/dear", Opinion.JUDGE, 9, 0.9)
            .put("p/cheap", Opinion.JUDGE, 9, 0.5)
            .put("p/dear", 4, 0.9);
    assertThat(of(advice(both(100), judged), "cheaper_model")).isEmpty();

    judged.put("p/dear", 9, 0.9).put("p/cheap", 9, 0.9);
    JsonNode figures = of(advice(both(100), judged), "cheaper_model").orElseThrow().path("figures");
    assertThat(figures.path("feedback_by").asString()).isEqualTo("caller");
    assertThat(figures.path("instead_feedback").asDouble()).isCloseTo(0.9, within(1e-9));
  }

  @Test
  void a_cache_that_another_app_uses_better_would_have_saved_so_much() {
    Map<Figure, Long> good =
        Map.of(
            Figure.CALLS,
            50L,
            Figure.LONG_CALLS,
            50L,
            Figure.LONG_PROMPT,
            1_000_000L,
            Figure.LONG_READ,
            800_000L,
            Figure.CACHE_READ,
            800_000L,
            Figure.INPUT,
            200_000L);
    Map<Figure, Long> poor =
        Map.of(
            Figure.CALLS,
            50L,
            Figure.LONG_CALLS,
            50L,
            Figure.LONG_PROMPT,
            1_000_000L,
            Figure.LONG_READ,
            0L,
            Figure.INPUT,
            1_000_000L);
    var costs =
        new KnownCosts()
            .put(DAY, Map.of("tenant", "acme", "app", "search", "target", "p/dear"), good)
            .put(DAY, support("p/dear"), poor);
    JsonNode one = of(advice(costs, new Said()), "prompt_cache").orElseThrow();
    // 800,000 tokens at 1 instead of 10 USD a million.
    assertThat(one.path("saving_usd").asString()).isEqualTo("7.2");
    assertThat(one.path("figures").path("app").asString()).isEqualTo("support");
  }

  @Test
  void what_failed_what_was_copied_and_what_has_no_price_is_told_as_the_records_have_it() {
    var costs =
        new KnownCosts()
            .put(
                DAY,
                support("p/dear"),
                Map.of(
                    Figure.CALLS,
                    50L,
                    Figure.TRIES,
                    60L,
                    Figure.FAILED_TRIES,
                    10L,
                    Figure.PICO_USD,
                    9 * USD,
                    Figure.FAILED_PICO_USD,
                    2 * USD,
                    Figure.SHADOWS,
                    5L,
                    Figure.SHADOW_PICO_USD,
                    USD,
                    Figure.UNPRICED,
                    3L,
                    Figure.BOUNDED_CALLS,
                    40L))
            .put(
                DAY,
                support("p/dear"),
                Map.of(Figure.BOUND, 160_000L, Figure.BOUNDED_OUTPUT, 4_000L));
    JsonNode advice = advice(costs, new Said());
    assertThat(of(advice, "failed_tries").orElseThrow().path("saving_usd").asString())
        .isEqualTo("2");
    assertThat(of(advice, "shadows").orElseThrow().path("saving_usd").asString()).isEqualTo("1");
    assertThat(of(advice, "unpriced").orElseThrow().path("figures").path("unpriced_calls").asLong())
        .isEqualTo(3);
    JsonNode bound = of(advice, "max_tokens").orElseThrow();
    assertThat(bound.path("saving_usd").asString()).isEqualTo("0");
    assertThat(bound.path("figures").path("held_for_nothing_usd").asString()).isEqualTo("4.68");
    assertThat(advice.path("data").path(0).path("kind").asString()).isEqualTo("failed_tries");
  }

  @Test
  void keys_apps_and_models_that_nobody_uses_are_named() {
    Instant old = Instant.parse("2026-01-01T00:00:00Z");
    var inventory =
        new Inventory(
            List.of(
                new Inventory.Key("k1", "ci", "acme", "support", old, Optional.empty()),
                new Inventory.Key(
                    "k2",
                    "",
                    "acme",
                    "support",
                    old,
                    Optional.of(
                        DAY.plusDays(3).atStartOfDay().toInstant(java.time.ZoneOffset.UTC)))),
            List.of(new Inventory.App("acme", "support"), new Inventory.App("acme", "idle")),
            List.of("used", "idle"),
            false);
    var costs =
        new KnownCosts()
            .put(
                DAY,
                Map.of("tenant", "acme", "app", "support", "target", "p/dear", "model", "used"),
                calls(1, 1, USD));
    JsonNode advice = advice(costs, new Said(), inventory);
    assertThat(of(advice, "unused_key").orElseThrow().path("figures").path("key").asString())
        .isEqualTo("k1");
    assertThat(of(advice, "unused_app").orElseThrow().path("figures").path("app").asString())
        .isEqualTo("idle");
    assertThat(of(advice, "unused_model").orElseThrow().path("figures").path("model").asString())
        .isEqualTo("idle");
    assertThat(advice.path("data")).hasSize(3);
    assertThat(advice.path("unknown")).hasSize(2);
  }
}

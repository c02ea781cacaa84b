package dev.lintel.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Costs.Figure;
import dev.lintel.Json;
import dev.lintel.Price;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class NotesTest {
  private static final LocalDate MONDAY = LocalDate.of(2026, 11, 16);
  private static final long USD = 1_000_000_000_000L;

  /** USD for a million tokens. */
  private record PerMillion(double input, double read, double output) implements Price {
    @Override
    public Optional<BigDecimal> cost(Usage usage) {
      return Optional.of(
          BigDecimal.valueOf(
              (usage.input() * input + usage.cacheRead() * read + usage.output() * output) / 1e6));
    }

    @Override
    public ObjectNode json() {
      return Json.object().put("input", input);
    }
  }

  private static final Map<String, Price> PRICES =
      Map.of("p/m", new PerMillion(10, 1, 30), "p/n", new PerMillion(1, 0.1, 3));

  private static Optional<Price> price(String target) {
    return Optional.ofNullable(PRICES.get(target));
  }

  private static Map<String, String> support(String target) {
    return Map.of("tenant", "acme", "app", "support", "target", target);
  }

  /** Calls with so many tokens each, paid by the list. */
  private static Map<Figure, Long> calls(
      String target, long calls, long input, long read, long output, long failed) {
    BigDecimal usd =
        price(target)
            .orElseThrow()
            .cost(new Usage(input, read, 0, 0, output, 0, 0, 0, Usage.Source.PROVIDER))
            .orElseThrow();
    long cost = usd.movePointRight(12).longValue() * calls;
    return Map.of(
        Figure.CALLS,
        calls,
        Figure.ANSWERED,
        calls,
        Figure.PICO_USD,
        cost + failed,
        Figure.INPUT,
        input * calls,
        Figure.CACHE_READ,
        read * calls,
        Figure.OUTPUT,
        output * calls,
        Figure.TRIES,
        calls + failed / USD,
        Figure.FAILED_TRIES,
        failed / USD,
        Figure.FAILED_PICO_USD,
        failed);
  }

  private static JsonNode notes(KnownCosts costs) {
    return Notes.of(
        costs,
        new Notes.Asked(
            List.of("tenant", "app"),
            Optional.empty(),
            MONDAY.plusDays(7),
            7,
            BigDecimal.ONE,
            20,
            0.25),
        NotesTest::price);
  }

  @Test
  void longer_prompts_and_more_failed_tries_are_told_with_what_each_costs() {
    var costs =
        new KnownCosts()
            .put(MONDAY.minusDays(7), support("p/m"), calls("p/m", 1000, 1000, 0, 100, USD))
            .put(MONDAY, support("p/m"), calls("p/m", 1000, 1800, 0, 100, 3 * USD));

    JsonNode note = notes(costs).path("data").path(0);

    assertThat(note.path("says").asString())
        .isEqualTo(
            "The cost of tenant acme, app support rose from 14.00 to 24.00 USD (1.71 times): prompts grew 80 % (+8.00 USD), failed tries grew 3.0 times (+2.00 USD).");
    assertThat(note.path("change_usd").asString()).isEqualTo("10");
    assertThat(note.path("causes").path("prompts").asString()).isEqualTo("8");
    assertThat(note.path("causes").path("calls").asString()).isEqualTo("0");
    assertThat(note.path("now").path("failed_tries").asLong()).isEqualTo(3);
  }

  @Test
  void each_cause_by_itself_is_told_as_that_cause() {
    Map<Figure, Long> usual = calls("p/m", 1000, 1000, 1000, 100, 0);
    Map<Cause, Map<Figure, Long>> changed =
        Map.of(
            Cause.CALLS, calls("p/m", 2000, 1000, 1000, 100, 0),
            Cause.PROMPTS, calls("p/m", 1000, 2000, 2000, 100, 0),
            Cause.ANSWERS, calls("p/m", 1000, 1000, 1000, 400, 0),
            Cause.CACHE, calls("p/m", 1000, 2000, 0, 100, 0),
            Cause.FAILED_TRIES, calls("p/m", 1000, 1000, 1000, 100, 9 * USD));
    changed.forEach((cause, now) -> {
      JsonNode note =
          notes(
                  new KnownCosts()
                      .put(MONDAY.minusDays(7), support("p/m"), usual)
                      .put(MONDAY, support("p/m"), now))
              .path("data")
              .path(0);
      for (Cause one : Cause.values()) {
        assertThat(new BigDecimal(note.path("causes").path(one.word()).asString()))
            .as("%s as %s", cause, one)
            .isEqualByComparingTo(one == cause ? note.path("change_usd").asString() : "0");
      }
    });
  }

  @Test
  void who_went_to_a_dearer_model_is_told_so() {
    JsonNode note =
        notes(
                new KnownCosts()
                    .put(MONDAY.minusDays(7), support("p/n"), calls("p/n", 1000, 1000, 0, 100, 0))
                    .put(MONDAY, support("p/m"), calls("p/m", 1000, 1000, 0, 100, 0)))
            .path("data")
            .path(0);
    assertThat(note.path("causes").path("models").asString())
        .isEqualTo(note.path("change_usd").asString());
    assertThat(note.path("says").asString()).contains("other models");
  }

  @Test
  void the_parts_always_add_up_to_the_change() {
    var random = new Random(3);
    for (int i = 0; i < 500; i++) {
      var costs = new KnownCosts();
      for (int week = 1; week >= 0; week--) {
        for (String target : List.of("p/m", "p/n", "p/unknown")) {
          if (random.nextInt(4) > 0) {
            var figures = new HashMap<Figure, Long>();
            figures.put(Figure.CALLS, random.nextLong(1, 1000));
            figures.put(Figure.PICO_USD, random.nextLong(0, 1000 * USD));
            figures.put(
                Figure.FAILED_PICO_USD, random.nextLong(0, figures.get(Figure.PICO_USD) + 1));
            for (Figure figure :
                List.of(Figure.INPUT, Figure.OUTPUT, Figure.CACHE_READ, Figure.CACHE_WRITE)) {
              figures.put(figure, random.nextBoolean() ? 0 : random.nextLong(0, 1_000_000));
            }
            costs.put(MONDAY.minusDays(7L * week), support(target), figures);
          }
        }
      }
      for (JsonNode note : notes(costs).path("data")) {
        BigDecimal sum =
            note.path("causes")
                .valueStream()
                .map(part -> new BigDecimal(part.asString()))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        assertThat(sum).isEqualByComparingTo(note.path("change_usd").asString());
      }
    }
  }

  @Test
  void what_is_small_or_rare_is_no_note() {
    assertThat(
            notes(
                    new KnownCosts()
                        .put(
                            MONDAY.minusDays(7),
                            support("p/m"),
                            calls("p/m", 1000, 1000, 0, 100, 0))
                        .put(MONDAY, support("p/m"), calls("p/m", 1100, 1000, 0, 100, 0)))
                .path("data"))
        .isEmpty();
    assertThat(
            notes(new KnownCosts().put(MONDAY, support("p/m"), calls("p/m", 5, 900_000, 0, 100, 0)))
                .path("data"))
        .isEmpty();
  }
}

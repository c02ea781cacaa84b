package dev.lintel.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Costs.Figure;
import dev.lintel.Failure;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class ReconciliationTest {
  private static final LocalDate DAY = LocalDate.of(2026, 11, 20);
  private static final long USD = 1_000_000_000_000L;

  private static KnownCosts ours(Map<Figure, Long> more) {
    var costs =
        new KnownCosts()
            .put(
                DAY,
                Map.of("provider", "openai", "target", "openai/gpt-4o"),
                Map.of(
                    Figure.CALLS, 10L,
                    Figure.INPUT, 900L,
                    Figure.CACHE_READ, 100L,
                    Figure.OUTPUT, 50L,
                    Figure.PICO_USD, 2 * USD))
            .put(
                DAY,
                Map.of("provider", "azure", "target", "azure/gpt-4o"),
                Map.of(Figure.CALLS, 99L, Figure.INPUT, 99L));
    return more.isEmpty()
        ? costs
        : costs.put(DAY, Map.of("provider", "openai", "target", "openai/gpt-4o"), more);
  }

  private static JsonNode reconciled(KnownCosts costs, String table) {
    return Reconciliation.of(
        costs,
        new Reconciliation.Asked(
            table, Set.of("openai"), Map.of(), Map.of(), 0.01, new BigDecimal("0.01")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "date,model,input_tokens,output_tokens,cost;2026-11-20,gpt-4o,1000,50,2.00",
        "start_time,end_time,start_time_iso,model,num_model_requests,input_tokens,output_tokens,input_cached_tokens;1763596800,1763683200,2026-11-20T00:00:00+00:00,gpt-4o-2024-08-06,10,1000,50,100",
        "start_time,amount_value,amount_currency,line_item;1795132800,1.5,usd,\"gpt-4o-2024-08-06, input\";1795132800,0.5,usd,\"gpt-4o-2024-08-06, output\"",
        "usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens;2026-11-20 09:00,gpt-4o,900,0,0,100,50",
        "\ufeff\"Date\",\"Model\",\"Cost_USD\";2026-11-20,gpt-4o,$2.004",
      })
  void a_table_of_the_usual_forms_agrees_with_what_is_recorded(String lines) {
    JsonNode found = reconciled(ours(Map.of()), lines.replace(";", "\r\n"));
    assertThat(found.path("data")).as(found.toPrettyString()).hasSize(1);
    assertThat(found.path("data").path(0).path("agree").asBoolean())
        .as(found.toPrettyString())
        .isTrue();
    assertThat(found.path("total").path("differ").asInt()).isZero();
  }

  @Test
  void a_difference_says_what_is_known_to_explain_it() {
    JsonNode found =
        reconciled(
            ours(Map.of(Figure.CALLS, 5L, Figure.UNPRICED, 5L, Figure.CUT, 2L)),
            "date,model,input_tokens,output_tokens,cost\n2026-11-20,gpt-4o,1000,50,3\n2026-11-20,other,7,7,1\n2026-11-10,gpt-4o,1,1,1\n");
    JsonNode rows = found.path("data");
    assertThat(rows).hasSize(3);
    assertThat(rows.path(0).path("because").toString()).contains("since 2026-11-20");
    assertThat(rows.path(1).path("difference").path("cost_usd").asString()).isEqualTo("1");
    assertThat(rows.path(1).path("because").toString())
        .contains("5 calls have no known price")
        .contains("2 calls broke off");
    assertThat(rows.path(2).path("because").toString()).contains("No call of that model");
    assertThat(found.path("total").path("agree").asBoolean(true)).isFalse();
  }

  @Test
  void columns_and_models_may_be_named() {
    JsonNode found =
        Reconciliation.of(
            ours(Map.of()),
            new Reconciliation.Asked(
                "Tag,Was,Kosten\n2026-11-20,vier-o,2\n",
                Set.of("openai"),
                Map.of("date", "Tag", "model", "Was", "cost", "Kosten"),
                Map.of("vier-o", "gpt-4o"),
                0.01,
                BigDecimal.ZERO));
    assertThat(found.path("total").path("agree").asBoolean()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "date,model                           | no lines",
        "a,b;1,2                              | known to be the date",
        "date,model;2026-11-20,m              | neither tokens nor a cost",
        "date,model,cost;yesterday,m,1        | in line 2",
        "date,model,cost;2026-11-20,m,much    | in line 2",
        "date,model,cost;2026-11-20,m,1e99999 | in line 2",
        "date,model,cost;2026-11-20,\"m,1     | quotes",
      })
  void a_table_that_makes_no_sense_is_refused_with_its_line(String lines, String told) {
    assertThatThrownBy(() -> reconciled(ours(Map.of()), lines.replace(";", "\n")))
        .isInstanceOf(Failure.class)
        .hasMessageContaining(told);
  }
}

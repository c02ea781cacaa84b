package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Costs;
import dev.lintel.Costs.Figure;
import dev.lintel.Ids;
import dev.lintel.Records.Entry;
import dev.lintel.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with the costs of calls. */
interface CostsContract {
  LocalDate DAY = LocalDate.of(2026, 11, 20);
  Instant MORNING = Instant.parse("2026-11-20T10:00:00Z");

  /** A fresh one. */
  Store store();

  private static Entry call(long position, Instant time, String more) {
    String json =
        "{\"request_id\":\"%s\",\"time\":\"%s\",\"tenant\":\"t\",\"app\":\"a\",\"key_id\":\"k1\",\"model\":\"m\",\"target\":\"p/x/y\",\"status\":200,%s}"
            .formatted(Ids.request(time), time, more);
    return new Entry(position, json.getBytes(StandardCharsets.UTF_8), List.of());
  }

  private static String paid(String usd) {
    return "\"kind\":null,\"usage\":{\"input\":1000,\"output\":30,\"cache_read\":200,\"cache_write\":5,\"reasoning\":7,\"source\":\"provider\"},\"cost_usd\":\""
        + usd
        + "\"";
  }

  private static List<Costs.Row> rows(
      Costs costs, List<String> by, LocalDate from, LocalDate to, boolean daily) {
    var rows = new ArrayList<Costs.Row>();
    costs.each(new Costs.Question(by, Optional.empty(), from, to, daily), rows::add);
    return rows;
  }

  @Test
  default void what_a_call_says_is_in_the_sums_of_its_day() {
    assertThat(store().costs().first()).isEmpty();
    store()
        .records()
        .add(
            "j",
            List.of(
                call(
                    1,
                    MORNING,
                    paid("0.25")
                        + ",\"attempts\":[{\"target\":\"p/z\",\"kind\":\"upstream_error\",\"cost_usd\":\"0.05\"},{\"target\":\"p/x/y\",\"kind\":null,\"cost_usd\":\"0.20\"}],\"request\":{\"input_tokens\":9,\"max_tokens\":500}"),
                call(
                    2,
                    MORNING,
                    "\"kind\":\"cancelled\",\"usage\":{\"input\":3,\"output\":1,\"source\":\"estimate\"},\"cost_usd\":null,\"shadow_of\":\"req_x\""),
                call(
                    3,
                    MORNING,
                    "\"kind\":null,\"usage\":{\"source\":\"none\"},\"cost_usd\":null,\"replay_of\":\"req_y\"")));

    Costs.Row row =
        rows(
                store().costs(),
                List.of("tenant", "key", "provider", "target"),
                DAY,
                DAY.plusDays(1),
                false)
            .getFirst();

    assertThat(row.values()).containsExactly("t", "k1", "p", "p/x/y");
    Costs.Sums sums = row.sums();
    assertThat(sums.get(Figure.CALLS)).isEqualTo(3);
    assertThat(sums.get(Figure.ANSWERED)).isEqualTo(2);
    assertThat(sums.get(Figure.PICO_USD)).isEqualTo(250_000_000_000L);
    assertThat(sums.get(Figure.UNPRICED)).isEqualTo(1);
    assertThat(sums.get(Figure.ESTIMATED)).isEqualTo(1);
    assertThat(sums.get(Figure.CUT)).isEqualTo(1);
    assertThat(sums.get(Figure.TRIES)).isEqualTo(2);
    assertThat(sums.get(Figure.FAILED_TRIES)).isEqualTo(1);
    assertThat(sums.get(Figure.FAILED_PICO_USD)).isEqualTo(50_000_000_000L);
    assertThat(sums.get(Figure.INPUT)).isEqualTo(1003);
    assertThat(sums.get(Figure.LONG_CALLS)).isEqualTo(1);
    assertThat(sums.get(Figure.LONG_PROMPT)).isEqualTo(1205);
    assertThat(sums.get(Figure.LONG_READ)).isEqualTo(200);
    assertThat(sums.get(Figure.BOUNDED_CALLS)).isEqualTo(1);
    assertThat(sums.get(Figure.BOUND)).isEqualTo(500);
    assertThat(sums.get(Figure.BOUNDED_OUTPUT)).isEqualTo(30);
    assertThat(sums.get(Figure.SHADOWS)).isEqualTo(1);
    assertThat(sums.get(Figure.REPLAYS)).isEqualTo(1);
    assertThat(store().costs().first()).contains(DAY);
  }

  @Test
  default void costs_of_all_journals_add_up_and_nothing_counts_twice() {
    var entries = List.of(call(1, MORNING, paid("1")), call(2, MORNING, paid("2")));
    store().records().add("j", entries);
    store().records().add("j", entries);
    store().records().add("j", List.of(call(3, MORNING, paid("4"))));
    store().records().add("other", List.of(call(1, MORNING, paid("8"))));

    assertThat(rows(store().costs(), List.of(), DAY, DAY.plusDays(1), false))
        .singleElement()
        .extracting(row -> row.sums().get(Figure.PICO_USD))
        .isEqualTo(15_000_000_000_000L);
  }

  @Test
  default void each_day_has_rows_of_its_own_where_that_is_asked() {
    Instant next = MORNING.plus(Duration.ofDays(1));
    store().records().add("j", List.of(call(1, MORNING, paid("1")), call(2, next, paid("2"))));

    assertThat(rows(store().costs(), List.of("app"), DAY, DAY.plusDays(2), true))
        .extracting(Costs.Row::day)
        .containsExactly(DAY, DAY.plusDays(1));
    assertThat(rows(store().costs(), List.of("app"), DAY.plusDays(1), DAY.plusDays(2), false))
        .singleElement()
        .extracting(row -> row.sums().get(Figure.PICO_USD))
        .isEqualTo(2_000_000_000_000L);
  }

  @Test
  default void a_call_counts_for_each_of_its_tags_and_for_none_where_it_has_none() {
    store()
        .records()
        .add(
            "j",
            List.of(
                call(1, MORNING, paid("1") + ",\"tags\":\"red, blue,red\""),
                call(2, MORNING, paid("2") + ",\"tags\":\"blue\""),
                call(3, MORNING, paid("4"))));

    assertThat(rows(store().costs(), List.of("tag", "app"), DAY, DAY.plusDays(1), false))
        .extracting(
            row -> row.values().getFirst(),
            row -> row.sums().get(Figure.PICO_USD) / 1_000_000_000_000L)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("", 4L),
            org.assertj.core.groups.Tuple.tuple("blue", 3L),
            org.assertj.core.groups.Tuple.tuple("red", 1L));
  }

  @Test
  default void callers_words_fold_beyond_a_bound_and_no_cost_is_lost() {
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < 3000; i++) {
      entries.add(call(i, MORNING, paid("1") + ",\"use_case\":\"u" + i + "\""));
    }
    store().records().add("j", entries);

    var rows = rows(store().costs(), List.of("use_case"), DAY, DAY.plusDays(1), false);

    assertThat(rows.size()).isLessThanOrEqualTo(SqlCosts.MOST + 2);
    assertThat(rows.stream().mapToLong(row -> row.sums().get(Figure.CALLS)).sum()).isEqualTo(3000);
    assertThat(rows).anyMatch(row -> row.values().equals(List.of("other")));
  }

  @Test
  default void many_batches_come_to_what_one_would() {
    for (int i = 0; i < 100; i++) {
      store().records().add("j", List.of(call(i, MORNING, paid("1"))));
      store().records().add("j0", List.of(call(i, MORNING, paid("2"))));
    }

    assertThat(rows(store().costs(), List.of("key"), DAY, DAY.plusDays(1), true))
        .singleElement()
        .extracting(row -> row.sums().get(Figure.PICO_USD))
        .isEqualTo(300_000_000_000_000L);
  }

  @Test
  default void another_tenants_costs_are_not_told() {
    store().records().add("j", List.of(call(1, MORNING, paid("1"))));
    var rows = new ArrayList<Costs.Row>();
    store()
        .costs()
        .each(
            new Costs.Question(List.of(), Optional.of("u"), DAY, DAY.plusDays(1), false),
            rows::add);
    assertThat(rows).isEmpty();
  }
}

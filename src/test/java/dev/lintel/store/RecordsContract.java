package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallRecords;
import dev.lintel.Counters.Charge;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Records;
import dev.lintel.Records.Entry;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import dev.lintel.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with the records of calls. */
interface RecordsContract {
  Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  /** A fresh one. */
  Store store();

  /** One call of a tenant's, with two tokens in, three out and a cost of 0.0000015 USD. */
  static Entry call(long position, String id, String tenant, String model, String kind) {
    String json =
        "{\"request_id\":\"%s\",\"time\":\"2026-11-21T12:00:00.000Z\",\"tenant\":\"%s\",\"app\":\"a\",\"key_id\":null,\"use_case\":null,\"user\":\"ann\",\"model\":\"%s\",\"target\":\"p/x/y\",\"status\":200,\"kind\":%s,\"usage\":{\"input\":2,\"output\":3,\"cache_read\":1,\"cache_write\":1,\"cache_write_1h\":1,\"reasoning\":1,\"source\":\"provider\"},\"cost_usd\":\"0.0000015\",\"attempts\":[{\"target\":\"p/x/y\",\"kind\":null}]}"
            .formatted(id, tenant, model, kind.isEmpty() ? "null" : "\"" + kind + "\"");
    return new Entry(position, json.getBytes(java.nio.charset.StandardCharsets.UTF_8), List.of());
  }

  private static Entry at(long position, Instant time, String tenant) {
    return call(position, Ids.request(time), tenant, "m", "");
  }

  private static String id(byte[] json) {
    return Json.parse(json).path("request_id").asString("");
  }

  private static String id(Entry entry) {
    return id(entry.json());
  }

  private static List<String> all(Records records, CallRecords.Question first) {
    var ids = new ArrayList<String>();
    CallRecords.Question asked = first;
    while (true) {
      CallRecords.Page page = records.list(asked);
      page.records().forEach(record -> ids.add(id(record)));
      if (page.next().isEmpty()) {
        return ids;
      }
      asked =
          new CallRecords.Question(
              first.from(),
              first.to(),
              first.tenant(),
              first.app(),
              first.model(),
              first.kind(),
              page.next(),
              first.limit());
    }
  }

  private static CallRecords.Question tenant(String name, int limit) {
    return new CallRecords.Question(Instant.EPOCH, Optional.of(name), Optional.empty(), limit);
  }

  private static List<UsageRow> usage(Records records, String... by) {
    return records
        .usage(new UsageQuestion(List.of(by), Optional.empty(), Optional.empty(), Optional.empty()))
        .rows();
  }

  @Test
  default void a_record_is_found_by_its_id_byte_for_byte() {
    Records records = store().records();
    Entry one = at(7, NOON, "t");
    records.add("j", List.of(one, at(9, NOON, "t")));
    assertThat(records.find(id(one))).hasValueSatisfying(r -> assertThat(r).isEqualTo(one.json()));
    assertThat(records.find(Ids.request(NOON))).isEmpty();
    assertThat(records.find("nothing")).isEmpty();
  }

  @Test
  default void what_comes_again_is_not_added_again() {
    Records records = store().records();
    assertThat(records.last("j")).isEqualTo(-1);
    var charge = new Charge("t|usd|total", Instant.EPOCH, 5);
    Entry one = at(64, NOON, "t");
    var charged = new Entry(64, one.json(), List.of(charge));
    records.add("j", List.of(charged));
    records.add("j", List.of(charged, at(128, NOON, "t")));
    records.add("j", List.of(charged, at(128, NOON, "t")));
    assertThat(all(records, tenant("t", 10))).hasSize(2);
    assertThat(usage(records)).singleElement().extracting(UsageRow::calls).isEqualTo(2L);
    assertThat(store().spending().since(NOON)).containsExactly(charge);
    assertThat(records.last("j")).isEqualTo(128);
    records.add("another", List.of(at(64, NOON, "t")));
    assertThat(all(records, tenant("t", 10))).hasSize(3);
  }

  @Test
  default void what_goes_on_is_charged_once_and_is_no_record() {
    Records records = store().records();
    var charge = new Charge("t|usd|total", Instant.EPOCH, 5);
    var part = new Entry(64, new byte[0], List.of(charge));
    records.add("j", List.of(part));
    records.add("j", List.of(part, new Entry(128, new byte[0], List.of(charge))));
    assertThat(records.last("j")).isEqualTo(128);
    records.add("j", List.of(part, at(192, NOON, "t")));
    assertThat(store().spending().since(NOON))
        .containsExactly(new Charge("t|usd|total", Instant.EPOCH, 10));
    assertThat(all(records, tenant("t", 10))).hasSize(1);
    assertThat(usage(records)).singleElement().extracting(UsageRow::calls).isEqualTo(1L);
  }

  @Test
  default void lists_are_newest_first_over_days_and_page_without_gaps() {
    Records records = store().records();
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < 50; i++) {
      entries.add(at(i, NOON.plus(Duration.ofHours(3L * i)), i % 5 == 0 ? "five" : "t"));
    }
    records.add("j", entries);
    var whole = new CallRecords.Question(Instant.EPOCH, Optional.empty(), Optional.empty(), 7);
    assertThat(all(records, whole))
        .isEqualTo(entries.reversed().stream().map(RecordsContract::id).toList());
    assertThat(all(records, tenant("five", 3))).hasSize(10);
    var between =
        new CallRecords.Question(
            NOON.plus(Duration.ofHours(30)),
            Optional.of(NOON.plus(Duration.ofHours(60))),
            Optional.empty(),
            Optional.of("a"),
            Optional.of("m"),
            Optional.of(""),
            Optional.empty(),
            4);
    assertThat(all(records, between))
        .isEqualTo(entries.subList(10, 20).reversed().stream().map(RecordsContract::id).toList());
    assertThat(
            records
                .list(new CallRecords.Question(Instant.MAX, Optional.empty(), Optional.empty(), 1))
                .records())
        .isEmpty();
    assertThat(
            records
                .list(new CallRecords.Question(Instant.MIN, Optional.empty(), Optional.empty(), 1))
                .records())
        .hasSize(1);
  }

  @Test
  default void lists_are_of_one_model_or_kind_where_that_is_asked() {
    Records records = store().records();
    records.add(
        "j",
        List.of(
            call(1, Ids.request(NOON), "t", "m", ""),
            call(2, Ids.request(NOON), "t", "m", "timeout"),
            call(3, Ids.request(NOON), "t", "n", "timeout")));
    assertThat(all(records, asked("m", "timeout"))).hasSize(1);
    assertThat(all(records, asked("n", ""))).isEmpty();
  }

  private static CallRecords.Question asked(String model, String kind) {
    return new CallRecords.Question(
        Instant.EPOCH,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(model),
        Optional.of(kind),
        Optional.empty(),
        10);
  }

  @Test
  default void usage_adds_up_by_what_is_asked_for() {
    Records records = store().records();
    records.add(
        "j",
        List.of(
            call(1, Ids.request(NOON), "t", "m", ""),
            call(2, Ids.request(NOON), "t", "m", "timeout"),
            call(3, Ids.request(NOON.plus(Duration.ofHours(30))), "t", "n", ""),
            call(4, Ids.request(NOON), "u", "m", "")));
    records.add("j", List.of(call(5, Ids.request(NOON), "t", "m", "")));
    assertThat(usage(records))
        .containsExactly(
            new UsageRow(List.of(), Optional.empty(), 5, 5 * 1_500_000, 10, 15, 5, 10, 5));
    assertThat(usage(records, "tenant", "model"))
        .extracting(UsageRow::values, UsageRow::calls)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(List.of("t", "m"), 3L),
            org.assertj.core.groups.Tuple.tuple(List.of("t", "n"), 1L),
            org.assertj.core.groups.Tuple.tuple(List.of("u", "m"), 1L));
    assertThat(usage(records, "provider", "app", "user", "use_case", "kind"))
        .extracting(UsageRow::values)
        .containsExactly(List.of("p", "a", "ann", "", ""), List.of("p", "a", "ann", "", "timeout"));
    assertThat(usage(store().records(), "tenant")).hasSize(2);
  }

  @Test
  default void usage_is_by_the_hour_or_the_day_and_exact_where_a_time_is_within_an_hour() {
    Records records = store().records();
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < 100; i++) {
      entries.add(at(i, NOON.plus(Duration.ofMinutes(37L * i)), "t"));
    }
    records.add("j", entries);
    for (int[] span : new int[][] {{0, 3700}, {10, 20}, {100, 1000}, {60, 1980}, {5, 3000}}) {
      Instant from = NOON.plus(Duration.ofMinutes(span[0]));
      Instant to = NOON.plus(Duration.ofMinutes(span[1]));
      long within =
          java.util.stream.IntStream.range(0, 100)
              .filter(i -> 37 * i >= span[0] && 37 * i < span[1])
              .count();
      for (int hours : new int[] {0, 1, 6, 24}) {
        List<UsageRow> rows =
            records
                .usage(
                    new UsageQuestion(
                        List.of("tenant"),
                        Optional.of(from),
                        Optional.of(to),
                        hours == 0 ? Optional.empty() : Optional.of(Duration.ofHours(hours))))
                .rows();
        assertThat(rows.stream().mapToLong(UsageRow::calls).sum())
            .as(from + " to " + to + " by " + hours)
            .isEqualTo(within);
        assertThat(rows)
            .allSatisfy(row -> assertThat(row.start().isPresent()).isEqualTo(hours > 0));
      }
    }
    List<UsageRow> daily =
        records
            .usage(
                new UsageQuestion(
                    List.of(), Optional.empty(), Optional.empty(), Optional.of(Duration.ofDays(1))))
            .rows();
    assertThat(daily).hasSize(4);
    assertThat(daily.getFirst().start()).contains(Instant.parse("2026-11-21T00:00:00Z"));
  }

  @Test
  default void what_was_used_of_nothing_has_no_rows() {
    assertThat(usage(store().records())).isEmpty();
    assertThat(usage(store().records(), "tenant")).isEmpty();
  }

  @Test
  default void users_beyond_a_bound_count_together() {
    Records records = store().records();
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < 3000; i++) {
      Entry one = at(i, NOON, "t");
      String json = new String(one.json(), java.nio.charset.StandardCharsets.UTF_8);
      entries.add(
          new Entry(
              i,
              json.replace("\"ann\"", "\"ann-" + i + "\"")
                  .getBytes(java.nio.charset.StandardCharsets.UTF_8),
              List.of()));
    }
    records.add("j", entries);
    List<UsageRow> rows =
        records
            .usage(
                new UsageQuestion(
                    List.of("user"),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(Duration.ofHours(1))))
            .rows();
    assertThat(rows).hasSizeBetween(1000, 2999);
    assertThat(rows.stream().mapToLong(UsageRow::calls).sum()).isEqualTo(3000);
    assertThat(rows.stream().filter(row -> row.values().equals(List.of("other"))).toList())
        .hasSize(1);
  }

  @Test
  default void spending_is_of_periods_that_have_not_ended() {
    Records records = store().records();
    Instant day = Instant.parse("2026-11-21T00:00:00Z");
    List<Charge> charges =
        List.of(
            new Charge("t|usd|day", day, 3),
            new Charge("t|usd|hour", NOON.minus(Duration.ofHours(1)), 1),
            new Charge("t|usd|day@Asia/Tokyo", day.minus(Duration.ofHours(9)), 7),
            new Charge("t|usd|month", Instant.parse("2026-11-01T00:00:00Z"), 9),
            new Charge("t|usd|total", Instant.EPOCH, 11));
    records.add("j", List.of(new Entry(1, at(1, NOON, "t").json(), charges)));
    records.add("j", List.of(new Entry(2, at(2, NOON, "t").json(), charges.subList(0, 1))));
    assertThat(store().spending().since(NOON))
        .containsExactlyInAnyOrder(
            new Charge("t|usd|day", day, 6), charges.get(2), charges.get(3), charges.get(4));
    assertThat(store().spending().since(day.plus(Duration.ofHours(20))))
        .doesNotContain(charges.get(2));
    assertThat(store().spending().of(List.of("t|usd|total", "t|usd|day", "none"), NOON))
        .containsExactlyInAnyOrder(charges.get(4), new Charge("t|usd|day", day, 6));
  }

  @Test
  default void days_that_are_too_old_go_and_what_they_come_to_stays() {
    Records records = store().records();
    Entry old = at(1, NOON, "t");
    Entry young = at(2, NOON.plus(Duration.ofDays(2)), "t");
    records.add("j", List.of(old, young));
    records.forget(NOON.plus(Duration.ofDays(1)));
    assertThat(all(records, tenant("t", 10))).containsExactly(id(young));
    assertThat(records.find(id(old))).isEmpty();
    assertThat(usage(records)).singleElement().extracting(UsageRow::calls).isEqualTo(2L);
    records.add("j", List.of(at(3, NOON, "t")));
    assertThat(all(records, tenant("t", 10))).hasSize(2);
  }

  @Test
  default void odd_texts_are_kept() {
    Records records = store().records();
    Entry odd = call(1, Ids.request(NOON), "t\\u0000\\\"'; DROP TABLE spent; --", "m\\ud800", "");
    records.add("j", List.of(odd));
    assertThat(records.find(id(odd))).hasValueSatisfying(r -> assertThat(r).isEqualTo(odd.json()));
  }
}

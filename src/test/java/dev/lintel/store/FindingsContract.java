package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Findings;
import dev.lintel.Ids;
import dev.lintel.Records.Entry;
import dev.lintel.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every store does with what rules had to say. */
interface FindingsContract {
  Instant TEN = Instant.parse("2026-11-21T10:00:00Z");

  /** A fresh one. */
  Store store();

  private static Entry call(long position, Instant time, String app, String... rules) {
    var policy = new StringBuilder();
    for (String rule : rules) {
      policy
          .append(policy.isEmpty() ? "" : ",")
          .append(
              "{\"rule\":\"%s\",\"mode\":\"observe\",\"kind\":\"permission\",\"message\":\"No.\"}"
                  .formatted(rule));
    }
    String json =
        "{\"request_id\":\"%s\",\"time\":\"%s\",\"tenant\":\"t\",\"app\":\"%s\",\"status\":200,\"usage\":{\"source\":\"none\"},\"cost_usd\":null,\"attempts\":[]%s}"
            .formatted(
                Ids.request(time),
                time,
                app,
                rules.length == 0 ? "" : ",\"policy\":[" + policy + "]");
    return new Entry(position, json.getBytes(StandardCharsets.UTF_8), List.of());
  }

  @Test
  default void findings_are_counted_by_rule_and_caller_with_examples() {
    Entry first = call(1, TEN, "a", "p.models", "p.tools");
    store()
        .records()
        .add("j", List.of(first, call(2, TEN.plusSeconds(5), "a", "p.models"), call(3, TEN, "b")));
    store().records().add("j", List.of(call(4, TEN.plusSeconds(9), "b", "p.models")));
    Findings.Found found = store().findings().between(TEN, TEN.plus(Duration.ofHours(1)));
    assertThat(found.calls()).isEqualTo(4);
    assertThat(found.whole()).isTrue();
    assertThat(found.rows())
        .extracting(Findings.Row::rule, Findings.Row::app, Findings.Row::calls)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("p.models", "a", 2L),
            org.assertj.core.groups.Tuple.tuple("p.models", "b", 1L),
            org.assertj.core.groups.Tuple.tuple("p.tools", "a", 1L));
    Findings.Row row = found.rows().getFirst();
    assertThat(row.mode()).isEqualTo("observe");
    assertThat(row.kind()).isEqualTo("permission");
    assertThat(row.message()).isEqualTo("No.");
    assertThat(row.examples()).allMatch(id -> store().records().find(id).isPresent());
    assertThat(row.first()).isEqualTo(TEN);
    assertThat(row.last()).isEqualTo(TEN.plusSeconds(5));
  }

  @Test
  default void what_comes_again_is_not_counted_again() {
    var entries = List.of(call(1, TEN, "a", "p.models"));
    store().records().add("j", entries);
    store().records().add("j", entries);
    assertThat(store().findings().between(TEN, TEN.plusSeconds(60)).rows())
        .singleElement()
        .extracting(Findings.Row::calls)
        .isEqualTo(1L);
  }

  @Test
  default void any_time_is_exact() {
    var random = new Random(7);
    var times = new ArrayList<Instant>();
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < 600; i++) {
      Instant time = TEN.plusMillis(random.nextLong(Duration.ofHours(30).toMillis()));
      times.add(time);
      entries.add(call(i, time, "a", "p.models"));
    }
    store().records().add("j", entries);
    for (int i = 0; i < 60; i++) {
      Instant from = TEN.plusMillis(random.nextLong(Duration.ofHours(30).toMillis()));
      long length = random.nextLong(i < 20 ? 90_000 : i < 40 ? 7_000_000 : 80_000_000);
      Instant to = from.plusMillis(length);
      long wanted =
          times.stream().filter(time -> !time.isBefore(from) && time.isBefore(to)).count();
      Findings.Found found = store().findings().between(from, to);
      assertThat(found.calls()).as("%s to %s", from, to).isEqualTo(wanted);
      assertThat(found.rows().stream().mapToLong(Findings.Row::calls).sum())
          .as("%s to %s", from, to)
          .isEqualTo(wanted);
    }
    assertThat(store().findings().between(Instant.MIN, Instant.MAX).calls()).isEqualTo(600);
  }

  @Test
  default void what_they_came_to_outlasts_the_records() {
    store().records().add("j", List.of(call(1, TEN, "a", "p.models")));
    store().records().forget(TEN.plus(Duration.ofDays(2)));
    assertThat(
            store()
                .findings()
                .between(TEN.minus(Duration.ofDays(1)), TEN.plus(Duration.ofDays(1)))
                .rows())
        .singleElement()
        .extracting(Findings.Row::calls)
        .isEqualTo(1L);
  }
}

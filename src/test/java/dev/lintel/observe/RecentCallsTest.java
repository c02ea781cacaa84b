package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.CallRecord;
import dev.lintel.CallRecords;
import dev.lintel.Caller;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RecentCallsTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  @Test
  void the_newest_comes_first_whatever_ended_first() {
    var recent = new RecentCalls(100, 1 << 20);
    add(recent, "late", "t", NOON.plusSeconds(2));
    add(recent, "early", "t", NOON);
    add(recent, "between", "t", NOON.plusSeconds(1));
    assertThat(ids(recent.list(all(10)))).containsExactly("late", "between", "early");
  }

  @Test
  void pages_follow_one_another_without_gaps_and_end() {
    var recent = new RecentCalls(100, 1 << 20);
    for (int i = 0; i < 7; i++) {
      // Pairs that arrived in the same moment.
      add(recent, "c" + i, "t", NOON.plusSeconds(i / 2));
    }
    var seen = new ArrayList<String>();
    Optional<String> cursor = Optional.empty();
    do {
      CallRecords.Page page =
          recent.list(new CallRecords.Question(Instant.EPOCH, Optional.empty(), cursor, 3));
      seen.addAll(ids(page));
      cursor = page.next();
    } while (cursor.isPresent());
    assertThat(seen).containsExactly("c6", "c5", "c4", "c3", "c2", "c1", "c0");
  }

  @Test
  void a_page_that_is_just_full_is_the_last() {
    var recent = new RecentCalls(100, 1 << 20);
    add(recent, "a", "t", NOON);
    add(recent, "b", "t", NOON);
    assertThat(recent.list(all(2)).next()).isEmpty();
  }

  @Test
  void a_list_is_of_one_tenant_and_from_a_time_where_that_is_asked() {
    var recent = new RecentCalls(100, 1 << 20);
    add(recent, "before", "t", NOON.minusNanos(1));
    add(recent, "at", "t", NOON);
    add(recent, "other", "u", NOON);
    assertThat(
            ids(
                recent.list(
                    new CallRecords.Question(NOON, Optional.of("t"), Optional.empty(), 10))))
        .containsExactly("at");
  }

  @Test
  void a_record_is_found_by_its_whole_id_alone() {
    var recent = new RecentCalls(100, 1 << 20);
    add(recent, "req_1", "t", NOON);
    add(recent, "req_12", "t", NOON);
    assertThat(recent.find("req_1"))
        .hasValueSatisfying(json -> assertThat(id(json)).isEqualTo("req_1"));
    assertThat(recent.find("req_")).isEmpty();
  }

  @Test
  void the_oldest_make_room_and_those_that_stay_are_whole() {
    var recent = new RecentCalls(50, 1 << 20);
    for (int i = 0; i < 5000; i++) {
      add(recent, "c" + i, "t", NOON.plusSeconds(i));
    }
    CallRecords.Page page = recent.list(all(1000));
    assertThat(page.records()).hasSizeBetween(50, 500);
    assertThat(ids(page)).startsWith("c4999", "c4998");
    assertThat(recent.find("c0")).isEmpty();
  }

  @Test
  void large_records_are_fewer() {
    var recent = new RecentCalls(1000, 1 << 20);
    for (int i = 0; i < 40; i++) {
      recent.add(record("c" + i, "t", NOON.plusSeconds(i)), new byte[100_000], 100_000);
    }
    assertThat(recent.list(all(1000)).records()).hasSize(10);
  }

  @Test
  void a_cursor_of_somebody_elses_is_refused() {
    var recent = new RecentCalls(10, 1 << 20);
    for (String cursor : List.of("", "x", "1", "1-", "9999999999999999999-1", "1-1 or 1=1")) {
      assertThatThrownBy(() ->
              recent.list(
                  new CallRecords.Question(
                      Instant.EPOCH, Optional.empty(), Optional.of(cursor), 10)))
          .as(cursor)
          .isInstanceOfSatisfying(
              Failure.class, failure -> assertThat(failure.param()).contains("cursor"));
    }
  }

  @Test
  void times_beyond_all_calendars_are_times() {
    var recent = new RecentCalls(10, 1 << 20);
    add(recent, "a", "t", NOON);
    for (Instant from : List.of(Instant.MIN, Instant.EPOCH)) {
      assertThat(
              recent
                  .list(new CallRecords.Question(from, Optional.empty(), Optional.empty(), 1))
                  .records())
          .hasSize(1);
    }
    assertThat(
            recent
                .list(new CallRecords.Question(Instant.MAX, Optional.empty(), Optional.empty(), 1))
                .records())
        .isEmpty();
  }

  private static CallRecords.Question all(int limit) {
    return new CallRecords.Question(Instant.EPOCH, Optional.empty(), Optional.empty(), limit);
  }

  private static void add(RecentCalls recent, String id, String tenant, Instant time) {
    CallRecord record = record(id, tenant, time);
    byte[] json = Json.bytes(out -> record.write(out, time.toString(), 20));
    recent.add(record, json, json.length);
  }

  private static CallRecord record(String id, String tenant, Instant time) {
    var trail = new Trail(id, time, 0);
    trail.calledBy(new Caller(tenant, "a", "k", Optional.empty(), false));
    return CallRecord.of(trail, new Event.Ended(Optional.empty(), 1));
  }

  private static List<String> ids(CallRecords.Page page) {
    return page.records().stream().map(RecentCallsTest::id).toList();
  }

  private static String id(byte[] json) {
    return Json.parse(new String(json, StandardCharsets.UTF_8)).path("request_id").asString("");
  }
}

package dev.lintel.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.CallRecord;
import dev.lintel.CallRecords;
import dev.lintel.Caller;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Trail;
import dev.lintel.Whose;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RecentCallsTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  private final RecentCalls recent = new RecentCalls(100, 1 << 20);

  @Test
  void the_newest_comes_first_whatever_ended_first() {
    String late = add("t", NOON.plusSeconds(2));
    String early = add("t", NOON);
    String between = add("t", NOON.plusNanos(1000));
    assertThat(ids(recent.list(all(10)))).containsExactly(late, between, early);
  }

  @Test
  void pages_follow_one_another_without_gaps_and_end() {
    var added = new ArrayList<String>();
    for (int i = 0; i < 7; i++) {
      // Pairs that arrived in the same moment.
      added.add(add("t", NOON.plusSeconds(i / 2)));
    }
    var seen = new ArrayList<String>();
    Optional<String> cursor = Optional.empty();
    do {
      CallRecords.Page page =
          recent.list(new CallRecords.Question(Instant.EPOCH, Optional.empty(), cursor, 3));
      seen.addAll(ids(page));
      cursor = page.next();
    } while (cursor.isPresent());
    assertThat(seen).containsExactlyInAnyOrderElementsOf(added);
    assertThat(seen.reversed()).isSorted();
  }

  @Test
  void what_may_not_be_kept_is_forgotten() {
    String old = add("t", NOON);
    String others = add("u", NOON);
    String young = add("t", NOON.plusSeconds(10));
    recent.forget(Map.of(new Whose("t", "", ""), NOON.plusSeconds(5)));
    assertThat(ids(recent.list(all(10)))).containsExactly(young, others);
    assertThat(recent.find(old)).isEmpty();
    recent.forget(Map.of(Whose.EVERYBODY, NOON.plusSeconds(60)));
    assertThat(recent.list(all(10)).records()).isEmpty();
    String next = add("t", NOON);
    assertThat(ids(recent.list(all(10)))).containsExactly(next);
  }

  @Test
  void a_page_that_is_just_full_is_the_last() {
    add("t", NOON);
    add("t", NOON);
    assertThat(recent.list(all(2)).next()).isEmpty();
  }

  @Test
  void a_list_is_of_one_tenant_and_from_a_time_where_that_is_asked() {
    add("t", NOON.minusNanos(1000));
    String at = add("t", NOON);
    add("u", NOON);
    assertThat(
            ids(
                recent.list(
                    new CallRecords.Question(NOON, Optional.of("t"), Optional.empty(), 10))))
        .containsExactly(at);
  }

  @Test
  void a_list_ends_at_a_time_and_is_of_one_app_model_and_kind_where_that_is_asked() {
    String one = add("t", NOON);
    add("t", NOON.plusSeconds(1));
    assertThat(ids(recent.list(asked(NOON.plusSeconds(1), "a", "", "")))).containsExactly(one);
    assertThat(ids(recent.list(asked(NOON.plusSeconds(1), "b", "", "")))).isEmpty();
    assertThat(ids(recent.list(asked(NOON.plusSeconds(1), "a", "m", "")))).isEmpty();
    assertThat(ids(recent.list(asked(NOON.plusSeconds(1), "a", "", "timeout")))).isEmpty();
  }

  private static CallRecords.Question asked(Instant to, String app, String model, String kind) {
    return new CallRecords.Question(
        NOON,
        Optional.of(to),
        Optional.empty(),
        Optional.of(app),
        Optional.of(model),
        Optional.of(kind),
        Optional.empty(),
        10);
  }

  @Test
  void a_record_is_found_by_its_whole_id_alone() {
    String id = add("t", NOON);
    add("t", NOON);
    assertThat(recent.find(id)).hasValueSatisfying(json -> assertThat(id(json)).isEqualTo(id));
    assertThat(recent.find(id.substring(0, 20))).isEmpty();
    assertThat(recent.find(id + "0")).isEmpty();
  }

  @Test
  void the_oldest_make_room_and_those_that_stay_are_whole() {
    var few = new RecentCalls(50, 1 << 20);
    var added = new ArrayList<String>();
    for (int i = 0; i < 5000; i++) {
      String id = Ids.request(NOON.plusSeconds(i));
      few.add(json(id, "t", NOON));
      added.add(id);
    }
    CallRecords.Page page = few.list(all(1000));
    assertThat(page.records()).hasSizeBetween(50, 500);
    assertThat(ids(page)).startsWith(added.get(4999), added.get(4998));
    assertThat(few.find(added.getFirst())).isEmpty();
  }

  @Test
  void large_records_are_fewer() {
    var large = new RecentCalls(1000, 1 << 20);
    for (int i = 0; i < 40; i++) {
      var json = new byte[100_000];
      byte[] begin = ("{\"request_id\":\"" + Ids.request() + "\"").getBytes(StandardCharsets.UTF_8);
      System.arraycopy(begin, 0, json, 0, begin.length);
      large.add(json);
    }
    assertThat(large.list(all(1000)).records()).hasSize(10);
  }

  @Test
  void a_cursor_of_somebody_elses_is_refused() {
    for (String cursor : List.of("", "x", "1-1", "req_' or 1=1", "req_" + "1".repeat(27))) {
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
    add("t", NOON);
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

  private String add(String tenant, Instant time) {
    String id = Ids.request(time);
    recent.add(json(id, tenant, time));
    return id;
  }

  private static byte[] json(String id, String tenant, Instant time) {
    var trail = new Trail(id, time, 0);
    trail.calledBy(new Caller(tenant, "a", "k", Optional.empty(), false));
    var record = CallRecord.of(trail, new Event.Ended(Optional.empty(), 1));
    return Json.bytes(out -> record.write(out, time.toString(), 20));
  }

  private static List<String> ids(CallRecords.Page page) {
    return page.records().stream().map(RecentCallsTest::id).toList();
  }

  private static String id(byte[] json) {
    return Json.parse(new String(json, StandardCharsets.UTF_8)).path("request_id").asString("");
  }
}

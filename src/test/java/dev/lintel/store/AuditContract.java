package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Acts.Act;
import dev.lintel.AuditEntry;
import dev.lintel.AuditEntry.Draft;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Place;
import dev.lintel.AuditTrail.Question;
import dev.lintel.Changes;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Records.Entry;
import dev.lintel.Store;
import dev.lintel.Verification;
import dev.lintel.Whose;
import dev.lintel.audit.Verifier;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store does with the chain of evidence. */
interface AuditContract {
  Store store();

  MovingClock clock();

  Store reopened();

  private static Verification verified(Store store) {
    return new Verifier(store.audit(), System::nanoTime)
        .verify(true, Optional.empty(), Duration.ofMinutes(10));
  }

  private static List<String> kinds(Store store) {
    AuditTrail trail = store.audit();
    return trail.read(trail.node(), 0, 1000).stream().map(AuditEntry::kind).toList();
  }

  @Test
  default void a_store_where_nothing_was_done_has_a_chain_that_holds() {
    Verification found = verified(store());
    assertThat(found.intact()).isTrue();
    assertThat(found.entries()).isZero();
    assertThat(store().audit().count()).isZero();
  }

  @Test
  default void acts_revisions_and_records_are_entries_of_one_chain_that_outlasts_a_start() {
    long act = store().acts().add(new Act(0, clock().instant(), "ann", "PATCH /x", 0, ""));
    store().acts().end(act, clock().instant(), 200, "{\"b\":2}");
    Changes.Revision revision =
        new Changes.Revision(1, clock().instant(), "ann", "why", Optional.of("a: 1"), List.of());
    assertThat(store().changes().add(revision, Set.of())).isTrue();
    assertThat(store().changes().add(revision, Set.of())).isFalse();
    String refused = Ids.request(RecordsContract.NOON);
    store()
        .records()
        .add(
            "j",
            List.of(
                RecordsContract.call(1, refused, "acme", "m", "rate_limited"),
                RecordsContract.call(2, Ids.request(RecordsContract.NOON), "acme", "m", "")));
    assertThat(kinds(store()))
        .containsExactly("genesis", "act", "act", "config", "decision", "records");

    Store again = reopened();
    again.acts().add(new Act(0, clock().instant(), "bob", "POST /y", 201, "{}"));
    assertThat(kinds(again)).hasSize(7).last().isEqualTo("act");
    Verification found = verified(again);
    assertThat(found.broken()).isEmpty();
    assertThat(found.entries()).isEqualTo(7);
    assertThat(found.records()).isEqualTo(2);
    assertThat(found.heads()).containsExactly(again.audit().known());
    String told =
        again.audit().last(again.audit().node(), Optional.of("decision")).orElseThrow().body();
    assertThat(Json.parse(told).at("/calls/0/request_id").asString("")).isEqualTo(refused);
    assertThat(Json.parse(told).path("calls").size()).isEqualTo(1);
  }

  @Test
  default void records_that_were_brought_before_are_no_entries_again() {
    var one = RecordsContract.call(1, Ids.request(RecordsContract.NOON), "acme", "m", "");
    var two = RecordsContract.call(2, Ids.request(RecordsContract.NOON), "acme", "m", "");
    store().records().add("j", List.of(one));
    store().records().add("j", List.of(one));
    store().records().add("j", List.of(one, two));
    assertThat(kinds(store())).containsExactly("genesis", "records", "records");
    AuditEntry last = store().audit().last(store().audit().node(), Optional.empty()).orElseThrow();
    assertThat(Json.parse(last.body()).path("count").asInt()).isEqualTo(1);
    assertThat(store().audit().leaves(last.node(), last.sequence())).hasSize(1);
    assertThat(verified(store()).records()).isEqualTo(2);
  }

  @Test
  default void a_record_tells_with_which_entry_it_came() {
    for (int i = 1; i <= 5; i++) {
      var call =
          RecordsContract.call(i, Ids.request(RecordsContract.NOON.plusSeconds(i)), "a", "m", "");
      store().records().add("j", List.of(call));
      assertThat(store().audit().bringing(id(call)).orElseThrow().sequence()).isEqualTo(i + 1);
    }
    assertThat(store().audit().bringing("req_nobody")).isEmpty();
  }

  @Test
  default void a_record_is_found_among_many_batches_that_came_while_its_call_went_on() {
    Instant noon = RecordsContract.NOON;
    Entry wanted = RecordsContract.call(1, Ids.request(noon.plusSeconds(1)), "a", "m", "");
    for (int i = 0; i < 60; i++) {
      // A call that came first ends with each of them.
      Instant before = noon.plusMillis(i);
      Instant after = noon.plusSeconds(2).plusMillis(i);
      store()
          .records()
          .add(
              "j",
              List.of(
                  RecordsContract.call(2L * i, Ids.request(before), "a", "m", ""),
                  RecordsContract.call(2L * i + 1, Ids.request(after), "a", "m", "")));
    }
    store().records().add("k", List.of(wanted));
    Entry late = RecordsContract.call(2, Ids.request(noon.plusSeconds(1)), "a", "m", "");
    store()
        .records()
        .add(
            "k",
            List.of(
                late,
                RecordsContract.call(
                    3, Ids.request(noon.plus(Duration.ofHours(3))), "a", "m", "")));
    AuditTrail trail = store().audit();
    long last = trail.last(trail.node(), Optional.empty()).orElseThrow().sequence();
    assertThat(trail.bringing(id(wanted)).orElseThrow().sequence()).isEqualTo(last - 1);
    assertThat(trail.bringing(id(late)).orElseThrow().sequence()).isEqualTo(last);
  }

  @Test
  default void acts_and_records_at_once_leave_one_chain_without_a_gap() {
    IntStream.range(0, 60)
        .parallel()
        .forEach(i -> {
          if (i % 3 == 0) {
            store()
                .records()
                .add(
                    "j" + i,
                    List.of(
                        RecordsContract.call(
                            1, Ids.request(RecordsContract.NOON), "a", "m", "rate_limited")));
          } else {
            store().acts().add(new Act(0, clock().instant(), "ann", "POST /" + i, 200, ""));
          }
        });
    Verification found = verified(store());
    assertThat(found.broken()).isEmpty();
    assertThat(found.entries()).isEqualTo(1 + 40 + 2 * 20);
    assertThat(verified(reopened()).broken()).isEmpty();
  }

  @Test
  default void what_may_not_be_kept_leaves_the_chain_whole() {
    Instant noon = RecordsContract.NOON;
    store()
        .records()
        .add(
            "j",
            List.of(
                RecordsContract.call(1, Ids.request(noon.minus(Duration.ofDays(3))), "a", "m", ""),
                RecordsContract.call(2, Ids.request(noon.minus(Duration.ofHours(2))), "a", "m", ""),
                RecordsContract.call(
                    3, Ids.request(noon.minus(Duration.ofHours(2))), "b", "m", "")));
    store().records().forget(noon.minus(Duration.ofDays(2)));
    store()
        .forgetting()
        .records(new Whose("a", "", ""), noon.minus(Duration.ofHours(1)), Optional.empty(), 1000);
    Verification found = verified(store());
    assertThat(found.broken()).isEmpty();
    assertThat(found.entries()).isGreaterThanOrEqualTo(4);
    assertThat(kinds(store())).contains("forgotten");
  }

  @Test
  default void a_record_is_missing_rightly_only_if_an_entry_names_it() {
    Entry one = RecordsContract.call(1, Ids.request(RecordsContract.NOON), "a", "m", "");
    Entry two = RecordsContract.call(2, Ids.request(RecordsContract.NOON), "a", "m", "");
    store().records().add("j", List.of(one, two));
    SqlAudit audit = ((SqlStore) store()).chain();
    audit.written((connection, chain) -> {
      delete(connection, id(one));
      chain.erased("a", List.of(id(one)));
      return 0;
    });
    assertThat(verified(store()).broken()).isEmpty();
    audit.written((connection, chain) -> delete(connection, id(two)));
    assertThat(verified(store()).broken().map(Verification.Broken::why).orElse(""))
        .contains(id(two));
  }

  @Test
  default void a_record_or_an_act_that_came_with_no_entry_is_named() {
    Instant later = RecordsContract.NOON.plusSeconds(60);
    Entry one = RecordsContract.call(1, Ids.request(later), "a", "m", "");
    store().records().add("j", List.of(one));
    store().acts().add(new Act(0, clock().instant(), "ann", "PATCH /x", 0, ""));
    assertThat(verified(store()).broken()).isEmpty();
    String forged = Ids.request(later);
    SqlAudit audit = ((SqlStore) store()).chain();
    audit.written((connection, chain) ->
        run(
            connection,
            "INSERT INTO call_20261121 (id, tenant, app, model, kind, record) SELECT '"
                + forged
                + "', tenant, app, model, kind, record FROM call_20261121"));
    assertThat(verified(store()).broken().map(Verification.Broken::why).orElse(""))
        .contains("record " + forged);
    audit.written((connection, chain) -> {
      run(connection, "DELETE FROM call_20261121 WHERE id = '" + forged + "'");
      return run(
          connection,
          "INSERT INTO act (number, follows, at, who, what, status, detail) VALUES (9, 0, 0, 'b',"
              + " 'POST /y', 200, '')");
    });
    assertThat(verified(store()).broken().map(Verification.Broken::why).orElse(""))
        .contains("act 9");
  }

  private static String id(Entry call) {
    return Json.parse(call.json()).path("request_id").asString("");
  }

  private static int delete(Connection connection, String id) throws SQLException {
    return run(connection, "DELETE FROM call_20261121 WHERE id = '" + id + "'");
  }

  private static int run(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  @Test
  default void entries_are_listed_the_newest_first_page_by_page_and_by_kind() {
    for (int i = 0; i < 6; i++) {
      clock().pass(Duration.ofMillis(i % 2));
      store().audit().append(List.of(new Draft(i % 2 == 0 ? "even" : "odd", "{\"i\":" + i + "}")));
    }
    var bodies = new ArrayList<String>();
    Optional<Place> before = Optional.empty();
    List<AuditEntry> page;
    do {
      page = store().audit().list(question(Optional.empty(), before, 2));
      page.forEach(entry -> bodies.add(entry.body()));
      before = page.isEmpty() ? before : Optional.of(Place.of(page.getLast()));
    } while (!page.isEmpty());
    assertThat(bodies).hasSize(7).startsWith("{\"i\":5}", "{\"i\":4}", "{\"i\":3}");
    assertThat(store().audit().list(question(Optional.of("odd"), Optional.empty(), 10)))
        .extracting(AuditEntry::body)
        .containsExactly("{\"i\":5}", "{\"i\":3}", "{\"i\":1}");
  }

  private static Question question(Optional<String> kind, Optional<Place> before, int limit) {
    return new Question(Optional.empty(), kind, Optional.empty(), Optional.empty(), before, limit);
  }
}

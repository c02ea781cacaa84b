package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Changes;
import dev.lintel.Changes.Change;
import dev.lintel.Changes.Revision;
import dev.lintel.Json;
import dev.lintel.Store;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store does with revisions of the configuration. */
interface ChangesContract {
  Instant NOON = Instant.parse("2026-11-21T12:00:00.123Z");

  Store store();

  Store reopened();

  private static Change change(String json, String... path) {
    return new Change(
        List.of(path), Optional.of(Json.parse(json)), true, "jane", NOON, Optional.empty());
  }

  private static Revision revision(long number, Optional<String> base, Change... changes) {
    return new Revision(number, NOON, "jane", "PATCH", base, List.of(changes));
  }

  @Test
  default void before_the_first_change_there_is_revision_none() {
    assertThat(store().changes().newest()).isZero();
    assertThat(store().changes().latest()).isEqualTo(Revision.NONE);
    assertThat(store().changes().find(1)).isEmpty();
    assertThat(store().changes().list(Long.MAX_VALUE, 10)).isEmpty();
  }

  @Test
  default void each_revision_is_found_as_it_was_added_also_by_another_process() {
    var removal =
        new Change(
            List.of("models", "m.1/x"),
            Optional.empty(),
            false,
            "joe",
            NOON,
            Optional.of(NOON.plusSeconds(60)));
    var added =
        List.of(
            revision(1, Optional.empty(), change("{\"a\":1.10}", "tenants", "ä")),
            revision(2, Optional.of("base: 1"), change("{\"a\":1.10}", "tenants", "ä"), removal),
            revision(3, Optional.of("base: 1"), removal),
            revision(4, Optional.of("base: 2"), change("\"x\"", "tenants", "ä")),
            revision(5, Optional.empty()));
    Changes changes = store().changes();
    added.forEach(next -> assertThat(changes.add(next)).isTrue());
    Changes again = reopened().changes();
    added.forEach(next -> assertThat(again.find(next.number())).contains(next));
    assertThat(again.newest()).isEqualTo(5);
    assertThat(again.latest()).isEqualTo(added.getLast());
  }

  @Test
  default void keys_of_apps_end_with_the_revision_that_ends_the_apps_or_not_at_all() {
    for (String app : List.of("a", "b")) {
      for (String tenant : List.of("t", "u")) {
        store()
            .callerKeys()
            .add(
                new CallerKey(
                    tenant + app,
                    tenant,
                    app,
                    "",
                    CallerKey.Kind.BEARER,
                    "",
                    "0123456789abcdef".repeat(4),
                    "",
                    CallerKey.Scopes.ALL,
                    NOON,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty()));
      }
    }
    Set<Changes.App> ending = Set.of(new Changes.App("t", ""), new Changes.App("u", "b"));
    assertThat(store().changes().add(revision(7, Optional.empty()), ending)).isFalse();
    assertThat(kept()).containsExactlyInAnyOrder("ta", "tb", "ua", "ub");
    assertThat(store().changes().add(revision(1, Optional.empty()), ending)).isTrue();
    assertThat(kept()).containsExactly("ua");
  }

  private List<String> kept() {
    var ids = new ArrayList<String>();
    store().callerKeys().changed(CallerKeys.ANEW, key -> ids.add(key.id()), ids::remove);
    return ids;
  }

  @Test
  default void what_stands_within_something_comes_after_it_whenever_it_was_changed() {
    Change outer = change("{}", "tenants", "t");
    Change inner = change("{}", "tenants", "t", "apps", "a");
    Changes changes = store().changes();
    changes.add(revision(1, Optional.empty(), outer, inner));
    changes.add(revision(2, Optional.empty(), inner));
    changes.add(revision(3, Optional.empty(), outer, inner));
    assertThat(changes.find(3).orElseThrow().changes()).containsExactly(outer, inner);
    assertThat(reopened().changes().latest().changes()).containsExactly(outer, inner);
  }

  @Test
  default void a_number_that_is_taken_or_leaves_a_gap_is_refused_and_changes_nothing() {
    Changes changes = store().changes();
    assertThat(changes.add(revision(2, Optional.empty()))).isFalse();
    assertThat(changes.add(revision(1, Optional.empty()))).isTrue();
    assertThat(changes.add(revision(1, Optional.of("x"), change("1", "a", "b")))).isFalse();
    assertThat(changes.latest()).isEqualTo(revision(1, Optional.empty()));
  }

  @Test
  default void of_many_who_add_the_same_number_one_wins() throws Exception {
    Changes changes = store().changes();
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (long round = 1; round <= 5; round++) {
        long number = round;
        var asked = new ArrayList<Future<Boolean>>();
        IntStream.range(0, 8)
            .forEach(i ->
                asked.add(
                    threads.submit(() ->
                        changes.add(
                            revision(number, Optional.empty(), change("" + i, "a", "b"))))));
        int won = 0;
        for (Future<Boolean> one : asked) {
          won += one.get() ? 1 : 0;
        }
        assertThat(won).isEqualTo(1);
      }
    }
    assertThat(changes.newest()).isEqualTo(5);
    assertThat(changes.latest().changes()).hasSize(1);
  }

  @Test
  default void the_list_shows_the_newest_first_and_pages() {
    Changes changes = store().changes();
    for (long number = 1; number <= 5; number++) {
      changes.add(revision(number, Optional.of("base"), change("1", "a", "b")));
    }
    assertThat(changes.list(4, 2)).extracting(Revision::number).containsExactly(3L, 2L);
    assertThat(changes.list(4, 2)).allMatch(row -> row.changes().isEmpty() && row.base().isEmpty());
  }

  @Test
  default void files_are_listed_as_they_were_noted_and_a_number_is_taken_once() {
    Changes changes = store().changes();
    assertThat(changes.files()).isEmpty();
    assertThat(changes.note("own a", 1)).isTrue();
    assertThat(changes.note("own b", 1)).isFalse();
    assertThat(changes.note("applied b", 2)).isTrue();
    assertThat(changes.note("own a", 3)).isTrue();
    assertThat(changes.files()).containsExactly("own a", "applied b", "own a");
  }
}

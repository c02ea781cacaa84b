package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Ids;
import dev.lintel.Mode;
import dev.lintel.Records.Entry;
import dev.lintel.Retention;
import dev.lintel.Ruled;
import dev.lintel.Store;
import dev.lintel.Whose;
import dev.lintel.store.MovingClock;
import dev.lintel.store.SqlStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetainingTest {
  @TempDir private Path folder;
  private final MovingClock clock = new MovingClock();
  private final List<Map<Whose, Instant>> here = new ArrayList<>();
  private SqlStore store;
  private long position;

  @BeforeEach
  void open() {
    store = SqlStore.embedded(folder, SqlStore.Bounds.USUAL, clock);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void what_is_older_than_it_may_be_goes_once_an_hour() {
    Retaining node = node(rule("t", Mode.ENFORCE, 2));
    Retaining other = node(rule("t", Mode.ENFORCE, 2));
    String first = called("t");
    clock.pass(Duration.ofMinutes(90));
    String second = called("t");
    String others = called("u");
    node.look();
    assertThat(recorded(first)).isTrue();
    clock.pass(Duration.ofMinutes(31));
    other.look();
    assertThat(recorded(first)).as("somebody looked within the hour").isTrue();
    clock.pass(Duration.ofMinutes(30));
    other.look();
    assertThat(recorded(first)).isFalse();
    assertThat(recorded(second)).isTrue();
    clock.pass(Duration.ofDays(1));
    node.look();
    assertThat(recorded(second)).isFalse();
    assertThat(recorded(others)).isTrue();
    assertThat(here.getLast())
        .isEqualTo(Map.of(new Whose("t", "", ""), clock.instant().minus(Duration.ofHours(2))));
  }

  @Test
  void the_shortest_time_holds_and_what_is_not_enforced_removes_nothing() {
    Retaining node =
        node(
            rule("", Mode.ENFORCE, 48),
            rule("t", Mode.OBSERVE, 1),
            rule("t/a", Mode.WARN, 1),
            rule("u/a", Mode.ENFORCE, 3),
            rule("u/a", Mode.ENFORCE, 5));
    String observed = called("t");
    String enforced = called("u");
    clock.pass(Duration.ofHours(4));
    node.look();
    assertThat(recorded(observed)).isTrue();
    assertThat(recorded(enforced)).isFalse();
    assertThat(here.getLast().get(new Whose("u", "a", "")))
        .isEqualTo(clock.instant().minus(Duration.ofHours(3)));
    assertThat(here.getLast()).doesNotContainKey(new Whose("t", "", ""));
    clock.pass(Duration.ofHours(45));
    node.look();
    assertThat(recorded(observed)).isFalse();
  }

  @Test
  void a_clock_that_ran_ahead_keeps_nobody_from_looking_once_it_is_put_right() {
    Retaining node = node(rule("t", Mode.ENFORCE, 2));
    clock.pass(Duration.ofDays(365));
    node.look();
    clock.pass(Duration.ofDays(-365));
    String first = called("t");
    clock.pass(Duration.ofHours(3));
    node.look();
    assertThat(recorded(first)).isFalse();
    assertThat(here).hasSize(2);
  }

  @Test
  void nobody_looks_where_no_policy_says_so() {
    var asked = new ArrayList<String>();
    new Retaining(
            () -> {
              asked.add("store");
              return store;
            },
            List::of,
            here::add,
            clock)
        .look();
    assertThat(asked).isEmpty();
    assertThat(here).isEmpty();
  }

  private Retaining node(Retention.Rule... rules) {
    return new Retaining(() -> (Store) store, () -> List.of(rules), here::add, clock);
  }

  private static Retention.Rule rule(String place, Mode mode, int hours) {
    return new Retention.Rule(
        Whose.of(place),
        new Ruled<>(
            new Retention(Optional.of(Duration.ofHours(hours)), Optional.empty(), Optional.empty()),
            mode,
            "policies.p.retention"));
  }

  private String called(String tenant) {
    String id = Ids.request(clock.instant());
    String json =
        "{\"request_id\":\"%s\",\"tenant\":\"%s\",\"app\":\"a\",\"model\":\"m\"}"
            .formatted(id, tenant);
    store
        .records()
        .add("j", List.of(new Entry(++position, json.getBytes(StandardCharsets.UTF_8), List.of())));
    return id;
  }

  private boolean recorded(String id) {
    return store.records().find(id).isPresent();
  }
}

package dev.lintel.store;

import static dev.lintel.store.RecordsContract.NOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Batch;
import dev.lintel.CallRecords;
import dev.lintel.Forgetting;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Records.Entry;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import dev.lintel.Replay;
import dev.lintel.Replays;
import dev.lintel.Store;
import dev.lintel.StoredFile;
import dev.lintel.Whose;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does with what may not be kept any longer. */
interface ForgettingContract {
  Store store();

  MovingClock clock();

  private static Entry call(long position, Instant time, String tenant, String app, String use) {
    String json =
        "{\"request_id\":\"%s\",\"tenant\":\"%s\",\"app\":\"%s\",\"use_case\":\"%s\",\"model\":\"m\",\"kind\":null,\"usage\":{\"input\":2}}"
            .formatted(Ids.request(time), tenant, app, use);
    return new Entry(position, json.getBytes(StandardCharsets.UTF_8), List.of());
  }

  /** Over three days, an hour apart: of two tenants with two apps and two use cases each. */
  private List<Entry> calls() {
    var all = new ArrayList<Entry>();
    for (int hour = 0; hour < 72; hour++) {
      for (int kind = 0; kind < 8; kind++) {
        all.add(
            call(
                all.size() + 1,
                NOON.plus(Duration.ofHours(hour)),
                (kind & 1) == 0 ? "t" : "u",
                (kind & 2) == 0 ? "a" : "b",
                (kind & 4) == 0 ? "faq" : "mail"));
      }
    }
    store().records().add("j", all);
    return all;
  }

  private List<String> left() {
    var ids = new ArrayList<String>();
    Optional<String> cursor = Optional.empty();
    do {
      CallRecords.Page page =
          store()
              .records()
              .list(new CallRecords.Question(Instant.EPOCH, Optional.empty(), cursor, 1000));
      page.records().forEach(json -> ids.add(Json.parse(json).path("request_id").asString()));
      cursor = page.next();
    } while (cursor.isPresent());
    return ids;
  }

  private static List<String> kept(List<Entry> all, Whose whose, Instant before) {
    return all.stream()
        .map(entry -> Json.parse(entry.json()))
        .filter(call ->
            !whose.are(
                    call.path("tenant").asString(),
                    call.path("app").asString(),
                    call.path("use_case").asString())
                || call.path("request_id").asString().compareTo(Ids.before(before)) >= 0)
        .map(call -> call.path("request_id").asString())
        .toList();
  }

  private int forget(Whose whose, Instant before, int most) {
    Forgetting forgetting = store().forgetting();
    int steps = 1;
    Optional<String> from = forgetting.records(whose, before, Optional.empty(), most);
    while (from.isPresent()) {
      steps++;
      from = forgetting.records(whose, before, from, most);
    }
    return steps;
  }

  @Test
  default void records_are_removed_of_those_alone_of_whom_it_is_asked_and_their_sums_stay() {
    List<Entry> all = calls();
    List<UsageRow> sums = usage();
    Instant before = NOON.plus(Duration.ofHours(40));
    for (Whose whose :
        List.of(
            new Whose("t", "a", "faq"),
            new Whose("t", "a", ""),
            new Whose("t", "", ""),
            Whose.EVERYBODY)) {
      forget(whose, before, 7);
      assertThat(left())
          .as(whose.place())
          .containsExactlyInAnyOrderElementsOf(kept(all, whose, before));
    }
    assertThat(store().records().find(id(all.getFirst()))).isEmpty();
    assertThat(usage()).isEqualTo(sums);
  }

  private List<UsageRow> usage() {
    return store()
        .records()
        .usage(
            new UsageQuestion(
                List.of("tenant", "app", "use_case"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()))
        .rows();
  }

  @Test
  default void no_step_removes_more_than_it_may() {
    calls();
    Instant before = NOON.plus(Duration.ofHours(80));
    for (Whose whose : List.of(new Whose("u", "b", "mail"), new Whose("u", "", ""))) {
      Optional<String> from = Optional.empty();
      int had = left().size();
      do {
        from = store().forgetting().records(whose, before, from, 10);
        int have = left().size();
        assertThat(had - have).isBetween(0, 10);
        had = have;
      } while (from.isPresent());
    }
    assertThat(left()).hasSize(72 * 4);
  }

  @Test
  default void what_was_looked_through_is_not_looked_through_again_unless_something_came_late() {
    calls();
    var whose = new Whose("t", "", "");
    Instant before = NOON.plus(Duration.ofHours(71));
    assertThat(forget(whose, before, 5)).isGreaterThan(50);
    assertThat(forget(whose, before, 5)).isLessThan(3);
    // A journal that was left is brought in.
    Entry late = call(1000, NOON.plusSeconds(5), "t", "a", "faq");
    store().records().add("another", List.of(late));
    assertThat(left()).contains(id(late));
    forget(whose, before, 5);
    assertThat(left()).doesNotContain(id(late));
    // Who keeps for a shorter time has more to look through, and who keeps longer nothing.
    assertThat(forget(whose, NOON, 5)).isEqualTo(1);
    forget(whose, NOON.plus(Duration.ofHours(80)), 5);
    assertThat(left()).hasSize(72 * 4);
  }

  @Test
  default void days_that_are_gone_are_no_trouble() {
    calls();
    store().records().forget(NOON.plus(Duration.ofHours(36)));
    forget(new Whose("t", "", ""), NOON.plus(Duration.ofHours(80)), 100);
    forget(new Whose("nobody", "", ""), NOON.plus(Duration.ofHours(800)), 100);
    assertThat(left()).isNotEmpty().hasSizeLessThan(72 * 4);
  }

  @Test
  default void replies_are_removed_by_tenant_and_app() {
    for (String app : List.of("a", "b")) {
      for (int i = 0; i < 5; i++) {
        var key = new Replays.Key("t", app, "k" + i);
        store().replays().take(key, new byte[] {1}, app + i);
        store()
            .replays()
            .keep(key, new Replay(200, "text/plain", Map.of(), new byte[] {2}, false, app + i));
      }
    }
    clock().pass(Duration.ofHours(2));
    var whose = new Whose("t", "a", "");
    assertThat(store().forgetting().replies(whose, clock().instant(), 3)).isTrue();
    assertThat(store().forgetting().replies(whose, clock().instant(), 3)).isFalse();
    assertThat(found("a")).isInstanceOf(Replays.Found.Free.class);
    assertThat(found("b")).isInstanceOf(Replays.Found.Kept.class);
    store()
        .forgetting()
        .replies(new Whose("t", "", ""), clock().instant().minus(Duration.ofHours(3)), 9);
    assertThat(found("b")).as("it is younger").isInstanceOf(Replays.Found.Kept.class);
    store().forgetting().replies(Whose.EVERYBODY, clock().instant(), 9);
    assertThat(found("b")).isInstanceOf(Replays.Found.Free.class);
  }

  private Replays.Found found(String app) {
    return store().replays().take(new Replays.Key("t", app, "k0"), new byte[] {1}, "again" + app);
  }

  @Test
  default void files_and_batches_are_removed_by_tenant_and_not_while_they_are_needed()
      throws Exception {
    for (String tenant : List.of("t", "u")) {
      for (String name : List.of("needed", "old")) {
        String id = "file-" + tenant + name;
        Files.writeString(store().files().draft(id), "content");
        store()
            .files()
            .add(new StoredFile(id, tenant, "batch", "f", 7, clock().instant(), Optional.empty()));
      }
      store().batches().add(batch(tenant, "batch_open" + tenant, Batch.Status.IN_PROGRESS));
      store().batches().add(batch(tenant, "batch_done" + tenant, Batch.Status.COMPLETED));
    }
    clock().pass(Duration.ofDays(2));
    Instant before = clock().instant().minus(Duration.ofDays(1));
    assertThat(
            store()
                .forgetting()
                .files(new Whose("t", "", ""), before.minus(Duration.ofDays(5)), 10))
        .isFalse();
    assertThat(store().files().find("t", "file-told")).isPresent();
    store().forgetting().files(new Whose("t", "", ""), before, 10);
    assertThat(store().files().find("t", "file-told")).isEmpty();
    assertThat(store().files().content("file-told")).doesNotExist();
    assertThat(store().files().find("t", "file-tneeded")).isPresent();
    assertThat(store().files().find("u", "file-uold")).isPresent();
    assertThat(store().batches().find("t", "batch_donet")).isEmpty();
    assertThat(store().batches().find("t", "batch_opent")).isPresent();
    assertThat(store().batches().find("u", "batch_doneu")).isPresent();
  }

  private Batch batch(String tenant, String id, Batch.Status status) {
    return new Batch(
            id,
            tenant,
            "a",
            "k",
            "/v1/chat/completions",
            status.last() ? "file-" + tenant + "old" : "file-" + tenant + "needed",
            Map.of(),
            Map.of(),
            clock().instant(),
            clock().instant().plus(Duration.ofDays(1)),
            Optional.empty(),
            Batch.Status.VALIDATING,
            Map.of(),
            Batch.Counts.NONE,
            "",
            "",
            List.of())
        .now(status, clock().instant());
  }

  private static String id(Entry entry) {
    return Json.parse(entry.json()).path("request_id").asString();
  }
}

package dev.lintel.store;

import static dev.lintel.store.RecordsContract.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Capture;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Payloads;
import dev.lintel.Records;
import dev.lintel.Replays;
import dev.lintel.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded store keeps the contracts, and what only a file can break. */
class SqliteStoreTest implements StoreContract {
  private static final SqlStore.Bounds BOUNDS =
      new SqlStore.Bounds(Duration.ofHours(24), 1_000_000);

  @TempDir private Path folder;
  private final MovingClock clock = new MovingClock();
  private SqlStore store;

  @BeforeEach
  void open() {
    store = SqlStore.embedded(folder, BOUNDS, clock);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  public Store store() {
    return store;
  }

  @Override
  public MovingClock clock() {
    return clock;
  }

  @Override
  public Store reopened() {
    store.close();
    open();
    return store;
  }

  @Test
  void a_payload_that_must_be_gone_is_in_no_byte_of_the_files_any_more() throws IOException {
    var payload =
        new Payloads.Payload(
            "req_gone",
            clock.instant(),
            "t",
            "a",
            "",
            Capture.Level.FULL,
            clock.instant().plusSeconds(60),
            "Zanzibar".repeat(10_000));
    store.payloads().add(List.of(payload));
    assertThat(isOnDisk("Zanzibar")).isTrue();
    store.payloads().forget(clock.instant().plus(Duration.ofHours(2)));
    assertThat(isOnDisk("Zanzibar")).isFalse();
    store.payloads().add(List.of(payload));
    assertThat(isOnDisk("Zanzibar")).isTrue();
    store.payloads().erase("t", Optional.empty(), Optional.empty());
    assertThat(isOnDisk("Zanzibar")).isFalse();
  }

  private boolean isOnDisk(String text) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void a_store_of_a_newer_version_is_refused_before_anything_is_opened() throws Exception {
    store.check();
    store.close();
    sql("PRAGMA user_version = 99");
    assertThatThrownBy(() -> SqlStore.look(folder))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("newer version of Lintel")
        .hasMessageContaining("--data DIR");
  }

  @Test
  void a_file_that_is_no_store_makes_it_unavailable_and_says_so() throws IOException {
    Files.writeString(folder.resolve("lintel.db"), "not a database at all, not at all".repeat(99));
    assertThatThrownBy(() -> store.check())
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE));
    assertThatThrownBy(() -> SqlStore.look(folder))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is not a database");
  }

  @Test
  void while_another_gateway_uses_the_folder_held_keys_stay_held_until_their_time_is_over() {
    store.replays().take(KEY, QUESTION, "c1");
    try (SqlStore second = SqlStore.embedded(folder, BOUNDS, clock)) {
      assertThat(second.replays().take(KEY, QUESTION, "c2"))
          .isInstanceOf(Replays.Found.Running.class);
      clock.pass(Duration.ofSeconds(16));
      assertThat(second.replays().take(KEY, QUESTION, "c3")).isInstanceOf(Replays.Found.Free.class);
    }
  }

  @Test
  void its_files_are_its_owners_alone() throws IOException {
    store.check();
    for (String name : new String[] {"lintel.db", "lintel.lock"}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
          .as(name)
          .isEqualTo("rw-------");
    }
  }

  @Test
  void nothing_is_opened_before_it_is_needed() {
    assertThat(folder.resolve("lintel.db")).doesNotExist();
    store.check();
    assertThat(folder.resolve("lintel.db")).exists();
  }

  @Test
  void what_an_earlier_version_has_added_up_is_taken_over() throws Exception {
    var question =
        new Records.UsageQuestion(
            List.of("tenant", "user"), Optional.empty(), Optional.empty(), Optional.empty());
    store.records().add("j", List.of(call(1, Ids.request(RecordsContract.NOON), "t", "m", "")));
    long hour = RecordsContract.NOON.toEpochMilli();
    sql(
        "INSERT INTO usage_hour_by_user VALUES ("
            + hour
            + ", 't', 'a', '', 'ann', 'm', 'p', '', 3, 4, 5, 6, 7, 8, 9)");
    sql("UPDATE usage_hour_single SET calls = calls + 3");
    ((SqlRecords) store.records()).tidy();
    assertThat(store.records().usage(question).rows())
        .extracting(Records.UsageRow::values, Records.UsageRow::calls)
        .containsExactly(Tuple.tuple(List.of("t", "ann"), 4L));
    store.close();
    sql("DELETE FROM usage_part WHERE span = 60000");
    open();
    // Nothing tells of the minutes any more: so the records do.
    var minutes =
        new Records.UsageQuestion(
            List.of("tenant"),
            Optional.of(RecordsContract.NOON),
            Optional.of(RecordsContract.NOON.plusSeconds(90)),
            Optional.empty());
    assertThat(store.records().usage(minutes).rows())
        .extracting(Records.UsageRow::calls)
        .containsExactly(1L);
  }

  private void sql(String statement) throws Exception {
    try (var connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lintel.db"));
        var one = connection.createStatement()) {
      one.execute(statement);
    }
  }
}

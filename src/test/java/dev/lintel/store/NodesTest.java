package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.AuditEntry.Draft;
import dev.lintel.Batch;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Records;
import dev.lintel.Replays;
import dev.lintel.Soon;
import dev.lintel.Store;
import dev.lintel.StoredFile;
import dev.lintel.Verification;
import dev.lintel.audit.Anchors;
import dev.lintel.audit.Verifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only several nodes on one PostgreSQL can get wrong. */
class NodesTest {
  private static final SqlStore.Bounds BOUNDS =
      new SqlStore.Bounds(Duration.ofHours(24), 1_000_000);
  private static final Migrations.Step FIRST =
      new Migrations.Step(1, "first", "CREATE TABLE a (x TEXT);\nCREATE TABLE b (x BIGINT);\n");

  @TempDir private Path folder;
  private final MovingClock clock = new MovingClock();
  private final String url = RealPostgres.fresh();
  private final List<AutoCloseable> open = Collections.synchronizedList(new ArrayList<>());

  private SqlStore node() {
    SqlStore node = RealPostgres.store(url, folder.resolve("node-" + open.size()), BOUNDS, clock);
    open.add(node);
    return node;
  }

  private Database database(Migrations.Step... steps) {
    var database = new Database(RealPostgres.engine(url, new Migrations(List.of(steps))));
    open.add(database);
    return database;
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
  }

  @Test
  void several_may_start_at_once_on_an_empty_database() {
    List<CompletableFuture<Void>> started =
        IntStream.range(0, 4)
            .mapToObj(i -> CompletableFuture.runAsync(() -> node().check()))
            .toList();
    started.forEach(CompletableFuture::join);
    assertThat(ask("SELECT COUNT(*) FROM migration"))
        .isEqualTo(Integer.toString(Migrations.NEWEST));
  }

  @Test
  void no_call_is_counted_twice_or_lost_while_all_nodes_add_and_tidy() {
    List<SqlStore> nodes = List.of(node(), node(), node());
    List<CompletableFuture<Void>> work = new ArrayList<>();
    for (int node = 0; node < nodes.size(); node++) {
      Records records = nodes.get(node).records();
      String journal = "journal-" + node;
      work.add(
          CompletableFuture.runAsync(() -> {
            for (int batch = 0; batch < 40; batch++) {
              var entries = new ArrayList<Records.Entry>();
              for (int i = 0; i < 5; i++) {
                Instant time = RecordsContract.NOON.plus(Duration.ofMinutes(batch * 20L + i));
                entries.add(
                    RecordsContract.call(batch * 5L + i, Ids.request(time), journal, "m", ""));
              }
              untilDone(() -> records.add(journal, entries));
              if (batch % 4 == 3) {
                untilDone(((SqlRecords) records)::tidy);
              }
            }
          }));
    }
    work.forEach(CompletableFuture::join);
    ((SqlRecords) nodes.getFirst().records()).tidy();
    for (List<String> by : List.of(List.of("tenant"), List.of("tenant", "user", "kind"))) {
      var asked =
          new Records.UsageQuestion(by, Optional.empty(), Optional.empty(), Optional.empty());
      assertThat(nodes.getLast().records().usage(asked).rows())
          .extracting(Records.UsageRow::calls)
          .containsExactly(200L, 200L, 200L);
    }
    assertThat(
            ask(
                "SELECT MAX(parts) FROM (SELECT COUNT(*) AS parts FROM usage_part WHERE start < (SELECT MAX(start) FROM usage_part WHERE span < 86400000) GROUP BY span, start, CASE span WHEN 86400000 THEN tier ELSE 0 END) AS hours"))
        .isEqualTo("1");
  }

  /** As the journal's courier does: what another node was in the way of is done again. */
  private static void untilDone(Runnable work) {
    Optional<Failure> failed = Optional.of(Failure.invalid("not tried"));
    for (int i = 0; i < 50 && failed.isPresent(); i++) {
      try {
        work.run();
        failed = Optional.empty();
      } catch (Failure unavailable) {
        failed = Optional.of(unavailable);
      }
    }
    failed.ifPresent(last -> {
      throw last;
    });
  }

  @Test
  void a_batch_whose_files_lie_elsewhere_is_taken_by_another_node() {
    SqlStore one = node();
    SqlStore other = node();
    one.batches().add(batch("batch_1"));
    assertThat(one.batches().take()).isPresent();
    one.batches().elsewhere("batch_1");
    assertThat(one.batches().take()).isEmpty();
    assertThat(other.batches().take()).map(Batch::id).contains("batch_1");
  }

  @Test
  void a_node_knows_of_a_file_that_its_content_lies_elsewhere() throws Exception {
    SqlStore one = node();
    SqlStore other = node();
    Files.writeString(one.files().draft("file-1"), "x");
    one.files()
        .add(new StoredFile("file-1", "t", "batch", "in", 1, clock.instant(), Optional.empty()));
    assertThat(one.files().elsewhere("file-1")).isFalse();
    assertThat(other.files().find("t", "file-1")).isPresent();
    assertThat(other.files().elsewhere("file-1")).isTrue();
    assertThat(other.files().elsewhere("file-2")).as("there is none").isFalse();
  }

  @Test
  void of_all_nodes_one_takes_a_batch() {
    List<SqlStore> nodes = List.of(node(), node(), node());
    for (int i = 100; i < 140; i++) {
      nodes.getFirst().batches().add(batch("batch_" + i));
    }
    List<String> taken = Collections.synchronizedList(new ArrayList<>());
    List<CompletableFuture<Void>> all =
        nodes.stream()
            .map(node ->
                CompletableFuture.runAsync(() -> {
                  for (int misses = 0; misses < 20; ) {
                    Optional<Batch> next = node.batches().take();
                    next.ifPresent(batch -> taken.add(batch.id()));
                    misses += next.isPresent() ? 0 : 1;
                  }
                }))
            .toList();
    all.forEach(CompletableFuture::join);
    assertThat(taken).hasSize(40).doesNotHaveDuplicates();
  }

  @Test
  void changes_of_one_batch_by_several_nodes_are_all_kept() {
    List<SqlStore> nodes = List.of(node(), node());
    nodes.getFirst().batches().add(batch("batch_1"));
    List<CompletableFuture<Void>> all =
        IntStream.range(0, 40)
            .mapToObj(i ->
                CompletableFuture.runAsync(
                    () -> nodes.get(i % 2).batches().change("batch_1", NodesTest::oneMore)))
            .toList();
    all.forEach(CompletableFuture::join);
    assertThat(nodes.getFirst().batches().find("t", "batch_1").orElseThrow().counts().completed())
        .isEqualTo(40);
  }

  @Test
  void a_key_that_one_node_holds_is_held_for_the_others_until_its_time_is_over() {
    SqlStore one = node();
    SqlStore two = node();
    var key = new Replays.Key("t", "a", "k");
    byte[] question = {1};
    one.replays().take(key, question, "c1");
    assertThat(two.replays().take(key, question, "c2")).isInstanceOf(Replays.Found.Running.class);
    clock.pass(Duration.ofSeconds(16));
    assertThat(two.replays().take(key, question, "c3")).isInstanceOf(Replays.Found.Free.class);
  }

  @Test
  void work_whose_connection_was_killed_in_its_middle_is_done_once() {
    Database database = database(FIRST);
    var first = new AtomicBoolean(true);
    database.written(connection -> {
      execute(connection, "INSERT INTO b (x) VALUES (1)");
      if (first.getAndSet(false)) {
        ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                + " current_database() AND state = 'idle in transaction'");
      }
      execute(connection, "INSERT INTO b (x) VALUES (2)");
      return true;
    });
    assertThat(ask("SELECT COUNT(*) FROM b")).isEqualTo("2");
    assertThat(database.state().presence()).isEqualTo(Store.Presence.OPEN);
  }

  @Test
  void transactions_that_wait_for_each_other_are_done_one_after_the_other() {
    Database database = database(FIRST);
    database.written(connection -> {
      execute(connection, "INSERT INTO b (x) VALUES (1)");
      execute(connection, "INSERT INTO b (x) VALUES (2)");
      return true;
    });
    List<CompletableFuture<Boolean>> both =
        IntStream.of(1, 2)
            .mapToObj(start ->
                database.write(connection -> {
                  execute(connection, "UPDATE b SET x = x WHERE x = " + start);
                  execute(connection, "SELECT pg_sleep(0.2)");
                  execute(connection, "UPDATE b SET x = x WHERE x = " + (3 - start));
                  return true;
                }))
            .toList();
    assertThat(both).allSatisfy(one -> assertThat(one.join()).isTrue());
  }

  @Test
  void a_step_that_was_interrupted_leaves_nothing_and_is_done_again() {
    String sql = "INSERT INTO a (x) VALUES ('x');\nDROP TABLE b;\n";
    Database broken =
        database(FIRST, new Migrations.Step(2, "second", sql + "SELECT nothing FROM nowhere;\n"));
    assertThatThrownBy(() -> broken.found(connection -> true)).isInstanceOf(Failure.class);
    assertThat(ask("SELECT COUNT(*) FROM a")).isEqualTo("0");
    assertThat(ask("SELECT COUNT(*) FROM b")).isEqualTo("0");
    Database whole = database(FIRST, new Migrations.Step(2, "second", sql));
    whole.found(connection -> true);
    assertThat(ask("SELECT COUNT(*) FROM a")).isEqualTo("1");
  }

  @Test
  void an_older_node_works_and_starts_beside_a_newer_one_that_only_adds() {
    Database older = database(FIRST);
    older.found(connection -> true);
    database(FIRST, new Migrations.Step(2, "second", "ALTER TABLE a ADD COLUMN y TEXT;\n"))
        .found(connection -> true);
    older.written(connection -> execute(connection, "INSERT INTO a (x) VALUES ('x')"));
    database(FIRST).written(connection -> execute(connection, "INSERT INTO a (x) VALUES ('y')"));
    assertThat(ask("SELECT COUNT(*) FROM a")).isEqualTo("2");
  }

  @Test
  void a_store_of_a_newer_version_is_refused_with_a_sentence() {
    database(FIRST, new Migrations.Step(2, "second", "-- breaks older versions\nDROP TABLE b;\n"))
        .found(connection -> true);
    Database older = database(FIRST);
    assertThatThrownBy(() -> older.found(connection -> true)).isInstanceOf(Failure.class);
    assertThat(older.state().presence()).isEqualTo(Store.Presence.REFUSED);
    assertThat(older.state().why()).contains("newer version of Lintel").contains("'database'");
  }

  @Test
  void ids_are_compared_as_bytes_whatever_the_language_of_the_server() {
    Database database = database(FIRST);
    List<String> sorted =
        database.written(connection -> {
          execute(connection, "INSERT INTO a (x) VALUES ('b'), ('B'), ('a'), ('_'), ('~'), ('1')");
          var all = new ArrayList<String>();
          try (var query = connection.prepareStatement("SELECT x FROM a ORDER BY x");
              var row = query.executeQuery()) {
            while (row.next()) {
              all.add(row.getString(1));
            }
          }
          return all;
        });
    assertThat(sorted).containsExactly("1", "B", "_", "a", "b", "~");
  }

  @Test
  void what_one_node_changes_the_others_hear_of_within_a_second() throws InterruptedException {
    SqlStore one = node();
    SqlStore two = node();
    var heard = new LinkedBlockingQueue<Long>();
    two.feed().hear(SqlChanges.TOPIC, heard::add);
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isZero();
    var number = new AtomicLong();
    Soon.within(
        Duration.ofSeconds(1),
        () -> {
          one.changes()
              .add(
                  new dev.lintel.Changes.Revision(
                      number.incrementAndGet(),
                      clock.instant(),
                      "jane",
                      "why",
                      Optional.empty(),
                      List.of()));
          return Soon.taken(() -> Long.valueOf(number.get()).equals(heard.poll()));
        });
  }

  @Test
  void a_hearer_that_fails_is_told_again() throws InterruptedException {
    var heard = new LinkedBlockingQueue<Long>();
    var first = new AtomicBoolean(true);
    node()
        .feed()
        .hear(
            "x",
            number -> {
              heard.add(number);
              if (first.getAndSet(false)) {
                throw Failure.internal();
              }
            });
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isZero();
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isZero();
  }

  private Batch batch(String id) {
    return new Batch(
        id,
        "t",
        "a",
        "t/a#1",
        "/v1/chat/completions",
        "file-1",
        Map.of(),
        Map.of(),
        clock.instant(),
        clock.instant().plus(Duration.ofHours(24)),
        Optional.empty(),
        Batch.Status.VALIDATING,
        Map.of(),
        Batch.Counts.NONE,
        "",
        "",
        List.of());
  }

  private static Batch oneMore(Batch batch) {
    Batch.Counts now = batch.counts();
    return batch.with(new Batch.Counts(40, now.completed() + 1, 0, 0));
  }

  private static boolean execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
      return true;
    }
  }

  private String ask(String sql) {
    try (Connection connection = RealPostgres.connect(url);
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  @Test
  void nodes_anchor_each_other_so_that_a_chain_cannot_be_cut_even_with_its_own_files()
      throws Exception {
    SqlStore one = node();
    SqlStore two = node();
    one.audit().append(List.of(new Draft("act", "{\"i\":1}")));
    one.audit().append(List.of(new Draft("act", "{\"i\":2}")));
    two.audit().append(List.of(new Draft("act", "{\"i\":3}")));
    var anchors = new Anchors();
    anchors.look(two.audit());
    anchors.look(two.audit());
    assertThat(two.audit().last(two.audit().node(), Optional.of("anchor")).orElseThrow().sequence())
        .as("anchored once")
        .isEqualTo(3);
    assertThat(found(two)).isEmpty();
    String node = one.audit().node();
    try (Connection db = RealPostgres.connect(url);
        var statement = db.createStatement()) {
      statement.executeUpdate("DELETE FROM audit WHERE node = '" + node + "' AND sequence = 3");
      assertThat(found(two).map(Verification.Broken::sequence)).contains(3L);
      assertThat(found(two).map(Verification.Broken::node)).contains(node);
      statement.executeUpdate("DELETE FROM audit WHERE node = '" + node + "'");
      statement.executeUpdate("DELETE FROM audit_node WHERE node = '" + node + "'");
      assertThat(found(two).map(Verification.Broken::sequence)).contains(1L);
    }
  }

  private static Optional<Verification.Broken> found(SqlStore store) {
    return new Verifier(store.audit(), System::nanoTime)
        .verify(true, Optional.empty(), Duration.ofMinutes(10))
        .broken();
  }
}

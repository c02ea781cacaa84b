package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Failure;
import dev.lintel.Soon;
import dev.lintel.Store.Presence;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL that goes away and comes back. */
class OutageTest {
  private static final Migrations TABLES =
      new Migrations(List.of(new Migrations.Step(1, "first", "CREATE TABLE b (x BIGINT);\n")));

  @TempDir private Path folder;
  private OwnPostgres server;
  private Database database;
  private volatile boolean enough;

  @BeforeEach
  void open() throws IOException {
    server = new OwnPostgres(folder);
    database = new Database(RealPostgres.engine(server.url() + "?socketTimeout=2", TABLES));
  }

  @AfterEach
  void close() throws IOException {
    enough = true;
    database.close();
    server.close();
  }

  @Test
  void what_was_acknowledged_is_there_once_after_the_server_crashed_under_load() throws Exception {
    Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    var numbers = new AtomicLong();
    var writers = new ArrayList<Thread>();
    for (int i = 0; i < 8; i++) {
      writers.add(Thread.ofPlatform().start(() -> write(numbers, acknowledged)));
    }
    for (int crashes = 1; crashes <= 3; crashes++) {
      int before = acknowledged.size();
      until(() -> acknowledged.size() > before + 300);
      server.crash();
    }
    int before = acknowledged.size();
    until(() -> acknowledged.size() > before + 300);
    enough = true;
    for (Thread writer : writers) {
      writer.join();
    }
    List<Long> there = rows();
    assertThat(there).doesNotHaveDuplicates();
    assertThat(new HashSet<>(there)).containsAll(acknowledged);
  }

  private void write(AtomicLong numbers, Set<Long> acknowledged) {
    while (!enough) {
      long number = numbers.incrementAndGet();
      try {
        database.written(connection -> insert(connection, number));
        acknowledged.add(number);
      } catch (Failure away) {
        assertThat(away.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
        assertThat(away.retryAfter()).isPresent();
        LockSupport.parkNanos(5_000_000);
      }
    }
  }

  @Test
  void a_server_that_stands_still_is_given_up_and_used_again() throws Exception {
    database.written(connection -> insert(connection, 1));
    server.freeze();
    assertThatThrownBy(() -> database.written(connection -> insert(connection, 2)))
        .isInstanceOf(Failure.class);
    assertThat(database.state().presence()).isEqualTo(Presence.AWAY);
    server.thaw();
    until(() -> database.state().presence() == Presence.OPEN);
    database.written(connection -> insert(connection, 3));
    assertThat(rows()).contains(1L, 3L);
  }

  @Test
  void it_opens_when_the_server_comes_that_was_away_at_the_start() throws Exception {
    server.stop();
    assertThatThrownBy(() -> database.found(connection -> true)).isInstanceOf(Failure.class);
    assertThat(database.state().presence()).isEqualTo(Presence.AWAY);
    server.start();
    until(() -> database.state().presence() == Presence.OPEN);
    database.written(connection -> insert(connection, 1));
    assertThat(rows()).containsExactly(1L);
  }

  private static int insert(Connection connection, long number) throws java.sql.SQLException {
    try (var insert = connection.prepareStatement("INSERT INTO b (x) VALUES (?)")) {
      insert.setLong(1, number);
      return insert.executeUpdate();
    }
  }

  private List<Long> rows() {
    return database.found(connection -> {
      var all = new ArrayList<Long>();
      try (var query = connection.prepareStatement("SELECT x FROM b");
          var row = query.executeQuery()) {
        while (row.next()) {
          all.add(row.getLong(1));
        }
      }
      return all;
    });
  }

  private static void until(BooleanSupplier holds) {
    Soon.until(holds);
  }
}

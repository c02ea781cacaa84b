package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationsTest {
  private static final Migrations.Step FIRST =
      new Migrations.Step(1, "first", "CREATE TABLE a (x BIGINT);\nCREATE TABLE b (x BIGINT);\n");
  private static final Migrations.Step SECOND =
      new Migrations.Step(2, "second", "INSERT INTO a (x) VALUES (1);\nDROP TABLE b;\n");

  @TempDir private Path folder;
  private Connection connection;
  private Sqlite sqlite;

  @BeforeEach
  void open() throws SQLException {
    sqlite = new Sqlite(folder.resolve("x.db"), connection -> true);
    connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("x.db"));
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  @Test
  void steps_are_applied_once_in_their_order() throws SQLException {
    apply(FIRST);
    apply(FIRST, SECOND);
    apply(FIRST, SECOND);
    assertThat(count("migration")).isEqualTo(2);
    assertThat(count("a")).isEqualTo(1);
  }

  @Test
  void an_interrupted_step_leaves_nothing_and_is_done_again() throws SQLException {
    apply(FIRST);
    var broken = new Migrations.Step(2, "second", SECOND.sql() + "SELECT nothing FROM nowhere;\n");
    assertThatThrownBy(() -> apply(FIRST, broken)).isInstanceOf(SQLException.class);
    assertThat(count("a")).isZero();
    assertThat(count("b")).isZero();
    apply(FIRST, SECOND);
    assertThat(count("a")).isEqualTo(1);
  }

  @Test
  void a_store_with_a_step_that_breaks_older_versions_is_refused_by_them() throws SQLException {
    apply(FIRST, new Migrations.Step(2, "second", "-- breaks older versions\nDROP TABLE b;\n"));
    assertThatThrownBy(() -> apply(FIRST))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("newer version");
    assertThat(needed()).isEqualTo(2);
  }

  @Test
  void a_version_may_start_on_tables_to_which_a_newer_one_has_only_added() throws SQLException {
    apply(FIRST, SECOND);
    apply(FIRST);
    apply(FIRST, SECOND, new Migrations.Step(3, "third", "CREATE TABLE c (x BIGINT);\n"));
    assertThat(count("c")).isZero();
  }

  @Test
  void a_step_that_is_not_the_one_that_was_applied_is_refused_by_its_name() throws SQLException {
    apply(FIRST);
    assertThatThrownBy(() -> apply(new Migrations.Step(1, "first", FIRST.sql() + "-- edited\n")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'first'");
  }

  private void apply(Migrations.Step... steps) throws SQLException {
    new Migrations(List.of(steps)).apply(connection, sqlite);
  }

  private int needed() throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery("PRAGMA user_version")) {
      return row.getInt(1);
    }
  }

  private int count(String table) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
      return row.getInt(1);
    }
  }
}

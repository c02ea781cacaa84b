package dev.lintel.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;

/**
 * The steps by which the tables came to be, in their order. Each is a file of plain SQL that never
 * changes once it is released, and is applied whole or not at all: one that was interrupted is done
 * again from its beginning.
 *
 * <p>A step only adds, and touches no rows: gateways that do not know it go on working, and may be
 * started again. One that cannot be so begins with the line {@code -- breaks older versions}; those
 * that do not know it refuse to start.
 */
final class Migrations {
  private static final String MIGRATION =
      "CREATE TABLE IF NOT EXISTS migration (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT"
          + " NULL, hash TEXT NOT NULL, applied BIGINT NOT NULL)";

  /** Its largest row is the first step that a gateway must know. */
  private static final String FLOOR =
      "CREATE TABLE IF NOT EXISTS migration_floor (version BIGINT NOT NULL PRIMARY KEY)";

  private static final List<String> FILES =
      List.of(
          "V001__replays_files_batches",
          "V002__revisions",
          "V003__acts_secrets",
          "V004__caller_keys",
          "V005__records",
          "V006__approvals",
          "V007__findings",
          "V008__told",
          "V009__revision_files",
          "V010__forgotten",
          "V011__usage_parts",
          "V012__payloads",
          "V013__costs_opinions",
          "V014__audit",
          "V015__erasures");

  /** Which made the tables of the chain of evidence. */
  private static final int EVIDENCE = 1 + FILES.indexOf("V014__audit");

  /** The newest that this version knows. */
  static final int NEWEST = FILES.size();

  /** One step; {@code version} counts from 1. */
  record Step(int version, String name, String sql) {
    /** Whether gateways that do not know it cannot work with the tables any more. */
    boolean breaking() {
      return sql.startsWith("-- breaks older versions");
    }

    String hash() {
      try {
        return HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256").digest(sql.getBytes(StandardCharsets.UTF_8)));
      } catch (NoSuchAlgorithmException missing) {
        throw new IllegalStateException(missing);
      }
    }
  }

  private final List<Step> steps;

  /**
   * @param steps in their order
   */
  Migrations(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  /**
   * Looks whether the tables have the chain of evidence, and changes nothing. Throws as {@link
   * #apply} does.
   */
  void look(Connection connection) throws SQLException {
    int newest;
    try {
      if (floor(connection) > steps.size()) {
        throw new IllegalStateException(tooNew(floor(connection), steps.size()));
      }
      try (var statement = connection.createStatement();
          var row = statement.executeQuery("SELECT COALESCE(MAX(version), 0) FROM migration")) {
        row.next();
        newest = row.getInt(1);
      }
    } catch (SQLException none) {
      throw new IllegalStateException("There is no store of Lintel's: " + none.getMessage(), none);
    }
    if (newest < EVIDENCE) {
      throw new IllegalStateException(
          "The store was written by a version of Lintel that kept no chain of evidence.");
    }
  }

  List<Step> steps() {
    return steps;
  }

  static Migrations all() {
    var steps = new java.util.ArrayList<Step>();
    for (String file : FILES) {
      steps.add(new Step(steps.size() + 1, file, text(file + ".sql")));
    }
    return new Migrations(steps);
  }

  /**
   * Brings the tables up to date, each step in a transaction of its own; several nodes may do so at
   * once. Throws {@link IllegalStateException} with a sentence where the tables are too new for
   * this version, or were made by steps other than these.
   */
  void apply(Connection connection, Engine engine) throws SQLException {
    boolean done = false;
    while (!done) {
      engine.beginAlone(connection);
      try {
        done = step(connection, engine);
        engine.commit(connection);
      } catch (SQLException | RuntimeException failed) {
        engine.rollback(connection);
        throw failed;
      }
    }
  }

  /** Does the next step that is missing; true where there is none. */
  private boolean step(Connection connection, Engine engine) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(engine.words(MIGRATION));
      statement.execute(engine.words(FLOOR));
    }
    int next = 0;
    int newest = 0;
    try (var query =
            connection.prepareStatement(
                "SELECT version, name, hash FROM migration ORDER BY version");
        var rows = query.executeQuery()) {
      while (rows.next()) {
        newest = rows.getInt(1);
        if (newest <= steps.size()) {
          check(steps.get(next), rows);
          next++;
        }
      }
    }
    if (floor(connection) > steps.size()) {
      throw new IllegalStateException(tooNew(newest, steps.size()));
    }
    if (next == steps.size()) {
      return true;
    }
    apply(steps.get(next), connection, engine);
    return false;
  }

  private static void check(Step known, ResultSet row) throws SQLException {
    if (row.getInt(1) != known.version || !row.getString(3).equals(known.hash())) {
      throw new IllegalStateException(
          "The store was changed by a migration '"
              + row.getString(2)
              + "' that is not the one of this version of Lintel; start the version that wrote it,"
              + " or a copy of the data from before.");
    }
  }

  private static int floor(Connection connection) throws SQLException {
    try (var query =
            connection.prepareStatement("SELECT COALESCE(MAX(version), 0) FROM migration_floor");
        var row = query.executeQuery()) {
      row.next();
      return row.getInt(1);
    }
  }

  private static void apply(Step step, Connection connection, Engine engine) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (String sql : statements(step.sql)) {
        statement.execute(engine.words(sql));
      }
    }
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO migration (version, name, hash, applied) VALUES (?, ?, ?, ?)")) {
      insert.setInt(1, step.version);
      insert.setString(2, step.name);
      insert.setString(3, step.hash());
      insert.setLong(4, System.currentTimeMillis());
      insert.executeUpdate();
    }
    if (step.breaking()) {
      try (var insert =
          connection.prepareStatement("INSERT INTO migration_floor (version) VALUES (?)")) {
        insert.setInt(1, step.version);
        insert.executeUpdate();
      }
      engine.needs(connection, step.version);
    }
  }

  static String tooNew(int version, int newest) {
    return "The store was written by a newer version of Lintel (its tables are at "
        + version
        + ", this version knows "
        + newest
        + "): start the newer version, or choose another store, by --data DIR or by 'database' in"
        + " the configuration.";
  }

  static List<String> statements(String sql) {
    return java.util.Arrays.stream(sql.split(";\\R", -1))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .toList();
  }

  private static String text(String file) {
    try (InputStream in = Migrations.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("the jar has no " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}

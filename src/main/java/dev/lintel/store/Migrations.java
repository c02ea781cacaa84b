package dev.lintel.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;

/**
 * The steps by which the tables came to be, in their order. Each is a file of plain SQL that never
 * changes once it is released, and is applied whole or not at all: one that was interrupted is done
 * again from its beginning.
 */
final class Migrations {
  private static final List<String> FILES =
      List.of(
          "V001__replays_files_batches",
          "V002__revisions",
          "V003__acts_secrets",
          "V004__caller_keys");

  /** The newest that this version knows. */
  static final int NEWEST = FILES.size();

  /** One step; {@code version} counts from 1. */
  record Step(int version, String name, String sql) {
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

  /** What to do around each step where a database wants more than SQL. */
  @FunctionalInterface
  interface After {
    void applied(Step step) throws SQLException;
  }

  private final List<Step> steps;

  /**
   * @param steps in their order
   */
  Migrations(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  static Migrations all() {
    var steps = new java.util.ArrayList<Step>();
    for (String file : FILES) {
      steps.add(new Step(steps.size() + 1, file, text(file + ".sql")));
    }
    return new Migrations(steps);
  }

  /**
   * Brings the tables up to date, each step in a transaction of its own. Throws {@link
   * IllegalStateException} with a sentence where the tables are newer than this version, or were
   * made by steps other than these.
   *
   * @param begin the statement that begins a transaction which keeps others from doing the same
   * @param after runs inside the transaction
   */
  void apply(Connection connection, String begin, After after) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS migration (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT"
              + " NULL, hash TEXT NOT NULL, applied BIGINT NOT NULL)");
      boolean done = false;
      while (!done) {
        statement.execute(begin);
        try {
          done = step(connection, after);
          statement.execute("COMMIT");
        } catch (SQLException | RuntimeException failed) {
          statement.execute("ROLLBACK");
          throw failed;
        }
      }
    }
  }

  /** Does the next step that is missing; true where there is none. */
  private boolean step(Connection connection, After after) throws SQLException {
    int next = 0;
    try (var query =
            connection.prepareStatement(
                "SELECT version, name, hash FROM migration ORDER BY version");
        var rows = query.executeQuery()) {
      while (rows.next()) {
        if (rows.getInt(1) > steps.size()) {
          throw new IllegalStateException(tooNew(rows.getInt(1), steps.size()));
        }
        Step known = steps.get(next);
        if (rows.getInt(1) != known.version || !rows.getString(3).equals(known.hash())) {
          throw new IllegalStateException(
              "The store was changed by a migration '"
                  + rows.getString(2)
                  + "' that is not the one of this version of Lintel; start the version that wrote"
                  + " it, or a copy of the data from before.");
        }
        next++;
      }
    }
    if (next == steps.size()) {
      return true;
    }
    Step missing = steps.get(next);
    try (var statement = connection.createStatement()) {
      for (String sql : statements(missing.sql)) {
        statement.execute(sql);
      }
    }
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO migration (version, name, hash, applied) VALUES (?, ?, ?, ?)")) {
      insert.setInt(1, missing.version);
      insert.setString(2, missing.name);
      insert.setString(3, missing.hash());
      insert.setLong(4, System.currentTimeMillis());
      insert.executeUpdate();
    }
    after.applied(missing);
    return false;
  }

  static String tooNew(int version, int newest) {
    return "The store was written by a newer version of Lintel (its tables are at "
        + version
        + ", this version knows "
        + newest
        + "): start the newer version, or choose another data folder with --data DIR.";
  }

  private static List<String> statements(String sql) {
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

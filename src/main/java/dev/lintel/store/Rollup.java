package dev.lintel.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the calls of each hour, or each day, come to, by who made them and whom they asked. Users
 * and use cases are callers' words: beyond a bound of rows they fold into {@link #OTHER}.
 */
final class Rollup {
  /** Without users and use cases, so that there are few rows. */
  static final Rollup HOURS = new Rollup("usage_hour", Duration.ofHours(1), false);

  static final Rollup HOURS_BY_USER = new Rollup("usage_hour_by_user", Duration.ofHours(1), true);
  static final Rollup DAYS = new Rollup("usage_day", Duration.ofDays(1), false);
  static final Rollup DAYS_BY_USER = new Rollup("usage_day_by_user", Duration.ofDays(1), true);
  static final String OTHER = "other";

  /** The columns by their names in the admin API. */
  static final Map<String, String> COLUMNS =
      Map.of(
          "tenant", "tenant",
          "app", "app",
          "use_case", "use_case",
          "user", "caller_user",
          "model", "model",
          "provider", "provider",
          "kind", "kind");

  private static final List<String> KEY =
      List.of("tenant", "app", "use_case", "caller_user", "model", "provider", "kind");
  static final List<String> SUMS =
      List.of("calls", "pico_usd", "input", "output", "cache_read", "cache_write", "reasoning");

  private final String table;
  private final long millis;
  private final boolean byUser;

  private Rollup(String table, Duration length, boolean byUser) {
    this.table = table;
    this.byUser = byUser;
    this.millis = length.toMillis();
  }

  /**
   * Of the minutes of a day. No row is ever found again and added to: each time that some are added
   * they have rows of their own, which costs less.
   */
  static Rollup minutes(int day) {
    return new Rollup("usage_" + day, Duration.ofMinutes(1), true);
  }

  /** What one row is about. */
  record Key(
      long start,
      String tenant,
      String app,
      String useCase,
      String user,
      String model,
      String provider,
      String kind) {
    /** In one order on every node, so that none waits for another that waits for it. */
    static final Comparator<Key> ORDER =
        Comparator.comparingLong(Key::start)
            .thenComparing(Key::tenant)
            .thenComparing(Key::app)
            .thenComparing(Key::useCase)
            .thenComparing(Key::user)
            .thenComparing(Key::model)
            .thenComparing(Key::provider)
            .thenComparing(Key::kind);

    static Key of(RecordRow row, long start) {
      return new Key(
          start,
          row.tenant(),
          row.app(),
          row.useCase(),
          row.user(),
          row.model(),
          row.provider(),
          row.kind());
    }

    /** Without a target, a model is but a word of the caller's, too. */
    Key folded() {
      return new Key(
          start,
          tenant,
          app,
          useCase.isEmpty() ? "" : OTHER,
          user.isEmpty() ? "" : OTHER,
          provider.isEmpty() && !model.isEmpty() ? OTHER : model,
          provider,
          kind);
    }

    Key byNobody() {
      return new Key(start, tenant, app, "", "", model, provider, kind);
    }

    List<String> words() {
      return List.of(tenant, app, useCase, user, model, provider, kind);
    }

    String word(String column) {
      return words().get(KEY.indexOf(COLUMNS.get(column)));
    }
  }

  /** Which rows there are, as far as this process has made them. */
  static final class Known {
    private final int most;
    private final TreeMap<Long, Set<Key>> byStart = new TreeMap<>();

    /**
     * @param most rows of one hour or day before callers' words fold
     */
    Known(int most) {
      this.most = most;
    }

    Key fold(Key key) {
      Set<Key> rows = byStart.computeIfAbsent(key.start, start -> new HashSet<>());
      // A few hours come in at once where a journal was long away from its store.
      while (byStart.size() > 48) {
        byStart.pollFirstEntry();
      }
      if (rows.contains(key) || rows.size() < most) {
        rows.add(key);
        return key;
      }
      return key.folded();
    }
  }

  String table() {
    return table;
  }

  long millis() {
    return millis;
  }

  /** What these calls come to, in the order in which rows are to be written. */
  SortedMap<Key, UsageSum> sums(Collection<RecordRow> rows, Known known) {
    var sums = new TreeMap<Key, UsageSum>(Key.ORDER);
    for (RecordRow row : rows) {
      long time = row.time().toEpochMilli();
      Key key = Key.of(row, time - Math.floorMod(time, millis));
      sums.merge(known.fold(byUser ? key : key.byNobody()), row.usage(), UsageSum::plus);
    }
    return sums;
  }

  /** A row for each, or into the one that is there. */
  void add(Connection connection, Map<Key, UsageSum> sums) throws SQLException {
    insert(
        connection,
        sums,
        " ON CONFLICT (start, %s) DO UPDATE SET %s"
            .formatted(String.join(", ", KEY), added(table)));
  }

  /** A row for each, whatever there is. */
  void append(Connection connection, Map<Key, UsageSum> sums) throws SQLException {
    insert(connection, sums, "");
  }

  private void insert(Connection connection, Map<Key, UsageSum> sums, String otherwise)
      throws SQLException {
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO %s (start, %s, %s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)%s"
                .formatted(table, String.join(", ", KEY), String.join(", ", SUMS), otherwise))) {
      for (var one : sums.entrySet()) {
        int next = 1;
        insert.setLong(next++, one.getKey().start);
        for (String word : one.getKey().words()) {
          insert.setString(next++, word);
        }
        for (long sum : one.getValue().all()) {
          insert.setLong(next++, sum);
        }
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /** Of an upsert into that table: what is there and what comes. */
  static String added(String table) {
    var added = new StringBuilder();
    for (String column : SUMS) {
      added
          .append(added.isEmpty() ? "" : ", ")
          .append("%s = %s.%s + excluded.%s".formatted(column, table, column, column));
    }
    return added.toString();
  }

  /** The sums of all rows of a group. */
  static String summed() {
    var summed = new StringBuilder();
    for (String column : SUMS) {
      summed.append(summed.isEmpty() ? "SUM(" : ", SUM(").append(column).append(')');
    }
    return summed.toString();
  }

  /** Makes the table of a day's minutes where there is none. */
  static void makeMinutes(java.sql.Statement statement, int day) throws SQLException {
    String table = minutes(day).table;
    var columns = new StringBuilder("start BIGINT NOT NULL");
    KEY.forEach(column -> columns.append(", ").append(column).append(" TEXT NOT NULL"));
    SUMS.forEach(column -> columns.append(", ").append(column).append(" BIGINT NOT NULL"));
    statement.execute("CREATE TABLE IF NOT EXISTS %s (%s)".formatted(table, columns));
    statement.execute("CREATE INDEX IF NOT EXISTS %s_start ON %s (start)".formatted(table, table));
  }
}

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
import java.util.TreeMap;

/**
 * What the calls of each hour, or each day, come to, by who made them and whom they asked. Users
 * and use cases are callers' words: beyond a bound of rows they fold into {@link #OTHER}.
 */
final class Rollup {
  /** Without users and use cases, so that there are few rows. */
  static final Rollup HOURS = new Rollup("usage_hour", Duration.ofHours(1), false);

  static final Rollup HOURS_BY_USER = new Rollup("usage_hour_by_user", Duration.ofHours(1), true);
  static final Rollup DAYS = new Rollup("usage_day", Duration.ofDays(1), true);
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
  private static final List<String> SUMS =
      List.of("calls", "pico_usd", "input", "output", "cache_read", "cache_write", "reasoning");

  private final String table;
  private final long millis;
  private final boolean byUser;

  private Rollup(String table, Duration length, boolean byUser) {
    this.table = table;
    this.byUser = byUser;
    this.millis = length.toMillis();
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

  void add(Connection connection, Collection<RecordRow> rows, Known known) throws SQLException {
    var sums = new TreeMap<Key, UsageSum>(Key.ORDER);
    for (RecordRow row : rows) {
      long time = row.time().toEpochMilli();
      Key key = Key.of(row, time - Math.floorMod(time, millis));
      sums.merge(known.fold(byUser ? key : key.byNobody()), row.usage(), UsageSum::plus);
    }
    var added = new StringBuilder();
    for (String column : SUMS) {
      added
          .append(added.isEmpty() ? "" : ", ")
          .append("%s = %s.%s + excluded.%s".formatted(column, table, column, column));
    }
    try (var upsert =
        connection.prepareStatement(
            "INSERT INTO %s (start, %s, %s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (start, %s) DO UPDATE SET %s"
                .formatted(
                    table,
                    String.join(", ", KEY),
                    String.join(", ", SUMS),
                    String.join(", ", KEY),
                    added))) {
      for (var one : sums.entrySet()) {
        int next = 1;
        upsert.setLong(next++, one.getKey().start);
        for (String word : one.getKey().words()) {
          upsert.setString(next++, word);
        }
        UsageSum sum = one.getValue();
        upsert.setLong(next++, sum.calls());
        upsert.setLong(next++, sum.picoUsd());
        upsert.setLong(next++, sum.input());
        upsert.setLong(next++, sum.output());
        upsert.setLong(next++, sum.cacheRead());
        upsert.setLong(next++, sum.cacheWrite());
        upsert.setLong(next, sum.reasoning());
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  /** The sums of all rows of a group. */
  static String summed() {
    var summed = new StringBuilder();
    for (String column : SUMS) {
      summed.append(summed.isEmpty() ? "SUM(" : ", SUM(").append(column).append(')');
    }
    return summed.toString();
  }
}

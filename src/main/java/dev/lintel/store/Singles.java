package dev.lintel.store;

import static java.util.stream.Collectors.joining;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the calls of each hour come to by one word alone, and all together. */
final class Singles {
  static final String TABLE = "usage_hour_single";

  private static final String ALL = "";
  private static final List<String> DIMENSIONS =
      List.of(ALL, "tenant", "app", "model", "provider", "kind", "use_case");

  private record Single(String dimension, long start, String value) {
    /** In one order on every node, so that none waits for another that waits for it. */
    static final Comparator<Single> ORDER =
        Comparator.comparing(Single::dimension)
            .thenComparingLong(Single::start)
            .thenComparing(Single::value);
  }

  private Singles() {}

  /**
   * The dimension whose rows answer a question; empty where none does.
   *
   * @param by what is asked by
   * @param ofTenant whether one tenant is asked for
   */
  static Optional<String> dimension(List<String> by, boolean ofTenant) {
    if (ofTenant) {
      return by.isEmpty() || by.equals(List.of("tenant"))
          ? Optional.of("tenant")
          : Optional.empty();
    }
    return switch (by.size()) {
      case 0 -> Optional.of(ALL);
      case 1 -> Optional.of(by.getFirst()).filter(one -> !one.equals("user"));
      default -> Optional.empty();
    };
  }

  /**
   * Last of all that is written together: every node writes to these rows.
   *
   * @param hours what the calls of hours come to
   */
  static void add(Connection connection, Map<UsageKey, UsageSum> hours) throws SQLException {
    var sums = new TreeMap<Single, UsageSum>(Single.ORDER);
    hours.forEach((key, sum) -> {
      for (String dimension : DIMENSIONS) {
        String value = dimension.equals(ALL) ? "" : key.word(dimension);
        sums.merge(new Single(dimension, key.start(), value), sum, UsageSum::plus);
      }
    });
    try (var upsert =
        connection.prepareStatement(
            "INSERT INTO %s (dimension, start, value, %s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dimension, start, value) DO UPDATE SET %s"
                .formatted(TABLE, String.join(", ", UsageSum.COLUMNS), added()))) {
      for (var one : sums.entrySet()) {
        int next = 1;
        upsert.setString(next++, one.getKey().dimension);
        upsert.setLong(next++, one.getKey().start);
        upsert.setString(next++, one.getKey().value);
        for (long sum : one.getValue().all()) {
          upsert.setLong(next++, sum);
        }
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  /** How many calls each span has that has some, whole hours; both times are beginnings of one. */
  static SortedMap<Long, Long> calls(Connection connection, long span, long from, long to)
      throws SQLException {
    var calls = new TreeMap<Long, Long>();
    try (var query =
        connection.prepareStatement(
            "SELECT start - start %% %d, SUM(calls) FROM %s WHERE dimension = '' AND start >= ? AND start < ? GROUP BY 1"
                .formatted(span, TABLE))) {
      query.setLong(1, from);
      query.setLong(2, to);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          calls.put(row.getLong(1), row.getLong(2));
        }
      }
    }
    return calls;
  }

  /** How many calls began in that hour. */
  static long calls(Connection connection, long hour) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT calls FROM " + TABLE + " WHERE dimension = '' AND start = ?")) {
      query.setLong(1, hour);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getLong(1) : 0;
      }
    }
  }

  /** The newest hour that has a call; 0 where none has. */
  static long newest(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var row =
            statement.executeQuery("SELECT MAX(start) FROM " + TABLE + " WHERE dimension = ''")) {
      row.next();
      return row.getLong(1);
    }
  }

  /** The days, as numbers, that have calls of one of those values. */
  static Set<Integer> days(Connection connection, String dimension, List<String> values)
      throws SQLException {
    var days = new HashSet<Integer>();
    try (var query =
        connection.prepareStatement(
            "SELECT DISTINCT start / %d FROM %s WHERE dimension = ? AND value IN (?%s)"
                .formatted(UsageParts.DAY, TABLE, ", ?".repeat(values.size() - 1)))) {
      query.setString(1, dimension);
      for (int i = 0; i < values.size(); i++) {
        query.setString(i + 2, values.get(i));
      }
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          days.add(RecordRow.day(Instant.ofEpochMilli(row.getLong(1) * UsageParts.DAY)));
        }
      }
    }
    return days;
  }

  /** Of an upsert: what is there and what comes. */
  private static String added() {
    return UsageSum.COLUMNS.stream()
        .map(column -> "%s = %s.%s + excluded.%s".formatted(column, TABLE, column, column))
        .collect(joining(", "));
  }
}

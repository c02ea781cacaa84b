package dev.lintel.store;

import dev.lintel.Findings;
import dev.lintel.Ids;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What rules had to say, counted as the records come in: of whole hours, of whole minutes where a
 * time begins or ends within an hour, and from the records themselves within a minute.
 */
final class SqlFindings implements Findings {
  private static final long HOUR = Duration.ofHours(1).toMillis();
  private static final long MINUTE = Duration.ofMinutes(1).toMillis();
  private static final int EXAMPLES = 3;
  private static final int LONGEST_MESSAGE = 500;

  private final Database database;
  private final SqlUsage usage;

  SqlFindings(Database database) {
    this.database = database;
    this.usage = new SqlUsage(database);
  }

  private record Key(String rule, String mode, String kind, String tenant, String app) {
    /** In one order on every node, so that none waits for another that waits for it. */
    static final Comparator<Key> ORDER =
        Comparator.comparing(Key::rule)
            .thenComparing(Key::mode)
            .thenComparing(Key::kind)
            .thenComparing(Key::tenant)
            .thenComparing(Key::app);
  }

  private record Sum(long calls, long first, long last, String message, List<String> examples) {
    Sum plus(Sum other) {
      var all = new ArrayList<>(examples);
      other.examples.stream()
          .filter(id -> !all.contains(id) && all.size() < EXAMPLES)
          .forEach(all::add);
      return new Sum(
          calls + other.calls,
          Math.min(first, other.first),
          Math.max(last, other.last),
          message,
          all);
    }
  }

  private static Map<Key, Sum> sums(Collection<RecordRow> rows) {
    var sums = new TreeMap<Key, Sum>(Key.ORDER);
    for (RecordRow row : rows) {
      long time = row.time().toEpochMilli();
      for (RecordRow.Found found : row.findings()) {
        String message = found.message();
        sums.merge(
            new Key(found.rule(), found.mode(), found.kind(), row.tenant(), row.app()),
            new Sum(
                1,
                time,
                time,
                message.substring(0, Math.min(message.length(), LONGEST_MESSAGE)),
                List.of(row.id())),
            Sum::plus);
      }
    }
    return sums;
  }

  /** Within the transaction that adds the records. */
  static void add(Connection connection, Collection<RecordRow> rows) throws SQLException {
    for (long span : List.of(HOUR, MINUTE)) {
      var byStart = new TreeMap<Long, List<RecordRow>>();
      for (RecordRow row : rows) {
        if (!row.findings().isEmpty()) {
          long time = row.time().toEpochMilli();
          byStart
              .computeIfAbsent(time - Math.floorMod(time, span), start -> new ArrayList<>())
              .add(row);
        }
      }
      for (var one : byStart.entrySet()) {
        add(connection, span, one.getKey(), sums(one.getValue()));
      }
    }
  }

  private static void add(Connection connection, long span, long start, Map<Key, Sum> sums)
      throws SQLException {
    try (var upsert =
        connection.prepareStatement(
            """
            INSERT INTO finding (span, start, rule, mode, kind, tenant, app, calls, first, last, message, example)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (span, start, rule, mode, kind, tenant, app) DO UPDATE SET
              calls = finding.calls + excluded.calls,
              first = CASE WHEN excluded.first < finding.first THEN excluded.first ELSE finding.first END,
              last = CASE WHEN excluded.last > finding.last THEN excluded.last ELSE finding.last END
            """)) {
      for (var one : sums.entrySet()) {
        Key key = one.getKey();
        Sum sum = one.getValue();
        int next = 1;
        upsert.setLong(next++, span);
        upsert.setLong(next++, start);
        for (String word : List.of(key.rule, key.mode, key.kind, key.tenant, key.app)) {
          upsert.setString(next++, word);
        }
        upsert.setLong(next++, sum.calls);
        upsert.setLong(next++, sum.first);
        upsert.setLong(next++, sum.last);
        upsert.setString(next++, sum.message);
        upsert.setString(next, sum.examples.getFirst());
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  /** Minutes go with the records that they are of; hours stay. */
  static void forget(Connection connection, Instant before) throws SQLException {
    try (var delete =
        connection.prepareStatement("DELETE FROM finding WHERE span = ? AND start < ?")) {
      delete.setLong(1, MINUTE);
      delete.setLong(2, before.toEpochMilli());
      delete.executeUpdate();
    }
  }

  @Override
  public Found between(Instant first, Instant end) {
    long from = SqlUsage.millis(first);
    long to = SqlUsage.millis(end);
    // First: of no call that is counted is it left out what was found.
    long calls = usage.calls(first, end);
    Asking asking =
        database.found(connection -> {
          var found = new Asking(connection, SqlRecords.days(connection), new TreeMap<>(Key.ORDER));
          found.all(from, to);
          return found;
        });
    return new Found(
        asking.sums.entrySet().stream().map(one -> row(one.getKey(), one.getValue())).toList(),
        calls,
        true);
  }

  private static Row row(Key key, Sum sum) {
    return new Row(
        key.rule,
        key.mode,
        key.kind,
        key.tenant,
        key.app,
        sum.calls,
        Instant.ofEpochMilli(sum.first),
        Instant.ofEpochMilli(sum.last),
        sum.message,
        sum.examples);
  }

  private static long up(long time, long span) {
    return time + Math.floorMod(-time, span);
  }

  private static long down(long time, long span) {
    return time - Math.floorMod(time, span);
  }

  /** One question while it is answered. */
  private record Asking(Connection connection, List<Integer> days, Map<Key, Sum> sums) {
    void all(long from, long to) throws SQLException {
      long first = up(from, MINUTE);
      long last = down(to, MINUTE);
      if (first > last) {
        records(from, to);
        return;
      }
      records(from, first);
      long firstHour = up(first, HOUR);
      long lastHour = down(last, HOUR);
      if (firstHour > lastHour) {
        rows(MINUTE, first, last);
      } else {
        rows(MINUTE, first, firstHour);
        rows(HOUR, firstHour, lastHour);
        rows(MINUTE, lastHour, last);
      }
      records(last, to);
    }

    private void rows(long span, long from, long to) throws SQLException {
      if (from >= to) {
        return;
      }
      try (var query =
          connection.prepareStatement(
              """
              SELECT rule, mode, kind, tenant, app, SUM(calls), MIN(first), MAX(last), MAX(message), MIN(example), MAX(example)
              FROM finding WHERE span = ? AND start >= ? AND start < ? GROUP BY rule, mode, kind, tenant, app
              """)) {
        query.setLong(1, span);
        query.setLong(2, from);
        query.setLong(3, to);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            sums.merge(
                new Key(
                    row.getString(1),
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5)),
                new Sum(
                    row.getLong(6),
                    row.getLong(7),
                    row.getLong(8),
                    row.getString(9),
                    List.of(row.getString(10), row.getString(11)).stream().distinct().toList()),
                Sum::plus);
          }
        }
      }
    }

    /** Of a part of a minute. */
    private void records(long from, long to) throws SQLException {
      int day = RecordRow.day(Instant.ofEpochMilli(from));
      if (from >= to || !days.contains(day)) {
        return;
      }
      var found = new ArrayList<RecordRow>();
      try (var query =
          connection.prepareStatement(
              "SELECT record FROM " + SqlRecords.table(day) + " WHERE id >= ? AND id < ?")) {
        query.setString(1, Ids.before(Instant.ofEpochMilli(from)));
        query.setString(2, Ids.before(Instant.ofEpochMilli(to)));
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            RecordRow record = RecordRow.of(0, row.getBytes(1));
            if (!record.findings().isEmpty()) {
              found.add(record);
            }
          }
        }
      }
      SqlFindings.sums(found).forEach((key, sum) -> sums.merge(key, sum, Sum::plus));
    }
  }
}

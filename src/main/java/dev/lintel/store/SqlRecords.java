package dev.lintel.store;

import dev.lintel.Counters;
import dev.lintel.Ids;
import dev.lintel.Records;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of calls, a table for each day, so that what is too old goes at once. Ids grow with
 * time: their order is that of the calls.
 */
final class SqlRecords implements Records {
  private static final Logger LOG = LoggerFactory.getLogger(SqlRecords.class);

  /**
   * More rows of one hour, and of one day, from one node have no users and use cases of their own.
   */
  private static final int MOST_OF_AN_HOUR = 2000;

  private static final int MOST_OF_A_DAY = 4000;

  private final Database database;
  private final SqlUsage usage;
  private final Rollup.Known hours = new Rollup.Known(MOST_OF_AN_HOUR);
  private final Rollup.Known hoursByUser = new Rollup.Known(MOST_OF_AN_HOUR);
  private final Rollup.Known days = new Rollup.Known(MOST_OF_A_DAY);

  /** The days that have a table, as far as this process knows. */
  private final Set<Integer> made = ConcurrentHashMap.newKeySet();

  SqlRecords(Database database) {
    this.database = database;
    this.usage = new SqlUsage(database);
  }

  static String table(int day) {
    return "call_" + day;
  }

  @Override
  public void add(String journal, List<Entry> entries) {
    var byDay = new LinkedHashMap<Integer, List<RecordRow>>();
    var charges = new ArrayList<Entry>(entries);
    for (Entry entry : entries) {
      RecordRow row = RecordRow.of(entry.position(), entry.json());
      byDay.computeIfAbsent(row.day(), day -> new ArrayList<>()).add(row);
    }
    try {
      for (int day : byDay.keySet()) {
        if (made.add(day)) {
          make(day);
        }
      }
      database.written(connection -> add(connection, journal, byDay, charges));
    } catch (RuntimeException failed) {
      // Another node may have dropped a day that had a table.
      made.clear();
      throw failed;
    }
  }

  private void make(int day) {
    database.written(connection -> {
      try (var statement = connection.createStatement()) {
        String table = table(day);
        statement.execute(
            "CREATE TABLE IF NOT EXISTS "
                + table
                + " (id TEXT NOT NULL, tenant TEXT NOT NULL, app TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL, record BYTEA NOT NULL)");
        // With the other columns, so that a row that does not fit is not read.
        statement.execute(
            "CREATE INDEX IF NOT EXISTS %s_id ON %s (id, app, model, kind)"
                .formatted(table, table));
        statement.execute(
            "CREATE INDEX IF NOT EXISTS %s_tenant ON %s (tenant, id, app, model, kind)"
                .formatted(table, table));
        return statement.executeUpdate(
            "INSERT INTO call_day (day) VALUES (" + day + ") ON CONFLICT (day) DO NOTHING");
      }
    });
  }

  private int add(
      Connection connection,
      String journal,
      Map<Integer, List<RecordRow>> byDay,
      List<Entry> entries)
      throws SQLException {
    long last = hold(connection, journal);
    var fresh = new ArrayList<RecordRow>();
    for (var day : byDay.entrySet()) {
      List<RecordRow> rows = day.getValue().stream().filter(row -> row.position() > last).toList();
      insert(connection, day.getKey(), rows);
      fresh.addAll(rows);
    }
    if (fresh.isEmpty()) {
      return 0;
    }
    Rollup.HOURS.add(connection, fresh, hours);
    Rollup.HOURS_BY_USER.add(connection, fresh, hoursByUser);
    Rollup.DAYS.add(connection, fresh, days);
    SqlFindings.add(connection, fresh);
    SqlForgetting.late(connection, fresh);
    List<Counters.Charge> charges =
        entries.stream()
            .filter(entry -> entry.position() > last)
            .flatMap(entry -> entry.charges().stream())
            .toList();
    SqlSpending.add(connection, charges);
    try (var update =
        connection.prepareStatement("UPDATE journal SET position = ? WHERE name = ?")) {
      update.setLong(1, entries.getLast().position());
      update.setString(2, journal);
      update.executeUpdate();
    }
    return fresh.size();
  }

  /** The last position; until the end of the transaction nobody else adds of that journal. */
  private static long hold(Connection connection, String journal) throws SQLException {
    try (var upsert =
        connection.prepareStatement(
            "INSERT INTO journal (name, position) VALUES (?, -1) ON CONFLICT (name) DO UPDATE SET position = journal.position RETURNING position")) {
      upsert.setString(1, journal);
      try (ResultSet row = upsert.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private static void insert(Connection connection, int day, List<RecordRow> rows)
      throws SQLException {
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO "
                + table(day)
                + " (id, tenant, app, model, kind, record) VALUES (?, ?, ?, ?, ?, ?)")) {
      for (RecordRow row : rows) {
        insert.setString(1, row.id());
        insert.setString(2, row.tenant());
        insert.setString(3, row.app());
        insert.setString(4, row.model());
        insert.setString(5, row.kind());
        insert.setBytes(6, row.json());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  @Override
  public long last(String journal) {
    return database.found(connection -> {
      try (var query = connection.prepareStatement("SELECT position FROM journal WHERE name = ?")) {
        query.setString(1, journal);
        try (ResultSet row = query.executeQuery()) {
          return row.next() ? row.getLong(1) : -1L;
        }
      }
    });
  }

  @Override
  public Optional<byte[]> find(String id) {
    Optional<Integer> day = Ids.time(id).map(RecordRow::day);
    return database.found(connection -> {
      for (int known : days(connection)) {
        if (day.map(only -> only == known).orElse(true)) {
          try (var query =
              connection.prepareStatement("SELECT record FROM " + table(known) + " WHERE id = ?")) {
            query.setString(1, id);
            try (ResultSet row = query.executeQuery()) {
              if (row.next()) {
                return Optional.of(row.getBytes(1));
              }
            }
          }
        }
      }
      return Optional.empty();
    });
  }

  /** The days that have a table, the newest first. */
  static List<Integer> days(Connection connection) throws SQLException {
    var days = new ArrayList<Integer>();
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT day FROM call_day ORDER BY day DESC")) {
      while (rows.next()) {
        days.add(rows.getInt(1));
      }
    }
    return days;
  }

  private record Found(String id, byte[] json) {}

  @Override
  public Page list(Question asked) {
    Optional<String> before = asked.before();
    int first =
        RecordRow.day(asked.from().isBefore(Instant.EPOCH) ? Instant.EPOCH : bounded(asked.from()));
    int last = before.flatMap(SqlRecords::dayOf).orElse(Integer.MAX_VALUE);
    return database.found(connection -> {
      var found = new ArrayList<Found>();
      for (int day : days(connection)) {
        if (day <= last && day >= first && found.size() <= asked.limit()) {
          list(connection, day, asked, before, found);
        }
      }
      boolean more = found.size() > asked.limit();
      List<Found> page = more ? found.subList(0, asked.limit()) : found;
      return new Page(
          page.stream().map(Found::json).toList(),
          more ? Optional.of(page.getLast().id) : Optional.empty());
    });
  }

  private static Instant bounded(Instant time) {
    Instant latest = Instant.parse("9999-12-31T00:00:00Z");
    return time.isAfter(latest) ? latest : time;
  }

  private static Optional<Integer> dayOf(String id) {
    return Ids.time(id).map(time -> RecordRow.day(bounded(time)));
  }

  /**
   * Of one day. Where few of its calls may fit, the sums tell in which hours they are; a tenant has
   * an index of its own.
   */
  private static void list(
      Connection connection, int day, Question asked, Optional<String> before, List<Found> found)
      throws SQLException {
    String from = Ids.before(asked.from());
    if (asked.app().isEmpty() && asked.model().isEmpty() && asked.kind().isEmpty()) {
      list(connection, day, asked, from, before, found);
      return;
    }
    for (Instant hour : hours(connection, day, asked)) {
      String start = Ids.before(hour);
      String end = Ids.before(hour.plus(Duration.ofHours(1)));
      if (found.size() <= asked.limit()) {
        list(
            connection,
            day,
            asked,
            start.compareTo(from) > 0 ? start : from,
            Optional.of(before.filter(id -> id.compareTo(end) < 0).orElse(end)),
            found);
      }
    }
  }

  /** In which there are some that fit, the last first. */
  private static List<Instant> hours(Connection connection, int day, Question asked)
      throws SQLException {
    Instant start =
        LocalDate.of(day / 10_000, day / 100 % 100, day % 100)
            .atStartOfDay(ZoneOffset.UTC)
            .toInstant();
    var where = new StringBuilder("start >= ? AND start < ?");
    var values = new ArrayList<String>();
    asked.tenant().ifPresent(tenant -> and(where, values, "tenant = ?", tenant));
    asked.app().ifPresent(app -> and(where, values, "app = ?", app));
    asked.kind().ifPresent(kind -> and(where, values, "kind = ?", kind));
    asked
        .model()
        .ifPresent(
            model -> and(where, values, "(model = ? OR model = '" + Rollup.OTHER + "')", model));
    var hours = new ArrayList<Instant>();
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT DISTINCT start FROM usage_hour WHERE " + where + " ORDER BY start DESC")) {
      query.setLong(1, start.toEpochMilli());
      query.setLong(2, start.plus(Duration.ofDays(1)).toEpochMilli());
      for (int i = 0; i < values.size(); i++) {
        query.setString(i + 3, values.get(i));
      }
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          hours.add(Instant.ofEpochMilli(rows.getLong(1)));
        }
      }
    }
    return hours;
  }

  private static void list(
      Connection connection,
      int day,
      Question asked,
      String from,
      Optional<String> before,
      List<Found> found)
      throws SQLException {
    var where = new StringBuilder("id >= ?");
    var values = new ArrayList<String>();
    values.add(from);
    before.ifPresent(id -> and(where, values, "id < ?", id));
    asked.tenant().ifPresent(tenant -> and(where, values, "tenant = ?", tenant));
    asked.app().ifPresent(app -> and(where, values, "app = ?", app));
    asked.model().ifPresent(model -> and(where, values, "model = ?", model));
    asked.kind().ifPresent(kind -> and(where, values, "kind = ?", kind));
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT id, record FROM %s WHERE %s ORDER BY id DESC LIMIT %d"
                .formatted(table(day), where, asked.limit() + 1 - found.size()))) {
      for (int i = 0; i < values.size(); i++) {
        query.setString(i + 1, values.get(i));
      }
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          found.add(new Found(rows.getString(1), rows.getBytes(2)));
        }
      }
    }
  }

  private static void and(StringBuilder where, List<String> values, String test, String value) {
    where.append(" AND ").append(test);
    values.add(value);
  }

  @Override
  public List<UsageRow> usage(UsageQuestion question) {
    return usage.of(question);
  }

  @Override
  public void forget(Instant before) {
    int first = RecordRow.day(before);
    List<Integer> old =
        database.found(connection -> days(connection).stream().filter(day -> day < first).toList());
    for (int day : old) {
      database.written(connection -> {
        try (var statement = connection.createStatement()) {
          statement.execute("DROP TABLE IF EXISTS " + table(day));
          SqlFindings.forget(connection, before);
          return statement.executeUpdate("DELETE FROM call_day WHERE day = " + day);
        }
      });
      made.remove(day);
      LOG.info("the records of {} are older than is kept, and gone", day);
    }
  }
}

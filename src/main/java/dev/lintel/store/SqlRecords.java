package dev.lintel.store;

import dev.lintel.Counters;
import dev.lintel.Erasure;
import dev.lintel.Ids;
import dev.lintel.Records;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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

  private final Database database;
  private final SqlAudit audit;
  private final SqlUsage usage;

  /** The days that have a table, as far as this process knows. */
  private final Set<Integer> made = ConcurrentHashMap.newKeySet();

  SqlRecords(Database database, SqlAudit audit) {
    this.database = database;
    this.audit = audit;
    this.usage = new SqlUsage(database);
  }

  static String table(int day) {
    return "call_" + day;
  }

  @Override
  public void add(String journal, List<Entry> entries) {
    var byDay = new LinkedHashMap<Integer, List<RecordRow>>();
    for (Entry entry : entries) {
      if (entry.hasRecord()) {
        RecordRow row = RecordRow.of(entry.position(), entry.json());
        byDay.computeIfAbsent(row.day(), day -> new ArrayList<>()).add(row);
      }
    }
    try {
      for (int day : byDay.keySet()) {
        if (!made.contains(day)) {
          make(day);
          // Not before: another thread takes it for there.
          made.add(day);
        }
      }
      audit.written((connection, chain) -> add(connection, chain, journal, byDay, entries));
    } catch (RuntimeException failed) {
      // Another node may have dropped a day that had a table.
      made.clear();
      throw failed;
    }
  }

  private void make(int day) {
    database.written(connection -> {
      try (var statement = connection.createStatement()) {
        // First: of several nodes that make the table of a new day, all but one wait here.
        statement.executeUpdate(
            "INSERT INTO call_day (day) VALUES (" + day + ") ON CONFLICT (day) DO NOTHING");
        String table = table(day);
        statement.execute(
            "CREATE TABLE IF NOT EXISTS "
                + table
                + " (id TEXT NOT NULL, tenant TEXT NOT NULL, app TEXT NOT NULL, model TEXT NOT"
                + " NULL, kind TEXT NOT NULL, record BYTEA NOT NULL)");
        statement.execute("CREATE INDEX IF NOT EXISTS %s_id ON %s (id)".formatted(table, table));
        statement.execute(
            "CREATE INDEX IF NOT EXISTS %s_kin ON %s (tenant, app, model, kind, id)"
                .formatted(table, table));
        return day;
      }
    });
  }

  private int add(
      Connection connection,
      SqlAudit.Chain chain,
      String journal,
      Map<Integer, List<RecordRow>> byDay,
      List<Entry> entries)
      throws SQLException {
    long last = hold(connection, journal);
    var fresh = new ArrayList<RecordRow>();
    List<Erasure> erasures = SqlErasures.binding(connection, database.shared());
    var erased = new HashSet<RecordRow>();
    var ofUsers = new HashMap<String, List<String>>();
    for (var day : byDay.entrySet()) {
      List<RecordRow> rows = day.getValue().stream().filter(row -> row.position() > last).toList();
      erased.addAll(SqlErasures.kept(connection, erasures, rows, ofUsers));
      insert(
          connection,
          day.getKey(),
          erased.isEmpty() ? rows : rows.stream().filter(row -> !erased.contains(row)).toList());
      fresh.addAll(rows);
    }
    if (entries.getLast().position() <= last) {
      return 0;
    }
    var minutes = new HashMap<UsageKey, UsageSum>();
    for (RecordRow row : fresh) {
      long time = row.time().toEpochMilli();
      UsageKey key = UsageKey.of(row, time - Math.floorMod(time, UsageParts.MINUTE));
      boolean named = !erased.contains(row) || row.user().isEmpty();
      UsageKey.merge(minutes, named ? key : key.byOtherUser(), row.usage());
    }
    long position = entries.getLast().position();
    Map<UsageKey, UsageSum> hours = UsageParts.add(connection, journal, position, minutes);
    SqlFindings.add(connection, fresh);
    SqlCosts.add(connection, journal, position, fresh);
    SqlForgetting.late(connection, fresh);
    List<Counters.Charge> charges =
        entries.stream()
            .filter(entry -> entry.position() > last)
            .flatMap(entry -> entry.charges().stream())
            .toList();
    SqlSpending.add(connection, charges);
    Singles.add(connection, hours);
    try (var update =
        connection.prepareStatement("UPDATE journal SET position = ? WHERE name = ?")) {
      update.setLong(1, position);
      update.setString(2, journal);
      update.executeUpdate();
    }
    chain.brought(journal, fresh);
    for (var gone : ofUsers.entrySet()) {
      chain.erased(gone.getKey(), gone.getValue());
    }
    return fresh.size();
  }

  /** The last position; until the end of the transaction nobody else adds of that journal. */
  private static long hold(Connection connection, String journal) throws SQLException {
    try (var upsert =
        connection.prepareStatement(
            "INSERT INTO journal (name, position) VALUES (?, -1) ON CONFLICT (name) DO UPDATE SET"
                + " position = journal.position RETURNING position")) {
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

  @Override
  public Page list(Question asked) {
    return database.found(connection -> SqlCallList.of(connection, asked));
  }

  @Override
  public UsagePage usage(UsageQuestion question) {
    return usage.of(question);
  }

  @Override
  public void forget(Instant before) {
    int first = RecordRow.day(before);
    List<Integer> old =
        database.found(connection -> days(connection).stream().filter(day -> day < first).toList());
    for (int day : old) {
      audit.written((connection, chain) -> {
        try (var statement = connection.createStatement()) {
          statement.execute("DROP TABLE IF EXISTS " + table(day));
          // Where an earlier version kept what the day's minutes come to.
          statement.execute("DROP TABLE IF EXISTS usage_" + day);
          UsageParts.forget(connection, RecordRow.start(first).toEpochMilli());
          SqlFindings.forget(connection, before);
          SqlOpinions.forget(connection, before.truncatedTo(ChronoUnit.DAYS));
          int gone = statement.executeUpdate("DELETE FROM call_day WHERE day = " + day);
          if (gone > 0) {
            Instant end = RecordRow.start(day).plus(Duration.ofDays(1));
            chain.forgetLeaves(end);
            chain.forgotten("", end);
          }
          return gone;
        }
      });
      made.remove(day);
      LOG.info("the records of {} are older than is kept, and gone", day);
    }
  }

  /** Makes few rows of many, so that questions stay quick. */
  void tidy() {
    UsageParts.tidy(database);
    SqlCosts.tidy(database, Instant.now());
  }
}

package dev.lintel.store;

import dev.lintel.Batch;
import dev.lintel.Forgetting;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Whose;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks for rows on a thread that reads, and deletes those by their ids. How far the records of
 * somebody have been looked through is kept, so that it goes on there the next time.
 */
final class SqlForgetting implements Forgetting {
  /** Clocks of nodes differ, and what a node is about to add has its id already. */
  private static final Duration OVERLAP = Duration.ofHours(1);

  private final Database database;
  private final SqlFiles files;
  private final SqlAudit audit;

  SqlForgetting(Database database, SqlFiles files, SqlAudit audit) {
    this.database = database;
    this.audit = audit;
    this.files = files;
  }

  /** What was found of one day. */
  private record Page(int day, List<String> ids, Optional<String> next) {}

  @Override
  public Optional<String> records(Whose whose, Instant before, Optional<String> from, int most) {
    String end = Ids.before(before);
    Page page =
        database.found(connection ->
            page(
                connection,
                whose,
                from.isPresent() ? from.get() : known(connection, whose.place()),
                end,
                most));
    audit.written((connection, chain) -> {
      if (!page.ids.isEmpty()) {
        delete(connection, "DELETE FROM " + SqlRecords.table(page.day) + " WHERE id = ?", page.ids);
        SqlOpinions.forget(connection, page.ids);
      }
      reached(connection, whose.place(), page.next.orElse(end));
      if (!page.ids.isEmpty()) {
        chain.forgotten(whose.place(), before);
      }
      return 0;
    });
    return page.next;
  }

  /** From where to look; some time before what was looked through. */
  private static String known(Connection connection, String place) throws SQLException {
    try (var query = connection.prepareStatement("SELECT reached FROM forgotten WHERE place = ?")) {
      query.setString(1, place);
      try (ResultSet row = query.executeQuery()) {
        return row.next()
            ? Ids.before(time(row.getString(1)).minus(OVERLAP))
            : Ids.before(Instant.EPOCH);
      }
    }
  }

  private static void reached(Connection connection, String place, String id) throws SQLException {
    try (var upsert =
        connection.prepareStatement(
            """
            INSERT INTO forgotten (place, reached) VALUES (?, ?)
            ON CONFLICT (place) DO UPDATE SET reached = excluded.reached WHERE forgotten.reached < excluded.reached
            """)) {
      upsert.setString(1, place);
      upsert.setString(2, id);
      upsert.executeUpdate();
    }
  }

  /** Within the transaction that adds records: some that come late may have been looked for. */
  static void late(Connection connection, Collection<RecordRow> rows) throws SQLException {
    Instant first = rows.stream().map(RecordRow::time).min(Instant::compareTo).orElse(Instant.MAX);
    if (first.isBefore(Instant.now().minus(OVERLAP.dividedBy(2)))) {
      try (var update =
          connection.prepareStatement("UPDATE forgotten SET reached = ? WHERE reached > ?")) {
        update.setString(1, Ids.before(first));
        update.setString(2, Ids.before(first));
        update.executeUpdate();
      }
    }
  }

  private static Page page(Connection connection, Whose whose, String from, String end, int most)
      throws SQLException {
    int first = RecordRow.day(time(from));
    int last = RecordRow.day(time(end));
    for (int day : SqlRecords.days(connection).reversed()) {
      if (day >= first && day <= last && from.compareTo(end) < 0) {
        Page page = page(connection, whose, day, from, end, most);
        if (!page.ids.isEmpty() || page.next.isPresent() || day == last) {
          return page;
        }
      }
    }
    return new Page(last, List.of(), Optional.empty());
  }

  /**
   * Who is looked for by more than the columns say is read in the order of ids, so that those who
   * stay are passed over.
   */
  private static Page page(
      Connection connection, Whose whose, int day, String from, String end, int most)
      throws SQLException {
    boolean read = !whose.useCase().isEmpty();
    var ids = new ArrayList<String>();
    int looked = 0;
    String at = from;
    try (var query =
        connection.prepareStatement(
            "SELECT id"
                + (read ? ", record" : "")
                + " FROM "
                + SqlRecords.table(day)
                + " WHERE id >= ? AND id < ?"
                + (whose.tenant().isEmpty() ? "" : " AND tenant = ?")
                + (whose.app().isEmpty() ? "" : " AND app = ?")
                + (read ? " ORDER BY id" : "")
                + " LIMIT "
                + most)) {
      named(query, whose, 1, from, end);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          looked++;
          String id = row.getString(1);
          at = read ? id : from;
          if (!read || RecordRow.of(0, row.getBytes(2)).useCase().equals(whose.useCase())) {
            ids.add(id);
          }
        }
      }
    }
    if (looked < most) {
      String tomorrow = Ids.before(RecordRow.start(day).plus(Duration.ofDays(1)));
      return new Page(day, ids, Optional.of(tomorrow).filter(next -> next.compareTo(end) < 0));
    }
    // The last one that was read is looked at again unless it is gone; what comes after it is new.
    return new Page(day, ids, Optional.of(read ? at + "0" : at));
  }

  private static void named(PreparedStatement query, Whose whose, int first, String... before)
      throws SQLException {
    int next = first;
    for (String value : before) {
      query.setString(next++, value);
    }
    for (String value : List.of(whose.tenant(), whose.app())) {
      if (!value.isEmpty()) {
        query.setString(next++, value);
      }
    }
  }

  /** Of an id, or of what stands before one. */
  private static Instant time(String id) {
    String whole = id.length() < WHOLE ? id + "0".repeat(WHOLE - id.length()) : id;
    return Ids.time(whole.substring(0, WHOLE)).orElse(Instant.EPOCH);
  }

  private static final int WHOLE = Ids.request(Instant.EPOCH).length();

  private static void delete(Connection connection, String sql, List<String> ids)
      throws SQLException {
    try (var delete = connection.prepareStatement(sql)) {
      for (String id : ids) {
        delete.setString(1, id);
        delete.addBatch();
      }
      delete.executeBatch();
    }
  }

  @Override
  public boolean replies(Whose whose, Instant before, int most) {
    String which =
        "status > 0 AND created < ?"
            + (whose.tenant().isEmpty() ? "" : " AND tenant = ?")
            + (whose.app().isEmpty() ? "" : " AND app = ?");
    return database.written(connection -> {
      try (var delete =
          connection.prepareStatement(
              "DELETE FROM replay WHERE (tenant, app, name) IN (SELECT tenant, app, name FROM replay WHERE "
                  + which
                  + " LIMIT "
                  + most
                  + ")")) {
        delete.setLong(1, before.toEpochMilli());
        named(delete, whose, 2);
        return delete.executeUpdate();
      }
    })
        == most;
  }

  @Override
  public boolean files(Whose whose, Instant before, int most) {
    List<Map.Entry<String, String>> old =
        database.found(connection -> files(connection, whose, before, most));
    old.forEach(file -> files.remove(file.getKey(), file.getValue()));
    List<String> batches = database.found(connection -> batches(connection, whose, before, most));
    if (!batches.isEmpty()) {
      database.written(connection -> {
        delete(connection, "DELETE FROM batch WHERE id = ? AND ended = 1", batches);
        return 0;
      });
    }
    return old.size() == most || batches.size() == most;
  }

  private static List<Map.Entry<String, String>> files(
      Connection connection, Whose whose, Instant before, int most) throws SQLException {
    var old = new ArrayList<Map.Entry<String, String>>();
    try (var query =
        connection.prepareStatement(
            """
            SELECT tenant, id FROM file WHERE created < ?%s AND NOT EXISTS (
              SELECT 1 FROM batch WHERE batch.tenant = file.tenant AND ended = 0 AND document LIKE '%%"' || file.id || '"%%')
            LIMIT %d
            """
                .formatted(whose.tenant().isEmpty() ? "" : " AND tenant = ?", most))) {
      query.setLong(1, before.toEpochMilli());
      named(query, whose, 2);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          old.add(Map.entry(row.getString(1), row.getString(2)));
        }
      }
    }
    return old;
  }

  private static List<String> batches(Connection connection, Whose whose, Instant before, int most)
      throws SQLException {
    var old = new ArrayList<String>();
    try (var query =
        connection.prepareStatement(
            "SELECT id, document FROM batch WHERE ended = 1"
                + (whose.tenant().isEmpty() ? "" : " AND tenant = ?")
                + " ORDER BY id")) {
      named(query, whose, 1);
      try (ResultSet row = query.executeQuery()) {
        while (old.size() < most && row.next()) {
          Batch batch = Json.MAPPER.readValue(row.getString(2), Batch.class);
          Instant ended = batch.times().getOrDefault(batch.status(), batch.created());
          if (ended.isBefore(before)) {
            old.add(row.getString(1));
          }
        }
      }
    }
    return old;
  }
}

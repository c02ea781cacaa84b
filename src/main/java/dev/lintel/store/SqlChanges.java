package dev.lintel.store;

import dev.lintel.AuditEntry;
import dev.lintel.Changes;
import dev.lintel.Json;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/**
 * Revisions as rows of what is new in each: a change that goes on to hold is not written again, and
 * neither is a base, so that a revision costs as much as it changes.
 */
final class SqlChanges implements Changes {
  /** Of the feed. */
  static final String TOPIC = "revisions";

  private final Database database;
  private final SqlCallerKeys keys;
  private final SqlAudit audit;

  /** What this process has seen last, so that the next revision is compared without a look. */
  private volatile Revision seen = Revision.NONE;

  SqlChanges(Database database, SqlCallerKeys keys, SqlAudit audit) {
    this.database = database;
    this.audit = audit;
    this.keys = keys;
  }

  @Override
  public long newest() {
    return database.found(SqlChanges::newest);
  }

  @Override
  public Revision latest() {
    Revision latest =
        database.found(connection -> {
          long newest = newest(connection);
          Revision known = seen;
          return known.number() == newest ? known : find(connection, newest).orElse(Revision.NONE);
        });
    seen = latest;
    return latest;
  }

  @Override
  public Optional<Revision> find(long number) {
    return database.found(connection -> find(connection, number));
  }

  @Override
  public List<Revision> list(long before, int limit) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT number, at, author, why FROM revision WHERE number < ? ORDER BY number DESC"
                  + " LIMIT ?")) {
        query.setLong(1, before);
        query.setInt(2, limit);
        var found = new ArrayList<Revision>();
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            found.add(revision(row, Optional.empty(), List.of()));
          }
        }
        return found;
      }
    });
  }

  @Override
  public boolean add(Revision given, Set<App> ending) {
    Revision next = exact(given);
    boolean added =
        audit.written((connection, chain) -> {
          long newest = newest(connection);
          if (newest != next.number() - 1) {
            return false;
          }
          Revision before = seen;
          if (before.number() != newest) {
            before = find(connection, newest).orElse(Revision.NONE);
          }
          boolean free = add(connection, before, next);
          if (free && !ending.isEmpty()) {
            keys.end(connection, ending);
          }
          if (free) {
            chain.append(List.of(new AuditEntry.Draft("config", Json.text(evidence(next)))));
          }
          return free;
        });
    if (added) {
      seen = next;
    }
    return added;
  }

  /** The hash is of all that the revision says: its base, and each change as it is kept. */
  private static ObjectNode evidence(Revision revision) {
    ObjectNode text = Json.object().put("base", revision.base().orElse(null));
    for (Change change : revision.changes()) {
      ObjectNode one = text.withArray("changes").addObject().put("path", text(change.path()));
      one.put("value", change.value().map(Json::text).orElse(null));
      one.put("override", change.override()).put("by", change.by());
      one.put("at", change.at().toString());
      one.put("until", change.until().map(Instant::toString).orElse(null));
    }
    ObjectNode body = Json.object().put("revision", revision.number()).put("by", revision.by());
    body.put("why", revision.why()).put("time", revision.at().toString());
    return body.put("sha256", HexFormat.of().formatHex(Brought.sha256().digest(Json.bytes(text))));
  }

  @Override
  public List<String> files() {
    return database.found(connection -> {
      try (var query =
              connection.prepareStatement("SELECT mark FROM revision_file ORDER BY number DESC");
          ResultSet row = query.executeQuery()) {
        var found = new ArrayList<String>();
        while (row.next()) {
          found.add(row.getString(1));
        }
        return found;
      }
    });
  }

  @Override
  public boolean note(String file, int number) {
    return database.written(connection -> {
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO revision_file (number, mark) VALUES (?, ?) ON CONFLICT (number) DO"
                  + " NOTHING")) {
        insert.setLong(1, number);
        insert.setString(2, file);
        return insert.executeUpdate() == 1;
      }
    });
  }

  private static boolean add(Connection connection, Revision before, Revision next)
      throws SQLException {
    Long base = base(connection, before.number()).orElse(null);
    if (!next.base().equals(before.base())) {
      base = next.base().isPresent() ? Long.valueOf(next.number()) : null;
    }
    try (var insert =
        connection.prepareStatement(
            """
            INSERT INTO revision (number, at, author, why, base) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (number) DO NOTHING
            """)) {
      insert.setLong(1, next.number());
      insert.setLong(2, next.at().toEpochMilli());
      insert.setString(3, next.by());
      insert.setString(4, next.why());
      set(insert, 5, Optional.ofNullable(base));
      if (insert.executeUpdate() == 0) {
        return false;
      }
    }
    if (base != null && base == next.number()) {
      try (var insert =
          connection.prepareStatement("INSERT INTO revision_base (number, text) VALUES (?, ?)")) {
        insert.setLong(1, next.number());
        insert.setString(2, next.base().orElseThrow());
        insert.executeUpdate();
      }
    }
    Map<List<String>, Change> held =
        before.changes().stream().collect(Collectors.toMap(Change::path, Function.identity()));
    try (var insert =
            connection.prepareStatement(
                """
                INSERT INTO revision_change (since, path, gone, place, value, overrides, author, at, ends)
                VALUES (?, ?, NULL, ?, ?, ?, ?, ?, ?)
                """);
        var end =
            connection.prepareStatement(
                "UPDATE revision_change SET gone = ? WHERE path = ? AND gone IS NULL")) {
      var fresh = new HashMap<Integer, Change>();
      for (int place = 0; place < next.changes().size(); place++) {
        Change change = next.changes().get(place);
        Change known = held.get(change.path());
        if (known != null && known.equals(change)) {
          held.remove(change.path());
        } else {
          fresh.put(place, change);
        }
      }
      for (List<String> path : held.keySet()) {
        end.setLong(1, next.number());
        end.setString(2, text(path));
        end.addBatch();
      }
      end.executeBatch();
      for (Map.Entry<Integer, Change> entry : fresh.entrySet()) {
        Change change = entry.getValue();
        insert.setLong(1, next.number());
        insert.setString(2, text(change.path()));
        insert.setInt(3, entry.getKey());
        insert.setString(4, change.value().map(Json::text).orElse(""));
        insert.setInt(5, change.override() ? 1 : 0);
        insert.setString(6, change.by());
        insert.setLong(7, change.at().toEpochMilli());
        set(insert, 8, change.until().map(Instant::toEpochMilli));
        insert.addBatch();
      }
      insert.executeBatch();
    }
    SqlFeed.next(connection, TOPIC);
    return true;
  }

  private static Optional<Revision> find(Connection connection, long number) throws SQLException {
    try (var query =
        connection.prepareStatement(
            """
            SELECT r.number, r.at, r.author, r.why, b.text FROM revision r
            LEFT JOIN revision_base b ON b.number = r.base WHERE r.number = ?
            """)) {
      query.setLong(1, number);
      try (ResultSet row = query.executeQuery()) {
        return row.next()
            ? Optional.of(
                revision(row, Optional.ofNullable(row.getString(5)), changes(connection, number)))
            : Optional.empty();
      }
    }
  }

  /** Those of what stands in something after those of it. */
  private static List<Change> changes(Connection connection, long number) throws SQLException {
    try (var query =
        connection.prepareStatement(
            """
            SELECT path, value, overrides, author, at, ends FROM revision_change
            WHERE since <= ? AND (gone IS NULL OR gone > ?) ORDER BY since, place
            """)) {
      query.setLong(1, number);
      query.setLong(2, number);
      var found = new ArrayList<Change>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          var path = new ArrayList<String>();
          Json.parse(row.getString(1)).forEach(key -> path.add(key.asString()));
          String value = row.getString(2);
          Instant at = Instant.ofEpochMilli(row.getLong(5));
          long ends = row.getLong(6);
          boolean never = row.wasNull();
          found.add(
              new Change(
                  path,
                  Optional.of(value).filter(text -> !text.isEmpty()).map(Json::parse),
                  row.getInt(3) == 1,
                  row.getString(4),
                  at,
                  never ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ends))));
        }
      }
      found.sort(Comparator.comparingInt(change -> change.path().size()));
      return found;
    }
  }

  private static long newest(Connection connection) throws SQLException {
    try (var query = connection.prepareStatement("SELECT MAX(number) FROM revision");
        ResultSet row = query.executeQuery()) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  /** The revision whose row holds the base of that one. */
  private static Optional<Long> base(Connection connection, long number) throws SQLException {
    try (var query = connection.prepareStatement("SELECT base FROM revision WHERE number = ?")) {
      query.setLong(1, number);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        long base = row.getLong(1);
        return row.wasNull() ? Optional.empty() : Optional.of(base);
      }
    }
  }

  private static Revision revision(ResultSet row, Optional<String> base, List<Change> changes)
      throws SQLException {
    return new Revision(
        row.getLong(1),
        Instant.ofEpochMilli(row.getLong(2)),
        row.getString(3),
        row.getString(4),
        base,
        changes);
  }

  /** As it will be read: times to the millisecond. */
  private static Revision exact(Revision given) {
    return new Revision(
        given.number(),
        given.at().truncatedTo(ChronoUnit.MILLIS),
        given.by(),
        given.why(),
        given.base(),
        given.changes().stream()
            .map(change ->
                new Change(
                    change.path(),
                    change.value(),
                    change.override(),
                    change.by(),
                    change.at().truncatedTo(ChronoUnit.MILLIS),
                    change.until().map(end -> end.truncatedTo(ChronoUnit.MILLIS))))
            .toList());
  }

  private static String text(List<String> path) {
    var keys = Json.array();
    path.forEach(keys::add);
    return Json.text(keys);
  }

  private static void set(PreparedStatement statement, int at, Optional<Long> value)
      throws SQLException {
    if (value.isPresent()) {
      statement.setLong(at, value.get());
    } else {
      statement.setNull(at, Types.BIGINT);
    }
  }
}

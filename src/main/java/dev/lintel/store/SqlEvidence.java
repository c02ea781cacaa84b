package dev.lintel.store;

import dev.lintel.AuditEntry;
import dev.lintel.AuditEntry.Draft;
import dev.lintel.AuditTrail;
import dev.lintel.Ids;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The chains of all nodes as rows: read, searched and held against what they tell of. */
final class SqlEvidence implements AuditTrail {
  static final String COLUMNS = "node, sequence, at, kind, body, hash, seal";

  private static final Duration SOON = Duration.ofMinutes(10);

  /** This node's own chain. */
  interface Own {
    String node();

    Head known();

    void append(List<Draft> drafts);
  }

  private final Database database;
  private final Own own;

  SqlEvidence(Database database, Own own) {
    this.database = database;
    this.own = own;
  }

  @Override
  public String node() {
    return own.node();
  }

  @Override
  public Head known() {
    return own.known();
  }

  @Override
  public void append(List<Draft> drafts) {
    own.append(drafts);
  }

  @Override
  public List<String> nodes() {
    return database.found(connection -> {
      var nodes = new ArrayList<String>();
      try (var statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  "SELECT node FROM audit_node UNION SELECT DISTINCT node FROM audit ORDER BY 1")) {
        while (row.next()) {
          nodes.add(row.getString(1));
        }
      }
      return nodes;
    });
  }

  @Override
  public List<AuditEntry> read(String node, long after, int most) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT "
                  + COLUMNS
                  + " FROM audit WHERE node = ? AND sequence > ? ORDER BY sequence LIMIT ?")) {
        query.setString(1, node);
        query.setLong(2, after);
        query.setInt(3, most);
        return entries(query);
      }
    });
  }

  @Override
  public Optional<AuditEntry> last(String node, Optional<String> kind) {
    return database.found(connection -> last(connection, node, kind));
  }

  static Optional<AuditEntry> last(Connection connection, String node, Optional<String> kind)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT "
                + COLUMNS
                + " FROM audit WHERE node = ?"
                + (kind.isPresent() ? " AND kind = ?" : "")
                + " ORDER BY sequence DESC LIMIT 1")) {
      query.setString(1, node);
      if (kind.isPresent()) {
        query.setString(2, kind.get());
      }
      return entries(query).stream().findFirst();
    }
  }

  @Override
  public long count() {
    return database.found(connection -> {
      try (var statement = connection.createStatement();
          var row = statement.executeQuery("SELECT COUNT(*) FROM audit")) {
        row.next();
        return row.getLong(1);
      }
    });
  }

  @Override
  public List<AuditEntry> list(Question question) {
    var where = new ArrayList<String>();
    var values = new ArrayList<Object>();
    question.node().ifPresent(node -> with(where, values, "node = ?", node));
    question.kind().ifPresent(kind -> with(where, values, "kind = ?", kind));
    question.from().ifPresent(from -> with(where, values, "at >= ?", SqlUsage.millis(from)));
    question.to().ifPresent(to -> with(where, values, "at < ?", SqlUsage.millis(to)));
    question
        .before()
        .ifPresent(place -> {
          where.add("(at, node, sequence) < (?, ?, ?)");
          values.addAll(List.of(place.at(), place.node(), place.sequence()));
        });
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT "
                  + COLUMNS
                  + " FROM audit"
                  + (where.isEmpty() ? "" : " WHERE " + String.join(" AND ", where))
                  + " ORDER BY at DESC, node DESC, sequence DESC LIMIT ?")) {
        for (int i = 0; i < values.size(); i++) {
          query.setObject(i + 1, values.get(i));
        }
        query.setInt(values.size() + 1, question.limit());
        return entries(query);
      }
    });
  }

  private static void with(List<String> where, List<Object> values, String sql, Object value) {
    where.add(sql);
    values.add(value);
  }

  private static List<AuditEntry> entries(PreparedStatement query) throws SQLException {
    var entries = new ArrayList<AuditEntry>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        entries.add(
            new AuditEntry(
                text(row, 1),
                row.getLong(2),
                Instant.ofEpochMilli(row.getLong(3)),
                text(row, 4),
                text(row, 5),
                text(row, 6),
                text(row, 7)));
      }
    }
    return entries;
  }

  /** Whoever changes rows of SQLite by hand may leave a null, or a number. */
  private static String text(ResultSet row, int column) throws SQLException {
    String text = row.getString(column);
    return text == null ? "" : text;
  }

  @Override
  public List<Leaf> leaves(String node, long sequence) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT leaves FROM audit_leaves WHERE node = ? AND sequence = ?")) {
        query.setString(1, node);
        query.setLong(2, sequence);
        try (ResultSet row = query.executeQuery()) {
          return row.next() ? Leaves.read(row.getBytes(1)) : List.of();
        }
      }
    });
  }

  /** Those of one entry were called at about the same time: they stand close together. */
  @Override
  public Map<String, byte[]> records(List<String> ids) {
    var wanted = new HashSet<>(ids);
    var found = new HashMap<String, byte[]>();
    var byDay = new HashMap<Integer, List<String>>();
    for (String id : ids) {
      int day = Ids.time(id).map(RecordRow::day).orElse(0);
      byDay.computeIfAbsent(day, some -> new ArrayList<>()).add(id);
    }
    return database.found(connection -> {
      for (int day : SqlRecords.days(connection)) {
        // Whose id tells no time stands somewhere.
        var here = new ArrayList<>(byDay.getOrDefault(day, List.of()));
        here.addAll(byDay.getOrDefault(0, List.of()));
        if (!here.isEmpty()) {
          read(connection, day, here, wanted, found);
        }
      }
      return found;
    });
  }

  private static void read(
      Connection connection,
      int day,
      List<String> ids,
      Set<String> wanted,
      Map<String, byte[]> found)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT id, record FROM " + SqlRecords.table(day) + " WHERE id >= ? AND id <= ?")) {
      query.setString(1, Collections.min(ids));
      query.setString(2, Collections.max(ids));
      query.setFetchSize(1000);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String id = row.getString(1);
          if (wanted.contains(id)) {
            found.put(id, row.getBytes(2));
          }
        }
      }
    }
  }

  @Override
  public Optional<String> act(long number) {
    return database.found(connection -> SqlActs.evidence(connection, number));
  }

  @Override
  public Optional<Untold> untold(Stand behind) {
    return SqlUntold.of(database, behind);
  }

  @Override
  public Optional<AuditEntry> bringing(String id) {
    Optional<Instant> came = Ids.time(id);
    return database.found(connection -> {
      if (came.isPresent()) {
        // Nearly all calls end soon after they came, and are brought within a second of that.
        String soon = Ids.before(came.get().plus(SOON));
        Optional<AuditEntry> found = bringing(connection, id, " AND l.last_id < ?", soon);
        return found.isPresent() ? found : bringing(connection, id, " AND l.last_id >= ?", soon);
      }
      return bringing(connection, id, "", "");
    });
  }

  /** Where it is in none, the index alone is read: entries that may have it are few. */
  private static Optional<AuditEntry> bringing(
      Connection connection, String id, String where, String bound) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT l.node, l.sequence, l.leaves FROM audit_leaves l WHERE l.last_id >= ? AND"
                + " l.first_id <= ?"
                + where
                + " ORDER BY l.last_id")) {
      query.setString(1, id);
      query.setString(2, id);
      if (!where.isEmpty()) {
        query.setString(3, bound);
      }
      query.setFetchSize(100);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          if (Leaves.read(row.getBytes(3)).stream().anyMatch(leaf -> leaf.id().equals(id))) {
            return entry(connection, row.getString(1), row.getLong(2));
          }
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<AuditEntry> entry(Connection connection, String node, long sequence)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT " + COLUMNS + " FROM audit WHERE node = ? AND sequence = ?")) {
      query.setString(1, node);
      query.setLong(2, sequence);
      return entries(query).stream().findFirst();
    }
  }
}

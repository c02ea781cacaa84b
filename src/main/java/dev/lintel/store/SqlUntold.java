package dev.lintel.store;

import dev.lintel.AuditTrail.Leaf;
import dev.lintel.AuditTrail.Stand;
import dev.lintel.AuditTrail.Thing;
import dev.lintel.AuditTrail.Untold;
import dev.lintel.Ids;
import dev.lintel.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;

/**
 * Which records and acts are in the store though no entry tells of them. A page of what is there is
 * read first, and then what tells of it: what comes meanwhile brings its entry with it, so that
 * nothing is missed for having just come.
 */
final class SqlUntold {
  /** Some megabytes of ids. */
  private static final int PAGE = 50_000;

  private SqlUntold() {}

  /** What stands behind that place; empty at the end. */
  static Optional<Untold> of(Database database, Stand behind) {
    List<Integer> days =
        database.found(connection ->
            SqlRecords.days(connection).reversed().stream()
                .filter(day -> day >= behind.day())
                .toList());
    for (int day : days) {
      Optional<Untold> some = records(database, day, day == behind.day() ? behind.key() : "");
      if (some.isPresent()) {
        return some;
      }
    }
    return acts(database, behind.day() == Stand.ACTS ? behind.key() : "");
  }

  private static Optional<Untold> records(Database database, int day, String after) {
    // How often each is there: that may be more often than it came.
    TreeMap<String, Integer> there =
        database.found(connection -> {
          var ids = new TreeMap<String, Integer>();
          try (var query =
              connection.prepareStatement(
                  "SELECT id, COUNT(*) FROM "
                      + SqlRecords.table(day)
                      + " WHERE id > ? GROUP BY id ORDER BY id LIMIT "
                      + PAGE)) {
            query.setString(1, after);
            try (ResultSet row = query.executeQuery()) {
              while (row.next()) {
                ids.put(row.getString(1), row.getInt(2));
              }
            }
          }
          return ids;
        });
    if (there.isEmpty()) {
      return Optional.empty();
    }
    Stand last = new Stand(day, there.lastKey());
    var elsewhere = new ArrayList<String>();
    for (String id : there.keySet()) {
      if (Ids.time(id).map(RecordRow::day).orElse(day) != day) {
        elsewhere.add(id);
      }
    }
    database.found(connection -> {
      strike(connection, there);
      return 0;
    });
    elsewhere.forEach(id -> there.putIfAbsent(id, 1));
    var things = new ArrayList<Thing>();
    for (String id : there.keySet()) {
      Instant came = Ids.time(id).orElseGet(() -> RecordRow.start(day));
      things.add(
          new Thing(Thing.RECORD, id, Optional.of(came).filter(at -> !elsewhere.contains(id))));
    }
    return Optional.of(new Untold(things, last));
  }

  /** Takes those away of which an entry tells; leaves of no entry tell of nothing. */
  private static void strike(Connection connection, TreeMap<String, Integer> there)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            """
            SELECT l.leaves FROM audit_leaves l WHERE l.last_id >= ? AND l.first_id <= ? AND EXISTS
              (SELECT 1 FROM audit a WHERE a.node = l.node AND a.sequence = l.sequence AND a.kind = 'records')
            """)) {
      query.setString(1, there.firstKey());
      query.setString(2, there.lastKey());
      query.setFetchSize(100);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          for (Leaf leaf : Leaves.read(row.getBytes(1))) {
            there.computeIfPresent(leaf.id(), (id, times) -> times == 1 ? null : times - 1);
          }
        }
      }
    }
  }

  private static Optional<Untold> acts(Database database, String after) {
    TreeMap<Long, Instant> there =
        database.found(connection -> {
          var numbers = new TreeMap<Long, Instant>();
          try (var query =
              connection.prepareStatement(
                  "SELECT number, at FROM act WHERE number > ? ORDER BY number LIMIT " + PAGE)) {
            query.setLong(1, after.isEmpty() ? Long.MIN_VALUE : Long.parseLong(after));
            try (ResultSet row = query.executeQuery()) {
              while (row.next()) {
                numbers.put(row.getLong(1), Instant.ofEpochMilli(row.getLong(2)));
              }
            }
          }
          return numbers;
        });
    if (there.isEmpty()) {
      return Optional.empty();
    }
    Stand last = new Stand(Stand.ACTS, Long.toString(there.lastKey()));
    long first = database.found(connection -> told(connection, there));
    var things = new ArrayList<Thing>();
    for (Map.Entry<Long, Instant> act : there.entrySet()) {
      long number = act.getKey();
      // Their numbers have no gaps: one of before stands before all of which an entry tells.
      things.add(
          new Thing(
              Thing.ACT,
              Long.toString(number),
              Optional.of(act.getValue()).filter(at -> number > 0 && number < first)));
    }
    return Optional.of(new Untold(things, last));
  }

  /**
   * Takes those away of which an entry tells.
   *
   * @return the lowest of all of which one tells
   */
  private static long told(Connection connection, TreeMap<Long, Instant> there)
      throws SQLException {
    long first = Long.MAX_VALUE;
    try (var query = connection.prepareStatement("SELECT body FROM audit WHERE kind = 'act'")) {
      query.setFetchSize(1000);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          long number = number(row.getString(1));
          there.remove(number);
          first = number > 0 ? Math.min(first, number) : first;
        }
      }
    }
    return first;
  }

  private static long number(String body) {
    try {
      return Json.parse(body).path("number").asLong(0);
    } catch (JacksonException changed) {
      // That it was changed is found where its chain is walked.
      return 0;
    }
  }
}

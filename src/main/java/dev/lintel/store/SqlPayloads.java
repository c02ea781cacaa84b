package dev.lintel.store;

import dev.lintel.Capture;
import dev.lintel.Erasure;
import dev.lintel.Ids;
import dev.lintel.Payloads;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sealed payloads, a table for each hour in which some must be gone. */
final class SqlPayloads implements Payloads {
  private static final Logger LOG = LoggerFactory.getLogger(SqlPayloads.class);
  private static final long HOUR = Duration.ofHours(1).toMillis();

  private final Database database;

  /** The hours that have a table, as far as this process knows. */
  private final Set<Long> made = ConcurrentHashMap.newKeySet();

  SqlPayloads(Database database) {
    this.database = database;
  }

  static String table(long slice) {
    return "payload_" + slice;
  }

  /** The hour at whose end it must be gone. */
  private static long slice(Instant until) {
    return Math.floorDiv(until.toEpochMilli() + HOUR - 1, HOUR);
  }

  @Override
  public void add(List<Payload> payloads) {
    var byHour = new TreeMap<Long, List<Payload>>();
    for (Payload payload : payloads) {
      byHour.computeIfAbsent(slice(payload.until()), hour -> new ArrayList<>()).add(payload);
    }
    try {
      for (long slice : byHour.keySet()) {
        if (!made.contains(slice)) {
          make(slice);
          // Not before: another thread takes it for there.
          made.add(slice);
        }
      }
      database.written(connection -> {
        List<Erasure> erasures = SqlErasures.binding(connection, database.shared());
        for (var hour : byHour.entrySet()) {
          insert(
              connection, hour.getKey(), SqlErasures.left(connection, erasures, hour.getValue()));
        }
        return payloads.size();
      });
    } catch (RuntimeException failed) {
      // Another node may have dropped an hour that had a table.
      made.clear();
      throw failed;
    }
  }

  private void make(long slice) {
    database.written(connection -> {
      try (var statement = connection.createStatement()) {
        String table = table(slice);
        statement.execute(
            "CREATE TABLE IF NOT EXISTS "
                + table
                + " (id TEXT NOT NULL, time BIGINT NOT NULL, tenant TEXT NOT NULL, app TEXT NOT"
                + " NULL, caller TEXT NOT NULL, level TEXT NOT NULL, until BIGINT NOT NULL, sealed"
                + " TEXT NOT NULL)");
        statement.execute("CREATE INDEX IF NOT EXISTS %s_id ON %s (id)".formatted(table, table));
        return statement.executeUpdate(
            "INSERT INTO payload_slice (slice) VALUES ("
                + slice
                + ") ON CONFLICT (slice) DO NOTHING");
      }
    });
  }

  private static void insert(Connection connection, long slice, List<Payload> payloads)
      throws SQLException {
    try (var place =
            connection.prepareStatement(
                "INSERT INTO payload_at (id, slice) VALUES (?, ?) ON CONFLICT (id) DO NOTHING");
        var insert =
            connection.prepareStatement(
                "INSERT INTO "
                    + table(slice)
                    + " (id, time, tenant, app, caller, level, until, sealed) VALUES (?, ?, ?, ?,"
                    + " ?, ?, ?, ?)")) {
      for (Payload payload : payloads) {
        place.setString(1, payload.id());
        place.setLong(2, slice);
        if (place.executeUpdate() > 0) {
          insert.setString(1, payload.id());
          insert.setLong(2, payload.time().toEpochMilli());
          insert.setString(3, payload.tenant());
          insert.setString(4, payload.app());
          insert.setString(5, payload.user());
          insert.setString(6, payload.level().name());
          insert.setLong(7, payload.until().toEpochMilli());
          insert.setString(8, payload.sealed());
          insert.executeUpdate();
        }
      }
    }
  }

  @Override
  public Optional<Payload> find(String id, Instant now) {
    return database.found(connection -> {
      Optional<Long> slice = slice(connection, id);
      return slice.isEmpty() ? Optional.empty() : find(connection, slice.get(), id, now);
    });
  }

  private static Optional<Long> slice(Connection connection, String id) throws SQLException {
    try (var query = connection.prepareStatement("SELECT slice FROM payload_at WHERE id = ?")) {
      query.setString(1, id);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
      }
    }
  }

  private static Optional<Payload> find(Connection connection, long slice, String id, Instant now)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT id, time, tenant, app, caller, level, until, sealed FROM "
                + table(slice)
                + " WHERE id = ? AND until > ?")) {
      query.setString(1, id);
      query.setLong(2, now.toEpochMilli());
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Optional.of(payload(row)) : Optional.empty();
      }
    }
  }

  private static Payload payload(ResultSet row) throws SQLException {
    return new Payload(
        row.getString(1),
        Instant.ofEpochMilli(row.getLong(2)),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        Capture.Level.valueOf(row.getString(6)),
        Instant.ofEpochMilli(row.getLong(7)),
        row.getString(8));
  }

  @Override
  public Some some(Optional<String> tenant, Instant from, String before, int look, Instant now) {
    return database.found(connection -> {
      var slices = new LinkedHashMap<String, Long>();
      try (var query =
          connection.prepareStatement(
              "SELECT id, slice FROM payload_at WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?")) {
        query.setString(1, Ids.before(from));
        query.setString(2, before);
        query.setInt(3, look);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            slices.put(row.getString(1), row.getLong(2));
          }
        }
      }
      Optional<String> next =
          slices.size() < look ? Optional.empty() : Optional.of(slices.lastEntry().getKey());
      // Whoever forgets may drop the tables of hours that are over at any moment.
      slices.values().removeIf(slice -> slice * HOUR <= now.toEpochMilli());
      if (tenant.isPresent()) {
        var own = new HashSet<String>();
        for (long slice : new TreeSet<>(slices.values())) {
          List<String> ids =
              slices.entrySet().stream()
                  .filter(place -> place.getValue() == slice)
                  .map(Map.Entry::getKey)
                  .toList();
          own.addAll(ofTenant(connection, slice, ids, tenant.get()));
        }
        slices.keySet().retainAll(own);
      }
      return new Some(List.copyOf(slices.keySet()), next);
    });
  }

  private static List<String> ofTenant(
      Connection connection, long slice, List<String> ids, String tenant) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT id FROM %s WHERE id IN (?%s) AND tenant = ?"
                .formatted(table(slice), ", ?".repeat(ids.size() - 1)))) {
      int next = 1;
      for (String id : ids) {
        query.setString(next++, id);
      }
      query.setString(next, tenant);
      var own = new ArrayList<String>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          own.add(row.getString(1));
        }
      }
      return own;
    }
  }

  /** The hours that have a table, the first first. */
  static List<Long> slices(Connection connection) throws SQLException {
    var slices = new ArrayList<Long>();
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT slice FROM payload_slice ORDER BY slice")) {
      while (rows.next()) {
        slices.add(rows.getLong(1));
      }
    }
    return slices;
  }

  @Override
  public int forget(Instant now) {
    long over = Math.floorDiv(now.toEpochMilli(), HOUR);
    List<Long> old =
        database.found(
            connection -> slices(connection).stream().filter(slice -> slice <= over).toList());
    for (long slice : old) {
      database.shredded(connection -> {
        try (var statement = connection.createStatement()) {
          statement.execute("DROP TABLE IF EXISTS " + table(slice));
          statement.executeUpdate("DELETE FROM payload_at WHERE slice = " + slice);
          return statement.executeUpdate("DELETE FROM payload_slice WHERE slice = " + slice);
        }
      });
      made.remove(slice);
      LOG.debug("payloads that were to be gone at {} are", Instant.ofEpochMilli(slice * HOUR));
    }
    return old.size();
  }

  /** Of whose calls anything is kept. */
  Set<String> users(String tenant) {
    return database.found(connection -> {
      var users = new HashSet<String>();
      for (long slice : slices(connection)) {
        try (var query =
            connection.prepareStatement(
                "SELECT DISTINCT caller FROM " + table(slice) + " WHERE tenant = ?")) {
          query.setString(1, tenant);
          try (ResultSet row = query.executeQuery()) {
            while (row.next()) {
              users.add(row.getString(1));
            }
          }
        }
      }
      return users;
    });
  }

  @Override
  public long erase(String tenant, Optional<Instant> before, Optional<String> user) {
    String which =
        " WHERE tenant = ?"
            + (before.isPresent() ? " AND time < ?" : "")
            + (user.isPresent() ? " AND caller = ?" : "");
    long erased = 0;
    for (long slice : database.found(SqlPayloads::slices)) {
      erased +=
          database.shredded(connection -> {
            try (var places =
                    connection.prepareStatement(
                        "DELETE FROM payload_at WHERE id IN (SELECT id FROM "
                            + table(slice)
                            + which
                            + ")");
                var delete = connection.prepareStatement("DELETE FROM " + table(slice) + which)) {
              named(places, tenant, before, user);
              places.executeUpdate();
              named(delete, tenant, before, user);
              return delete.executeUpdate();
            }
          });
    }
    return erased;
  }

  private static void named(
      PreparedStatement statement, String tenant, Optional<Instant> before, Optional<String> user)
      throws SQLException {
    int next = 1;
    statement.setString(next++, tenant);
    if (before.isPresent()) {
      statement.setLong(next++, before.get().toEpochMilli());
    }
    if (user.isPresent()) {
      statement.setString(next, user.get());
    }
  }
}

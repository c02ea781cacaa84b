package dev.lintel.store;

import dev.lintel.Admin;
import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Changes;
import dev.lintel.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Callers' keys as rows, numbered by their last change. */
final class SqlCallerKeys implements CallerKeys {
  /** Of the feed. */
  static final String TOPIC = "caller_key";

  private static final String COLUMNS =
      """
      SELECT k.id, k.tenant, k.app, k.name, k.kind, k.prefix, k.hash, k.sealed, k.scopes, k.created, k.expires,
        u.last_use
      FROM caller_key k LEFT JOIN caller_key_use u ON u.id = k.id
      """;

  private static final String CHANGED =
      "SELECT id, tenant, app, kind, hash, sealed, scopes, expires, gone FROM caller_key"
          + " WHERE change_no > ? AND change_no <= ?";

  /** So many uses in one transaction, between which others may write. */
  private static final int USES_TOGETHER = 1000;

  private static final String ADMIN = "admin";

  private final Database database;
  private final InstantSource clock;

  SqlCallerKeys(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  @Override
  public void add(CallerKey key) {
    database.written(connection -> {
      long number = SqlFeed.next(connection, TOPIC);
      try (var insert =
          connection.prepareStatement(
              """
              INSERT INTO caller_key
                (id, tenant, app, name, kind, prefix, hash, sealed, scopes, created, expires, gone, change_no)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
              """)) {
        insert.setString(1, key.id());
        insert.setString(2, key.tenant());
        insert.setString(3, key.app());
        insert.setString(4, key.name());
        insert.setString(5, key.kind().name());
        insert.setString(6, key.prefix());
        insert.setString(7, key.hash());
        insert.setString(8, key.sealed());
        insert.setString(9, text(key));
        insert.setLong(10, key.created().toEpochMilli());
        if (key.expires().isPresent()) {
          insert.setLong(11, key.expires().get().toEpochMilli());
        } else {
          insert.setNull(11, Types.BIGINT);
        }
        insert.setLong(12, number);
        return insert.executeUpdate();
      }
    });
  }

  @Override
  public List<CallerKey> list(String tenant, String app, String after, int limit) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              COLUMNS
                  + "WHERE k.tenant = ? AND k.app = ? AND k.id > ? AND k.gone = 0 ORDER BY k.id LIMIT ?")) {
        query.setString(1, tenant);
        query.setString(2, app);
        query.setString(3, after);
        query.setInt(4, limit);
        var keys = new ArrayList<CallerKey>();
        var rows = new Rows();
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            keys.add(rows.key(row));
          }
        }
        return keys;
      }
    });
  }

  @Override
  public Optional<CallerKey> find(String tenant, String app, String id) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              COLUMNS + "WHERE k.id = ? AND k.tenant = ? AND k.app = ? AND k.gone = 0")) {
        query.setString(1, id);
        query.setString(2, tenant);
        query.setString(3, app);
        try (ResultSet row = query.executeQuery()) {
          return row.next() ? Optional.of(new Rows().key(row)) : Optional.empty();
        }
      }
    });
  }

  @Override
  public boolean delete(String tenant, String app, String id) {
    return database.written(connection ->
        end(
                connection,
                SqlFeed.next(connection, TOPIC),
                "tenant = ? AND app = ? AND id = ?",
                tenant,
                app,
                id)
            > 0);
  }

  @Override
  public void deleteAll(String tenant, String app) {
    database.written(connection -> {
      end(connection, Set.of(new Changes.App(tenant, app)));
      return true;
    });
  }

  /** All keys of these, in the transaction of what ends them. */
  void end(Connection connection, Set<Changes.App> apps) throws SQLException {
    long number = SqlFeed.next(connection, TOPIC);
    for (Changes.App app : apps) {
      if (app.name().isEmpty()) {
        end(connection, number, "tenant = ?", app.tenant());
      } else {
        end(connection, number, "tenant = ? AND app = ?", app.tenant(), app.name());
      }
    }
  }

  private int end(Connection connection, long number, String which, String... values)
      throws SQLException {
    try (var update =
        connection.prepareStatement(
            "UPDATE caller_key SET gone = ?, change_no = ?, hash = '', sealed = '', prefix = '', name = '', scopes = '{}' WHERE gone = 0 AND "
                + which)) {
      update.setLong(1, clock.millis());
      update.setLong(2, number);
      for (int i = 0; i < values.length; i++) {
        update.setString(3 + i, values[i]);
      }
      return update.executeUpdate();
    }
  }

  @Override
  public boolean expire(String tenant, String app, String id, Instant when) {
    return database.written(connection -> {
      long number = SqlFeed.next(connection, TOPIC);
      try (var update =
          connection.prepareStatement(
              "UPDATE caller_key SET expires = ?, change_no = ? WHERE id = ? AND tenant = ? AND app = ? AND gone = 0")) {
        update.setLong(1, when.toEpochMilli());
        update.setLong(2, number);
        update.setString(3, id);
        update.setString(4, tenant);
        update.setString(5, app);
        return update.executeUpdate() > 0;
      }
    });
  }

  @Override
  public void used(Map<String, Instant> when) {
    var all = new ArrayList<>(when.entrySet());
    for (int from = 0; from < all.size(); from += USES_TOGETHER) {
      List<Map.Entry<String, Instant>> some =
          all.subList(from, Math.min(all.size(), from + USES_TOGETHER));
      database.written(connection -> {
        try (var upsert =
            connection.prepareStatement(
                """
                INSERT INTO caller_key_use (id, last_use) VALUES (?, ?)
                ON CONFLICT (id) DO UPDATE SET last_use = excluded.last_use
                WHERE caller_key_use.last_use < excluded.last_use
                """)) {
          for (Map.Entry<String, Instant> use : some) {
            upsert.setString(1, use.getKey());
            upsert.setLong(2, use.getValue().toEpochMilli());
            upsert.addBatch();
          }
          return upsert.executeBatch().length;
        }
      });
    }
  }

  @Override
  public Map<String, Instant> uses(Set<String> ids) {
    return database.found(connection -> {
      var found = new HashMap<String, Instant>();
      try (var query =
          connection.prepareStatement("SELECT last_use FROM caller_key_use WHERE id = ?")) {
        for (String id : ids) {
          query.setString(1, id);
          try (ResultSet row = query.executeQuery()) {
            if (row.next()) {
              found.put(id, Instant.ofEpochMilli(row.getLong(1)));
            }
          }
        }
      }
      return found;
    });
  }

  @Override
  public long changed(long since, Consumer<CallerKey> known, Consumer<String> gone) {
    return database.found(connection -> {
      // Whatever has a number up to this one is there to be read.
      long latest = count(connection);
      if (latest <= since) {
        return latest;
      }
      // From the beginning the order does not matter, and would take as long as all the rest.
      String which = since == ANEW ? " AND gone = 0" : " ORDER BY change_no";
      try (var query = connection.prepareStatement(CHANGED + which)) {
        query.setLong(1, since);
        query.setLong(2, latest);
        var rows = new Rows();
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            if (row.getLong(9) == 0) {
              known.accept(rows.caller(row));
            } else {
              gone.accept(row.getString(1));
            }
          }
        }
      }
      return latest;
    });
  }

  /** What was deleted long ago need not be told of any more. */
  void sweep() {
    long before = clock.millis() - GONE_FOR.toMillis();
    database.written(connection -> {
      String gone = "gone > 0 AND gone < ?";
      for (String sql :
          List.of(
              "DELETE FROM caller_key_use WHERE id IN (SELECT id FROM caller_key WHERE "
                  + gone
                  + ")",
              "DELETE FROM caller_key WHERE " + gone)) {
        try (var delete = connection.prepareStatement(sql)) {
          delete.setLong(1, before);
          delete.executeUpdate();
        }
      }
      return true;
    });
  }

  private static long count(Connection connection) throws SQLException {
    try (var query = connection.prepareStatement("SELECT value FROM change_count WHERE name = ?")) {
      query.setString(1, TOPIC);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getLong(1) : 0;
      }
    }
  }

  /** Who has it stands beside to what it is narrowed, which most keys have nothing of. */
  private static String text(CallerKey key) {
    CallerKey.Scopes scopes = key.scopes();
    ObjectNode node = Json.object();
    put(node, "models", scopes.models());
    put(node, "endpoints", scopes.endpoints());
    put(node, "tools", scopes.tools());
    put(node, "addresses", scopes.addresses());
    key.admin()
        .ifPresent(admin -> {
          ObjectNode kept = node.putObject(ADMIN).put("name", admin.name());
          kept.put("role", admin.role().name()).put("person", admin.person());
          put(kept, "tenants", admin.tenants());
        });
    return node.toString();
  }

  private static void put(ObjectNode node, String field, Set<String> names) {
    if (!names.isEmpty()) {
      var list = node.putArray(field);
      names.forEach(list::add);
    }
  }

  /** Reads keys; of words that come again, as tenants' do, it keeps one. */
  private static final class Rows {
    private final Map<String, String> words = new HashMap<>();
    private final Map<String, CallerKey.Scopes> scopes = new HashMap<>();

    CallerKey key(ResultSet row) throws SQLException {
      long expires = row.getLong(11);
      boolean endless = row.wasNull();
      long used = row.getLong(12);
      return new CallerKey(
          row.getString(1),
          word(row.getString(2)),
          word(row.getString(3)),
          row.getString(4),
          CallerKey.Kind.valueOf(row.getString(5)),
          row.getString(6),
          row.getString(7),
          row.getString(8),
          scopes.computeIfAbsent(row.getString(9), Rows::scopes),
          Instant.ofEpochMilli(row.getLong(10)),
          endless ? Optional.empty() : Optional.of(Instant.ofEpochMilli(expires)),
          used == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(used)),
          admin(row.getString(9)));
    }

    /** As much of it as tells who calls: of a hundred thousand each column counts. */
    CallerKey caller(ResultSet row) throws SQLException {
      long expires = row.getLong(8);
      boolean endless = row.wasNull();
      return new CallerKey(
          row.getString(1),
          word(row.getString(2)),
          word(row.getString(3)),
          "",
          CallerKey.Kind.valueOf(row.getString(4)),
          "",
          row.getString(5),
          row.getString(6),
          scopes.computeIfAbsent(row.getString(7), Rows::scopes),
          Instant.EPOCH,
          endless ? Optional.empty() : Optional.of(Instant.ofEpochMilli(expires)),
          Optional.empty(),
          admin(row.getString(7)));
    }

    private String word(String text) {
      String known = words.putIfAbsent(text, text);
      return known == null ? text : known;
    }

    private static CallerKey.Scopes scopes(String text) {
      JsonNode node = Json.parse(text);
      return node.isEmpty()
          ? CallerKey.Scopes.ALL
          : new CallerKey.Scopes(
              names(node, "models"),
              names(node, "endpoints"),
              names(node, "tools"),
              names(node, "addresses"));
    }

    private static Optional<Admin> admin(String text) {
      if (!text.contains(ADMIN)) {
        return Optional.empty();
      }
      JsonNode kept = Json.parse(text).path(ADMIN);
      return kept.isMissingNode()
          ? Optional.empty()
          : Optional.of(
              new Admin(
                  kept.path("name").asString(),
                  Admin.Role.valueOf(kept.path("role").asString()),
                  names(kept, "tenants"),
                  kept.path("person").asString()));
    }

    private static Set<String> names(JsonNode node, String field) {
      var names = new LinkedHashSet<String>();
      node.path(field).forEach(name -> names.add(name.asString()));
      return names;
    }
  }
}

package dev.lintel.store;

import dev.lintel.KeptSecrets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Sealed secrets, a row each. */
final class SqlSecrets implements KeptSecrets {
  private static final String COLUMNS = "SELECT name, sealed, fingerprint, who, at FROM secret ";

  private final Database database;

  SqlSecrets(Database database) {
    this.database = database;
  }

  @Override
  public void put(Kept secret) {
    database.written(connection -> {
      try (var upsert =
          connection.prepareStatement(
              """
              INSERT INTO secret (name, sealed, fingerprint, who, at) VALUES (?, ?, ?, ?, ?)
              ON CONFLICT (name) DO UPDATE SET
                sealed = excluded.sealed, fingerprint = excluded.fingerprint, who = excluded.who, at = excluded.at
              """)) {
        upsert.setString(1, secret.name());
        upsert.setString(2, secret.sealed());
        upsert.setString(3, secret.fingerprint());
        upsert.setString(4, secret.by());
        upsert.setLong(5, secret.at().toEpochMilli());
        upsert.executeUpdate();
        return SqlFeed.next(connection, TOPIC);
      }
    });
  }

  @Override
  public Optional<Kept> find(String name) {
    return database.found(connection -> {
      try (var query = connection.prepareStatement(COLUMNS + "WHERE name = ?")) {
        query.setString(1, name);
        return rows(query).stream().findFirst();
      }
    });
  }

  @Override
  public List<Kept> list(String after, int limit) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(COLUMNS + "WHERE name > ? ORDER BY name LIMIT ?")) {
        query.setString(1, after);
        query.setInt(2, limit);
        return rows(query);
      }
    });
  }

  @Override
  public boolean delete(String name) {
    return database.written(connection -> {
      try (var delete = connection.prepareStatement("DELETE FROM secret WHERE name = ?")) {
        delete.setString(1, name);
        boolean there = delete.executeUpdate() > 0;
        if (there) {
          SqlFeed.next(connection, TOPIC);
        }
        return there;
      }
    });
  }

  private static List<Kept> rows(PreparedStatement query) throws SQLException {
    var all = new ArrayList<Kept>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        all.add(
            new Kept(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                Instant.ofEpochMilli(row.getLong(5))));
      }
    }
    return all;
  }
}

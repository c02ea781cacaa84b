package dev.lintel.store;

import dev.lintel.Erasure;
import dev.lintel.Ids;
import dev.lintel.Opinion;
import dev.lintel.Opinions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** How well calls were answered, as rows that go with the records. */
final class SqlOpinions implements Opinions {
  private final Database database;

  SqlOpinions(Database database) {
    this.database = database;
  }

  @Override
  public boolean keep(Opinion opinion) {
    return database.written(connection -> {
      if (isErased(connection, opinion)) {
        return false;
      }
      try (var upsert =
          connection.prepareStatement(
              """
              INSERT INTO opinion (call, source, called, tenant, app, use_case, model, target, score, label, comment, said)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
              ON CONFLICT (call, source) DO UPDATE SET
                score = excluded.score, label = excluded.label, comment = excluded.comment, said = excluded.said
              """)) {
        int next = 1;
        upsert.setString(next++, opinion.callId());
        upsert.setString(next++, opinion.source());
        upsert.setLong(next++, Ids.time(opinion.callId()).orElse(opinion.said()).toEpochMilli());
        for (String word :
            List.of(
                opinion.tenant(),
                opinion.app(),
                opinion.useCase(),
                opinion.model(),
                opinion.target())) {
          upsert.setString(next++, RecordRow.storable(word));
        }
        upsert.setDouble(next++, opinion.score());
        upsert.setString(next++, RecordRow.storable(opinion.label()));
        upsert.setString(next++, RecordRow.storable(opinion.comment()));
        upsert.setLong(next, opinion.said().toEpochMilli());
        upsert.executeUpdate();
      }
      SqlFeed.next(connection, TOPIC);
      return true;
    });
  }

  /**
   * Whose call it was stands in its record alone: where some user's are erased it has to be there.
   */
  private boolean isErased(Connection connection, Opinion opinion) throws SQLException {
    boolean maybe = false;
    for (Erasure erasure : SqlErasures.binding(connection, database.shared())) {
      if (erasure.covers(opinion.callId(), opinion.tenant(), "")) {
        return true;
      }
      maybe |= erasure.user().isPresent() && erasure.reaches(opinion.callId(), opinion.tenant());
    }
    return maybe && !isRecorded(connection, opinion.callId());
  }

  private static boolean isRecorded(Connection connection, String id) throws SQLException {
    Optional<Integer> day = Ids.time(id).map(RecordRow::day);
    if (day.isEmpty() || !SqlRecords.days(connection).contains(day.get())) {
      return false;
    }
    try (var query =
        connection.prepareStatement(
            "SELECT 1 FROM " + SqlRecords.table(day.get()) + " WHERE id = ?")) {
      query.setString(1, id);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  @Override
  public List<Opinion> of(List<String> callIds) {
    if (callIds.isEmpty()) {
      return List.of();
    }
    return database.found(connection -> {
      var all = new ArrayList<Opinion>();
      try (var query =
          connection.prepareStatement(
              "SELECT call, source, tenant, app, use_case, model, target, score, label, comment, said FROM opinion WHERE call IN (?%s) ORDER BY call, source"
                  .formatted(", ?".repeat(callIds.size() - 1)))) {
        int next = 1;
        for (String id : callIds) {
          query.setString(next++, id);
        }
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            all.add(
                new Opinion(
                    row.getString(1),
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5),
                    row.getString(6),
                    row.getString(7),
                    row.getDouble(8),
                    row.getString(9),
                    row.getString(10),
                    Instant.ofEpochMilli(row.getLong(11))));
          }
        }
      }
      return all;
    });
  }

  @Override
  public List<Sum> sums(List<String> by, Optional<String> tenant, Instant from, Instant to) {
    if (!COLUMNS.containsAll(by)) {
      throw new IllegalArgumentException(by.toString());
    }
    String columns = String.join(", ", by);
    String sql =
        "SELECT %sCOUNT(*), SUM(score), SUM(CASE WHEN score > 0.5 THEN 1 ELSE 0 END) FROM opinion WHERE called >= ? AND called < ?%s%s"
            .formatted(
                by.isEmpty() ? "" : columns + ", ",
                tenant.isEmpty() ? "" : " AND tenant = ?",
                by.isEmpty()
                    ? " HAVING COUNT(*) > 0"
                    : " GROUP BY " + columns + " ORDER BY " + columns);
    return database.found(connection -> {
      var sums = new ArrayList<Sum>();
      try (var query = connection.prepareStatement(sql)) {
        query.setLong(1, SqlUsage.millis(from));
        query.setLong(2, SqlUsage.millis(to));
        if (tenant.isPresent()) {
          query.setString(3, tenant.get());
        }
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            var values = new ArrayList<String>(by.size());
            for (int i = 1; i <= by.size(); i++) {
              values.add(row.getString(i));
            }
            int next = by.size() + 1;
            sums.add(
                new Sum(
                    List.copyOf(values),
                    row.getLong(next),
                    row.getDouble(next + 1),
                    row.getLong(next + 2)));
          }
        }
      }
      return sums;
    });
  }

  /** Within the transaction that forgets those records. */
  static void forget(Connection connection, Collection<String> ids) throws SQLException {
    try (var delete = connection.prepareStatement("DELETE FROM opinion WHERE call = ?")) {
      for (String id : ids) {
        delete.setString(1, id);
        delete.addBatch();
      }
      delete.executeBatch();
    }
  }

  /** The same of all calls that came before that. */
  static void forget(Connection connection, Instant before) throws SQLException {
    try (var delete = connection.prepareStatement("DELETE FROM opinion WHERE called < ?")) {
      delete.setLong(1, before.toEpochMilli());
      delete.executeUpdate();
    }
  }
}

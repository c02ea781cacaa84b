package dev.lintel.store;

import dev.lintel.Approvals;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Changes that wait for a second admin, a row each. */
final class SqlApprovals implements Approvals {
  private static final String COLUMNS =
      "SELECT id, at, who, why, until, sealed, shown, state, decided_by, decided_at, revision FROM approval ";

  private final Database database;

  SqlApprovals(Database database) {
    this.database = database;
  }

  @Override
  public void add(Request request) {
    database.written(connection -> {
      expire(connection, request.at());
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO approval (id, at, who, why, until, sealed, shown, state, revision) VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 0)")) {
        insert.setString(1, request.id());
        insert.setLong(2, request.at().toEpochMilli());
        insert.setString(3, request.by());
        insert.setString(4, request.why());
        insert.setLong(5, request.until().toEpochMilli());
        insert.setString(6, request.order());
        insert.setString(7, request.shown());
        return insert.executeUpdate();
      }
    });
  }

  /** What nobody can agree to any more keeps no secrets. */
  private static void expire(Connection connection, Instant now) throws SQLException {
    try (var update =
        connection.prepareStatement(
            "UPDATE approval SET state = 'expired', sealed = '' WHERE state = 'pending' AND until <= ?")) {
      update.setLong(1, now.toEpochMilli());
      update.executeUpdate();
    }
  }

  @Override
  public Optional<Known> find(String id, Instant now) {
    return database.found(connection -> {
      try (var query = connection.prepareStatement(COLUMNS + "WHERE id = ?")) {
        query.setString(1, id);
        return rows(query, now).stream().findFirst();
      }
    });
  }

  @Override
  public List<Known> list(String before, int limit, Optional<State> state, Instant now) {
    String test =
        switch (state.orElse(null)) {
          case null -> "";
          case PENDING -> " AND state = 'pending' AND until > ?";
          case EXPIRED -> " AND (state = 'expired' OR (state = 'pending' AND until <= ?))";
          case APPROVED, REJECTED -> " AND state = ?";
        };
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              COLUMNS + "WHERE id < ?" + test + " ORDER BY id DESC LIMIT " + limit)) {
        query.setString(1, before);
        switch (state.orElse(null)) {
          case null -> {}
          case PENDING, EXPIRED -> query.setLong(2, now.toEpochMilli());
          case APPROVED, REJECTED -> query.setString(2, state.orElseThrow().word());
        }
        return rows(query, now);
      }
    });
  }

  private static List<Known> rows(PreparedStatement query, Instant now) throws SQLException {
    var all = new ArrayList<Known>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        Instant until = Instant.ofEpochMilli(row.getLong(5));
        State state = State.valueOf(row.getString(8).toUpperCase(Locale.ROOT));
        Optional<String> by = Optional.ofNullable(row.getString(9));
        long decided = row.getLong(10);
        all.add(
            new Known(
                new Request(
                    row.getString(1),
                    Instant.ofEpochMilli(row.getLong(2)),
                    row.getString(3),
                    row.getString(4),
                    until,
                    row.getString(6),
                    row.getString(7)),
                new Decision(
                    state == State.PENDING && !now.isBefore(until) ? State.EXPIRED : state,
                    by,
                    by.map(known -> Instant.ofEpochMilli(decided)),
                    row.getLong(11))));
      }
    }
    return all;
  }

  @Override
  public boolean decide(String id, State to, String by, Instant at) {
    String forgets = to == State.REJECTED ? ", sealed = ''" : "";
    return database.written(connection -> {
      try (var update =
          connection.prepareStatement(
              "UPDATE approval SET state = ?, decided_by = ?, decided_at = ?"
                  + forgets
                  + " WHERE id = ? AND state = 'pending' AND until > ?")) {
        update.setString(1, to.word());
        update.setString(2, by);
        update.setLong(3, at.toEpochMilli());
        update.setString(4, id);
        update.setLong(5, at.toEpochMilli());
        return update.executeUpdate() > 0;
      }
    });
  }

  @Override
  public void undecide(String id) {
    database.written(connection -> {
      try (var update =
          connection.prepareStatement(
              "UPDATE approval SET state = 'pending', decided_by = NULL, decided_at = NULL WHERE id = ? AND state = 'approved' AND revision = 0")) {
        update.setString(1, id);
        return update.executeUpdate();
      }
    });
  }

  @Override
  public void done(String id, long revision) {
    database.written(connection -> {
      try (var update =
          connection.prepareStatement(
              "UPDATE approval SET revision = ?, sealed = '' WHERE id = ? AND state = 'approved'")) {
        update.setLong(1, revision);
        update.setString(2, id);
        return update.executeUpdate();
      }
    });
  }
}

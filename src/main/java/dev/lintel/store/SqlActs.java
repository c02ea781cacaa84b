package dev.lintel.store;

import dev.lintel.Acts;
import dev.lintel.AuditEntry;
import dev.lintel.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Acts, as rows that are only ever added. How one ended is a row of its own, which {@code follows}
 * the act's; each row takes the next number of the one row of {@code act_head}, so that several
 * nodes leave no gap.
 */
final class SqlActs implements Acts {
  private final Database database;
  private final SqlAudit audit;

  SqlActs(Database database, SqlAudit audit) {
    this.database = database;
    this.audit = audit;
  }

  @Override
  public long add(Act act) {
    return audit.written((connection, chain) -> insert(connection, chain, 0, act));
  }

  @Override
  public void end(long number, Instant at, int status, String detail) {
    audit.written((connection, chain) ->
        insert(connection, chain, number, new Act(0, at, "", "", status, detail)));
  }

  private static long insert(Connection connection, SqlAudit.Chain chain, long follows, Act act)
      throws SQLException {
    long number;
    try (var next =
            connection.prepareStatement(
                "UPDATE act_head SET number = number + 1 WHERE id = 1 RETURNING number");
        var row = next.executeQuery()) {
      row.next();
      number = row.getLong(1);
    }
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO act (number, follows, at, who, what, status, detail) VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      insert.setLong(1, number);
      insert.setLong(2, follows);
      insert.setLong(3, act.at().toEpochMilli());
      insert.setString(4, act.by());
      insert.setString(5, act.what());
      insert.setLong(6, act.status());
      insert.setString(7, act.detail());
      insert.executeUpdate();
    }
    chain.append(List.of(new AuditEntry.Draft("act", Json.text(body(number, follows, act)))));
    return number;
  }

  /** As the chain has it: the end of an act tells of which, and how it ended. */
  private static ObjectNode body(long number, long follows, Act act) {
    ObjectNode body = Json.object().put("number", number);
    if (follows > 0) {
      body.put("ends", follows);
    } else {
      body.put("by", act.by()).put("what", act.what());
    }
    body.put("time", act.at().toString());
    body.put("status", act.status() == 0 ? null : Integer.valueOf(act.status()));
    return body.put("detail", act.detail());
  }

  @Override
  public List<Act> list(long before, int limit, Optional<String> by) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              """
              SELECT a.number, a.at, a.who, a.what, a.status, a.detail, e.status, e.detail
              FROM act a LEFT JOIN act e ON e.follows = a.number
              WHERE a.follows = 0 AND a.number < ?%s ORDER BY a.number DESC LIMIT ?
              """
                  .formatted(by.isPresent() ? " AND a.who = ?" : ""))) {
        int next = 1;
        query.setLong(next++, before);
        if (by.isPresent()) {
          query.setString(next++, by.get());
        }
        query.setInt(next, limit);
        var acts = new ArrayList<Act>();
        try (var row = query.executeQuery()) {
          while (row.next()) {
            boolean ended = row.getString(8) != null;
            acts.add(
                new Act(
                    row.getLong(1),
                    Instant.ofEpochMilli(row.getLong(2)),
                    row.getString(3),
                    row.getString(4),
                    row.getInt(ended ? 7 : 5),
                    row.getString(ended ? 8 : 6)));
          }
        }
        return acts;
      }
    });
  }
}

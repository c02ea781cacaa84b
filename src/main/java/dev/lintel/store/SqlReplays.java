package dev.lintel.store;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Replay;
import dev.lintel.Replays;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** Replies under callers' keys, as rows. A row without a status is a key that a call holds. */
final class SqlReplays implements Replays {
  private static final Logger LOG = LoggerFactory.getLogger(SqlReplays.class);
  private static final int RUNNING = 0;
  private static final int KEPT = 1;

  private final Database database;
  private final InstantSource clock;
  private final Duration lease;
  private final Duration keep;
  private final long total;

  /** The keys that calls of this process hold, by their calls. */
  private final Map<String, Key> held = new ConcurrentHashMap<>();

  /** What is being freed at the moment: who asks for it must not come before that. */
  private final Map<Key, CompletableFuture<?>> freeing = new ConcurrentHashMap<>();

  /** Kept since the last sweep, so that a burst need not wait for the next one. */
  private final AtomicLong fresh = new AtomicLong();

  /**
   * @param keep how long a reply is kept
   * @param total the most bytes of all replies
   */
  SqlReplays(Database database, InstantSource clock, Duration lease, Duration keep, long total) {
    this.database = database;
    this.clock = clock;
    this.lease = lease;
    this.keep = keep;
    this.total = total;
  }

  @Override
  public Found take(Key key, byte[] question, String callId) {
    CompletableFuture<?> freed = freeing.get(key);
    if (freed != null) {
      CallThread.await(freed);
    }
    // What a call still holds is asked where it is written: it may end meanwhile.
    Optional<Found> known = database.found(connection -> standing(connection, key, question, KEPT));
    if (known.isPresent()) {
      return known.get();
    }
    // Before the row is there, so that it is renewed from its first moment.
    held.put(callId, key);
    boolean mine = false;
    try {
      Found found = database.written(connection -> hold(connection, key, question, callId));
      mine = found instanceof Found.Free;
      return found;
    } catch (Failure left) {
      free(key, callId);
      throw left;
    } finally {
      if (!mine) {
        held.remove(callId);
      }
    }
  }

  private Found hold(Connection connection, Key key, byte[] question, String callId)
      throws SQLException {
    long now = clock.millis();
    try (var insert =
        connection.prepareStatement(
            """
            INSERT INTO replay (tenant, app, name, question, call_id, lease, created, size, status, content_type, stream, headers, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, '', 0, '{}', NULL)
            ON CONFLICT (tenant, app, name) DO UPDATE SET
              question = excluded.question, call_id = excluded.call_id, lease = excluded.lease, created = excluded.created,
              size = 0, status = 0, content_type = '', stream = 0, headers = '{}', body = NULL
            WHERE (replay.status = 0 AND replay.lease < ?) OR (replay.status > 0 AND replay.created <= ?)
            RETURNING call_id
            """)) {
      int next = name(insert, 1, key);
      insert.setBytes(next++, question);
      insert.setString(next++, callId);
      insert.setLong(next++, now + lease.toMillis());
      insert.setLong(next++, now);
      insert.setLong(next++, now);
      insert.setLong(next, now - keep.toMillis());
      try (var row = insert.executeQuery()) {
        if (row.next()) {
          return new Found.Free();
        }
      }
    }
    return standing(connection, key, question, RUNNING).orElseGet(Found.Running::new);
  }

  /**
   * What stands there already; empty where nothing does, or what does may have ended.
   *
   * @param least status that counts
   */
  private Optional<Found> standing(Connection connection, Key key, byte[] question, int least)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            """
            SELECT question, call_id, status, content_type, stream, headers, body FROM replay
            WHERE tenant = ? AND app = ? AND name = ? AND created > ? AND (status > 0 OR lease >= ?) AND status >= ?
            """)) {
      int next = name(query, 1, key);
      query.setLong(next++, clock.millis() - keep.toMillis());
      query.setLong(next++, clock.millis());
      query.setInt(next, least);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        if (!Arrays.equals(row.getBytes(1), question)) {
          return Optional.of(new Found.Other());
        }
        return Optional.of(
            row.getInt(3) == RUNNING ? new Found.Running() : new Found.Kept(replay(row)));
      }
    }
  }

  private static Replay replay(ResultSet row) throws SQLException {
    var headers = new HashMap<String, String>();
    for (var header : Json.parse(row.getString(6)).properties()) {
      headers.put(header.getKey(), header.getValue().asString());
    }
    return new Replay(
        row.getInt(3),
        row.getString(4),
        headers,
        row.getBytes(7),
        row.getInt(5) == 1,
        row.getString(2));
  }

  @Override
  public void keep(Key key, Replay reply) {
    ObjectNode headers = Json.object();
    reply.headers().forEach(headers::put);
    try {
      database.written(connection -> {
        try (var update =
            connection.prepareStatement(
                """
                UPDATE replay SET created = ?, size = ?, status = ?, content_type = ?, stream = ?, headers = ?, body = ?
                WHERE tenant = ? AND app = ? AND name = ? AND call_id = ? AND status = 0
                """)) {
          update.setLong(1, clock.millis());
          update.setLong(2, reply.body().length);
          update.setInt(3, reply.status());
          update.setString(4, reply.contentType());
          update.setInt(5, reply.stream() ? 1 : 0);
          update.setString(6, Json.text(headers));
          update.setBytes(7, reply.body());
          update.setString(name(update, 8, key), reply.callId());
          return update.executeUpdate();
        }
      });
    } finally {
      held.remove(reply.callId());
    }
    if (fresh.addAndGet(reply.body().length) > total / 8) {
      sweep();
    }
  }

  @Override
  public void free(Key key, String callId) {
    held.remove(callId);
    CompletableFuture<?> done =
        database
            .write(connection -> {
              try (var delete =
                  connection.prepareStatement(
                      "DELETE FROM replay WHERE tenant = ? AND app = ? AND name = ? AND call_id = ? AND status = 0")) {
                delete.setString(name(delete, 1, key), callId);
                return delete.executeUpdate();
              }
            })
            .exceptionally(failed -> {
              LOG.warn(
                  "a key of {} stays held for {} s: {}",
                  callId,
                  lease.toSeconds(),
                  failed.getMessage());
              return 0;
            });
    freeing.put(key, done);
    var _ = done.thenRun(() -> freeing.remove(key, done));
  }

  private static int name(PreparedStatement statement, int from, Key key) throws SQLException {
    statement.setString(from, key.tenant());
    statement.setString(from + 1, key.app());
    statement.setString(from + 2, key.name());
    return from + 3;
  }

  /** Says that the calls which hold keys still run. */
  void renew() {
    if (held.isEmpty()) {
      return;
    }
    Map<String, Key> now = Map.copyOf(held);
    database.written(connection -> {
      try (var update =
          connection.prepareStatement(
              "UPDATE replay SET lease = ? WHERE tenant = ? AND app = ? AND name = ? AND call_id = ? AND status = 0")) {
        for (var one : now.entrySet()) {
          update.setLong(1, clock.millis() + lease.toMillis());
          update.setString(name(update, 2, one.getValue()), one.getKey());
          update.addBatch();
        }
        return update.executeBatch().length;
      }
    });
  }

  /** Frees every key that a call holds: they died with the process before this one. */
  static void freeAll(Connection connection) throws SQLException {
    try (var delete = connection.createStatement()) {
      delete.executeUpdate("DELETE FROM replay WHERE status = 0");
    }
  }

  /** Removes what is too old, and then the oldest until the rest is within its bound. */
  void sweep() {
    fresh.set(0);
    var _ =
        database
            .write(connection -> {
              try (var old =
                  connection.prepareStatement(
                      "DELETE FROM replay WHERE created <= ? AND lease < ?")) {
                old.setLong(1, clock.millis() - keep.toMillis());
                old.setLong(2, clock.millis());
                old.executeUpdate();
              }
              try (var most =
                  connection.prepareStatement(
                      """
                      DELETE FROM replay WHERE status > 0 AND created <= (
                        SELECT MAX(created) FROM (
                          SELECT created, SUM(size) OVER (ORDER BY created DESC, size) AS newer FROM replay) AS ages
                        WHERE newer > ?)
                      """)) {
                most.setLong(1, total);
                return most.executeUpdate();
              }
            })
            .exceptionally(failed -> {
              LOG.warn("old replies are not removed: {}", failed.getMessage());
              return 0;
            });
  }
}

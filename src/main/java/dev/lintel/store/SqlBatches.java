package dev.lintel.store;

import dev.lintel.Batch;
import dev.lintel.Batches;
import dev.lintel.CallThread;
import dev.lintel.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Batches as documents, with columns for what they are looked up by. */
final class SqlBatches implements Batches {
  private static final Logger LOG = LoggerFactory.getLogger(SqlBatches.class);
  private static final String NOBODY = "";

  private final Database database;
  private final InstantSource clock;

  /** How long a batch that goes on at another node is not looked at. */
  private static final Duration ELSEWHERE = Duration.ofMinutes(10);

  private final Duration lease;
  private final Map<String, Long> elsewhere = new ConcurrentHashMap<>();
  private final String node;

  /** What this process is at work on. */
  private final Set<String> held = ConcurrentHashMap.newKeySet();

  /** The last that this process let go of: it may want to take it again. */
  private volatile CompletableFuture<?> lettingGo = CompletableFuture.completedFuture(0);

  /**
   * @param node names this process
   */
  SqlBatches(Database database, InstantSource clock, Duration lease, String node) {
    this.database = database;
    this.clock = clock;
    this.lease = lease;
    this.node = node;
  }

  @Override
  public void add(Batch batch) {
    database.written(connection -> {
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO batch (id, tenant, ended, holder, lease, document) VALUES (?, ?, ?, '', 0, ?)")) {
        insert.setString(1, batch.id());
        insert.setString(2, batch.tenant());
        insert.setInt(3, batch.status().last() ? 1 : 0);
        insert.setString(4, Json.MAPPER.writeValueAsString(batch));
        return insert.executeUpdate();
      }
    });
  }

  @Override
  public Optional<Batch> find(String tenant, String id) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement("SELECT document FROM batch WHERE id = ? AND tenant = ?")) {
        query.setString(1, id);
        query.setString(2, tenant);
        return first(query.executeQuery());
      }
    });
  }

  @Override
  public List<Batch> list(String tenant, String prefix, String after, int limit) {
    return database.found(connection -> {
      // What follows a prefix is a digit or a small letter.
      try (var query =
          connection.prepareStatement(
              """
              SELECT document FROM batch WHERE tenant = ? AND id > ? AND id < ?
              ORDER BY id DESC LIMIT ?
              """)) {
        query.setString(1, tenant);
        query.setString(2, prefix);
        query.setString(3, after.isEmpty() ? prefix + '~' : after);
        query.setInt(4, limit);
        var batches = new ArrayList<Batch>();
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            batches.add(read(row.getString(1)));
          }
        }
        return batches;
      }
    });
  }

  @Override
  public Optional<Batch> change(String id, UnaryOperator<Batch> change) {
    return database.written(connection -> {
      Optional<Batch> now;
      // Whoever else wants to change it waits until this is done.
      try (var query =
          connection.prepareStatement(
              "UPDATE batch SET ended = ended WHERE id = ? RETURNING document")) {
        query.setString(1, id);
        now = first(query.executeQuery()).map(change);
      }
      if (now.isPresent()) {
        try (var update =
            connection.prepareStatement("UPDATE batch SET document = ?, ended = ? WHERE id = ?")) {
          update.setString(1, Json.MAPPER.writeValueAsString(now.get()));
          update.setInt(2, now.get().status().last() ? 1 : 0);
          update.setString(3, id);
          update.executeUpdate();
        }
      }
      return now;
    });
  }

  @Override
  public boolean remove(String tenant, String id) {
    return database.written(connection -> {
      try (var delete =
          connection.prepareStatement(
              "DELETE FROM batch WHERE id = ? AND tenant = ? AND ended = 1")) {
        delete.setString(1, id);
        delete.setString(2, tenant);
        return delete.executeUpdate() > 0;
      }
    });
  }

  @Override
  public Optional<Batch> take() {
    CallThread.await(lettingGo);
    elsewhere.values().removeIf(until -> until <= clock.millis());
    List<String> others = List.copyOf(elsewhere.keySet());
    Optional<Batch> taken =
        database.written(connection -> {
          try (var update =
              connection.prepareStatement(
                  """
                  UPDATE batch SET holder = ?, lease = ? WHERE id = (
                    SELECT id FROM batch WHERE ended = 0 AND lease < ?%s ORDER BY id LIMIT 1)
                  AND ended = 0 AND lease < ?
                  RETURNING document
                  """
                      .formatted(
                          others.isEmpty()
                              ? ""
                              : " AND id NOT IN ("
                                  + String.join(", ", Collections.nCopies(others.size(), "?"))
                                  + ")"))) {
            update.setString(1, node);
            update.setLong(2, clock.millis() + lease.toMillis());
            update.setLong(3, clock.millis());
            for (int i = 0; i < others.size(); i++) {
              update.setString(4 + i, others.get(i));
            }
            // Once more: another node may have taken the same one meanwhile.
            update.setLong(4 + others.size(), clock.millis());
            return first(update.executeQuery());
          }
        });
    taken.ifPresent(batch -> held.add(batch.id()));
    return taken;
  }

  @Override
  public void elsewhere(String id) {
    elsewhere.put(id, clock.millis() + ELSEWHERE.toMillis());
    letGo(id, Duration.ZERO);
  }

  @Override
  public void letGo(String id, Duration rest) {
    held.remove(id);
    long until = rest.isZero() ? 0 : clock.millis() + rest.toMillis();
    lettingGo =
        database
            .write(connection -> {
              try (var update =
                  connection.prepareStatement(
                      "UPDATE batch SET holder = ?, lease = ? WHERE id = ? AND holder = ?")) {
                update.setString(1, NOBODY);
                update.setLong(2, until);
                update.setString(3, id);
                update.setString(4, node);
                return update.executeUpdate();
              }
            })
            .exceptionally(failed -> {
              LOG.warn("{} rests for {} s: {}", id, lease.toSeconds(), failed.getMessage());
              return 0;
            });
  }

  /** Says that this process is still at work on what it took. */
  void renew() {
    if (held.isEmpty()) {
      return;
    }
    database.written(connection -> {
      try (var update =
          connection.prepareStatement(
              "UPDATE batch SET lease = ? WHERE holder = ? AND ended = 0")) {
        update.setLong(1, clock.millis() + lease.toMillis());
        update.setString(2, node);
        return update.executeUpdate();
      }
    });
  }

  /** Nobody is at work on any: who was died with the process before this one. */
  static void freeAll(Connection connection) throws SQLException {
    try (var update = connection.createStatement()) {
      update.executeUpdate("UPDATE batch SET holder = '', lease = 0 WHERE ended = 0");
    }
  }

  private static Optional<Batch> first(ResultSet rows) throws SQLException {
    try (rows) {
      return rows.next() ? Optional.of(read(rows.getString(1))) : Optional.empty();
    }
  }

  private static Batch read(String document) {
    return Json.MAPPER.readValue(document, Batch.class);
  }
}

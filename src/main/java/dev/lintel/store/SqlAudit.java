package dev.lintel.store;

import dev.lintel.AuditEntry;
import dev.lintel.AuditEntry.Draft;
import dev.lintel.AuditTrail.Head;
import dev.lintel.AuditTrail.Leaf;
import dev.lintel.Ids;
import dev.lintel.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes this node's chain, one entry behind the other, which the row of {@code audit_node} sees
 * to; the last of each writing is sealed. How they are read: {@link SqlEvidence}.
 */
final class SqlAudit implements SqlEvidence.Own, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SqlAudit.class);

  /** Heads that were written and may be durable, as far as this process cannot know. */
  private static final int ISSUED = 1000;

  /** Beyond it a number was made up. */
  private static final long FARTHEST = 1L << 40;

  private final Database database;
  private final Path folder;
  private final InstantSource clock;
  private final Set<String> issued =
      Collections.newSetFromMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
              return size() > ISSUED;
            }
          });
  private @Nullable OwnChain own;

  SqlAudit(Database database, Path folder, InstantSource clock) {
    this.database = database;
    this.folder = folder;
    this.clock = clock;
  }

  private synchronized OwnChain own() {
    OwnChain known = own;
    if (known == null) {
      try {
        known = new OwnChain(folder, database.place());
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
      own = known;
    }
    return known;
  }

  /** Work whose transaction writes to the chain, too. */
  @FunctionalInterface
  interface Work<T> {
    /**
     * @param chain to be written to last: until the transaction ends, this node writes nothing else
     *     to it
     */
    T run(Connection connection, Chain chain) throws SQLException;
  }

  /** As {@link Database#written}. */
  <T> T written(Work<T> work) {
    return written(database::written, work);
  }

  /**
   * The same in another kind of transaction.
   *
   * @param transaction one of the database's
   */
  <T> T written(Function<Database.Work<T>, T> transaction, Work<T> work) {
    var last = new AtomicReference<@Nullable AuditEntry>();
    T result =
        transaction.apply(connection -> {
          var chain = new Chain(connection);
          T done = work.run(connection, chain);
          last.set(chain.last);
          return done;
        });
    AuditEntry entry = last.get();
    if (entry != null) {
      settle(new Head(entry.node(), entry.sequence(), entry.hash(), entry.seal()));
    }
    return result;
  }

  /** The same where what is deleted must not be found in the database's files any more. */
  <T> T shred(Work<T> work) {
    return written((connection, chain) -> {
      database.shredding(connection, true);
      try {
        return work.run(connection, chain);
      } finally {
        database.shredding(connection, false);
      }
    });
  }

  /** That is durable. */
  private synchronized void settle(Head head) {
    OwnChain known = own();
    if (head.sequence() > known.head.sequence()) {
      known.head = head;
      known.file.write(head);
    }
  }

  private synchronized boolean mayFollow(Head found) {
    OwnChain known = own();
    return found.sequence() > known.head.sequence()
        && found.sequence() < FARTHEST
        && (issued.contains(found.hash()) || known.good(found));
  }

  private synchronized void issue(AuditEntry entry) {
    issued.add(entry.hash());
  }

  /** This node's, within a transaction. */
  final class Chain {
    private final Connection connection;
    private @Nullable AuditEntry last;

    private Chain(Connection connection) {
      this.connection = connection;
    }

    List<AuditEntry> append(List<Draft> drafts) throws SQLException {
      OwnChain known = own();
      String node = known.key.name();
      hold(node, known.key.publicKey());
      Optional<AuditEntry> found = SqlEvidence.last(connection, node, Optional.empty());
      Head before = from(found, known());
      long sequence = Math.max(before.sequence(), found.map(this::sane).orElse(0L));
      var all = new ArrayList<>(drafts);
      if (before.sequence() == 0) {
        var genesis = Json.object().put("public_key", known.key.publicKey());
        all.addFirst(new Draft(AuditEntry.GENESIS, Json.text(genesis)));
      }
      Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
      var entries = new ArrayList<AuditEntry>(all.size());
      String hash = before.hash();
      String seal = before.seal();
      for (Draft draft : all) {
        sequence++;
        hash = AuditEntry.hash(hash, seal, node, sequence, now, draft.kind(), draft.body());
        seal =
            entries.size() + 1 < all.size()
                ? ""
                : known.key.sign(AuditEntry.head(node, sequence, hash));
        entries.add(new AuditEntry(node, sequence, now, draft.kind(), draft.body(), hash, seal));
      }
      insert(entries);
      last = entries.getLast();
      issue(entries.getLast());
      return entries;
    }

    private long sane(AuditEntry found) {
      return found.sequence() < FARTHEST ? found.sequence() : 0;
    }

    /** Nothing that was changed behind this node's back is taken for its own. */
    private Head from(Optional<AuditEntry> found, Head own) {
      if (found.isEmpty()) {
        return own;
      }
      AuditEntry entry = found.get();
      Head there = new Head(entry.node(), entry.sequence(), entry.hash(), entry.seal());
      if (own.sequence() == there.sequence() && own.hash().equals(there.hash())) {
        return own;
      }
      if (mayFollow(there)) {
        return there;
      }
      LOG.error(
          "the chain of evidence of this node was changed in the store: it ends at {} there, and at"
              + " {} as this node knows",
          there.sequence(),
          own.sequence());
      return own;
    }

    private void hold(String node, String publicKey) throws SQLException {
      try (var upsert =
          connection.prepareStatement(
              """
              INSERT INTO audit_node (node, public_key) VALUES (?, ?)
              ON CONFLICT (node) DO UPDATE SET public_key = excluded.public_key
              """)) {
        upsert.setString(1, node);
        upsert.setString(2, publicKey);
        upsert.executeUpdate();
      }
    }

    private void insert(List<AuditEntry> entries) throws SQLException {
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO audit (" + SqlEvidence.COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?)")) {
        for (AuditEntry entry : entries) {
          insert.setString(1, entry.node());
          insert.setLong(2, entry.sequence());
          insert.setLong(3, entry.at().toEpochMilli());
          insert.setString(4, entry.kind());
          insert.setString(5, entry.body());
          insert.setString(6, entry.hash());
          insert.setString(7, entry.seal());
          insert.addBatch();
        }
        insert.executeBatch();
      }
    }

    /** Records that are added in this transaction, and no others: it vouches for all of them. */
    void brought(String journal, List<RecordRow> rows) throws SQLException {
      if (rows.isEmpty()) {
        return;
      }
      Brought brought = Brought.of(journal, rows);
      AuditEntry entry = append(brought.drafts()).getLast();
      List<String> ids = brought.leaves().stream().map(Leaf::id).toList();
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO audit_leaves (node, sequence, first_id, last_id, leaves) VALUES (?, ?,"
                  + " ?, ?, ?)")) {
        insert.setString(1, entry.node());
        insert.setLong(2, entry.sequence());
        insert.setString(3, Collections.min(ids));
        insert.setString(4, Collections.max(ids));
        insert.setBytes(5, Leaves.written(brought.leaves()));
        insert.executeUpdate();
      }
    }

    /**
     * Records of calls that came before that may be gone from now on.
     *
     * @param whose as {@link dev.lintel.Whose#place} says it
     */
    void forgotten(String whose, Instant before) throws SQLException {
      var body = Json.object().put("whose", whose).put("before", before.toString());
      append(List.of(new Draft("forgotten", Json.text(body))));
    }

    /** Records that are gone with this transaction, and no others of whom they were. */
    void erased(String tenant, List<String> ids) throws SQLException {
      if (!ids.isEmpty()) {
        ObjectNode body = Json.object().put("whose", tenant);
        ids.forEach(body.putArray("ids")::add);
        append(List.of(new Draft("forgotten", Json.text(body))));
      }
    }

    /** Of records that are gone as a whole, nothing is left to be compared. */
    void forgetLeaves(Instant before) throws SQLException {
      try (var delete = connection.prepareStatement("DELETE FROM audit_leaves WHERE last_id < ?")) {
        delete.setString(1, Ids.before(before));
        delete.executeUpdate();
      }
    }
  }

  @Override
  public String node() {
    return own().key.name();
  }

  @Override
  public synchronized Head known() {
    return own().head;
  }

  @Override
  public void append(List<Draft> drafts) {
    written((connection, chain) -> chain.append(drafts));
  }

  /** What was written outlasts the machine. */
  synchronized void force() {
    if (own != null) {
      own.file.force();
    }
  }

  @Override
  public synchronized void close() {
    if (own != null) {
      own.close();
    }
  }
}

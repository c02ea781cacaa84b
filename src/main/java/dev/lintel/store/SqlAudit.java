package dev.lintel.store;

import dev.lintel.AuditEntry;
import dev.lintel.AuditEntry.Draft;
import dev.lintel.AuditTrail;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.NodeKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chains as rows. Those of this node are written one behind the other, which the row of {@code
 * audit_node} sees to; the last of each writing is sealed.
 */
final class SqlAudit implements AuditTrail, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SqlAudit.class);
  private static final String COLUMNS = "node, sequence, at, kind, body, hash, seal";

  /** Heads that were written and may be durable, as far as this process cannot know. */
  private static final int ISSUED = 1000;

  /** Beyond it a number was made up. */
  private static final long FARTHEST = 1L << 40;

  private static final int CANDIDATES = 50;

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
  private @Nullable Own own;

  SqlAudit(Database database, Path folder, InstantSource clock) {
    this.database = database;
    this.folder = folder;
    this.clock = clock;
  }

  /** What of a chain lies in the data folder. */
  private static final class Own implements AutoCloseable {
    final NodeKey key;
    final HeadFile file;
    Head head;

    Own(Path folder, String database) throws IOException {
      key = NodeKey.open(folder);
      // Another database has another chain, which begins anew.
      String suffix = UUID.nameUUIDFromBytes(database.getBytes(StandardCharsets.UTF_8)).toString();
      file = new HeadFile(folder.resolve("audit-" + suffix.substring(0, 8) + ".head"));
      head = file.read(this::good).orElse(new Head(key.name(), 0, "", ""));
    }

    boolean good(Head given) {
      return given.node().equals(key.name())
          && NodeKey.verified(
              key.publicKey(),
              AuditEntry.head(given.node(), given.sequence(), given.hash()),
              given.seal());
    }

    @Override
    public void close() {
      file.close();
    }
  }

  private synchronized Own own() {
    Own known = own;
    if (known == null) {
      try {
        known = new Own(folder, database.place());
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
    var last = new AtomicReference<@Nullable AuditEntry>();
    T result =
        database.written(connection -> {
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

  /** That is durable. */
  private synchronized void settle(Head head) {
    Own known = own();
    if (head.sequence() > known.head.sequence()) {
      known.head = head;
      known.file.write(head);
    }
  }

  private synchronized boolean mayFollow(Head found) {
    Own known = own();
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
      Own known = own();
      String node = known.key.name();
      hold(node, known.key.publicKey());
      Optional<AuditEntry> found = last(connection, node, Optional.empty());
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
              "INSERT INTO audit (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?)")) {
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

    /** Records that are added in this transaction. */
    void brought(String journal, List<RecordRow> rows) throws SQLException {
      if (rows.isEmpty()) {
        return;
      }
      Brought brought = Brought.of(journal, rows);
      AuditEntry entry = append(brought.drafts()).getLast();
      List<String> ids = brought.leaves().stream().map(Leaf::id).toList();
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO audit_leaves (node, sequence, first_id, last_id, leaves) VALUES (?, ?, ?, ?, ?)")) {
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

  @Override
  public List<String> nodes() {
    return database.found(connection -> {
      var nodes = new ArrayList<String>();
      try (var statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  "SELECT node FROM audit_node UNION SELECT DISTINCT node FROM audit ORDER BY 1")) {
        while (row.next()) {
          nodes.add(row.getString(1));
        }
      }
      return nodes;
    });
  }

  @Override
  public List<AuditEntry> read(String node, long after, int most) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT "
                  + COLUMNS
                  + " FROM audit WHERE node = ? AND sequence > ? ORDER BY sequence LIMIT ?")) {
        query.setString(1, node);
        query.setLong(2, after);
        query.setInt(3, most);
        return entries(query);
      }
    });
  }

  @Override
  public Optional<AuditEntry> last(String node, Optional<String> kind) {
    return database.found(connection -> last(connection, node, kind));
  }

  private static Optional<AuditEntry> last(
      Connection connection, String node, Optional<String> kind) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT "
                + COLUMNS
                + " FROM audit WHERE node = ?"
                + (kind.isPresent() ? " AND kind = ?" : "")
                + " ORDER BY sequence DESC LIMIT 1")) {
      query.setString(1, node);
      if (kind.isPresent()) {
        query.setString(2, kind.get());
      }
      return entries(query).stream().findFirst();
    }
  }

  @Override
  public long count() {
    return database.found(connection -> {
      try (var statement = connection.createStatement();
          var row = statement.executeQuery("SELECT COUNT(*) FROM audit")) {
        row.next();
        return row.getLong(1);
      }
    });
  }

  @Override
  public List<AuditEntry> list(Question question) {
    var where = new ArrayList<String>();
    var values = new ArrayList<Object>();
    question.node().ifPresent(node -> with(where, values, "node = ?", node));
    question.kind().ifPresent(kind -> with(where, values, "kind = ?", kind));
    question.from().ifPresent(from -> with(where, values, "at >= ?", SqlUsage.millis(from)));
    question.to().ifPresent(to -> with(where, values, "at < ?", SqlUsage.millis(to)));
    question
        .before()
        .ifPresent(place -> {
          where.add("(at, node, sequence) < (?, ?, ?)");
          values.addAll(List.of(place.at(), place.node(), place.sequence()));
        });
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT "
                  + COLUMNS
                  + " FROM audit"
                  + (where.isEmpty() ? "" : " WHERE " + String.join(" AND ", where))
                  + " ORDER BY at DESC, node DESC, sequence DESC LIMIT ?")) {
        for (int i = 0; i < values.size(); i++) {
          query.setObject(i + 1, values.get(i));
        }
        query.setInt(values.size() + 1, question.limit());
        return entries(query);
      }
    });
  }

  private static void with(List<String> where, List<Object> values, String sql, Object value) {
    where.add(sql);
    values.add(value);
  }

  private static List<AuditEntry> entries(PreparedStatement query) throws SQLException {
    var entries = new ArrayList<AuditEntry>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        entries.add(
            new AuditEntry(
                text(row, 1),
                row.getLong(2),
                Instant.ofEpochMilli(row.getLong(3)),
                text(row, 4),
                text(row, 5),
                text(row, 6),
                text(row, 7)));
      }
    }
    return entries;
  }

  /** Whoever changes rows of SQLite by hand may leave a null, or a number. */
  private static String text(ResultSet row, int column) throws SQLException {
    String text = row.getString(column);
    return text == null ? "" : text;
  }

  @Override
  public List<Leaf> leaves(String node, long sequence) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT leaves FROM audit_leaves WHERE node = ? AND sequence = ?")) {
        query.setString(1, node);
        query.setLong(2, sequence);
        try (ResultSet row = query.executeQuery()) {
          return row.next() ? Leaves.read(row.getBytes(1)) : List.of();
        }
      }
    });
  }

  /** Those of one entry were called at about the same time: they stand close together. */
  @Override
  public Map<String, byte[]> records(List<String> ids) {
    var wanted = new HashSet<>(ids);
    var found = new HashMap<String, byte[]>();
    var byDay = new HashMap<Integer, List<String>>();
    for (String id : ids) {
      int day = Ids.time(id).map(RecordRow::day).orElse(0);
      byDay.computeIfAbsent(day, some -> new ArrayList<>()).add(id);
    }
    return database.found(connection -> {
      for (int day : SqlRecords.days(connection)) {
        // Whose id tells no time stands somewhere.
        var here = new ArrayList<>(byDay.getOrDefault(day, List.of()));
        here.addAll(byDay.getOrDefault(0, List.of()));
        if (!here.isEmpty()) {
          read(connection, day, here, wanted, found);
        }
      }
      return found;
    });
  }

  private static void read(
      Connection connection,
      int day,
      List<String> ids,
      Set<String> wanted,
      Map<String, byte[]> found)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT id, record FROM " + SqlRecords.table(day) + " WHERE id >= ? AND id <= ?")) {
      query.setString(1, Collections.min(ids));
      query.setString(2, Collections.max(ids));
      query.setFetchSize(1000);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String id = row.getString(1);
          if (wanted.contains(id)) {
            found.put(id, row.getBytes(2));
          }
        }
      }
    }
  }

  @Override
  public Optional<AuditEntry> bringing(String id) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              """
              SELECT l.node, l.sequence, l.leaves FROM audit_leaves l
              WHERE l.last_id >= ? AND l.first_id <= ? ORDER BY l.last_id LIMIT ?
              """)) {
        query.setString(1, id);
        query.setString(2, id);
        query.setInt(3, CANDIDATES);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            if (Leaves.read(row.getBytes(3)).stream().anyMatch(leaf -> leaf.id().equals(id))) {
              return entry(connection, row.getString(1), row.getLong(2));
            }
          }
        }
      }
      return Optional.empty();
    });
  }

  private static Optional<AuditEntry> entry(Connection connection, String node, long sequence)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT " + COLUMNS + " FROM audit WHERE node = ? AND sequence = ?")) {
      query.setString(1, node);
      query.setLong(2, sequence);
      return entries(query).stream().findFirst();
    }
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

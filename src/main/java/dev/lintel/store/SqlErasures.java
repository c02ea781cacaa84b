package dev.lintel.store;

import dev.lintel.Batch;
import dev.lintel.Erasure;
import dev.lintel.Erasures;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Payloads.Payload;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Erasures, as rows that stay. Whoever brings records or payloads asks in the same transaction what
 * of them may come in; an erasure waits for those who have asked before it.
 */
final class SqlErasures implements Erasures {
  /** A node that was not there for so long is not waited for; what it brings is held to all. */
  private static final Duration GONE = Duration.ofDays(30);

  private static final int MOST = 1000;
  private static final String COLUMNS =
      "number, id, tenant, came, marked, asker, asked, stored, records, payloads, replies, files,"
          + " batches, opinions";

  private static final String REPLY = "DELETE FROM replay WHERE call_id = ? AND status > 0";
  private static final String OPINION = "DELETE FROM opinion WHERE call = ?";

  private final Database database;
  private final SqlPayloads payloads;
  private final SqlFiles files;
  private final SqlAudit audit;

  SqlErasures(Database database, SqlPayloads payloads, SqlFiles files, SqlAudit audit) {
    this.audit = audit;
    this.database = database;
    this.payloads = payloads;
    this.files = files;
  }

  @Override
  public Erasure ask(String tenant, Instant before, Optional<String> user, String by, Instant now) {
    String id = Ids.of("erasure_");
    return audit.written((connection, chain) -> {
      // Who brings something holds this row until it is in.
      long number = SqlFeed.next(connection, TOPIC);
      var asked =
          new Erasure(
              number,
              id,
              tenant,
              before.truncatedTo(ChronoUnit.MILLIS),
              user.map(name -> Erasure.mark(id, RecordRow.storable(name))),
              by,
              now.truncatedTo(ChronoUnit.MILLIS),
              false,
              Erasure.Erased.NOTHING,
              nodes(connection, number, now));
      try (var insert =
          connection.prepareStatement(
              "INSERT INTO erasure ("
                  + COLUMNS
                  + ") VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0)")) {
        insert.setLong(1, number);
        insert.setString(2, id);
        insert.setString(3, tenant);
        insert.setLong(4, asked.before().toEpochMilli());
        insert.setString(5, asked.user().orElse(""));
        insert.setString(6, by);
        insert.setLong(7, asked.asked().toEpochMilli());
        insert.executeUpdate();
      }
      if (user.isEmpty()) {
        chain.forgotten(tenant, asked.before());
      }
      return asked;
    });
  }

  /**
   * Within a transaction that brings something: what of it must not come in. No erasure is asked
   * for until that transaction ends.
   */
  static List<Erasure> binding(Connection connection, boolean shared) throws SQLException {
    OptionalLong newest = newest(connection, shared);
    if (newest.isEmpty()) {
      // What is not there cannot be held; the first one who brings something puts it there.
      topic(connection);
      newest = newest(connection, shared);
    }
    return newest.orElse(0) == 0 ? List.of() : read(connection, "", 0);
  }

  private static OptionalLong newest(Connection connection, boolean shared) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT value FROM change_count WHERE name = ?" + (shared ? " FOR SHARE" : ""))) {
      query.setString(1, TOPIC);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
      }
    }
  }

  private static void topic(Connection connection) throws SQLException {
    try (var insert =
        connection.prepareStatement(
            "INSERT INTO change_count (name, value) VALUES (?, 0) ON CONFLICT (name) DO NOTHING")) {
      insert.setString(1, TOPIC);
      insert.executeUpdate();
    }
  }

  /** By conditions with one parameter, if any, that is a number. */
  private static List<Erasure> read(Connection connection, String which, long number)
      throws SQLException {
    try (var query = connection.prepareStatement("SELECT " + COLUMNS + " FROM erasure" + which)) {
      if (!which.isEmpty()) {
        query.setLong(1, number);
      }
      return erasures(query, List.of(), Instant.MIN);
    }
  }

  private record Standing(String name, Instant seen, long reached) {}

  private static List<Erasure> erasures(
      PreparedStatement query, List<Standing> standing, Instant since) throws SQLException {
    var all = new ArrayList<Erasure>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        long number = row.getLong(1);
        all.add(
            new Erasure(
                number,
                row.getString(2),
                row.getString(3),
                Instant.ofEpochMilli(row.getLong(4)),
                Optional.of(row.getString(5)).filter(mark -> !mark.isEmpty()),
                row.getString(6),
                Instant.ofEpochMilli(row.getLong(7)),
                row.getLong(8) > 0,
                new Erasure.Erased(
                    row.getLong(9),
                    row.getLong(10),
                    row.getLong(11),
                    row.getLong(12),
                    row.getLong(13),
                    row.getLong(14)),
                nodes(standing, number, since)));
      }
    }
    return all;
  }

  private static List<Erasure.Node> nodes(List<Standing> standing, long number, Instant since) {
    return standing.stream()
        .filter(one -> one.reached >= number || !one.seen.isBefore(since))
        .map(one -> new Erasure.Node(one.name, one.seen, one.reached >= number))
        .toList();
  }

  private static List<Erasure.Node> nodes(Connection connection, long number, Instant now)
      throws SQLException {
    return nodes(standing(connection), number, now.minus(GONE));
  }

  private static List<Standing> standing(Connection connection) throws SQLException {
    var all = new ArrayList<Standing>();
    try (var query =
            connection.prepareStatement(
                "SELECT name, seen, reached FROM erasing_node ORDER BY name, journal");
        var row = query.executeQuery()) {
      while (row.next()) {
        all.add(
            new Standing(row.getString(1), Instant.ofEpochMilli(row.getLong(2)), row.getLong(3)));
      }
    }
    return all;
  }

  @Override
  public Optional<Erasure> find(String tenant, String id) {
    return of(tenant, " AND id = ?", id).stream().findFirst();
  }

  @Override
  public List<Erasure> list(String tenant) {
    return of(tenant, "");
  }

  private List<Erasure> of(String tenant, String which, String... values) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT "
                  + COLUMNS
                  + " FROM erasure WHERE tenant = ?"
                  + which
                  + " ORDER BY number DESC LIMIT "
                  + MOST)) {
        query.setString(1, tenant);
        for (int i = 0; i < values.length; i++) {
          query.setString(2 + i, values[i]);
        }
        return erasures(query, standing(connection), Instant.now().minus(GONE));
      }
    });
  }

  @Override
  public List<Erasure> open(long number) {
    return database.found(
        connection -> read(connection, " WHERE number > ? OR stored = 0 ORDER BY number", number));
  }

  /** What was found of one day. */
  private record Page(int day, List<String> ids, Optional<String> next) {}

  @Override
  public Optional<String> records(Erasure erasure, Optional<String> from, int most) {
    Page page =
        database.found(connection ->
            page(connection, erasure, from.orElseGet(() -> Ids.before(Instant.EPOCH)), most));
    if (!page.ids.isEmpty()) {
      audit.shred((connection, chain) -> {
        int records =
            delete(
                connection,
                "DELETE FROM " + SqlRecords.table(page.day) + " WHERE id = ?",
                page.ids);
        int opinions = delete(connection, OPINION, page.ids);
        int replies = delete(connection, REPLY, page.ids);
        count(connection, erasure, new Erasure.Erased(records, 0, replies, 0, 0, opinions));
        if (erasure.user().isPresent()) {
          chain.erased(erasure.tenant(), page.ids);
        }
        return records;
      });
    }
    return page.next;
  }

  private static Page page(Connection connection, Erasure erasure, String from, int most)
      throws SQLException {
    String end = Ids.before(erasure.before());
    int first = RecordRow.day(SqlForgetting.time(from));
    int last = RecordRow.day(SqlForgetting.time(end));
    for (int day : SqlRecords.days(connection).reversed()) {
      if (day >= first && day <= last && from.compareTo(end) < 0) {
        Page page = page(connection, erasure, day, from, end, most);
        if (!page.ids.isEmpty() || page.next.isPresent()) {
          return page;
        }
      }
    }
    return new Page(last, List.of(), Optional.empty());
  }

  private static Page page(
      Connection connection, Erasure erasure, int day, String from, String end, int most)
      throws SQLException {
    boolean read = erasure.user().isPresent();
    var ids = new ArrayList<String>();
    int looked = 0;
    String at = from;
    try (var query =
        connection.prepareStatement(
            "SELECT id"
                + (read ? ", record" : "")
                + " FROM "
                + SqlRecords.table(day)
                + " WHERE id >= ? AND id < ? AND tenant = ?"
                + (read ? " ORDER BY id" : "")
                + " LIMIT "
                + most)) {
      query.setString(1, from);
      query.setString(2, end);
      query.setString(3, erasure.tenant());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          looked++;
          String id = row.getString(1);
          at = read ? id + "0" : from;
          if (!read || erasure.coversUser(RecordRow.of(0, row.getBytes(2)).user())) {
            ids.add(id);
          }
        }
      }
    }
    if (looked < most) {
      String tomorrow = Ids.before(RecordRow.start(day).plus(Duration.ofDays(1)));
      return new Page(day, ids, Optional.of(tomorrow).filter(next -> next.compareTo(end) < 0));
    }
    return new Page(day, ids, Optional.of(at));
  }

  private static int delete(Connection connection, String sql, Collection<String> ids)
      throws SQLException {
    int gone = 0;
    try (var delete = connection.prepareStatement(sql)) {
      for (String id : ids) {
        delete.setString(1, id);
        gone += delete.executeUpdate();
      }
    }
    return gone;
  }

  private static void count(Connection connection, Erasure erasure, Erasure.Erased more)
      throws SQLException {
    try (var update =
        connection.prepareStatement(
            """
            UPDATE erasure SET records = records + ?, payloads = payloads + ?, replies = replies + ?,
              files = files + ?, batches = batches + ?, opinions = opinions + ? WHERE number = ?
            """)) {
      update.setLong(1, more.records());
      update.setLong(2, more.payloads());
      update.setLong(3, more.replies());
      update.setLong(4, more.files());
      update.setLong(5, more.batches());
      update.setLong(6, more.opinions());
      update.setLong(7, erasure.number());
      update.executeUpdate();
    }
  }

  @Override
  public boolean rest(Erasure erasure) {
    payloads(erasure);
    UsageParts.forget(database, erasure);
    boolean running = false;
    if (erasure.user().isEmpty()) {
      replies(erasure);
      running = files(erasure) || calls(erasure);
    }
    if (!database.rewrite() || running) {
      return false;
    }
    database.written(connection -> {
      try (var update =
          connection.prepareStatement("UPDATE erasure SET stored = ? WHERE number = ?")) {
        update.setLong(1, System.currentTimeMillis());
        update.setLong(2, erasure.number());
        return update.executeUpdate();
      }
    });
    return true;
  }

  private void payloads(Erasure erasure) {
    long erased = 0;
    if (erasure.user().isEmpty()) {
      erased = payloads.erase(erasure.tenant(), Optional.of(erasure.before()), Optional.empty());
    } else {
      for (String user : payloads.users(erasure.tenant())) {
        if (erasure.coversUser(user)) {
          erased +=
              payloads.erase(erasure.tenant(), Optional.of(erasure.before()), Optional.of(user));
        }
      }
    }
    counted(erasure, new Erasure.Erased(0, erased, 0, 0, 0, 0));
  }

  private void counted(Erasure erasure, Erasure.Erased more) {
    if (!more.equals(Erasure.Erased.NOTHING)) {
      database.written(connection -> {
        count(connection, erasure, more);
        return 0;
      });
    }
  }

  private void replies(Erasure erasure) {
    database.shred(connection -> {
      try (var delete =
          connection.prepareStatement(
              "DELETE FROM replay WHERE tenant = ? AND call_id < ? AND status > 0")) {
        delete.setString(1, erasure.tenant());
        delete.setString(2, Ids.before(erasure.before()));
        int gone = delete.executeUpdate();
        count(connection, erasure, new Erasure.Erased(0, 0, gone, 0, 0, 0));
        return gone;
      }
    });
  }

  /** Whether calls are under way whose replies will be kept. */
  private boolean calls(Erasure erasure) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT 1 FROM replay WHERE tenant = ? AND call_id < ? AND status = 0 AND lease"
                  + " >= ?")) {
        query.setString(1, erasure.tenant());
        query.setString(2, Ids.before(erasure.before()));
        query.setLong(3, System.currentTimeMillis());
        try (ResultSet row = query.executeQuery()) {
          return row.next();
        }
      }
    });
  }

  /**
   * Batches that ended, with all that they read and wrote, and files of that time that none needs.
   *
   * @return whether there is one that has not ended
   */
  private boolean files(Erasure erasure) {
    List<Batch> batches = database.found(connection -> batches(connection, erasure.tenant()));
    var needed = new HashSet<String>();
    var gone = new TreeSet<String>();
    var ended = new ArrayList<String>();
    boolean running = false;
    for (Batch batch : batches) {
      List<String> its = List.of(batch.input(), batch.output(), batch.errors());
      boolean meant = batch.created().isBefore(erasure.before());
      if (meant && batch.status().last()) {
        ended.add(batch.id());
        gone.addAll(its);
      } else {
        running |= meant;
        needed.addAll(its);
      }
    }
    gone.addAll(database.found(connection -> files(connection, erasure)));
    gone.removeAll(needed);
    gone.remove("");
    database.shred(connection -> {
      int left = delete(connection, "DELETE FROM file WHERE id = ?", gone);
      delete(
          connection,
          "INSERT INTO erased_file (number, id) VALUES ("
              + erasure.number()
              + ", ?) ON CONFLICT (number, id) DO NOTHING",
          gone);
      int over = delete(connection, "DELETE FROM batch WHERE id = ?", ended);
      count(connection, erasure, new Erasure.Erased(0, 0, 0, left, over, 0));
      return left;
    });
    return running;
  }

  private static List<Batch> batches(Connection connection, String tenant) throws SQLException {
    var all = new ArrayList<Batch>();
    try (var query = connection.prepareStatement("SELECT document FROM batch WHERE tenant = ?")) {
      query.setString(1, tenant);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          all.add(Json.MAPPER.readValue(row.getString(1), Batch.class));
        }
      }
    }
    return all;
  }

  private static Set<String> files(Connection connection, Erasure erasure) throws SQLException {
    var ids = new HashSet<String>();
    try (var query =
        connection.prepareStatement("SELECT id FROM file WHERE tenant = ? AND created < ?")) {
      query.setString(1, erasure.tenant());
      query.setLong(2, erasure.before().toEpochMilli());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          ids.add(row.getString(1));
        }
      }
    }
    return ids;
  }

  @Override
  public long reached(String journal, String node, Instant now) {
    return database.written(connection -> {
      try (var upsert =
          connection.prepareStatement(
              """
              INSERT INTO erasing_node (journal, name, seen, reached) VALUES (?, ?, ?, 0)
              ON CONFLICT (journal) DO UPDATE SET name = excluded.name, seen = excluded.seen RETURNING reached
              """)) {
        upsert.setString(1, journal);
        upsert.setString(2, node);
        upsert.setLong(3, now.toEpochMilli());
        try (ResultSet row = upsert.executeQuery()) {
          return row.next() ? row.getLong(1) : 0L;
        }
      }
    });
  }

  @Override
  public void confirm(String journal, long number, Instant now) {
    List<String> gone =
        database.found(connection -> {
          var ids = new ArrayList<String>();
          try (var query =
              connection.prepareStatement(
                  "SELECT id FROM erased_file WHERE number <= ? AND number > (SELECT reached FROM"
                      + " erasing_node WHERE journal = ?)")) {
            query.setLong(1, number);
            query.setString(2, journal);
            try (ResultSet row = query.executeQuery()) {
              while (row.next()) {
                ids.add(row.getString(1));
              }
            }
          }
          return ids;
        });
    gone.forEach(files::discard);
    database.written(connection -> {
      try (var update =
          connection.prepareStatement(
              "UPDATE erasing_node SET reached = ?, seen = ? WHERE journal = ? AND reached < ?")) {
        update.setLong(1, number);
        update.setLong(2, now.toEpochMilli());
        update.setString(3, journal);
        update.setLong(4, number);
        return update.executeUpdate();
      }
    });
  }

  /**
   * Within the transaction that brings them: those of which nothing but the sums may come in, with
   * what was kept of them before.
   *
   * @param ofUsers takes the ids of those that an erasure of one user means, by tenants
   */
  static Set<RecordRow> kept(
      Connection connection,
      List<Erasure> erasures,
      Collection<RecordRow> rows,
      Map<String, List<String>> ofUsers)
      throws SQLException {
    var out = new HashSet<RecordRow>();
    for (Erasure erasure : erasures) {
      List<String> ids = new ArrayList<>();
      for (RecordRow row : rows) {
        if (erasure.covers(row.id(), row.tenant(), row.user()) && out.add(row)) {
          ids.add(row.id());
        }
      }
      if (!ids.isEmpty()) {
        if (erasure.user().isPresent()) {
          ofUsers.computeIfAbsent(erasure.tenant(), tenant -> new ArrayList<>()).addAll(ids);
        }
        int replies = delete(connection, REPLY, ids);
        int opinions = delete(connection, OPINION, ids);
        count(connection, erasure, new Erasure.Erased(ids.size(), 0, replies, 0, 0, opinions));
      }
    }
    return out;
  }

  /** Those payloads that may come in. */
  static List<Payload> left(Connection connection, List<Erasure> erasures, List<Payload> payloads)
      throws SQLException {
    var left = new ArrayList<>(payloads);
    for (Erasure erasure : erasures) {
      int before = left.size();
      left.removeIf(one -> erasure.covers(one.id(), one.tenant(), one.user()));
      if (left.size() < before) {
        count(connection, erasure, new Erasure.Erased(0, before - left.size(), 0, 0, 0, 0));
      }
    }
    return left;
  }
}

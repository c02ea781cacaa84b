package dev.lintel.store;

import dev.lintel.Erasure;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What calls come to by all that they have in common. Whatever is added together is one part of
 * each hour, written once; many parts become one of the next tier, in one transaction. Of hours and
 * days that are over there are copies of what they come to, each of which holds for as long as no
 * call is added to its time.
 */
final class UsageParts {
  private static final Logger LOG = LoggerFactory.getLogger(UsageParts.class);

  static final long MINUTE = Duration.ofMinutes(1).toMillis();
  static final long HOUR = Duration.ofHours(1).toMillis();
  static final long DAY = Duration.ofDays(1).toMillis();

  /** Days that are read as one where all of them are asked for. */
  static final long BLOCK = 16 * DAY;

  /** So many parts of a tier become one of the next. */
  private static final int FAN = 16;

  /** The tier of what nothing is added to any more as a rule. */
  private static final int CLOSED = 99;

  /** What is read in place of parts. Its tier, of the span of a day, is that of no part. */
  enum Copy {
    DAY_BY_NOBODY(0, DAY),
    DAY_BY_USER(1, DAY),
    HOUR_BY_NOBODY(2, HOUR),
    BLOCK_BY_NOBODY(3, BLOCK),
    BLOCK_BY_USER(4, BLOCK);

    private final int tier;
    private final long span;

    Copy(int tier, long span) {
      this.tier = tier;
      this.span = span;
    }
  }

  /** More rows of models that nobody serves are of one. */
  private static final int MOST_UNKNOWN = 1000;

  /** So many copies are read at once. */
  private static final int COPIES_AT_ONCE = 16;

  /** So many hours are merged in one round. */
  private static final int HOURS_AT_ONCE = 2000;

  private UsageParts() {}

  /**
   * Adds what comes to be durable together.
   *
   * @param position the last of that journal's that is in it
   * @param minutes whose starts are minutes
   * @return the sums of hours
   */
  static Map<UsageKey, UsageSum> add(
      Connection connection, String journal, long position, Map<UsageKey, UsageSum> minutes)
      throws SQLException {
    Map<UsageKey, UsageSum> hours = folded(UsageRows.coarser(minutes, HOUR), HOUR);
    add(connection, MINUTE, journal, position, folded(minutes, MINUTE));
    add(connection, HOUR, journal, position, hours);
    return hours;
  }

  private static void add(
      Connection connection, long span, String journal, long position, Map<UsageKey, UsageSum> sums)
      throws SQLException {
    for (var hour : byHour(sums).entrySet()) {
      insert(connection, span, hour.getKey(), 0, journal, position, hour.getValue());
      int tier = 0;
      while (isFull(connection, span, hour.getKey(), tier, journal)) {
        merge(connection, span, hour.getKey(), tier, journal, position);
        tier++;
      }
    }
  }

  private static SortedMap<Long, Map<UsageKey, UsageSum>> byHour(Map<UsageKey, UsageSum> sums) {
    var hours = new TreeMap<Long, Map<UsageKey, UsageSum>>();
    sums.forEach((key, sum) ->
        hours
            .computeIfAbsent(
                key.start() - Math.floorMod(key.start(), HOUR), hour -> new HashMap<>())
            .put(key, sum));
    return hours;
  }

  /** More rows of one minute, hour, day or block have no users and use cases of their own. */
  private static int mostByCaller(long span) {
    return span == MINUTE ? 500 : span == HOUR ? 2000 : span == DAY ? 4000 : 16_000;
  }

  private static Map<UsageKey, UsageSum> folded(Map<UsageKey, UsageSum> sums, long span) {
    return fold(
        fold(sums, mostByCaller(span), UsageKey::byCaller, UsageKey::byOthers),
        MOST_UNKNOWN,
        UsageKey::byUnknownModel,
        UsageKey::byOtherModel);
  }

  /** Of each start those of most calls keep their words. */
  private static Map<UsageKey, UsageSum> fold(
      Map<UsageKey, UsageSum> sums,
      int most,
      Predicate<UsageKey> which,
      UnaryOperator<UsageKey> to) {
    var starts = new HashMap<Long, List<Map.Entry<UsageKey, UsageSum>>>();
    for (var one : sums.entrySet()) {
      if (which.test(one.getKey())) {
        starts.computeIfAbsent(one.getKey().start(), start -> new ArrayList<>()).add(one);
      }
    }
    if (starts.values().stream().allMatch(some -> some.size() <= most)) {
      return sums;
    }
    var folded = new HashMap<>(sums);
    for (var some : starts.values()) {
      some.sort(Comparator.comparingLong(one -> -one.getValue().calls()));
      for (var one : some.subList(Math.min(most, some.size()), some.size())) {
        folded.remove(one.getKey());
        UsageKey.merge(folded, to.apply(one.getKey()), one.getValue());
      }
    }
    return folded;
  }

  private static void insert(
      Connection connection,
      long span,
      long start,
      int tier,
      String journal,
      long position,
      Map<UsageKey, UsageSum> sums)
      throws SQLException {
    try (var insert =
        connection.prepareStatement(
            """
            INSERT INTO usage_part (span, start, tier, journal, position, calls, sums) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (span, start, tier, journal, position) DO UPDATE SET calls = excluded.calls, sums = excluded.sums
            """)) {
      insert.setLong(1, span);
      insert.setLong(2, start);
      insert.setLong(3, tier);
      insert.setString(4, journal);
      insert.setLong(5, position);
      insert.setLong(6, calls(sums));
      insert.setBytes(7, UsageRows.bytes(sums));
      insert.executeUpdate();
    }
  }

  private static long calls(Map<UsageKey, UsageSum> sums) {
    return sums.values().stream().mapToLong(UsageSum::calls).sum();
  }

  private static boolean isFull(
      Connection connection, long span, long start, int tier, String journal) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT COUNT(*) FROM usage_part WHERE span = ? AND start = ? AND tier = ? AND journal"
                + " = ?")) {
      of(query, span, start, tier, journal);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getLong(1) >= FAN;
      }
    }
  }

  private static void of(PreparedStatement query, long span, long start, int tier, String journal)
      throws SQLException {
    query.setLong(1, span);
    query.setLong(2, start);
    query.setLong(3, tier);
    query.setString(4, journal);
  }

  /** Of one journal alone: nodes do not wait for each other. */
  private static void merge(
      Connection connection, long span, long start, int tier, String journal, long position)
      throws SQLException {
    try (var delete =
        connection.prepareStatement(
            "DELETE FROM usage_part WHERE span = ? AND start = ? AND tier = ? AND journal = ?"
                + " RETURNING sums")) {
      of(delete, span, start, tier, journal);
      insert(connection, span, start, tier + 1, journal, position, gone(delete, span));
    }
  }

  /** Adds up what is deleted; another that deletes the same gets none of it. */
  private static Map<UsageKey, UsageSum> gone(PreparedStatement delete, long span)
      throws SQLException {
    var sums = new HashMap<UsageKey, UsageSum>();
    try (ResultSet rows = delete.executeQuery()) {
      while (rows.next()) {
        UsageRows.of(rows.getBytes(1)).addTo(sums, span);
      }
    }
    return folded(sums, span);
  }

  /** Parts of hours that begin in that time, by the minute or by the hour. */
  static void read(Connection connection, long span, long from, long to, Consumer<UsageRows> reader)
      throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT sums FROM usage_part WHERE span = ? AND start >= ? AND start < ?")) {
      query.setLong(1, span);
      query.setLong(2, from);
      query.setLong(3, to);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          reader.accept(UsageRows.of(rows.getBytes(1)));
        }
      }
    }
  }

  /** Of whole hours or days, or of shorter spans where there is no copy that holds. */
  static void read(Connection connection, Copy copy, long from, long to, Consumer<UsageRows> reader)
      throws SQLException {
    SortedMap<Long, Long> calls = Singles.calls(connection, copy.span, from, to);
    while (!calls.isEmpty()) {
      long first = calls.firstKey();
      SortedMap<Long, Long> some = calls.headMap(first + COPIES_AT_ONCE * copy.span);
      try (var query =
          connection.prepareStatement(
              "SELECT start, calls, sums FROM usage_part WHERE span = ? AND tier = ? AND start >= ?"
                  + " AND start <= ?")) {
        query.setLong(1, DAY);
        query.setLong(2, copy.tier);
        query.setLong(3, first);
        query.setLong(4, some.lastKey());
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            if (some.remove(rows.getLong(1), rows.getLong(2))) {
              reader.accept(UsageRows.of(rows.getBytes(3)));
            }
          }
        }
      }
      for (long start : some.keySet()) {
        switch (copy) {
          case BLOCK_BY_NOBODY ->
              read(connection, Copy.DAY_BY_NOBODY, start, start + BLOCK, reader);
          case BLOCK_BY_USER -> read(connection, Copy.DAY_BY_USER, start, start + BLOCK, reader);
          case DAY_BY_NOBODY -> read(connection, Copy.HOUR_BY_NOBODY, start, start + DAY, reader);
          case DAY_BY_USER, HOUR_BY_NOBODY ->
              read(connection, HOUR, start, start + copy.span, reader);
        }
      }
      some.clear();
    }
  }

  /** Within the transaction that drops the records of the days before. */
  static void forget(Connection connection, long before) throws SQLException {
    try (var delete =
        connection.prepareStatement("DELETE FROM usage_part WHERE span = ? AND start < ?")) {
      delete.setLong(1, MINUTE);
      delete.setLong(2, before);
      delete.executeUpdate();
    }
  }

  private record Part(long span, long start, long tier, String journal, long position) {}

  /** Of the calls that are erased the sums stay, without their users. */
  static void forget(Database database, Erasure erasure) {
    // What is merged meanwhile by somebody else is found again in the next round.
    while (forgotten(database, erasure) > 0) {
      LOG.debug("users of {} were taken out of sums", erasure.tenant());
    }
  }

  private static int forgotten(Database database, Erasure erasure) {
    var known = new HashMap<String, Boolean>();
    List<Part> parts =
        database.found(connection -> {
          var found = new ArrayList<Part>();
          try (var query =
              connection.prepareStatement(
                  "SELECT span, start, tier, journal, position, sums FROM usage_part WHERE start <"
                      + " ?")) {
            query.setLong(1, erasure.before().toEpochMilli());
            try (ResultSet row = query.executeQuery()) {
              while (row.next()) {
                UsageRows rows = UsageRows.of(row.getBytes(6));
                if (rows.words().contains(erasure.tenant()) && names(rows, erasure, known)) {
                  found.add(
                      new Part(
                          row.getLong(1),
                          row.getLong(2),
                          row.getLong(3),
                          row.getString(4),
                          row.getLong(5)));
                }
              }
            }
          }
          return found;
        });
    for (Part part : parts) {
      database.shred(connection -> forget(connection, part, erasure, known));
    }
    return parts.size();
  }

  private static boolean names(UsageRows rows, Erasure erasure, Map<String, Boolean> known) {
    var sums = new HashMap<UsageKey, UsageSum>();
    rows.addTo(sums, MINUTE);
    return sums.keySet().stream().anyMatch(key -> isOf(key, erasure, known));
  }

  private static boolean isOf(UsageKey key, Erasure erasure, Map<String, Boolean> known) {
    return key.tenant().equals(erasure.tenant())
        && !key.user().isEmpty()
        && !key.user().equals(UsageKey.OTHER)
        && known.computeIfAbsent(key.user(), erasure::coversUser);
  }

  private static int forget(
      Connection connection, Part part, Erasure erasure, Map<String, Boolean> known)
      throws SQLException {
    var sums = new HashMap<UsageKey, UsageSum>();
    try (var delete =
        connection.prepareStatement(
            "DELETE FROM usage_part WHERE span = ? AND start = ? AND tier = ? AND journal = ? AND"
                + " position = ? RETURNING sums")) {
      delete.setLong(1, part.span);
      delete.setLong(2, part.start);
      delete.setLong(3, part.tier);
      delete.setString(4, part.journal);
      delete.setLong(5, part.position);
      try (ResultSet row = delete.executeQuery()) {
        while (row.next()) {
          UsageRows.of(row.getBytes(1)).addTo(sums, part.span);
        }
      }
    }
    if (sums.isEmpty()) {
      return 0;
    }
    var left = new HashMap<UsageKey, UsageSum>();
    sums.forEach((key, sum) ->
        UsageKey.merge(left, isOf(key, erasure, known) ? key.byOtherUser() : key, sum));
    insert(connection, part.span, part.start, (int) part.tier, part.journal, part.position, left);
    return 1;
  }

  /**
   * Makes one part of each hour, and copies of each hour and day, to which, as it seems, no more
   * calls will be added; those that come nevertheless count all the same.
   */
  static void tidy(Database database) {
    while (database.written(UsageParts::takeOver)) {
      LOG.debug("the sums of an hour were taken over");
    }
    long newest = database.found(Singles::newest);
    for (Hour hour : database.found(connection -> scattered(connection, newest))) {
      database.written(connection -> close(connection, hour));
    }
    for (long hour :
        database.found(connection -> unmade(connection, Copy.HOUR_BY_NOBODY, newest))) {
      makeHour(database, hour);
    }
    for (long day : database.found(connection -> unmade(connection, Copy.DAY_BY_USER, newest))) {
      makeDay(database, day);
    }
    for (long block :
        database.found(connection -> unmade(connection, Copy.BLOCK_BY_USER, newest))) {
      makeBlock(database, block);
    }
  }

  /**
   * An hour of those that an earlier version has written, or still does; false where none is left.
   */
  private static boolean takeOver(Connection connection) throws SQLException {
    var sums = new HashMap<UsageKey, UsageSum>();
    try (var delete =
            connection.prepareStatement(
                "DELETE FROM usage_hour_by_user WHERE start = (SELECT MIN(start) FROM"
                    + " usage_hour_by_user) RETURNING start, tenant, app, use_case, caller_user,"
                    + " model, provider, kind, "
                    + String.join(", ", UsageSum.COLUMNS));
        var row = delete.executeQuery()) {
      while (row.next()) {
        var words = new ArrayList<String>();
        for (int i = 0; i < UsageKey.NAMES.size(); i++) {
          words.add(row.getString(2 + i));
        }
        var all = new long[UsageSum.COLUMNS.size()];
        for (int i = 0; i < all.length; i++) {
          all[i] = row.getLong(2 + words.size() + i);
        }
        UsageKey.merge(sums, UsageKey.of(row.getLong(1), words), UsageSum.of(all, 0));
      }
    }
    for (var hour : byHour(sums).entrySet()) {
      long any = ThreadLocalRandom.current().nextLong();
      insert(connection, HOUR, hour.getKey(), CLOSED, "", any, hour.getValue());
    }
    return !sums.isEmpty();
  }

  private record Hour(long span, long start) {}

  private static List<Hour> scattered(Connection connection, long before) throws SQLException {
    var hours = new ArrayList<Hour>();
    try (var query =
        connection.prepareStatement(
            "SELECT span, start FROM usage_part WHERE span < ? AND start < ? GROUP BY span, start"
                + " HAVING COUNT(*) > 1 ORDER BY start LIMIT "
                + HOURS_AT_ONCE)) {
      query.setLong(1, DAY);
      query.setLong(2, before);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          hours.add(new Hour(row.getLong(1), row.getLong(2)));
        }
      }
    }
    return hours;
  }

  private static int close(Connection connection, Hour hour) throws SQLException {
    try (var delete =
        connection.prepareStatement(
            "DELETE FROM usage_part WHERE span = ? AND start = ? RETURNING sums")) {
      delete.setLong(1, hour.span);
      delete.setLong(2, hour.start);
      Map<UsageKey, UsageSum> sums = gone(delete, hour.span);
      if (!sums.isEmpty()) {
        long any = ThreadLocalRandom.current().nextLong();
        insert(connection, hour.span, hour.start, CLOSED, "", any, sums);
      }
      return sums.size();
    }
  }

  private static List<Long> unmade(Connection connection, Copy copy, long before)
      throws SQLException {
    SortedMap<Long, Long> calls =
        Singles.calls(connection, copy.span, 0, before - Math.floorMod(before, copy.span));
    try (var query =
        connection.prepareStatement(
            "SELECT start, calls FROM usage_part WHERE span = ? AND tier = ?")) {
      query.setLong(1, DAY);
      query.setLong(2, copy.tier);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          calls.remove(row.getLong(1), row.getLong(2));
        }
      }
    }
    return List.copyOf(calls.keySet());
  }

  private static void makeHour(Database database, long hour) {
    Map<UsageKey, UsageSum> sums =
        sums(
            database,
            HOUR,
            (connection, reader) -> read(connection, HOUR, hour, hour + HOUR, reader));
    database.written(connection -> insert(connection, Copy.HOUR_BY_NOBODY, hour, byNobody(sums)));
  }

  private static void makeDay(Database database, long day) {
    Map<UsageKey, UsageSum> sums =
        sums(database, DAY, (connection, reader) -> read(connection, HOUR, day, day + DAY, reader));
    database.written(connection ->
        insert(connection, Copy.DAY_BY_NOBODY, day, byNobody(sums))
            + insert(connection, Copy.DAY_BY_USER, day, sums));
  }

  private static void makeBlock(Database database, long block) {
    Map<UsageKey, UsageSum> sums =
        sums(
            database,
            BLOCK,
            (connection, reader) ->
                read(connection, Copy.DAY_BY_USER, block, block + BLOCK, reader));
    database.written(connection ->
        insert(connection, Copy.BLOCK_BY_NOBODY, block, byNobody(sums))
            + insert(connection, Copy.BLOCK_BY_USER, block, sums));
  }

  @FunctionalInterface
  private interface Source {
    void read(Connection connection, Consumer<UsageRows> reader) throws SQLException;
  }

  private static Map<UsageKey, UsageSum> sums(Database database, long span, Source source) {
    return database.found(connection -> {
      var sums = new HashMap<UsageKey, UsageSum>();
      source.read(connection, rows -> rows.addTo(sums, span));
      return sums;
    });
  }

  private static Map<UsageKey, UsageSum> byNobody(Map<UsageKey, UsageSum> sums) {
    var byNobody = new HashMap<UsageKey, UsageSum>();
    sums.forEach((key, sum) -> UsageKey.merge(byNobody, key.byNobody(), sum));
    return byNobody;
  }

  private static int insert(
      Connection connection, Copy copy, long start, Map<UsageKey, UsageSum> sums)
      throws SQLException {
    insert(connection, DAY, start, copy.tier, "", 0, folded(sums, copy.span));
    return sums.size();
  }
}

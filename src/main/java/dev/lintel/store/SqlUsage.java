package dev.lintel.store;

import dev.lintel.Ids;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What calls come to, from the rows of whole days, of whole hours where a time begins or ends
 * within a day, and from the records themselves within an hour.
 */
final class SqlUsage {
  /** As many records are read at once. */
  private static final int SLICE = 5000;

  private static final long END = Instant.parse("9999-12-31T00:00:00Z").toEpochMilli();
  private static final long DAY = Duration.ofDays(1).toMillis();

  private final Database database;

  SqlUsage(Database database) {
    this.database = database;
  }

  private record Group(long start, List<String> values) {
    static final Comparator<Group> ORDER =
        Comparator.comparingLong(Group::start)
            .thenComparing(group -> String.join("\0", group.values));
  }

  /** One question while it is answered. */
  private record Asking(
      Connection connection,
      UsageQuestion question,
      long step,
      List<Integer> days,
      Map<Group, UsageSum> sums) {
    Rollup hours() {
      return question.by().contains("user") || question.by().contains("use_case")
          ? Rollup.HOURS_BY_USER
          : Rollup.HOURS;
    }

    void add(long start, List<String> values, UsageSum sum) {
      long from = step == 0 ? 0 : start - Math.floorMod(start, step);
      sums.merge(new Group(from, values), sum, UsageSum::plus);
    }
  }

  List<UsageRow> of(UsageQuestion question) {
    long from = question.from().map(SqlUsage::millis).orElse(0L);
    long to = question.to().map(SqlUsage::millis).orElse(END);
    long step = question.interval().map(Duration::toMillis).orElse(0L);
    return database.found(connection -> {
      var asking =
          new Asking(connection, question, step, SqlRecords.days(connection), new HashMap<>());
      if (step % DAY == 0) {
        whole(asking, Rollup.DAYS, from, to);
      } else {
        whole(asking, asking.hours(), from, to);
      }
      return asking.sums.entrySet().stream()
          .sorted(Map.Entry.comparingByKey(Group.ORDER))
          .map(one -> row(one.getKey(), one.getValue(), step))
          .toList();
    });
  }

  static long millis(Instant time) {
    return Math.clamp(time.getEpochSecond(), 0L, END / 1000) * 1000
        + (time.getEpochSecond() >= 0 && time.getEpochSecond() < END / 1000
            ? time.getNano() / 1_000_000
            : 0);
  }

  private static UsageRow row(Group group, UsageSum sum, long step) {
    return new UsageRow(
        group.values,
        step == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(group.start)),
        sum.calls(),
        sum.picoUsd(),
        sum.input(),
        sum.output(),
        sum.cacheRead(),
        sum.cacheWrite(),
        sum.reasoning());
  }

  /** From that time until before the other: as much as can be from the rollup's rows. */
  private static void whole(Asking asking, Rollup rollup, long from, long to) throws SQLException {
    if (from >= to) {
      return;
    }
    long length = rollup.millis();
    long first = from + Math.floorMod(-from, length);
    long last = to - Math.floorMod(to, length);
    if (first > last) {
      part(asking, rollup, from, to);
      return;
    }
    part(asking, rollup, from, first);
    if (first < last) {
      sum(asking, rollup, first, last);
    }
    part(asking, rollup, last, to);
  }

  /** The same of a time that is a part of one row. */
  private static void part(Asking asking, Rollup rollup, long from, long to) throws SQLException {
    if (from >= to) {
      return;
    }
    if (rollup == Rollup.DAYS) {
      whole(asking, asking.hours(), from, to);
      return;
    }
    long start = from - Math.floorMod(from, rollup.millis());
    long end = start + rollup.millis();
    int day = RecordRow.day(Instant.ofEpochMilli(from));
    if (!asking.days.contains(day)) {
      // The records are gone, so that nobody knows better than by the hour.
      if (from == start) {
        sum(asking, rollup, start, end);
      }
    } else if (none(asking.connection, day, start, from) && none(asking.connection, day, to, end)) {
      sum(asking, rollup, start, end);
    } else {
      records(asking, day, from, to);
    }
  }

  private static String id(long millis) {
    return Ids.before(Instant.ofEpochMilli(millis));
  }

  private static boolean none(Connection connection, int day, long from, long to)
      throws SQLException {
    if (from >= to) {
      return true;
    }
    try (var query =
        connection.prepareStatement(
            "SELECT id FROM " + SqlRecords.table(day) + " WHERE id >= ? AND id < ? LIMIT 1")) {
      query.setString(1, id(from));
      query.setString(2, id(to));
      try (ResultSet row = query.executeQuery()) {
        return !row.next();
      }
    }
  }

  private static void records(Asking asking, int day, long from, long to) throws SQLException {
    String after = id(from);
    boolean more = true;
    while (more) {
      more = false;
      try (var query =
          asking.connection.prepareStatement(
              "SELECT id, record FROM %s WHERE id > ? AND id < ? ORDER BY id LIMIT %d"
                  .formatted(SqlRecords.table(day), SLICE))) {
        query.setString(1, after);
        query.setString(2, id(to));
        int count = 0;
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            after = rows.getString(1);
            count++;
            RecordRow row = RecordRow.of(0, rows.getBytes(2));
            long time = row.time().toEpochMilli();
            Rollup.Key key = Rollup.Key.of(row, time);
            if (asking.question.tenant().map(row.tenant()::equals).orElse(true)) {
              asking.add(time, asking.question.by().stream().map(key::word).toList(), row.usage());
            }
          }
        }
        more = count == SLICE;
      }
    }
  }

  private static void sum(Asking asking, Rollup rollup, long from, long to) throws SQLException {
    Collection<String> columns = asking.question.by().stream().map(Rollup.COLUMNS::get).toList();
    long step = asking.step;
    var groups = new ArrayList<String>(columns);
    if (step > 0) {
      groups.add("start / " + step);
    }
    String grouped = String.join(", ", groups);
    String sql =
        "SELECT %s%s FROM %s WHERE start >= ? AND start < ?%s %s"
            .formatted(
                grouped.isEmpty() ? "" : grouped + ", ",
                Rollup.summed(),
                rollup.table(),
                asking.question.tenant().isEmpty() ? "" : " AND tenant = ?",
                grouped.isEmpty() ? "HAVING COUNT(*) > 0" : "GROUP BY " + grouped);
    try (var query = asking.connection.prepareStatement(sql)) {
      query.setLong(1, from);
      query.setLong(2, to);
      if (asking.question.tenant().isPresent()) {
        query.setString(3, asking.question.tenant().get());
      }
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          int next = 1;
          var values = new ArrayList<String>(columns.size());
          for (int i = 0; i < columns.size(); i++) {
            values.add(rows.getString(next++));
          }
          long start = step > 0 ? rows.getLong(next++) * step : 0;
          asking.add(
              start,
              List.copyOf(values),
              new UsageSum(
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next)));
        }
      }
    }
  }
}

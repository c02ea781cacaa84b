package dev.lintel.store;

import dev.lintel.Ids;
import dev.lintel.Records.UsagePage;
import dev.lintel.Records.UsagePlace;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What calls come to: from the rows of whole days, of whole hours where a time begins or ends
 * within a day, of minutes where it does so within an hour, and from the records themselves within
 * a minute. Where one word is asked by alone, or none, there are rows of hours with that word only.
 */
final class SqlUsage {
  /** As many records are read at once. */
  private static final int SLICE = 5000;

  /** After so many rows an answer ends where it can: what is left is for the next one. */
  private static final long MOST_READ = 150_000;

  private static final long END = Instant.parse("9999-12-31T00:00:00Z").toEpochMilli();
  private static final long DAY = Duration.ofDays(1).toMillis();

  private final Database database;

  SqlUsage(Database database) {
    this.database = database;
  }

  UsagePage of(UsageQuestion question) {
    return database.found(connection -> new Asking(connection, question).page());
  }

  /** How many calls came in that time. */
  long calls(Instant from, Instant to) {
    var question =
        new UsageQuestion(List.of(), Optional.of(from), Optional.of(to), Optional.empty());
    return of(question).rows().stream().mapToLong(UsageRow::calls).sum();
  }

  static long millis(Instant time) {
    return Math.clamp(time.getEpochSecond(), 0L, END / 1000) * 1000
        + (time.getEpochSecond() >= 0 && time.getEpochSecond() < END / 1000
            ? time.getNano() / 1_000_000
            : 0);
  }

  private static long down(long time, long length) {
    return time - Math.floorMod(time, length);
  }

  private record Group(long start, List<String> values) {
    static final Comparator<Group> ORDER =
        Comparator.comparingLong(Group::start)
            .thenComparing(group -> String.join("\0", group.values));
  }

  /** How long the time is that a row is of. */
  private enum Level {
    DAY(Duration.ofDays(1)),
    HOUR(Duration.ofHours(1)),
    MINUTE(Duration.ofMinutes(1));

    private final long millis;

    Level(Duration length) {
      millis = length.toMillis();
    }
  }

  /** Rows with sums: those of a table for which that holds. */
  private record Source(String table, String holding, List<String> values, List<String> columns) {}

  /** One question while it is answered. */
  private static final class Asking {
    private final Connection connection;
    private final UsageQuestion question;
    private final long step;
    private final Optional<Group> after;
    private final List<Integer> days;
    private final boolean byUser;
    private final Optional<String> single;
    private final Map<Group, UsageSum> sums = new HashMap<>();
    private long read;

    Asking(Connection connection, UsageQuestion question) throws SQLException {
      this.connection = connection;
      this.question = question;
      step = question.interval().map(Duration::toMillis).orElse(0L);
      after = question.after().map(place -> new Group(millis(place.start()), place.values()));
      days = SqlRecords.days(connection);
      byUser = question.by().contains("user") || question.by().contains("use_case");
      single = Singles.dimension(question.by(), question.tenant().isPresent());
    }

    UsagePage page() throws SQLException {
      long from = question.from().map(SqlUsage::millis).orElse(0L);
      long to = question.to().map(SqlUsage::millis).orElse(END);
      boolean all = true;
      if (step == 0) {
        whole(Level.DAY, from, to);
      } else {
        all = pieces(Math.max(from, after.map(Group::start).orElse(0L)), to);
      }
      List<Map.Entry<Group, UsageSum>> rows =
          sums.entrySet().stream().sorted(Map.Entry.comparingByKey(Group.ORDER)).toList();
      boolean more = !all || rows.size() > question.limit();
      rows = rows.subList(0, Math.min(rows.size(), question.limit()));
      return new UsagePage(
          rows.stream().map(one -> row(one.getKey(), one.getValue())).toList(),
          more ? Optional.of(place(rows.getLast().getKey())) : Optional.empty());
    }

    private static UsagePlace place(Group group) {
      return new UsagePlace(Instant.ofEpochMilli(group.start), group.values);
    }

    private UsageRow row(Group group, UsageSum sum) {
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

    /** Some time after the other, until there is enough; false where that was before the end. */
    private boolean pieces(long from, long to) throws SQLException {
      Level level = step % DAY == 0 ? Level.DAY : Level.HOUR;
      long most = single.isPresent() ? 31 * DAY : level == Level.DAY ? 7 * DAY : DAY / 4;
      long piece = step * Math.ceilDiv(most, step);
      long at = from;
      while (at < to) {
        OptionalLong next = next(level, down(at, level.millis));
        if (next.isEmpty() || next.getAsLong() >= to) {
          return true;
        }
        at = Math.max(at, next.getAsLong());
        long end = Math.min(to, down(at, piece) + piece);
        whole(level, at, end);
        at = end;
        if (sums.size() > question.limit() || (read > MOST_READ && !sums.isEmpty())) {
          return false;
        }
      }
      return true;
    }

    /** When the first row begins that does so then or later. */
    private OptionalLong next(Level level, long from) throws SQLException {
      String rows =
          level == Level.DAY
              ? Rollup.DAYS.table() + " WHERE "
              : Singles.TABLE + " WHERE dimension = '' AND ";
      try (var query =
          connection.prepareStatement("SELECT MIN(start) FROM " + rows + "start >= ?")) {
        query.setLong(1, from);
        try (ResultSet row = query.executeQuery()) {
          row.next();
          long start = row.getLong(1);
          return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(start);
        }
      }
    }

    private void add(long time, List<String> values, UsageSum sum) {
      var group = new Group(step == 0 ? 0 : down(time, step), values);
      if (after.map(last -> Group.ORDER.compare(group, last) > 0).orElse(true)) {
        sums.merge(group, sum, UsageSum::plus);
      }
    }

    /** From that time until before the other: as much as can be from rows of that level. */
    private void whole(Level level, long from, long to) throws SQLException {
      if (from >= to) {
        return;
      }
      long first = from + Math.floorMod(-from, level.millis);
      long last = down(to, level.millis);
      if (first > last) {
        part(level, from, to);
        return;
      }
      part(level, from, first);
      rows(level, first, last);
      part(level, last, to);
    }

    /** The same of a time that is a part of what one row is of. */
    private void part(Level level, long from, long to) throws SQLException {
      if (from >= to) {
        return;
      }
      int day = RecordRow.day(Instant.ofEpochMilli(from));
      switch (level) {
        case DAY -> whole(Level.HOUR, from, to);
        case HOUR -> {
          long start = down(from, level.millis);
          if (days.contains(day)) {
            whole(Level.MINUTE, from, to);
          } else if (from == start) {
            // The records are gone, so that nobody knows better than by the hour.
            rows(level, start, start + level.millis);
          }
        }
        case MINUTE -> records(day, from, to);
      }
    }

    private Source source(Level level, long from) {
      List<String> columns = question.by().stream().map(Rollup.COLUMNS::get).toList();
      var tenant = question.tenant().stream().toList();
      if (level != Level.MINUTE && single.isPresent()) {
        String holding = tenant.isEmpty() ? "dimension = ?" : "dimension = ? AND value = ?";
        var values = new ArrayList<String>(List.of(single.get()));
        values.addAll(tenant);
        List<String> named = columns.isEmpty() ? List.of() : List.of("value");
        return new Source(Singles.TABLE, holding, values, named);
      }
      Rollup rollup =
          switch (level) {
            case DAY -> byUser ? Rollup.DAYS_BY_USER : Rollup.DAYS;
            case HOUR -> byUser ? Rollup.HOURS_BY_USER : Rollup.HOURS;
            case MINUTE -> Rollup.minutes(RecordRow.day(Instant.ofEpochMilli(from)));
          };
      return new Source(rollup.table(), tenant.isEmpty() ? "" : "tenant = ?", tenant, columns);
    }

    private void rows(Level level, long from, long to) throws SQLException {
      if (from >= to) {
        return;
      }
      Source source = source(level, from);
      var groups = new ArrayList<>(source.columns);
      if (step > 0) {
        groups.add("start / " + step);
      }
      String grouped = String.join(", ", groups);
      // Each by itself where one tenant is asked for: its rows stand together within each.
      boolean each = level != Level.MINUTE && single.isEmpty() && !source.values.isEmpty();
      List<Long> times = each ? starts(level, from, to) : List.of(from, to);
      if (times.isEmpty()) {
        return;
      }
      String sql =
          "SELECT %s%s, COUNT(*) FROM %s WHERE %s%s %s"
              .formatted(
                  grouped.isEmpty() ? "" : grouped + ", ",
                  Rollup.summed(),
                  source.table,
                  source.holding.isEmpty() ? "" : source.holding + " AND ",
                  each
                      ? "start IN (?" + ", ?".repeat(times.size() - 1) + ")"
                      : "start >= ? AND start < ?",
                  grouped.isEmpty() ? "HAVING COUNT(*) > 0" : "GROUP BY " + grouped);
      try (var query = connection.prepareStatement(sql)) {
        int place = 1;
        for (String value : source.values) {
          query.setString(place++, value);
        }
        for (long time : times) {
          query.setLong(place++, time);
        }
        take(query, source.columns.size());
      }
    }

    /** Of the hours or days in that time in which there were calls. */
    private List<Long> starts(Level level, long from, long to) throws SQLException {
      var starts = new ArrayList<Long>();
      String start = level == Level.HOUR ? "start" : "start - start % " + level.millis;
      try (var query =
          connection.prepareStatement(
              "SELECT DISTINCT %s FROM %s WHERE dimension = '' AND start >= ? AND start < ?"
                  .formatted(start, Singles.TABLE))) {
        query.setLong(1, from);
        query.setLong(2, to);
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            starts.add(rows.getLong(1));
          }
        }
      }
      return starts;
    }

    private void take(PreparedStatement query, int columns) throws SQLException {
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          int next = 1;
          var values = new ArrayList<String>(columns);
          for (int i = 0; i < columns; i++) {
            values.add(rows.getString(next++));
          }
          long start = step > 0 ? rows.getLong(next++) * step : 0;
          var sum =
              new UsageSum(
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++),
                  rows.getLong(next++));
          read += rows.getLong(next);
          add(start, List.copyOf(values), sum);
        }
      }
    }

    private void records(int day, long from, long to) throws SQLException {
      if (!days.contains(day)) {
        return;
      }
      String after = Ids.before(Instant.ofEpochMilli(from));
      boolean more = true;
      while (more) {
        int count = 0;
        try (var query =
            connection.prepareStatement(
                "SELECT id, record FROM %s WHERE id > ? AND id < ? ORDER BY id LIMIT %d"
                    .formatted(SqlRecords.table(day), SLICE))) {
          query.setString(1, after);
          query.setString(2, Ids.before(Instant.ofEpochMilli(to)));
          try (ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
              after = rows.getString(1);
              count++;
              RecordRow row = RecordRow.of(0, rows.getBytes(2));
              long time = row.time().toEpochMilli();
              Rollup.Key key = Rollup.Key.of(row, time);
              if (question.tenant().map(row.tenant()::equals).orElse(true)) {
                add(time, question.by().stream().map(key::word).toList(), row.usage());
              }
            }
          }
        }
        more = count == SLICE;
      }
    }
  }
}

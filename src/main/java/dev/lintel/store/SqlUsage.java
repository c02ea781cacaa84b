package dev.lintel.store;

import static java.util.stream.Collectors.joining;

import dev.lintel.Ids;
import dev.lintel.Records.UsagePage;
import dev.lintel.Records.UsagePlace;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import dev.lintel.store.UsageParts.Copy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * What calls come to: from the rows of sixteen days, of whole days and hours where a time begins or
 * ends within a day, of minutes where it does so within an hour, and from the records themselves
 * within a minute. Where one word is asked by alone, or none, there are rows of hours with that
 * word only.
 */
final class SqlUsage {
  /** As many records are read at once. */
  private static final int SLICE = 5000;

  /** After so many rows an answer ends where it can: what is left is for the next one. */
  private static final long MOST_READ = 300_000;

  private static final long END = Instant.parse("9999-12-31T00:00:00Z").toEpochMilli();

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

  /** How long the time is that a row is of. */
  private enum Level {
    BLOCK(UsageParts.BLOCK),
    DAY(UsageParts.DAY),
    HOUR(UsageParts.HOUR),
    MINUTE(UsageParts.MINUTE);

    private final long millis;

    Level(long millis) {
      this.millis = millis;
    }
  }

  /** One question while it is answered. */
  private static final class Asking {
    private final Connection connection;
    private final UsageQuestion question;
    private final long step;
    private final List<Integer> days;
    private final boolean byUser;
    private final Optional<String> single;
    private final UsageGroups groups;
    private List<UsageRows> minutes = List.of();

    Asking(Connection connection, UsageQuestion question) throws SQLException {
      this.connection = connection;
      this.question = question;
      step = question.interval().map(Duration::toMillis).orElse(0L);
      days = SqlRecords.days(connection);
      byUser = question.by().contains("user") || question.by().contains("use_case");
      single = Singles.dimension(question.by(), question.tenant().isPresent());
      groups =
          new UsageGroups(
              question.by(), question.tenant(), step, question.after(), question.limit());
    }

    UsagePage page() throws SQLException {
      long from = question.from().map(SqlUsage::millis).orElse(0L);
      long to = question.to().map(SqlUsage::millis).orElse(END);
      boolean all = true;
      if (step == 0) {
        whole(Level.BLOCK, from, to);
      } else {
        long after = question.after().map(place -> millis(place.start())).orElse(0L);
        all = pieces(Math.max(from, after), to);
      }
      List<UsageGroups.Group> rows = groups.first();
      boolean more = !all || groups.size() > question.limit();
      return new UsagePage(
          rows.stream().map(this::row).toList(),
          more ? Optional.of(place(rows.getLast())) : Optional.empty());
    }

    private static UsagePlace place(UsageGroups.Group group) {
      return new UsagePlace(Instant.ofEpochMilli(group.start()), group.values());
    }

    private UsageRow row(UsageGroups.Group group) {
      UsageSum sum = group.sum();
      return new UsageRow(
          group.values(),
          step == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(group.start())),
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
      Level level = step % UsageParts.DAY == 0 ? Level.DAY : Level.HOUR;
      long most =
          single.isPresent()
              ? 31 * UsageParts.DAY
              : level == Level.DAY ? 7 * UsageParts.DAY : UsageParts.DAY / 4;
      long piece = step * Math.ceilDiv(most, step);
      long at = from;
      while (at < to) {
        OptionalLong next = next(down(at, level.millis));
        if (next.isEmpty() || next.getAsLong() >= to) {
          return true;
        }
        at = Math.max(at, down(next.getAsLong(), level.millis));
        long end = Math.min(to, down(at, piece) + piece);
        whole(level, at, end);
        at = end;
        if (groups.size() > question.limit() || (groups.read() > MOST_READ && groups.size() > 0)) {
          return false;
        }
      }
      return true;
    }

    /** When the first hour begins that has calls and does so then or later. */
    private OptionalLong next(long from) throws SQLException {
      try (var query =
          connection.prepareStatement(
              "SELECT MIN(start) FROM " + Singles.TABLE + " WHERE dimension = '' AND start >= ?")) {
        query.setLong(1, from);
        try (ResultSet row = query.executeQuery()) {
          row.next();
          long start = row.getLong(1);
          return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(start);
        }
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
        case BLOCK -> whole(Level.DAY, from, to);
        case DAY -> whole(Level.HOUR, from, to);
        case HOUR -> {
          long start = down(from, level.millis);
          if (days.contains(day)) {
            minutes(day, from, to);
          } else if (from == start) {
            // The records are gone, so that nobody knows better than by the hour.
            rows(level, start, start + level.millis);
          }
        }
        case MINUTE -> records(day, from, to);
      }
    }

    /** Of an hour's part, from its minutes if they are known. */
    private void minutes(int day, long from, long to) throws SQLException {
      long hour = down(from, UsageParts.HOUR);
      var known = new ArrayList<UsageRows>();
      UsageParts.read(connection, UsageParts.MINUTE, hour, hour + UsageParts.HOUR, known::add);
      long calls = known.stream().mapToLong(UsageRows::calls).sum();
      if (calls < Singles.calls(connection, hour)) {
        // An earlier version has written them.
        records(day, from, to);
        return;
      }
      minutes = known;
      whole(Level.MINUTE, from, to);
    }

    private void rows(Level level, long from, long to) throws SQLException {
      if (from >= to) {
        return;
      }
      if (single.isPresent() && level != Level.MINUTE) {
        singles(single.get(), from, to);
      } else {
        parts(level, from, to);
      }
    }

    private void parts(Level level, long from, long to) throws SQLException {
      Consumer<UsageRows> reader = rows -> groups.add(rows, from, to);
      switch (level) {
        case BLOCK ->
            UsageParts.read(
                connection, byUser ? Copy.BLOCK_BY_USER : Copy.BLOCK_BY_NOBODY, from, to, reader);
        case DAY ->
            UsageParts.read(
                connection, byUser ? Copy.DAY_BY_USER : Copy.DAY_BY_NOBODY, from, to, reader);
        case HOUR -> {
          if (byUser) {
            UsageParts.read(connection, UsageParts.HOUR, from, to, reader);
          } else {
            UsageParts.read(connection, Copy.HOUR_BY_NOBODY, from, to, reader);
          }
        }
        case MINUTE -> minutes.forEach(reader);
      }
    }

    private void singles(String dimension, long from, long to) throws SQLException {
      var asked = new ArrayList<String>();
      if (!question.by().isEmpty()) {
        asked.add("value");
      }
      if (step > 0) {
        asked.add("start / " + step);
      }
      String grouped = String.join(", ", asked);
      String sums =
          UsageSum.COLUMNS.stream().map(column -> "SUM(" + column + ")").collect(joining(", "));
      try (var query =
          connection.prepareStatement(
              "SELECT %s%s FROM %s WHERE dimension = ?%s AND start >= ? AND start < ? %s"
                  .formatted(
                      grouped.isEmpty() ? "" : grouped + ", ",
                      sums,
                      Singles.TABLE,
                      question.tenant().isPresent() ? " AND value = ?" : "",
                      grouped.isEmpty() ? "HAVING COUNT(*) > 0" : "GROUP BY " + grouped))) {
        int next = 1;
        query.setString(next++, dimension);
        if (question.tenant().isPresent()) {
          query.setString(next++, question.tenant().get());
        }
        query.setLong(next++, from);
        query.setLong(next, to);
        take(query);
      }
    }

    private void take(PreparedStatement query) throws SQLException {
      var sums = new long[UsageSum.COLUMNS.size()];
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          int next = 1;
          List<String> values =
              question.by().isEmpty() ? List.of() : List.of(rows.getString(next++));
          long start = step > 0 ? rows.getLong(next++) * step : 0;
          for (int i = 0; i < sums.length; i++) {
            sums[i] = rows.getLong(next++);
          }
          groups.add(start, values, UsageSum.of(sums, 0));
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
              UsageKey key = UsageKey.of(row, time);
              if (question.tenant().map(row.tenant()::equals).orElse(true)) {
                groups.add(time, question.by().stream().map(key::word).toList(), row.usage());
              }
            }
          }
        }
        more = count == SLICE;
      }
    }
  }
}

package dev.lintel.store;

import dev.lintel.Costs;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What calls came to by the day, in one row of the table for each day and journal: nodes do not
 * wait for each other, and a batch of records writes one row whatever they are about.
 */
final class SqlCosts implements Costs {
  /** More rows of a day from one node have neither keys nor callers' words of their own. */
  static final int MOST = 2000;

  private final Database database;

  SqlCosts(Database database) {
    this.database = database;
  }

  /** Within the transaction that adds the records, in which the journal is held. */
  static void add(Connection connection, String journal, Collection<RecordRow> rows)
      throws SQLException {
    var days = new TreeMap<Integer, List<RecordRow>>();
    rows.forEach(row -> days.computeIfAbsent(row.day(), day -> new ArrayList<>()).add(row));
    for (var day : days.entrySet()) {
      Map<CostKey, Sums> sums = known(connection, day.getKey(), journal);
      for (RecordRow row : day.getValue()) {
        for (CostKey key : row.cost().keys()) {
          CostKey place = sums.size() < MOST || sums.containsKey(key) ? key : key.folded();
          sums.merge(place, row.cost().sums(), Sums::plus);
        }
      }
      put(connection, day.getKey(), journal, sums);
    }
  }

  private static Map<CostKey, Sums> known(Connection connection, int day, String journal)
      throws SQLException {
    try (var query =
        connection.prepareStatement("SELECT sums FROM cost_day WHERE day = ? AND journal = ?")) {
      query.setLong(1, day);
      query.setString(2, journal);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? CostRows.of(row.getBytes(1)) : new HashMap<>();
      }
    }
  }

  private static void put(Connection connection, int day, String journal, Map<CostKey, Sums> sums)
      throws SQLException {
    try (var upsert =
        connection.prepareStatement(
            """
            INSERT INTO cost_day (day, journal, sums) VALUES (?, ?, ?)
            ON CONFLICT (day, journal) DO UPDATE SET sums = excluded.sums
            """)) {
      upsert.setLong(1, day);
      upsert.setString(2, journal);
      upsert.setBytes(3, CostRows.bytes(sums));
      upsert.executeUpdate();
    }
  }

  @Override
  public void each(Question question, Consumer<Row> rows) {
    boolean tagged = question.by().contains(TAG);
    var sums = new TreeMap<List<String>, Sums>(SqlCosts::compare);
    for (int day : days(question.from(), question.to())) {
      for (Map<CostKey, Sums> some : of(day)) {
        some.forEach((key, sum) -> {
          if (key.tagged() == tagged && question.tenant().map(key.tenant()::equals).orElse(true)) {
            sums.merge(question.by().stream().map(key::word).toList(), sum, Sums::plus);
          }
        });
      }
      if (question.daily()) {
        tell(sums, date(day), rows);
      }
    }
    tell(sums, question.from(), rows);
  }

  private static void tell(Map<List<String>, Sums> sums, LocalDate day, Consumer<Row> rows) {
    sums.forEach((values, sum) -> rows.accept(new Row(values, day, sum)));
    sums.clear();
  }

  private static int compare(List<String> one, List<String> other) {
    for (int i = 0; i < one.size(); i++) {
      int order = one.get(i).compareTo(other.get(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private List<Integer> days(LocalDate from, LocalDate to) {
    return database.found(connection -> {
      var days = new ArrayList<Integer>();
      try (var query =
          connection.prepareStatement(
              "SELECT DISTINCT day FROM cost_day WHERE day >= ? AND day < ? ORDER BY day")) {
        query.setLong(1, number(from));
        query.setLong(2, number(to));
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            days.add(row.getInt(1));
          }
        }
      }
      return days;
    });
  }

  /** On a thread of the store's: it takes some milliseconds to read what was deflated. */
  private List<Map<CostKey, Sums>> of(int day) {
    return database.found(connection -> {
      var all = new ArrayList<Map<CostKey, Sums>>();
      try (var query = connection.prepareStatement("SELECT sums FROM cost_day WHERE day = ?")) {
        query.setLong(1, day);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            all.add(CostRows.of(row.getBytes(1)));
          }
        }
      }
      return all;
    });
  }

  @Override
  public Optional<LocalDate> first() {
    return database.found(connection -> {
      try (var statement = connection.createStatement();
          ResultSet row = statement.executeQuery("SELECT MIN(day) FROM cost_day")) {
        row.next();
        int day = row.getInt(1);
        return row.wasNull() ? Optional.empty() : Optional.of(date(day));
      }
    });
  }

  private static int number(LocalDate day) {
    return day.getYear() * 10_000 + day.getMonthValue() * 100 + day.getDayOfMonth();
  }

  private static LocalDate date(int day) {
    return LocalDate.of(day / 10_000, day / 100 % 100, day % 100);
  }
}

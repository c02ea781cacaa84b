package dev.lintel.store;

import dev.lintel.Costs;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What calls came to by the day. Whatever is added together is one part of each day, written once,
 * and many parts of a journal become one: nodes do not wait for each other, and a batch of records
 * writes one row whatever they are about.
 */
final class SqlCosts implements Costs {
  /** More rows of a day from one node have neither keys nor callers' words of their own. */
  static final int MOST = 2000;

  /** So many parts of a day become one. */
  private static final int FAN = 32;

  private final Database database;

  SqlCosts(Database database) {
    this.database = database;
  }

  /**
   * Within the transaction that adds the records, in which the journal is held.
   *
   * @param position the last of that journal's that is in it
   */
  static void add(Connection connection, String journal, long position, Collection<RecordRow> rows)
      throws SQLException {
    var days = new TreeMap<Integer, Map<CostKey, Sums>>();
    for (RecordRow row : rows) {
      Map<CostKey, Sums> sums = days.computeIfAbsent(row.day(), day -> new HashMap<>());
      row.cost().keys().forEach(key -> sums.merge(key, row.cost().sums(), Sums::plus));
    }
    for (var day : days.entrySet()) {
      put(connection, day.getKey(), part(journal, position), folded(day.getValue()));
      if (count(connection, day.getKey(), journal) >= FAN) {
        Map<CostKey, Sums> all = taken(connection, day.getKey(), journal);
        put(connection, day.getKey(), part(journal, position), folded(all));
      }
    }
  }

  /** How a part is called: with the name of its journal before it. */
  private static String part(String journal, long position) {
    return journal + "/" + position;
  }

  /** Those of most calls keep their words. */
  private static Map<CostKey, Sums> folded(Map<CostKey, Sums> sums) {
    if (sums.size() <= MOST) {
      return sums;
    }
    List<CostKey> keys =
        sums.entrySet().stream()
            .sorted(
                Comparator.comparingLong(
                        (Map.Entry<CostKey, Sums> one) -> one.getValue().get(Figure.CALLS))
                    .reversed())
            .map(Map.Entry::getKey)
            .toList();
    var folded = new HashMap<>(sums);
    for (CostKey key : keys.subList(MOST, keys.size())) {
      folded.merge(key.folded(), folded.remove(key), Sums::plus);
    }
    return folded;
  }

  private static long count(Connection connection, int day, String journal) throws SQLException {
    try (var query =
        connection.prepareStatement(
            "SELECT COUNT(*) FROM cost_day WHERE day = ? AND SUBSTR(journal, 1, ?) = ?")) {
      query.setLong(1, day);
      query.setInt(2, journal.length() + 1);
      query.setString(3, journal + "/");
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private static Map<CostKey, Sums> taken(Connection connection, int day, String journal)
      throws SQLException {
    var sums = new HashMap<CostKey, Sums>();
    try (var delete =
        connection.prepareStatement(
            "DELETE FROM cost_day WHERE day = ? AND SUBSTR(journal, 1, ?) = ? RETURNING sums")) {
      delete.setLong(1, day);
      delete.setInt(2, journal.length() + 1);
      delete.setString(3, journal + "/");
      try (ResultSet row = delete.executeQuery()) {
        while (row.next()) {
          CostRows.of(row.getBytes(1)).forEach((key, sum) -> sums.merge(key, sum, Sums::plus));
        }
      }
    }
    return sums;
  }

  private static void put(Connection connection, int day, String part, Map<CostKey, Sums> sums)
      throws SQLException {
    try (var insert =
        connection.prepareStatement("INSERT INTO cost_day (day, journal, sums) VALUES (?, ?, ?)")) {
      insert.setLong(1, day);
      insert.setString(2, part);
      insert.setBytes(3, CostRows.bytes(sums));
      insert.executeUpdate();
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

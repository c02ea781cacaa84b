package dev.lintel.store;

import dev.lintel.store.Rollup.Key;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the calls of each hour come to by one word alone, and all together. */
final class Singles {
  static final String TABLE = "usage_hour_single";

  private static final String ALL = "";
  private static final List<String> NOT_BY_USER =
      List.of(ALL, "tenant", "app", "model", "provider", "kind");
  private static final List<String> BY_USER = List.of("use_case");

  private record Single(String dimension, long start, String value) {
    /** In one order on every node, so that none waits for another that waits for it. */
    static final Comparator<Single> ORDER =
        Comparator.comparing(Single::dimension)
            .thenComparingLong(Single::start)
            .thenComparing(Single::value);
  }

  private Singles() {}

  /**
   * The dimension whose rows answer a question; empty where none does.
   *
   * @param by what is asked by
   * @param ofTenant whether one tenant is asked for
   */
  static Optional<String> dimension(List<String> by, boolean ofTenant) {
    if (ofTenant) {
      return by.isEmpty() || by.equals(List.of("tenant"))
          ? Optional.of("tenant")
          : Optional.empty();
    }
    return switch (by.size()) {
      case 0 -> Optional.of(ALL);
      case 1 -> Optional.of(by.getFirst()).filter(one -> !one.equals("user"));
      default -> Optional.empty();
    };
  }

  /**
   * Last of all that is written together: every node writes to these rows.
   *
   * @param hours what the calls come to in {@link Rollup#HOURS}
   * @param byUser and in {@link Rollup#HOURS_BY_USER}
   */
  static void add(Connection connection, Map<Key, UsageSum> hours, Map<Key, UsageSum> byUser)
      throws SQLException {
    var sums = new TreeMap<Single, UsageSum>(Single.ORDER);
    sum(sums, hours, NOT_BY_USER);
    sum(sums, byUser, BY_USER);
    try (var upsert =
        connection.prepareStatement(
            "INSERT INTO %s (dimension, start, value, %s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dimension, start, value) DO UPDATE SET %s"
                .formatted(TABLE, String.join(", ", Rollup.SUMS), Rollup.added(TABLE)))) {
      for (var one : sums.entrySet()) {
        int next = 1;
        upsert.setString(next++, one.getKey().dimension);
        upsert.setLong(next++, one.getKey().start);
        upsert.setString(next++, one.getKey().value);
        for (long sum : one.getValue().all()) {
          upsert.setLong(next++, sum);
        }
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  private static void sum(
      Map<Single, UsageSum> sums, Map<Key, UsageSum> rows, List<String> dimensions) {
    rows.forEach((key, sum) -> {
      for (String dimension : dimensions) {
        String value = dimension.equals(ALL) ? "" : key.word(dimension);
        sums.merge(new Single(dimension, key.start(), value), sum, UsageSum::plus);
      }
    });
  }
}

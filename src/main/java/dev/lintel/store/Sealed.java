package dev.lintel.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Where in the tables sealed text lies, so that it can be put under another key. */
final class Sealed {
  /**
   * @param table its name
   * @param key what names a row
   * @param column the one with sealed text, plain or as a JSON string, which may be empty in some
   *     rows
   */
  private record Place(String table, String key, String column) {}

  private static final List<Place> PLACES =
      List.of(
          new Place("secret", "name", "sealed"),
          new Place("caller_key", "id", "sealed"),
          new Place("approval", "id", "sealed"),
          new Place("revision_base", "number", "text"),
          new Place("revision_file", "number", "mark"),
          new Place("revision_change", "since || ' ' || path", "value"));
  private static final int TOGETHER = 200;
  private static final String QUOTE = "\"";

  private final Database database;

  Sealed(Database database) {
    this.database = database;
  }

  /** As {@link dev.lintel.Store#renew} says. */
  long renew(UnaryOperator<String> renewed) {
    long count = 0;
    var places = new ArrayList<>(PLACES);
    for (long slice : database.found(SqlPayloads::slices)) {
      places.add(new Place(SqlPayloads.table(slice), "id", "sealed"));
    }
    for (Place place : places) {
      String after = "";
      boolean more = true;
      while (more) {
        String from = after;
        Map<String, String> rows = database.found(connection -> rows(connection, place, from));
        count += database.written(connection -> renew(connection, place, rows, renewed));
        more = rows.size() == TOGETHER;
        after = rows.isEmpty() ? "" : List.copyOf(rows.keySet()).getLast();
      }
    }
    return count;
  }

  private static Map<String, String> rows(Connection connection, Place place, String after)
      throws SQLException {
    var rows = new LinkedHashMap<String, String>();
    try (var query =
        connection.prepareStatement(
            "SELECT CAST(%2$s AS TEXT) AS row_key, %3$s FROM %1$s WHERE CAST(%2$s AS TEXT) > ? ORDER BY row_key LIMIT ?"
                .formatted(place.table, place.key, place.column))) {
      query.setString(1, after);
      query.setInt(2, TOGETHER);
      try (var row = query.executeQuery()) {
        while (row.next()) {
          rows.put(row.getString(1), row.getString(2));
        }
      }
    }
    return rows;
  }

  private static String renewed(String sealed, UnaryOperator<String> renewed) {
    return sealed.startsWith(QUOTE)
        ? QUOTE + renewed.apply(sealed.substring(1, sealed.length() - 1)) + QUOTE
        : renewed.apply(sealed);
  }

  /** A row that was changed meanwhile stays as it is: what changed it has sealed it anew. */
  private static long renew(
      Connection connection, Place place, Map<String, String> rows, UnaryOperator<String> renewed)
      throws SQLException {
    long count = 0;
    try (var update =
        connection.prepareStatement(
            "UPDATE %1$s SET %3$s = ? WHERE CAST(%2$s AS TEXT) = ? AND %3$s = ?"
                .formatted(place.table, place.key, place.column))) {
      for (var row : rows.entrySet()) {
        String sealed = row.getValue();
        String now = sealed.isEmpty() ? sealed : renewed(sealed, renewed);
        if (!now.equals(sealed)) {
          update.setString(1, now);
          update.setString(2, row.getKey());
          update.setString(3, sealed);
          count += update.executeUpdate();
        }
      }
    }
    return count;
  }
}

package dev.lintel.store;

import dev.lintel.Counters.Charge;
import dev.lintel.Span;
import dev.lintel.Spending;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/** What was used of lasting allowances, as rows. A period of zero is all time. */
final class SqlSpending implements Spending {
  /** Longer than any period. */
  private static final Duration LONGEST = Duration.ofDays(32);

  /** Of periods that have ended, so long, so that somebody may still ask. */
  private static final Duration KEPT = Duration.ofDays(400);

  private record Key(String account, long period) {}

  /** In one order on every node, so that none waits for another that waits for it. */
  private static final Comparator<Key> ORDER =
      Comparator.comparing(Key::account).thenComparingLong(Key::period);

  private final Database database;

  SqlSpending(Database database) {
    this.database = database;
  }

  static void add(Connection connection, Collection<Charge> charges) throws SQLException {
    if (charges.isEmpty()) {
      return;
    }
    var sums = new TreeMap<Key, Long>(ORDER);
    for (Charge charge : charges) {
      sums.merge(
          new Key(charge.account(), charge.period().getEpochSecond()),
          charge.amount(),
          Math::addExact);
    }
    try (var upsert =
        connection.prepareStatement(
            "INSERT INTO spent (account, period, amount) VALUES (?, ?, ?) ON CONFLICT (account, period) DO UPDATE SET amount = spent.amount + excluded.amount")) {
      for (var one : sums.entrySet()) {
        upsert.setString(1, one.getKey().account);
        upsert.setLong(2, one.getKey().period);
        upsert.setLong(3, one.getValue());
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  @Override
  public List<Charge> since(Instant now) {
    return database.found(connection -> {
      try (var query =
          connection.prepareStatement(
              "SELECT account, period, amount FROM spent WHERE period = 0 OR period > ?")) {
        query.setLong(1, now.minus(LONGEST).getEpochSecond());
        return standing(query, now);
      }
    });
  }

  @Override
  public List<Charge> of(List<String> accounts, Instant now) {
    return database.found(connection -> {
      var found = new ArrayList<Charge>();
      try (var query =
          connection.prepareStatement(
              "SELECT account, period, amount FROM spent WHERE account = ? AND (period = 0 OR period > ?)")) {
        for (String account : accounts) {
          query.setString(1, account);
          query.setLong(2, now.minus(LONGEST).getEpochSecond());
          found.addAll(standing(query, now));
        }
      }
      return found;
    });
  }

  private static List<Charge> standing(PreparedStatement query, Instant now) throws SQLException {
    var found = new ArrayList<Charge>();
    try (ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        var charge =
            new Charge(rows.getString(1), Instant.ofEpochSecond(rows.getLong(2)), rows.getLong(3));
        if (lasts(charge, now)) {
          found.add(charge);
        }
      }
    }
    return found;
  }

  /** By the last word of the account, which names its span. */
  private static boolean lasts(Charge charge, Instant now) {
    String account = charge.account();
    return charge.period().equals(Instant.EPOCH)
        || Span.calendar(account.substring(account.lastIndexOf('|') + 1))
            .map(span -> span.end(charge.period()).isAfter(now))
            .orElse(true);
  }

  /** What nobody asks for any more. */
  static void forget(Connection connection, Instant now) throws SQLException {
    try (var delete =
        connection.prepareStatement("DELETE FROM spent WHERE period > 0 AND period < ?")) {
      delete.setLong(1, now.minus(KEPT).getEpochSecond());
      delete.executeUpdate();
    }
  }
}

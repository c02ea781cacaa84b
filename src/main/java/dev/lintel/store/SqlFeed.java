package dev.lintel.store;

import dev.lintel.Feed;
import dev.lintel.Rounds;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks some three times a second which numbers have grown, with one statement for all topics. */
final class SqlFeed implements Feed, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SqlFeed.class);
  private static final Duration PAUSE = Duration.ofMillis(330);
  private static final long NEVER = -1;

  private final Database database;
  private final List<Hearer> hearers = new CopyOnWriteArrayList<>();
  private final Rounds rounds = new Rounds("lintel-feed", this::round);

  private static final class Hearer {
    private final String topic;
    private final LongConsumer consumer;
    private long heard = NEVER;

    private Hearer(String topic, LongConsumer consumer) {
      this.topic = topic;
      this.consumer = consumer;
    }
  }

  SqlFeed(Database database) {
    this.database = database;
  }

  /**
   * The topic's next number, in the writer's own transaction. Until that ends others who want one
   * of the topic wait: so who has seen a number can see everything that was written under it and
   * under those before it.
   */
  static long next(Connection connection, String topic) throws SQLException {
    try (var raise =
        connection.prepareStatement(
            """
            INSERT INTO change_count (name, value) VALUES (?, 1)
            ON CONFLICT (name) DO UPDATE SET value = change_count.value + 1
            RETURNING value
            """)) {
      raise.setString(1, topic);
      try (var row = raise.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  @Override
  public void hear(String topic, LongConsumer hearer) {
    hearers.add(new Hearer(topic, hearer));
    rounds.begin(Duration.ZERO);
    look();
  }

  @Override
  public void look() {
    rounds.hurry();
  }

  private Duration round() {
    try {
      tell(numbers());
    } catch (RuntimeException away) {
      LOG.debug("what has changed is not known: {}", away.getMessage());
    }
    return PAUSE;
  }

  private Map<String, Long> numbers() {
    return database.found(connection -> {
      var numbers = new HashMap<String, Long>();
      try (var query = connection.prepareStatement("SELECT name, value FROM change_count");
          var row = query.executeQuery()) {
        while (row.next()) {
          numbers.put(row.getString(1), row.getLong(2));
        }
      }
      return numbers;
    });
  }

  private void tell(Map<String, Long> numbers) {
    for (Hearer hearer : hearers) {
      long number = numbers.getOrDefault(hearer.topic, 0L);
      if (number != hearer.heard && !rounds.ended()) {
        try {
          hearer.consumer.accept(number);
          hearer.heard = number;
        } catch (RuntimeException failed) {
          LOG.warn("the changes of {} are not taken up yet: {}", hearer.topic, failed.getMessage());
        }
      }
    }
  }

  /** Waits for a hearer that is at work. */
  @Override
  public void close() {
    rounds.close();
  }
}

package dev.lintel.ledger;

import dev.lintel.Counters;
import dev.lintel.Counters.Charge;
import dev.lintel.Soon;
import dev.lintel.Spending;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Nodes that share a Redis, with a clock of the test's and a database that knows what it is told.
 */
final class Nodes implements AutoCloseable {
  private static final Instant BEGIN = Instant.parse("2026-11-21T12:00:00Z");
  static final RedisCounters.Pace PATIENT =
      new RedisCounters.Pace(Duration.ofSeconds(5), Duration.ofMillis(50), Duration.ofSeconds(10));

  private final Supplier<Duration> passed;
  private final Counters.Watcher watcher;
  private final String tag = RealRedis.tag();
  private final List<Redis> clients = new ArrayList<>();
  private final List<RedisCounters> started = new ArrayList<>();
  String url;
  RedisCounters.Pace pace = PATIENT;
  RedisCounters.WhenAway whenAway = RedisCounters.WhenAway.SHARE;
  final List<Charge> database = new CopyOnWriteArrayList<>();

  private final Spending known =
      new Spending() {
        @Override
        public List<Charge> since(Instant now) {
          return List.copyOf(database);
        }

        @Override
        public List<Charge> of(List<String> accounts, Instant now) {
          return database.stream().filter(charge -> accounts.contains(charge.account())).toList();
        }
      };

  Nodes(String url, Supplier<Duration> passed, Counters.Watcher watcher) {
    this.url = url;
    this.passed = passed;
    this.watcher = watcher;
  }

  Nodes(String url) {
    this(url, () -> Duration.ZERO, (account, period, percent, spent) -> {});
  }

  String tag() {
    return tag;
  }

  /** One that is connected. */
  RedisCounters start() {
    RedisCounters node = begin();
    until(() -> node.status().connected());
    return node;
  }

  /** One that may be. */
  RedisCounters begin() {
    var redis = new Redis(url, tag, () -> passed.get().toMillis());
    clients.add(redis);
    var node =
        new RedisCounters(
            redis,
            whenAway,
            pace,
            () -> BEGIN.plus(passed.get()),
            watcher,
            () ->
                new MemoryCounters(
                    () -> System.nanoTime() + passed.get().toNanos(),
                    () -> BEGIN.plus(passed.get()),
                    (account, period, percent, spent) -> {}),
            () -> known);
    started.add(node);
    return node;
  }

  /** Without a word to anybody, as when it is killed. */
  void kill(RedisCounters node) {
    clients.get(started.indexOf(node)).close();
  }

  void settled() {
    until(() -> started.stream().allMatch(node -> node.waiting() == 0));
  }

  static void until(BooleanSupplier holds) {
    Soon.until(holds);
  }

  @Override
  public void close() {
    started.forEach(RedisCounters::close);
    clients.forEach(Redis::close);
  }
}

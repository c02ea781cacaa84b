package dev.lintel.main;

import dev.lintel.Counters;
import dev.lintel.Footing;
import dev.lintel.News;
import dev.lintel.Spending;
import dev.lintel.config.Config;
import dev.lintel.ledger.MemoryCounters;
import dev.lintel.ledger.Redis;
import dev.lintel.ledger.RedisCounters;
import dev.lintel.ledger.RedisNews;
import dev.lintel.ledger.SteadyTime;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** What nodes count and tell each other: in a Redis where one is configured, else here alone. */
final class Sharing implements AutoCloseable {
  /** Two gateways on one Redis take two of its databases. */
  private static final String TAG = "lintel";

  private final Counters counters;
  private final News news;
  private final Optional<RedisCounters> shared;
  private final Optional<Redis> redis;

  /**
   * Begins to connect, and does not wait for it.
   *
   * @param spending what the database knows to be spent; may throw where that is away
   */
  Sharing(Config config, Counters.Watcher watcher, Supplier<Spending> spending) {
    var time = new SteadyTime(System::nanoTime, InstantSource.system());
    redis = config.shared().map(place -> new Redis(place.url(), TAG));
    shared =
        redis.map(there ->
            new RedisCounters(
                there,
                switch (config.shared().orElseThrow().whenAway()) {
                  case SHARE -> RedisCounters.WhenAway.SHARE;
                  case REFUSE -> RedisCounters.WhenAway.REFUSE;
                },
                RedisCounters.Pace.USUAL,
                time,
                watcher,
                // Thresholds are told of by who counts for all.
                () ->
                    new MemoryCounters(
                        System::nanoTime, time, (account, period, percent, spent) -> {}),
                spending));
    counters =
        shared
            .<Counters>map(there -> there)
            .orElseGet(() -> new MemoryCounters(System::nanoTime, time, watcher));
    news = redis.<News>map(RedisNews::new).orElse(News.NONE);
  }

  Counters counters() {
    return counters;
  }

  News news() {
    return news;
  }

  /** How the Redis is, as {@code shared}; nothing where there is none. */
  Map<String, Footing> footings() {
    return shared
        .map(RedisCounters::status)
        .map(now ->
            Map.of(
                "shared",
                new Footing(
                    now.connected() ? "connected" : "away",
                    now.since(),
                    now.connected(),
                    Map.of("mode", now.mode().name().toLowerCase(Locale.ROOT)))))
        .orElse(Map.of());
  }

  /** After the last call has ended. */
  @Override
  public void close() {
    counters.close();
    news.close();
    redis.ifPresent(Redis::close);
  }
}

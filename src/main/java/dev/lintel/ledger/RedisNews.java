package dev.lintel.ledger;

import dev.lintel.Ids;
import dev.lintel.News;
import io.lettuce.core.RedisException;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * News over a Redis that all nodes share. What is told while it is away reaches nobody; it is
 * looked for each half a second.
 */
public final class RedisNews implements News {
  private static final Logger LOG = LoggerFactory.getLogger(RedisNews.class);
  private static final long LOOK_MILLIS = 500;

  /** Between who tells and what is told. */
  private static final char END = ' ';

  private final Redis redis;
  private final String channel;
  private final String me = Ids.of("node_");
  private final Map<String, List<Consumer<String>>> hearers = new ConcurrentHashMap<>();
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("lintel-news").factory());
  private volatile @Nullable Lines lines;

  /** One connection for hearing and one for telling: who hears may do nothing else. */
  private record Lines(StatefulRedisPubSubConnection<String, String> heard, Link told) {
    boolean open() {
      return heard.isOpen() && told.isOpen();
    }

    void close() {
      var _ = heard.closeAsync();
      told.close();
    }
  }

  /** Begins to connect, and does not wait for it. */
  public RedisNews(Redis redis) {
    this.redis = redis;
    this.channel = redis.named("news:");
    worker.scheduleWithFixedDelay(this::look, 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void look() {
    Lines known = lines;
    if (known != null && known.open()) {
      return;
    }
    try {
      if (known != null) {
        known.close();
      }
      StatefulRedisPubSubConnection<String, String> heard = redis.listen();
      heard.addListener(
          new RedisPubSubAdapter<>() {
            @Override
            public void message(String pattern, String from, String message) {
              heard(from, message);
            }
          });
      var _ = heard.async().psubscribe(channel + "*");
      lines = new Lines(heard, redis.connect());
    } catch (RedisException away) {
      LOG.debug("no news: {}", away.getMessage());
    }
  }

  private void heard(String from, String message) {
    int end = message.indexOf(END);
    if (end < 0 || message.regionMatches(0, me, 0, end)) {
      return;
    }
    for (Consumer<String> hearer :
        hearers.getOrDefault(from.substring(channel.length()), List.of())) {
      try {
        hearer.accept(message.substring(end + 1));
      } catch (RuntimeException unheard) {
        LOG.warn("news of {} cannot be understood", from, unheard);
      }
    }
  }

  @Override
  public void tell(String topic, String text) {
    Lines known = lines;
    if (known != null && known.open()) {
      known.told.publish(channel + topic, me + END + text);
    }
  }

  @Override
  public void hear(String topic, Consumer<String> hearer) {
    hearers.computeIfAbsent(topic, name -> new CopyOnWriteArrayList<>()).add(hearer);
  }

  /** Whether it is connected. */
  boolean connected() {
    Lines known = lines;
    return known != null && known.open();
  }

  @Override
  public void close() {
    worker.shutdownNow();
    Lines known = lines;
    if (known != null) {
      known.close();
    }
  }
}

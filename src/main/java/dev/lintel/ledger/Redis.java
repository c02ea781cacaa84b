package dev.lintel.ledger;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A Redis, or a Valkey, that nodes share. Everything is kept under one hash tag: a single node of a
 * cluster would hold all of it.
 */
public final class Redis implements AutoCloseable {
  /** Who does not take a connection within that time is away. */
  private static final Duration CONNECT = Duration.ofSeconds(1);

  private static final int THREADS = 2;

  private final ClientResources resources =
      DefaultClientResources.builder()
          .ioThreadPoolSize(THREADS)
          .computationThreadPoolSize(THREADS)
          .build();

  private final RedisClient client = RedisClient.create(resources);
  private final RedisURI address;
  private final String prefix;
  private final LongSupplier ahead;

  /**
   * @param url {@code redis://}, {@code rediss://} or {@code redis-sentinel://}, as Lettuce reads
   *     it
   * @param tag before every key
   */
  public Redis(String url, String tag) {
    this(url, tag, () -> 0);
  }

  /**
   * @param ahead how many milliseconds the time is ahead of Redis's clock: for a time that passes
   *     otherwise
   */
  Redis(String url, String tag, LongSupplier ahead) {
    this.ahead = ahead;
    address = RedisURI.create(url);
    address.setTimeout(CONNECT);
    address.setClientName("lintel");
    prefix = "{" + tag + "}:";
    client.setOptions(
        ClientOptions.builder()
            // Who comes back is not who went: what it has kept is looked at first.
            .autoReconnect(false)
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .socketOptions(SocketOptions.builder().connectTimeout(CONNECT).tcpNoDelay(true).build())
            .timeoutOptions(TimeoutOptions.create())
            .build());
  }

  /** The name of a key or a channel of this gateway. */
  String named(String name) {
    return prefix + name;
  }

  long ahead() {
    return ahead.getAsLong();
  }

  /** Where it is, without secrets. */
  @Override
  public String toString() {
    return address.getSentinels().isEmpty()
        ? address.getHost() + ":" + address.getPort()
        : address.getSentinels().getFirst().getHost() + " (sentinel)";
  }

  /**
   * Waits; throws {@link io.lettuce.core.RedisException} where nobody answers, or a cluster whose
   * other nodes would have to be asked.
   */
  Link connect() {
    StatefulRedisConnection<String, String> connection = client.connect(StringCodec.UTF8, address);
    try {
      var _ = connection.sync().exists(named("any"));
    } catch (RedisCommandExecutionException refused) {
      String why = String.valueOf(refused.getMessage());
      if (why.startsWith("MOVED") || why.startsWith("CLUSTERDOWN")) {
        connection.closeAsync();
        throw new RedisException(
            this
                + " is a node of a Redis Cluster, which is not spoken here: name a single Redis or"
                + " Valkey (redis://, rediss://), or Sentinels that know one (redis-sentinel://)",
            refused);
      }
      // What else it has against commands it says of those that matter.
    } catch (RedisException lost) {
      connection.closeAsync();
      throw lost;
    }
    return new Link(connection);
  }

  /** The same for what is told and heard. */
  StatefulRedisPubSubConnection<String, String> listen() {
    return client.connectPubSub(StringCodec.UTF8, address);
  }

  @Override
  public void close() {
    client.shutdown(0, 1, TimeUnit.SECONDS);
    resources.shutdown(0, 1, TimeUnit.SECONDS);
  }
}

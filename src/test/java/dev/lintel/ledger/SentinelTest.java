package dev.lintel.ledger;

import static dev.lintel.ledger.CountersContract.claim;
import static dev.lintel.ledger.CountersContract.granted;
import static dev.lintel.ledger.CountersContract.money;
import static dev.lintel.ledger.CountersContract.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Account;
import dev.lintel.HeldPort;
import dev.lintel.Span;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import redis.embedded.RedisSentinel;
import redis.embedded.RedisServer;

/** A Redis that is found by a real Sentinel, and one of a cluster. */
class SentinelTest {
  private static RedisServer redis(HeldPort port, String... settings) throws IOException {
    var builder =
        RedisServer.newRedisServer()
            .port(port.number())
            .setting("save \"\"")
            .setting("appendonly no");
    for (String setting : settings) {
      builder.setting(setting);
    }
    RedisServer made = builder.build();
    made.start();
    return made;
  }

  @Test
  void what_was_spent_stays_spent_when_a_sentinel_names_another_primary() throws IOException {
    try (var first = new HeldPort();
        var second = new HeldPort();
        var third = new HeldPort()) {
      RedisServer primary = redis(first);
      RedisServer replica =
          redis(second, "replicaof 127.0.0.1 " + first.number(), "repl-diskless-sync-delay 0");
      RedisSentinel sentinel =
          RedisSentinel.newRedisSentinel()
              .port(third.number())
              .setting("sentinel monitor counts 127.0.0.1 " + first.number() + " 1")
              .setting("sentinel down-after-milliseconds counts 500")
              .setting("sentinel failover-timeout counts 2000")
              .build();
      try {
        sentinel.start();
        String url = "redis-sentinel://127.0.0.1:" + third.number() + "#counts";
        try (var client = RedisClient.create("redis://127.0.0.1:" + third.number());
            var asked = client.connectSentinel();
            var nodes = new Nodes(url)) {
          Nodes.until(() ->
              asked.sync().replicas("counts").stream()
                  .anyMatch(one -> "ok".equals(one.get("master-link-status"))));
          RedisCounters node = nodes.start();
          Account account = money("a", 100, new Span.Total());
          nodes.database.addAll(granted(node, claim(account, 60)).settle(new long[] {60}));
          nodes.settled();
          primary.stop();
          Nodes.until(() ->
              ((InetSocketAddress) asked.sync().getMasterAddrByName("counts")).getPort()
                  == second.number());
          Nodes.until(() -> {
            var ended = granted(node, claim(account, 0)).settle(new long[] {0});
            return ended.isEmpty() && node.status().connected();
          });
          refused(node, claim(account, 41));
          granted(node, claim(account, 40));
        }
      } finally {
        sentinel.stop();
        replica.stop();
        primary.stop();
      }
    }
  }

  @Test
  void a_node_of_a_cluster_is_refused_by_name() throws IOException {
    try (var port = new HeldPort()) {
      String file = "nodes-" + port.number() + ".conf";
      RedisServer server = redis(port, "cluster-enabled yes", "cluster-config-file /tmp/" + file);
      try (var redis = new Redis("redis://127.0.0.1:" + port.number(), RealRedis.tag())) {
        assertThatThrownBy(redis::connect)
            .isInstanceOf(RedisException.class)
            .hasMessageContaining("Redis Cluster")
            .hasMessageContaining("redis-sentinel://");
        assertThat(redis.toString()).contains("127.0.0.1");
      } finally {
        server.stop();
      }
    }
  }
}

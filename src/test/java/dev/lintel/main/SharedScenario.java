package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.ledger.RealRedis;
import dev.lintel.ledger.Redis;
import dev.lintel.ledger.RedisNews;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two gateways that share their counts in a Redis. */
@Tag("threads")
class SharedScenario {
  private static final String CALL =
      "{\"model\": \"demo/small\", \"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}";

  private static String yaml(RealRedis redis, String whenAway) {
    return """
    shared: { url: "%s", when_away: %s }
    providers: { demo: { kind: sim, ttft: 1ms, tokens_per_second: 5000 } }
    tenants: { t: { apps: { a: { keys: [ %s ], limits: { requests: 10/hour } } } } }
    """
        .formatted(redis.url(), whenAway, TestGateway.KEY);
  }

  private static void until(BooleanSupplier holds) {
    Soon.until(holds);
  }

  private static String shared(TestGateway gateway) {
    return Json.parse(gateway.get("/health").body()).path("shared").path("state").asString("");
  }

  private static int call(TestGateway gateway) {
    return gateway.post("/v1/chat/completions", CALL).statusCode();
  }

  @Test
  void of_a_limit_that_two_gateways_share_each_call_takes_its_part() throws Exception {
    try (var redis = RealRedis.own();
        var one = TestGateway.of(yaml(redis, "share"));
        var other = TestGateway.of(yaml(redis, "share"))) {
      until(() -> shared(one).equals("connected") && shared(other).equals("connected"));
      var answered = new AtomicInteger();
      var threads = new ArrayList<Thread>();
      for (int i = 0; i < 20; i++) {
        TestGateway gateway = i % 2 == 0 ? one : other;
        threads.add(
            Thread.ofVirtual().start(() -> answered.addAndGet(call(gateway) == 200 ? 1 : 0)));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(answered).hasValue(10);
    }
  }

  @Test
  void a_gateway_without_its_redis_goes_on_with_its_share_and_says_so() {
    try (var redis = RealRedis.own();
        var one = TestGateway.of(yaml(redis, "share"));
        var other = TestGateway.of(yaml(redis, "share"))) {
      until(() -> shared(one).equals("connected") && shared(other).equals("connected"));
      assertThat(List.of(call(one), call(other), call(one), call(other))).containsOnly(200);
      redis.stop();
      until(() -> shared(one).equals("away"));
      var health = Json.parse(one.get("/health").body());
      assertThat(health.path("status").asString()).isEqualTo("degraded");
      assertThat(health.path("shared").path("mode").asString()).isEqualTo("share");
      assertThat(one.get("/metrics").body()).contains("lintel_footing_well{name=\"shared\"} 0");
      int answered = 0;
      for (int i = 0; i < 10; i++) {
        answered += call(one) == 200 ? 1 : 0;
      }
      assertThat(answered).isEqualTo(3);
      redis.start();
      until(() -> shared(one).equals("connected"));
      assertThat(one.get("/metrics").body()).contains("lintel_footing_well{name=\"shared\"} 1");
    }
  }

  @Test
  void who_shall_refuse_without_redis_answers_503_until_it_is_there() {
    try (var redis = RealRedis.own()) {
      redis.stop();
      try (var gateway = TestGateway.of(yaml(redis, "refuse"))) {
        var refused = gateway.post("/v1/chat/completions", CALL);
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("retry-after")).contains("1");
        assertThat(refused.body()).contains("\"unavailable\"");
        redis.start();
        until(() -> shared(gateway).equals("connected"));
        assertThat(call(gateway)).isEqualTo(200);
      }
    }
  }

  @Test
  void a_provider_that_rests_for_one_gateway_rests_for_the_other() {
    String failing =
        """
        providers: { demo: { kind: sim, fault: "500" } }
        models: { m: { targets: [ demo/small ], retry: { attempts: 1 }, breaker: { failures: 2, open: 60s } } }
        shared: %s
        """;
    try (var redis = RealRedis.own();
        var one = TestGateway.of(failing.formatted(redis.url()));
        var other = TestGateway.of(failing.formatted(redis.url()))) {
      until(() -> shared(one).equals("connected") && shared(other).equals("connected"));
      until(() -> {
        one.post("/v1/chat/completions", CALL.replace("demo/small", "m"));
        return cooling(one) && cooling(other);
      });
    }
  }

  @Test
  void a_change_that_an_admin_makes_is_told_to_the_other_nodes_at_once() throws Exception {
    try (var redis = RealRedis.own();
        var client = new Redis(redis.url(), "lintel");
        var other = new RedisNews(client);
        var gateway = TestGateway.of(yaml(redis, "share"))) {
      var told = new AtomicInteger();
      other.hear("changed", text -> told.incrementAndGet());
      until(() -> {
        gateway.admin("PUT", "/admin/v1/tenants/u", "{}");
        return told.get() > 0;
      });
    }
  }

  private static boolean cooling(TestGateway gateway) {
    return gateway.get("/health").body().contains("\"cooling\"");
  }
}

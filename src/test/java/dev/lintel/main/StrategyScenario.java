package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each call goes where its model's strategy sends it, and sessions stay where they are. */
class StrategyScenario {
  private static final String CONFIG =
      """
      providers:
        a: { kind: sim, ttft: 150ms }
        b: { kind: sim, ttft: 10ms }
        c: { kind: sim, ttft: 150ms }
      models:
        hashed: { targets: [ a/m, b/m, c/m ], strategy: { consistent_hash: { on: user } } }
        cheap: { targets: [ a/m, b/m, c/m ], strategy: cheapest }
        fast: { targets: [ a/f, b/f, c/f ], strategy: fastest }
        good: { targets: [ a/m, { to: c/m, quality: 0.9 } ], strategy: { balanced: { quality: 1 } } }
        tiered: { targets: [ { to: a/m, tier: high }, { to: c/m, tier: low } ], strategy: classified }
        sticky: { targets: [ a/m, b/m ], strategy: round_robin, sticky: { on: user } }
      prices:
        a/m: { input: 3, output: 15 }
        c/m: { input: 1, output: 5 }
      tenants: { t: { apps: { a: { keys: [ sk-test-0001 ], explain: true } } } }
      """;

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = TestGateway.of(CONFIG);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void consistent_hash_keeps_a_user_at_one_target_and_spreads_users() {
    var seen = new HashSet<String>();
    for (int user = 0; user < 12; user++) {
      String first = target(ask("hashed", "u" + user));
      assertThat(target(ask("hashed", "u" + user))).isEqualTo(first);
      seen.add(first);
    }
    assertThat(seen).containsExactlyInAnyOrder("a/m", "b/m", "c/m");
  }

  @Test
  void cheapest_asks_who_costs_least_and_nobody_whose_price_is_unknown() {
    HttpResponse<String> reply = ask("cheap", "u");
    assertThat(target(reply)).isEqualTo("c/m");
    assertThat(reply.body())
        .contains("{\"target\":\"b/m\",\"excluded\":null,\"score\":null,\"order\":3}");
  }

  @Test
  void fastest_learns_who_is_fast() {
    List<String> learning = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      learning.add(target(ask("fast", "u")));
    }
    int fast = 0;
    for (int i = 0; i < 20; i++) {
      fast += target(ask("fast", "u")).equals("b/f") ? 1 : 0;
    }
    assertThat(learning).containsExactly("a/f", "b/f", "c/f");
    // Two of three draws of two have it among them.
    assertThat(fast).isGreaterThan(5);
  }

  @Test
  void balanced_by_quality_asks_the_best() {
    assertThat(target(ask("good", "u"))).isEqualTo("c/m");
  }

  @Test
  void a_session_stays_over_a_reload() {
    String first = target(ask("sticky", "alice"));
    for (int i = 0; i < 3; i++) {
      assertThat(target(ask("sticky", "alice"))).isEqualTo(first);
      ask("sticky", "");
    }
    gateway.lintel().use(TestGateway.config(CONFIG));
    HttpResponse<String> after = ask("sticky", "alice");
    assertThat(target(after)).isEqualTo(first);
    assertThat(after.body()).contains("\"session\":\"stays\"");
    ask("sticky", "");
    assertThat(target(ask("sticky", "alice"))).isEqualTo(first);
  }

  @Test
  void classified_sends_what_is_easy_to_the_small_target() {
    assertThat(target(ask("tiered", "u"))).isEqualTo("c/m");
    assertThat(target(ask("tiered", "u", "Prove the theorem by induction."))).isEqualTo("a/m");
  }

  private static String target(HttpResponse<String> reply) {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.headers().firstValue("x-lintel-target").orElseThrow();
  }

  private static HttpResponse<String> ask(String model, String user) {
    return ask(model, user, "Hello");
  }

  private static HttpResponse<String> ask(String model, String user, String words) {
    String body =
        "{\"model\":\""
            + model
            + "\",\"max_tokens\":5"
            + (user.isEmpty() ? "" : ",\"user\":\"" + user + "\"")
            + ",\"messages\":[{\"role\":\"user\",\"content\":\""
            + words
            + "\"}]}";
    return gateway.send(
        gateway
            .request("/v1/chat/completions")
            .header("x-lintel-explain", "true")
            .POST(BodyPublishers.ofString(body))
            .build());
  }
}

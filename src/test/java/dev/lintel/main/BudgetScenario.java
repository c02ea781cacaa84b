package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Money that is not there is not spent, and all that is there can be. */
@Tag("threads")
class BudgetScenario {
  private static final String CHAT = "/v1/chat/completions";

  /** A call of each costs 0.01 USD, whatever it asks. */
  private static final String YAML =
      """
      providers:
        even: { kind: sim, input_tokens: 4000, output_tokens: 3000, ttft: 5ms }
        quick: { kind: sim, input_tokens: 10, output_tokens: 1 }
        free: { kind: sim }
      models:
        even: even/m
        answer: even/m
        broken: even/m+fault=503
        cheap: free/m
        falls: { targets: [ even/m ], fallback: { budget: [ cheap ] } }
      prices:
        even/m: { input: 1.00, output: 2.00 }
        even/m+fault=503: { input: 1.00, output: 2.00 }
        free/m: { input: 0, output: 0 }
      tenants:
        t:
          apps:
            a: { keys: [ sk-test-0001 ], budget: { total: 1 USD } }
            b: { keys: [ sk-b ], budget: { total: 0.05 USD, day: 100 USD } }
            free: { keys: [ sk-free ] }
      """;

  private static String body(String model, String more) {
    return "{\"model\":\""
        + model
        + "\","
        + more
        + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  }

  private static HttpResponse<String> post(
      TestGateway gateway, String path, String key, String body) {
    return gateway.send(
        gateway
            .request(path)
            .setHeader("authorization", "Bearer " + key)
            .POST(java.net.http.HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private static JsonNode budget(TestGateway gateway, String app, String window) {
    var reply =
        gateway.send(
            gateway
                .request("/admin/v1/budgets")
                .setHeader("authorization", "Bearer admin-key")
                .build());
    for (JsonNode row : Json.parse(reply.body()).path("data")) {
      if (row.path("app").asString("").equals(app)
          && row.path("window").asString("").equals(window)) {
        return row;
      }
    }
    throw new AssertionError(reply.body());
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "false, 3000", "true, 0", "true, 10", "false, 100000"})
  void of_500_calls_at_once_as_many_are_answered_as_there_is_money_for(
      boolean stream, int maxTokens) throws Exception {
    try (var gateway = TestGateway.of(YAML)) {
      String more =
          (stream ? "\"stream\":true," : "")
              + (maxTokens > 0 ? "\"max_tokens\":" + maxTokens + "," : "");
      var statuses = new ConcurrentLinkedQueue<Integer>();
      var threads = new ArrayList<Thread>();
      for (int i = 0; i < 500; i++) {
        threads.add(
            Thread.ofVirtual()
                .start(() -> statuses.add(gateway.post(CHAT, body("even", more)).statusCode())));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(statuses).filteredOn(status -> status == 200).hasSize(100);
      assertThat(statuses).filteredOn(status -> status == 429).hasSize(400);
      JsonNode row = budget(gateway, "a", "total");
      assertThat(row.path("spent").asString()).isEqualTo("1");
      assertThat(row.path("reserved").asString()).isEqualTo("0");
    }
  }

  @Test
  void a_spent_budget_is_told_in_each_dialect_and_counts_nothing() {
    try (var gateway = TestGateway.of(YAML)) {
      for (int i = 0; i < 5; i++) {
        assertThat(post(gateway, CHAT, "sk-b", body("even", "")).statusCode()).isEqualTo(200);
      }
      var openai = post(gateway, CHAT, "sk-b", body("even", ""));
      assertThat(openai.statusCode()).as(openai.body()).isEqualTo(429);
      JsonNode lintel = Json.parse(openai.body()).path("error").path("lintel");
      assertThat(lintel.path("kind").asString()).isEqualTo("budget_exceeded");
      assertThat(lintel.path("attempts").size()).isZero();
      assertThat(openai.body()).contains("0.05 USD");
      var anthropic = post(gateway, "/v1/messages", "sk-b", body("even", "\"max_tokens\":10,"));
      assertThat(anthropic.statusCode()).isEqualTo(402);
      var gemini =
          post(
              gateway,
              "/v1beta/models/even:generateContent",
              "sk-b",
              "{\"contents\":[{\"parts\":[{\"text\":\"Hello\"}]}]}");
      assertThat(gemini.statusCode()).isEqualTo(429);
      assertThat(Json.parse(gemini.body()).path("error").path("status").asString())
          .isEqualTo("RESOURCE_EXHAUSTED");
      JsonNode row = budget(gateway, "b", "total");
      assertThat(row.path("spent").asString()).isEqualTo("0.05");
      assertThat(row.path("limit").asString()).isEqualTo("0.05");
      assertThat(row.path("resets_at").isNull()).isTrue();
      JsonNode day = budget(gateway, "b", "day");
      assertThat(day.path("scope").asString()).isEqualTo("app");
      assertThat(day.path("tenant").asString()).isEqualTo("t");
      assertThat(day.path("spent").asString()).isEqualTo("0.05");
      assertThat(day.path("resets_at").asString()).endsWith("T00:00:00Z");
    }
  }

  @Test
  void where_the_budget_is_spent_a_cheaper_model_is_asked() {
    try (var gateway = TestGateway.of(YAML)) {
      for (int i = 0; i < 5; i++) {
        post(gateway, CHAT, "sk-b", body("even", ""));
      }
      var reply = post(gateway, CHAT, "sk-b", body("falls", ""));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-target")).contains("free/m");
    }
  }

  @Test
  void a_failed_call_costs_nothing_and_holds_nothing() {
    try (var gateway = TestGateway.of(YAML)) {
      for (int i = 0; i < 20; i++) {
        assertThat(post(gateway, CHAT, "sk-b", body("broken", "")).statusCode())
            .isGreaterThanOrEqualTo(500);
      }
      JsonNode row = budget(gateway, "b", "total");
      assertThat(row.path("spent").asString()).isEqualTo("0");
      assertThat(row.path("reserved").asString()).isEqualTo("0");
    }
  }

  @Test
  void a_caller_who_leaves_pays_what_was_used_and_holds_nothing() throws Exception {
    String slow = YAML.replace("ttft: 5ms", "ttft: 20ms, tokens_per_second: 20, tokens: 200");
    try (var gateway = TestGateway.of(slow)) {
      try (var socket = gateway.open(CHAT, body("even", "\"stream\":true,"))) {
        socket.getInputStream().readNBytes(200);
        assertThat(budget(gateway, "a", "total").path("reserved").asString()).isNotEqualTo("0");
      }
      Soon.until(() -> budget(gateway, "a", "total").path("reserved").asString().equals("0"));
    }
  }

  @Test
  void a_policy_may_answer_downgrade_or_only_look() throws IOException {
    String yaml =
        """
        providers:
          even: { kind: sim, input_tokens: 4000, output_tokens: 3000 }
          free: { kind: sim }
        models: { even: even/m, cheap: free/m }
        prices: { even/m: { input: 1.00, output: 2.00 }, free/m: { input: 0, output: 0 } }
        tenants:
          t:
            apps:
              a: { keys: [ sk-test-0001 ], budget: { total: 0.01 USD, at_limit: { answer: "Come back tomorrow." } } }
              b: { keys: [ sk-b ], budget: { total: 0.01 USD, at_limit: { downgrade: [ cheap ] } } }
              c: { keys: [ sk-c ], budget: { total: 0.01 USD, mode: observe } }
              d: { keys: [ sk-d ], budget: { total: 0.01 USD, mode: warn, thresholds: [ 50%, 100% ] } }
        """;
    try (var gateway = TestGateway.of(yaml)) {
      for (String key : List.of("sk-test-0001", "sk-b", "sk-c", "sk-d")) {
        assertThat(post(gateway, CHAT, key, body("even", "")).statusCode()).isEqualTo(200);
      }
      for (String path : List.of(CHAT, "/v1/messages", "/v1/responses")) {
        for (String more : List.of("", "\"stream\":true,")) {
          String body =
              path.equals("/v1/responses")
                  ? "{\"model\":\"even\"," + more + "\"input\":\"Hello\"}"
                  : body("even", "\"max_tokens\":100," + more);
          var answered = post(gateway, path, "sk-test-0001", body);
          assertThat(answered.statusCode()).as(answered.body()).isEqualTo(200);
          assertThat(answered.body().replace("\",\"", "")).contains("Come back tomorrow.");
          assertThat(answered.headers().firstValue("x-lintel-attempts")).contains("0");
        }
      }
      var whole = post(gateway, CHAT, "sk-test-0001", body("even", ""));
      assertThat(whole.headers().firstValue("x-lintel-cost-usd")).contains("0");
      assertThat(Json.parse(whole.body()).path("choices").path(0).path("finish_reason").asString())
          .isEqualTo("stop");
      var downgraded = post(gateway, CHAT, "sk-b", body("even", ""));
      assertThat(downgraded.headers().firstValue("x-lintel-target")).contains("free/m");
      assertThat(post(gateway, CHAT, "sk-c", body("even", "")).statusCode()).isEqualTo(200);
      assertThat(budget(gateway, "c", "total").path("spent").asString()).isEqualTo("0.02");
      var warned = post(gateway, CHAT, "sk-d", body("even", ""));
      assertThat(warned.statusCode()).isEqualTo(200);
      assertThat(warned.headers().firstValue("x-lintel-warning").orElse("")).contains("budget");
      String metrics = gateway.get("/metrics").body();
      assertThat(metrics.toLowerCase(Locale.ROOT))
          .contains(
              "lintel_budget_thresholds_total{owner=\"t/d\",percent=\"100\",window=\"total\"} 1")
          .contains("lintel_budget_left_ratio{measure=\"usd\",owner=\"t/a\",window=\"total\"} 0");
    }
  }

  @Test
  void a_raised_budget_counts_at_once_and_keeps_what_was_spent() {
    try (var gateway = TestGateway.of(YAML)) {
      for (int i = 0; i < 6; i++) {
        post(gateway, CHAT, "sk-b", body("even", ""));
      }
      assertThat(post(gateway, CHAT, "sk-b", body("even", "")).statusCode()).isEqualTo(429);
      gateway.lintel().use(TestGateway.config(YAML.replace("0.05 USD", "0.06 USD")));
      assertThat(post(gateway, CHAT, "sk-b", body("even", "")).statusCode()).isEqualTo(200);
      assertThat(post(gateway, CHAT, "sk-b", body("even", "")).statusCode()).isEqualTo(429);
    }
  }

  @Test
  void a_call_of_unknown_price_counts_as_what_it_may_cost() {
    String yaml = YAML.replace("even/m: { input", "other/m: { input");
    try (var gateway =
        TestGateway.of(yaml.replace("even: { kind", "other: { kind: sim }\n  even: { kind"))) {
      var reply =
          gateway.send(
              gateway
                  .request(CHAT)
                  .setHeader("authorization", "Bearer sk-b")
                  .header("x-lintel-max-cost-usd", "0.02")
                  .POST(java.net.http.HttpRequest.BodyPublishers.ofString(body("even", "")))
                  .build());
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(budget(gateway, "b", "total").path("spent").asString()).isEqualTo("0.02");
    }
  }

  @Test
  void an_answer_of_which_nobody_said_how_long_it_may_be_costs_no_more_than_the_call_may() {
    try (var gateway =
        TestGateway.of(
            """
            providers: { one: { kind: sim, tokens: 5000 }, other: { kind: sim, dialect: anthropic, tokens: 5000 } }
            models:
              m: one/m
              both: { targets: [ one/m+fault=503, other/m ], retry: { attempts: 2 } }
            prices:
              one/m: { input: 1.00, output: 10.00 }
              one/m+fault=503: { input: 1.00, output: 10.00 }
              other/m: { input: 1.00, output: 20.00 }
            """)) {
      var reply = capped(gateway, body("m", ""), "0.001");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-adapted")).hasValue("mend:max_tokens");
      assertThat(cost(reply)).isBetween(0.0008, 0.001);
      long sent = gateway.visits("one").getFirst().at("/body/max_tokens").asLong();
      assertThat(sent).isBetween(80L, 100L);

      reply = capped(gateway, body("both", ""), "0.001");
      assertThat(reply.headers().firstValue("x-lintel-target")).hasValue("other/m");
      assertThat(cost(reply)).isBetween(0.0008, 0.001);
      assertThat(gateway.visits("other").getFirst().at("/body/max_tokens").asLong())
          .as("a dearer target may say less")
          .isBetween(40L, 50L);

      reply = capped(gateway, body("m", "\"n\":2,"), "0.001");
      assertThat(gateway.visits("one").getFirst().at("/body/max_tokens").asLong())
          .isBetween(40L, 50L);

      reply = capped(gateway, body("m", "\"max_tokens\":50,"), "0.001");
      assertThat(reply.headers().firstValue("x-lintel-adapted")).isEmpty();
      assertThat(capped(gateway, body("m", ""), "10").headers().firstValue("x-lintel-adapted"))
          .as("no answer is that long")
          .isEmpty();

      int before = gateway.visits("one").size();
      for (String tooLong : List.of("\"max_tokens\":500,", "\"n\":100,")) {
        reply = capped(gateway, body("m", tooLong), "0.001");
        assertThat(reply.body()).contains("\"budget_exceeded\"").contains("max_cost_usd");
      }
      assertThat(capped(gateway, body("m", ""), "0.000001").body())
          .as("the prompt alone is dearer")
          .contains("\"budget_exceeded\"");
      assertThat(gateway.visits("one")).hasSize(before);
    }
  }

  private static HttpResponse<String> capped(TestGateway gateway, String body, String usd) {
    return gateway.send(
        gateway
            .request(CHAT)
            .header("x-lintel-max-cost-usd", usd)
            .POST(java.net.http.HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private static double cost(HttpResponse<String> reply) {
    return Double.parseDouble(reply.headers().firstValue("x-lintel-cost-usd").orElse("0"));
  }
}

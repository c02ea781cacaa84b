package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A sampled share of the calls is judged by a model, through the gateway itself. */
class JudgeScenario {
  private static final String YAML =
      """
      providers:
        demo: { kind: sim, ttft: 1ms, tokens_per_second: 5000 }
        abroad: { kind: sim, ttft: 1ms, tokens_per_second: 5000 }
      models:
        main: demo/small
        bench: abroad/judge
      prices:
        demo/small: { input: 1.00, output: 1.00 }
        abroad/judge: { input: 10.00, output: 10.00 }
      judge: { model: bench, sample: 100%, scale: 3, max_cost_usd: 5 }
      policies:
        kept: { capture: redacted }
        opted: { capture: full, training: opted_out }
        home: { capture: full, providers: { allow: [ demo ] } }
      tenants:
        t:
          apps:
            a: { keys: [ sk-test-0001 ], policy: kept, models: [ main ], limits: { requests: 3/day }, budget: { day: 1 USD } }
            plain: { keys: [ sk-plain ] }
            opted: { keys: [ sk-opted ], policy: opted }
            home: { keys: [ sk-home ], policy: home }
      """;

  private static String ask(TestGateway gateway, String key) {
    HttpResponse<String> reply =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .setHeader("authorization", "Bearer " + key)
                .POST(
                    BodyPublishers.ofString(
                        "{\"model\":\"main\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static JsonNode get(TestGateway gateway, String path) {
    HttpResponse<String> reply = gateway.admin("GET", path, "");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static String judged(TestGateway gateway, String outcome) {
    String line = "lintel_judged_calls_total{outcome=\"" + outcome + "\"} ";
    return gateway
        .get("/metrics")
        .body()
        .lines()
        .filter(one -> one.startsWith(line))
        .map(one -> one.substring(line.length()))
        .findFirst()
        .orElse("");
  }

  @Test
  void a_call_is_judged_on_nobody_s_budget_and_only_where_its_policy_allows() {
    try (var gateway = TestGateway.of(YAML)) {
      ask(gateway, "sk-plain");
      ask(gateway, "sk-opted");
      ask(gateway, "sk-home");
      // As many as the app may make: what the judge asks is none of them.
      List<String> ids =
          List.of(
              ask(gateway, TestGateway.KEY),
              ask(gateway, TestGateway.KEY),
              ask(gateway, TestGateway.KEY));
      Soon.until(() -> judged(gateway, "scored").equals("3.0"));
      Soon.until(() -> judged(gateway, "kept_from_it").equals("1.0"));

      JsonNode said = get(gateway, "/admin/v1/calls/" + ids.getFirst()).path("feedback");
      assertThat(said).hasSize(1);
      assertThat(said.path(0).path("source").asString()).isEqualTo("judge");
      assertThat(said.path(0).path("score").asDouble()).isIn(0.0, 0.5, 1.0);
      List<JsonNode> questions =
          Soon.found(
              () ->
                  get(gateway, "/admin/v1/calls?limit=100")
                      .path("data")
                      .valueStream()
                      .filter(call -> call.has("judge_of"))
                      .toList(),
              all -> all.size() == 4);
      JsonNode question =
          questions.stream()
              .filter(one -> one.path("judge_of").asString().equals(ids.getFirst()))
              .findFirst()
              .orElseThrow();
      assertThat(question.path("key_id").asString()).isEqualTo("judge");
      assertThat(question.path("use_case").asString()).isEqualTo("judge");
      assertThat(question.path("app").asString()).isEqualTo("a");
      assertThat(question.path("target").asString()).isEqualTo("abroad/judge");
      assertThat(question.path("cost_usd").asString()).isNotEmpty();
      assertThat(
              get(gateway, "/admin/v1/calls/" + question.path("request_id").asString() + "/explain")
                  .toString())
          .contains("No caller made it: it asked a judge how well " + ids.getFirst());
      // What policy 'home' keeps at its provider did not go to the judge's.
      assertThat(questions)
          .filteredOn(one -> one.path("app").asString().equals("home"))
          .allMatch(one -> one.path("attempts").isEmpty());
      assertThat(gateway.get("/metrics").body())
          .contains("lintel_judge_cost_usd_total 0.0")
          .doesNotContain("model=\"bench\",provider=\"abroad\"");
      JsonNode sums = get(gateway, "/admin/v1/reports/feedback");
      assertThat(sums.path("data")).hasSize(1);
      assertThat(sums.path("data").path(0).path("source").asString()).isEqualTo("judge");
      assertThat(sums.path("data").path(0).path("count").asInt()).isEqualTo(3);
    }
  }

  @Test
  void once_the_judge_s_day_is_spent_calls_go_on_and_are_not_judged() {
    try (var gateway = TestGateway.of(YAML.replace("max_cost_usd: 5", "max_cost_usd: 0.000001"))) {
      ask(gateway, TestGateway.KEY);
      Soon.until(() -> judged(gateway, "over_budget").equals("1.0"));
      ask(gateway, TestGateway.KEY);
      Soon.until(() -> judged(gateway, "over_budget").equals("2.0"));

      assertThat(judged(gateway, "scored")).isEqualTo("0.0");
    }
  }
}

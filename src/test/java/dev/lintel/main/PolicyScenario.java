package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What a policy says holds on every path, and what it only observes is told before it does. */
class PolicyScenario {
  private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim }
              claude: { kind: sim, dialect: anthropic }
              far: { kind: sim }
            models:
              tiny: demo/small
              large: claude/large
              vectors: demo/vectors
              falls: { targets: [ "demo/small+fault=503" ], retry: { attempts: 1 }, fallback: { any: [ large, tiny ] } }
              wide:
                targets: [ { to: far/w, region: us }, { to: demo/w, region: eu } ]
                shadow: { to: { to: far/copy, region: us }, percent: 100 }
                hedge: { after: 1ms, share: 100% }
                strategy: in_order
              outside: { targets: [ { to: far/o, region: us } ] }
            policies:
              few: { models: [ tiny, falls, vectors ] }
              near: { providers: { deny: [ far ] } }
              words: { endpoints: [ chat, embeddings ], tools: { deny: [ shell ] }, max_tokens: 100 }
              terms: { require: [ use_case ], force: { tier: standard } }
              data: { data_classes: { inner: { regions: [ eu ] }, secret: refuse } }
              warns: { mode: warn, models: [ large ], max_tokens: 10 }
              sees: { mode: observe, models: [ large ], providers: [ claude ] }
            tenants:
              t:
                apps:
                  a: { keys: [ sk-test-0001 ] }
                  few: { keys: [ sk-few ], policy: few }
                  near: { keys: [ sk-near ], policy: near }
                  words: { keys: [ sk-words ], policy: words }
                  terms: { keys: [ sk-terms ], policy: terms }
                  data: { keys: [ sk-data ], policy: data }
                  warns: { keys: [ sk-warns ], policy: warns }
                  tried: { keys: [ sk-tried ] }
                  sees: { keys: [ sk-sees ], use_cases: { faq: { policy: sees } } }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/chat/completions      | {'model':'large','messages':[{'role':'user','content':'x'}]} | /error/message",
        "/v1/messages              | {'model':'large','max_tokens':9,'messages':[{'role':'user','content':'x'}]} | /error/message",
        "/v1/responses             | {'model':'large','input':'x'} | /error/message",
        "/v1beta/models/large:generateContent | {'contents':[{'parts':[{'text':'x'}]}]} | /error/message",
        "/v2/chat                  | {'model':'large','messages':[{'role':'user','content':'x'}]} | /message",
        "/model/large/converse     | {'messages':[{'role':'user','content':[{'text':'x'}]}]} | /message",
        "/v1/completions           | {'model':'large','prompt':'x'} | /error/message",
        "/v1/embeddings            | {'model':'large','input':'x'} | /error/message",
        "/v1/images/generations    | {'model':'large','prompt':'x'} | /error/message",
        "/v1/chat                  | {'model':'large','messages':[{'role':'user','content':'x'}]} | /error/message",
      })
  void every_dialect_says_which_model_is_not_allowed(String path, String body, String message) {
    var reply = post("sk-few", path, body.replace('\'', '"'), Map.of());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(403);
    assertThat(Json.parse(reply.body()).at(message).asString()).contains("'large'");
    assertThat(reply.body()).contains("\"permission\"");
  }

  @Test
  void a_fallback_that_is_not_allowed_is_not_asked() {
    var reply = chat("sk-few", "falls", "", Map.of());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(reply.headers().firstValue("x-lintel-target")).contains("demo/small");
    assertThat(chat("sk-test-0001", "falls", "", Map.of()).headers().firstValue("x-lintel-target"))
        .contains("claude/large");
  }

  @Test
  void models_that_are_not_allowed_are_not_listed() {
    var reply =
        gateway.send(
            gateway.request("/v1/models").setHeader("authorization", "Bearer sk-few").build());
    assertThat(reply.body()).contains("\"tiny\"").doesNotContain("\"large\"");
  }

  @Test
  void a_provider_that_is_not_allowed_is_never_asked_on_any_path() {
    int before = gateway.visits("far").size();
    for (int i = 0; i < 5; i++) {
      var reply = chat("sk-near", "wide", "", Map.of());
      assertThat(reply.headers().firstValue("x-lintel-target")).contains("demo/w");
    }
    assertThat(chat("sk-near", "outside", "", Map.of()).statusCode()).isEqualTo(403);
    assertThat(chat("sk-near", "far/x", "", Map.of()).body()).contains("'far'");
    var raw = post("sk-near", "/provider/far/chat/completions", "{" + HELLO + "}", Map.of());
    assertThat(raw.statusCode()).as(raw.body()).isEqualTo(403);
    assertThat(gateway.visits("far"))
        .as("neither the call, nor its hedge, nor its shadow")
        .hasSize(before);
  }

  @Test
  void endpoints_tools_and_the_length_of_answers_are_bounded() {
    var rerank =
        post(
            "sk-words",
            "/v1/rerank",
            "{\"model\":\"tiny\",\"query\":\"a\",\"documents\":[\"b\"]}",
            Map.of());
    assertThat(rerank.statusCode()).isEqualTo(403);
    assertThat(rerank.body()).contains("'rerank'");
    var tool =
        chat(
            "sk-words",
            "tiny",
            ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"shell\"}}]",
            Map.of());
    assertThat(tool.statusCode()).isEqualTo(403);
    assertThat(tool.body()).contains("'shell'");
    var raw = post("sk-words", "/provider/demo/chat/completions", "{" + HELLO + "}", Map.of());
    assertThat(raw.statusCode()).as(raw.body()).isEqualTo(403);
    var long_ = chat("sk-words", "tiny", ",\"max_tokens\":5000", Map.of());
    assertThat(long_.statusCode()).isEqualTo(200);
    assertThat(long_.headers().firstValue("x-lintel-adapted")).contains("change:max_tokens->100");
    assertThat(gateway.visits("demo").getFirst().toString()).contains("100");
    var strict =
        chat("sk-words", "tiny", ",\"max_tokens\":5000", Map.of("x-lintel-strict", "true"));
    assertThat(strict.statusCode()).isEqualTo(403);
  }

  @Test
  void real_time_obeys() {
    var reply =
        gateway.send(
            gateway
                .request("/v1/realtime?model=tiny")
                .setHeader("authorization", "Bearer sk-words")
                .build());
    assertThat(reply.statusCode()).isGreaterThanOrEqualTo(400);
  }

  @Test
  void a_required_term_that_is_missing_is_named() {
    var reply = chat("sk-terms", "tiny", "", Map.of());
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(reply.body()).contains("x-lintel-use-case");
    assertThat(chat("sk-terms", "wide", "", Map.of("x-lintel-use-case", "faq")).statusCode())
        .as("nobody is of the forced tier")
        .isEqualTo(503);
  }

  @Test
  void data_goes_where_its_class_may() {
    Map<String, String> inner = Map.of("x-lintel-data-class", "inner");
    assertThat(chat("sk-data", "wide", "", inner).headers().firstValue("x-lintel-target"))
        .contains("demo/w");
    var outside = chat("sk-data", "outside", "", inner);
    assertThat(outside.statusCode()).isEqualTo(503);
    assertThat(outside.body()).contains("'inner'").contains("\"unavailable\"");
    assertThat(chat("sk-data", "wide", "", Map.of("x-lintel-data-class", "secret")).statusCode())
        .isEqualTo(403);
    assertThat(chat("sk-data", "wide", "", Map.of("x-lintel-data-class", "what")).body())
        .contains("'what'");
  }

  @Test
  void a_warning_stands_in_the_head_of_whole_replies_and_streams() {
    var whole = chat("sk-warns", "tiny", ",\"max_tokens\":50", Map.of());
    assertThat(whole.statusCode()).isEqualTo(200);
    assertThat(whole.headers().firstValue("x-lintel-warning").orElse(""))
        .contains("'tiny'")
        .contains("50");
    assertThat(whole.headers().firstValue("x-lintel-adapted")).isEmpty();
    var stream = chat("sk-warns", "tiny", ",\"stream\":true", Map.of());
    assertThat(stream.headers().firstValue("x-lintel-warning").orElse("")).contains("'tiny'");
    assertThat(gateway.get("/metrics").body())
        .contains("lintel_policy_findings_total{mode=\"warn\",rule=\"policies.warns.models\"}");
  }

  @Test
  void what_is_only_observed_is_told_in_the_record_and_the_report() {
    var reply = chat("sk-sees", "tiny", "", Map.of("x-lintel-use-case", "faq"));
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(reply.headers().firstValue("x-lintel-warning")).isEmpty();
    String id = reply.headers().firstValue("x-lintel-request-id").orElseThrow();
    assertThat(chat("sk-sees", "tiny", "", Map.of()).statusCode())
        .as("another use case")
        .isEqualTo(200);

    JsonNode record = recorded(id);
    assertThat(StreamSupport.stream(record.path("policy").spliterator(), false))
        .extracting(finding -> finding.path("rule").asString())
        .containsExactly("policies.sees.models", "policies.sees.providers");

    JsonNode models = reported("policies.sees.models");
    assertThat(models.path("mode").asString()).isEqualTo("observe");
    assertThat(models.path("kind").asString()).isEqualTo("permission");
    assertThat(models.path("calls").asLong()).isEqualTo(1);
    assertThat(models.at("/callers/0/app").asString()).isEqualTo("sees");
    assertThat(models.at("/examples/0").asString()).isEqualTo(id);
    assertThat(admin("/admin/v1/policies/report?to=2020-01-01T00:00:00Z").path("data")).isEmpty();
  }

  @Test
  void the_resolved_policy_says_where_each_rule_stands() {
    JsonNode held = admin("/admin/v1/policies/resolved?tenant=t&app=sees&use_case=faq");
    assertThat(held.at("/layers/0/place").asString()).isEqualTo("t/sees#faq");
    assertThat(held.at("/layers/0/policy").asString()).isEqualTo("sees");
    assertThat(held.at("/models/0/rule").asString()).isEqualTo("policies.sees.models");
    assertThat(held.at("/models/0/allow/0").asString()).isEqualTo("large");
    assertThat(admin("/admin/v1/policies/resolved?tenant=t&app=sees").path("models")).isEmpty();
    assertThat(admin("/admin/v1/policies/resolved?tenant=t&app=no").at("/error/code").asString())
        .isEqualTo("app_not_found");
  }

  @Test
  void where_a_call_would_go_obeys_too() {
    String asked = "{\"tenant\":\"t\",\"app\":\"%s\",\"model\":\"%s\"}";
    var forbidden = route(asked.formatted("few", "large"));
    assertThat(forbidden.statusCode()).isEqualTo(403);
    var near = route(asked.formatted("near", "wide"));
    assertThat(Json.parse(near.body()).path("target").asString()).isEqualTo("demo/w");
    assertThat(near.body()).contains("not at a provider that this app's policy allows");
    var warned = route(asked.formatted("warns", "tiny"));
    assertThat(Json.parse(warned.body()).at("/policy/0/mode").asString()).isEqualTo("warn");
  }

  @Test
  void everybody_s_policy_holds_while_no_app_is_configured() {
    try (var plain =
        TestGateway.of(
            """
            providers: { demo: { kind: sim } }
            models: { tiny: demo/small, large: demo/large }
            policies: { few: { models: [ tiny ] } }
            policy: few
            tenants: {}
            """)) {
      for (String model : new String[] {"tiny", "large"}) {
        var reply =
            plain.send(
                plain
                    .request("/v1/chat/completions")
                    .setHeader("authorization", "Bearer " + TestGateway.STORED_KEY)
                    .POST(BodyPublishers.ofString("{\"model\":\"" + model + "\"," + HELLO + "}"))
                    .build());
        assertThat(reply.statusCode()).as(model).isEqualTo(model.equals("tiny") ? 200 : 403);
      }
    }
  }

  @Test
  void a_policy_is_tried_on_calls_that_are_over() {
    String last = "";
    for (int i = 0; i < 3; i++) {
      var reply = chat("sk-tried", i == 0 ? "large" : "tiny", "", Map.of("x-lintel-user", "ann"));
      last = reply.headers().firstValue("x-lintel-request-id").orElseThrow();
    }
    recorded(last);
    JsonNode tried =
        Json.parse(
            tried(
                    "{\"tenant\":\"t\",\"app\":\"tried\",\"policy\":{\"mode\":\"observe\",\"models\":[\"tiny\"],"
                        + "\"require\":[\"user\",\"use_case\"],\"tools\":[\"x\"],"
                        + "\"limits\":[{\"requests\":\"2/hour\",\"per\":\"user\"}]}}")
                .body());
    assertThat(tried.path("calls").asLong()).as(tried.toString()).isEqualTo(3);
    assertThat(rule(tried, "policies.candidate.models").path("calls").asLong()).isEqualTo(1);
    assertThat(rule(tried, "policies.candidate.require").path("calls").asLong()).isEqualTo(3);
    assertThat(rule(tried, "policies.candidate.limits[0].requests").path("calls").asLong())
        .isEqualTo(1);
    assertThat(tried.at("/not_held/0").asString()).isEqualTo("policies.candidate.tools");
    JsonNode named =
        Json.parse(tried("{\"policy\":\"few\",\"tenant\":\"t\",\"app\":\"tried\"}").body());
    assertThat(rule(named, "policies.few.models").path("calls").asLong()).isEqualTo(1);
    assertThat(tried("{\"policy\":\"no\"}").body()).contains("'no'");
    var wrong = tried("{\"policy\":{\"modles\":[\"tiny\"]}}");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("modles");
  }

  private static HttpResponse<String> tried(String body) {
    return gateway.send(
        gateway
            .request("/admin/v1/policies/try")
            .setHeader("authorization", "Bearer admin-key")
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static JsonNode rule(JsonNode report, String rule) {
    return StreamSupport.stream(report.path("data").spliterator(), false)
        .filter(row -> row.path("rule").asString().equals(rule))
        .findFirst()
        .orElseThrow(() -> new AssertionError(report.toString()));
  }

  private static HttpResponse<String> route(String body) {
    return gateway.send(
        gateway
            .request("/admin/v1/route")
            .setHeader("authorization", "Bearer admin-key")
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  /** Records are there a moment after their calls. */
  private static JsonNode recorded(String id) {
    return Soon.found(() -> admin("/admin/v1/calls/" + id), record -> record.has("request_id"));
  }

  private static JsonNode reported(String rule) {
    return rule(
        Soon.found(
            () -> admin("/admin/v1/policies/report"), report -> report.toString().contains(rule)),
        rule);
  }

  private static JsonNode admin(String path) {
    return Json.parse(
        gateway
            .send(gateway.request(path).setHeader("authorization", "Bearer admin-key").build())
            .body());
  }

  private static HttpResponse<String> chat(
      String key, String model, String more, Map<String, String> headers) {
    return post(
        key,
        "/v1/chat/completions",
        "{\"model\":\"" + model + "\"" + more + "," + HELLO + "}",
        headers);
  }

  private static HttpResponse<String> post(
      String key, String path, String body, Map<String, String> headers) {
    HttpRequest.Builder request = gateway.request(path).setHeader("authorization", "Bearer " + key);
    headers.forEach(request::setHeader);
    return gateway.send(request.POST(BodyPublishers.ofString(body)).build());
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Where a call would go can be asked without making it. */
class WhereToScenario {
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim }
              other: { kind: sim, dialect: anthropic }
              dead: { kind: openai, url: "http://127.0.0.1:1/v1", key: none }
            models:
              tiny: demo/small
              both: { targets: [ demo/small, other/large ] }
              turns: { targets: [ demo/small, other/large ], strategy: round_robin }
              placed:
                targets:
                  - { to: demo/eu, region: eu, family: sim, context: 50k }
                  - { to: other/us, region: us, tier: high }
                rules:
                  - { if: 'terms.use_case == "batch" && request.input_tokens < 1000', use: [ demo/ruled ] }
              split:
                targets: [ demo/small ]
                variants: { a: { percent: 50, to: [ other/large ] } }
              held:
                targets: [ demo/small, other/large ]
                strategy: round_robin
                sticky: { on: [ user ], for: 5min }
              down:
                targets: [ dead/a ]
                retry: { attempts: 1 }
                breaker: { failures: 1, when_all_open: refuse }
              limping:
                targets: [ dead/b, other/large ]
                breaker: { failures: 1 }
            tenants:
              t: { apps: { a: { keys: [ sk-test-0001 ] }, narrow: { keys: [ sk-n ], models: [ tiny ] } } }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void a_call_is_described_by_its_size() {
    var reply =
        ask(
            "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"both\",\"terms\":{\"use_case\":\"x\"},"
                + "\"request\":{\"dialect\":\"anthropic\",\"stream\":true,\"input_tokens\":500,\"max_tokens\":100}}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(Json.parse(reply.body()))
        .isEqualTo(
            Json.parse(
                """
                {"target":"demo/small","decision":[
                  {"target":"demo/small","excluded":null,"score":0.0,"order":1},
                  {"target":"other/large","excluded":null,"score":1.0,"order":2}]}
                """));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "`{}`",
        "`{'messages':[{'role':'user','content':'Hi'}]}`",
        "`{'dialect':'openai','messages':[{'role':'user','content':'Hi'}],'max_tokens':5}`",
        "`{'dialect':'anthropic','max_tokens':5,'messages':[{'role':'user','content':'Hi'}]}`",
        "`{'system':'S','max_tokens':5,'messages':[{'role':'user','content':'Hi'}]}`",
        "`{'contents':[{'parts':[{'text':'Hi'}]}]}`",
        "`{'dialect':'gemini','stream':true,'contents':[{'parts':[{'text':'Hi'}]}]}`",
        "`{'dialect':'bedrock','messages':[{'role':'user','content':[{'text':'Hi'}]}]}`",
        "`{'dialect':'cohere','messages':[{'role':'user','content':'Hi'}]}`",
        "`{'input':'Hi'}`",
        "`{'dialect':'embeddings','input':'Hi'}`",
        "`{'prompt':'Hi'}`",
        "`{'model':'both','messages':[{'role':'user','content':'Hi'}],'lintel':{'user':'u'}}`",
      })
  void a_call_is_described_by_its_body_in_any_dialect(String request) {
    var reply =
        ask(
            "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"both\",\"request\":"
                + request.replace('\'', '"')
                + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(Json.parse(reply.body()).path("target").asString()).isEqualTo("demo/small");
    assertThat(Json.parse(reply.body()).path("decision")).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'app':'a','model':'tiny'}; tenant",
        "{'tenant':'t','model':'tiny'}; app",
        "{'model':'tiny'}; tenant",
        "{'tenant':'t','app':'a'}; model",
        "{'tenant':'t','app':'a','model':''}; model",
        "{'tenant':'t','app':'a','model':7}; model",
        "{'tenant':'t','app':'a','model':'tiny','extra':1}; extra",
        "{'tenant':'t','app':'a','model':'tiny','terms':[]}; terms",
        "{'tenant':'t','app':'a','model':'tiny','terms':{'max_latency_ms':0}}; terms.max_latency_ms",
        "{'tenant':'t','app':'a','model':'tiny','terms':{'nothing':1}}; terms.nothing",
        "{'tenant':'t','app':'a','model':'tiny','request':7}; request",
        "{'tenant':'t','app':'a','model':'tiny','request':{'dialect':'latin'}}; request.dialect",
        "{'tenant':'t','app':'a','model':'tiny','request':{'stream':1}}; request.stream",
        "{'tenant':'t','app':'a','model':'tiny','request':{'input_tokens':-1}}; request.input_tokens",
        "{'tenant':'t','app':'a','model':'tiny','request':{'max_tokens':'9'}}; request.max_tokens",
        "{'tenant':'t','app':'a','model':'tiny','request':{'dialect':'anthropic','max_tokens':5,'messages':7}}; messages",
      })
  void a_question_that_makes_no_sense_is_refused_by_the_fields_name(String body, String field) {
    var reply = ask(body.replace('\'', '"'));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    assertThat(error(reply).path("param").asString("")).as(reply.body()).isEqualTo(field);
    assertThat(error(reply).path("lintel").path("kind").asString()).isEqualTo("invalid_request");
  }

  @ParameterizedTest
  @CsvSource({
    "t, none, tiny, 404, not_found",
    "none, a, tiny, 404, not_found",
    "t, a, none, 404, not_found",
    "t, narrow, both, 403, permission",
    "t, narrow, demo/small, 403, permission",
  })
  void what_a_call_would_be_refused_for_is_refused_here(
      String tenant, String app, String model, int status, String kind) {
    var reply =
        ask("{\"tenant\":\"" + tenant + "\",\"app\":\"" + app + "\",\"model\":\"" + model + "\"}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(status);
    assertThat(error(reply).path("lintel").path("kind").asString()).isEqualTo(kind);
    assertThat(reply.headers().firstValue("x-lintel-request-id"))
        .contains(error(reply).path("lintel").path("request_id").asString());
  }

  @Test
  void where_nobody_is_left_the_failure_says_why() {
    assertThat(call("down").statusCode()).isGreaterThanOrEqualTo(500);
    var reply = ask("{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"down\"}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(503);
    JsonNode lintel = error(reply).path("lintel");
    assertThat(lintel.path("kind").asString()).isEqualTo("unavailable");
    assertThat(lintel.path("decision").path(0).path("target").asString()).isEqualTo("dead/a");
    assertThat(lintel.path("decision").path(0).path("excluded").asString()).isNotEmpty();
    assertThat(lintel.path("decision").path(0).path("order").isNull()).isTrue();
    assertThat(lintel.path("attempts")).isEmpty();
  }

  @Test
  void who_rests_is_left_out_and_it_is_said_why() {
    assertThat(call("limping").statusCode()).isEqualTo(200);
    var reply = ask("{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"limping\"}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    JsonNode said = Json.parse(reply.body());
    assertThat(said.path("target").asString()).isEqualTo("other/large");
    assertThat(said.path("decision").path(1).path("target").asString()).isEqualTo("dead/b");
    assertThat(said.path("decision").path(1).path("excluded").asString()).contains("rests");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'region':'eu'}; 500; demo/eu",
        "{'region':'us'}; 500; other/us",
        "{'tier':'high'}; 500; other/us",
        "{'model-family':'sim'}; 500; demo/eu",
        "{'provider':'other'}; 500; other/us",
        "{}; 90000; other/us",
        "{'use_case':'batch'}; 500; demo/ruled",
        "{'use_case':'batch'}; 5000; demo/eu",
      })
  void terms_rules_and_length_decide_as_they_do_for_calls(
      String terms, long tokens, String target) {
    var reply =
        ask(
            "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"placed\",\"terms\":"
                + terms.replace('\'', '"')
                + ",\"request\":{\"input_tokens\":"
                + tokens
                + "}}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(Json.parse(reply.body()).path("target").asString()).isEqualTo(target);
  }

  @Test
  void a_term_that_nobody_meets_is_named_with_why_each_was_left_out() {
    var reply =
        ask(
            "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"placed\",\"terms\":{\"region\":\"mars\"}}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(503);
    assertThat(error(reply).path("param").asString()).isEqualTo("region");
    JsonNode decision = error(reply).path("lintel").path("decision");
    assertThat(decision).hasSize(2);
    for (JsonNode one : decision) {
      assertThat(one.path("excluded").asString()).contains("region mars");
    }
  }

  @Test
  void the_arm_of_a_split_is_told_and_stays_the_users() {
    String asked =
        "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"split\",\"terms\":{\"user\":\"%s\"}}";
    var arms = new java.util.TreeSet<String>();
    for (int i = 0; i < 40; i++) {
      JsonNode said = Json.parse(ask(asked.formatted("u" + i)).body());
      arms.add(said.path("variant").asString() + " " + said.path("target").asString());
      assertThat(Json.parse(ask(asked.formatted("u" + i)).body())).isEqualTo(said);
    }
    assertThat(arms).containsExactly("a other/large", "base demo/small");
  }

  @Test
  void nobody_is_asked_and_nothing_moves() {
    int visits = gateway.visits("demo").size() + gateway.visits("other").size();
    String before = targetOf("turns");
    for (int i = 0; i < 3; i++) {
      assertThat(targetOf("turns")).isEqualTo(before);
    }
    assertThat(call("turns").headers().firstValue("x-lintel-target")).contains(before);
    assertThat(targetOf("turns")).isNotEqualTo(before);
    assertThat(gateway.visits("demo").size() + gateway.visits("other").size())
        .isEqualTo(visits + 1);
  }

  @Test
  void a_question_puts_no_session_anywhere_and_sees_where_one_is() {
    String asked = "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"held\",\"terms\":{\"user\":\"u\"}}";
    assertThat(Json.parse(ask(asked).body()).path("target").asString()).isEqualTo("demo/small");
    // Of somebody else, whose turn it is; then it is the turn of the other target.
    assertThat(call("held").headers().firstValue("x-lintel-target")).contains("demo/small");
    var made =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"held\",\"user\":\"u\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
    assertThat(made.headers().firstValue("x-lintel-target")).contains("other/large");
    for (int i = 0; i < 2; i++) {
      assertThat(Json.parse(ask(asked).body()).path("target").asString()).isEqualTo("other/large");
    }
  }

  @Test
  void a_question_leaves_no_record_and_no_count() {
    var asked = ask("{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"tiny\"}");
    String id = asked.headers().firstValue("x-lintel-request-id").orElseThrow();
    var call = call("tiny");
    String made = call.headers().firstValue("x-lintel-request-id").orElseThrow();
    // Once the call that came after it is there, so would it be.
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 100 && !statuses.contains(200); i++) {
      java.util.concurrent.locks.LockSupport.parkNanos(30_000_000);
      statuses.add(admin("/admin/v1/calls/" + made).statusCode());
    }
    assertThat(statuses).contains(200);
    assertThat(admin("/admin/v1/calls/" + id).statusCode()).isEqualTo(404);
  }

  @Test
  void only_admins_may_ask() {
    var reply =
        gateway.send(
            gateway
                .request("/admin/v1/route")
                .POST(BodyPublishers.ofString("{\"model\":\"tiny\"}"))
                .build());
    assertThat(reply.statusCode()).isEqualTo(401);
  }

  @Test
  void where_no_app_is_configured_the_first_starts_caller_is_meant() {
    try (var first =
        TestGateway.of("providers: { p: { kind: sim } }\nmodels: { m: p/m }\ntenants: {}\n")) {
      for (String body :
          new String[] {
            "{\"model\":\"m\"}", "{\"tenant\":\"default\",\"app\":\"default\",\"model\":\"m\"}"
          }) {
        var reply = first.send(route(first, body));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(Json.parse(reply.body()).path("target").asString()).isEqualTo("p/m");
      }
      assertThat(
              first
                  .send(route(first, "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"m\"}"))
                  .statusCode())
          .isEqualTo(404);
    }
  }

  private static String targetOf(String model) {
    var reply = ask("{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"" + model + "\"}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body()).path("target").asString();
  }

  private static HttpResponse<String> call(String model) {
    return gateway.post(
        "/v1/chat/completions",
        "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
  }

  private static JsonNode error(HttpResponse<String> reply) {
    return Json.parse(reply.body()).path("error");
  }

  private static HttpResponse<String> ask(String body) {
    return gateway.send(route(gateway, body));
  }

  private static HttpRequest route(TestGateway asked, String body) {
    return HttpRequest.newBuilder(URI.create(asked.url() + "/admin/v1/route"))
        .header("authorization", "Bearer admin-key")
        .POST(BodyPublishers.ofString(body))
        .build();
  }

  private static HttpResponse<String> admin(String path) {
    return gateway.send(
        HttpRequest.newBuilder(URI.create(gateway.url() + path))
            .header("authorization", "Bearer admin-key")
            .build());
  }
}

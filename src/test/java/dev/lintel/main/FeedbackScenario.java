package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.store.RealPostgres;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Callers say how well calls were answered, and those who choose learn from it. */
class FeedbackScenario {
  private static final String YAML =
      """
      providers:
        demo: { kind: sim }
        other: { kind: sim, dialect: anthropic }
      models:
        tiny: demo/small
        taught:
          targets: [ demo/small, other/large ]
          strategy: { learned: { explore: 20%, regret: 50%, feedback: 1 } }
        rated:
          targets: [ demo/small, other/large ]
          strategy: { best_rated: { least: 5, explore: 0% } }
        split:
          targets: [ demo/small ]
          canary: { to: [ other/large ], percent: 100 }
      tenants:
        t: { apps: { a: { keys: [ sk-test-0001 ] }, b: { keys: [ sk-b ] } } }
        u: { apps: { a: { keys: [ sk-u ] } } }
      """;

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = TestGateway.of(YAML);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void a_learned_model_goes_to_who_is_rated_best_also_after_a_reload() {
    for (int i = 0; i < 60; i++) {
      HttpResponse<String> reply = ask("taught");
      boolean good = reply.headers().firstValue("x-lintel-target").orElse("").equals("other/large");
      HttpResponse<String> said = say(TestGateway.KEY, id(reply), good ? "1" : "0.1");
      assertThat(said.statusCode()).as(said.body()).isEqualTo(200);
      assertThat(Json.parse(said.body()).path("used").toString()).isEqualTo("[\"strategy\"]");
    }
    assertThat(foreseen("taught")).isEqualTo("other/large");

    gateway.lintel().use(TestGateway.config(YAML));
    assertThat(foreseen("taught")).isEqualTo("other/large");
  }

  @Test
  void who_is_rated_best_is_asked_first_also_by_a_what_if_and_the_next_process(
      @TempDir Path folder) {
    String yaml = "data: " + folder + "\n" + YAML.replace("explore: 0%", "explore: 100%");
    try (var before = TestGateway.of(yaml)) {
      for (int i = 0; i < 40; i++) {
        var reply = before.post("/v1/chat/completions", body("rated"));
        boolean good = target(reply).equals("other/large");
        var said = before.post("/v1/feedback", said(id(reply), good ? "0.9" : "0.4"));
        assertThat(said.statusCode()).as(said.body()).isEqualTo(200);
      }
      Soon.until(() -> foreseen(before, "rated").equals("other/large"));
      var asked =
          Json.object()
              .put("config", yaml.replace("explore: 100%", "explore: 0%"))
              .put("since", "1h");
      var told = before.admin("POST", "/admin/v1/whatif", Json.text(asked));
      assertThat(told.statusCode()).as(told.body()).isEqualTo(200);
      JsonNode routes = Json.parse(told.body()).path("routes");
      assertThat(routes).as(told.body()).hasSize(1);
      assertThat(routes.path(0).path("to").asString()).isEqualTo("other/large");
    }
    try (var after = TestGateway.of(yaml.replace("explore: 100%", "explore: 0%"))) {
      Soon.until(() -> foreseen(after, "rated").equals("other/large"));
      var reply = after.post("/v1/chat/completions", body("rated"));

      assertThat(target(reply)).isEqualTo("other/large");
      JsonNode first = record(after, id(reply)).path("decision").path(0);
      assertThat(first.path("basis").asString())
          .startsWith("a mean of 0.9 by ")
          .endsWith(" scores of callers");
      assertThat(after.admin("GET", "/admin/v1/calls/" + id(reply) + "/explain", "").body())
          .contains("(lower is better), for a mean of 0.9 by");
    }
  }

  @Test
  void what_was_said_on_one_node_is_gone_by_on_another() {
    String yaml = "database: " + RealPostgres.fresh() + "\n" + YAML;
    try (var one = TestGateway.of(yaml.replace("explore: 0%", "explore: 100%"));
        var other = TestGateway.of(yaml)) {
      for (int i = 0; i < 40; i++) {
        var reply = one.post("/v1/chat/completions", body("rated"));
        one.post(
            "/v1/feedback", said(id(reply), target(reply).equals("other/large") ? "0.9" : "0.4"));
      }
      Soon.until(() -> foreseen(other, "rated").equals("other/large"));
    }
  }

  @Test
  void an_arm_s_feedback_stands_beside_its_results_and_the_last_word_counts() {
    String id = id(ask("split"));
    say(TestGateway.KEY, id, "1");
    HttpResponse<String> again = say("sk-b", id, "0.25");

    assertThat(again.statusCode()).isEqualTo(200);
    assertThat(Json.parse(again.body()))
        .isEqualTo(
            Json.parse("{\"request_id\":\"" + id + "\",\"score\":0.25,\"used\":[\"rollout\"]}"));
    JsonNode arms =
        Json.parse(
                gateway
                    .send(
                        gateway
                            .request("/admin/v1/rollouts")
                            .setHeader("authorization", "Bearer admin-key")
                            .GET()
                            .build())
                    .body())
            .path("data")
            .path(0)
            .path("arms");
    assertThat(arms.path(0).path("feedback").asDouble()).isEqualTo(0.25);
    assertThat(arms.path(1).path("feedback").isNull()).isTrue();
  }

  @Test
  void a_call_that_nobody_learns_from_may_be_rated_all_the_same() {
    HttpResponse<String> said = say(TestGateway.KEY, id(ask("tiny")), "1");

    assertThat(said.statusCode()).as(said.body()).isEqualTo(200);
    assertThat(Json.parse(said.body()).path("used").toString()).isEqualTo("[]");
  }

  @Test
  void what_was_said_stands_in_the_record_of_its_call() {
    String id = id(ask("tiny"));
    HttpResponse<String> said =
        gateway.post(
            "/v1/feedback",
            "{\"request_id\":\""
                + id
                + "\",\"score\":0.5,\"label\":\"meh\",\"comment\":\"Too long.\"}");
    assertThat(said.statusCode()).as(said.body()).isEqualTo(200);

    JsonNode feedback = record(id).path("feedback");

    assertThat(feedback).hasSize(1);
    assertThat(feedback.path(0).path("source").asString()).isEqualTo("caller");
    assertThat(feedback.path(0).path("score").asDouble()).isEqualTo(0.5);
    assertThat(feedback.path(0).path("label").asString()).isEqualTo("meh");
    assertThat(feedback.path(0).path("comment").asString()).isEqualTo("Too long.");
  }

  @Test
  void what_was_said_outlasts_the_process_and_more_may_be_said_then(@TempDir Path folder) {
    String yaml = "data: " + folder + "\n" + YAML;
    String id;
    try (var before = TestGateway.of(yaml)) {
      var reply = before.post("/v1/chat/completions", body("tiny"));
      id = id(reply);
      assertThat(before.post("/v1/feedback", said(id, "1")).statusCode()).isEqualTo(200);
    }
    try (var after = TestGateway.of(yaml)) {
      assertThat(record(after, id).path("feedback").path(0).path("score").asDouble()).isEqualTo(1);
      var again = after.post("/v1/feedback", said(id, "0.5"));
      assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
      assertThat(record(after, id).path("feedback").path(0).path("score").asDouble())
          .isEqualTo(0.5);
    }
  }

  @Test
  void another_tenant_s_call_is_as_unknown_as_one_that_never_was() {
    for (String model : new String[] {"split", "tiny"}) {
      HttpResponse<String> foreign = say("sk-u", id(ask(model)), "1");
      assertThat(foreign.statusCode()).isEqualTo(404);
      assertThat(Json.parse(foreign.body()).path("error").path("code").asString())
          .isEqualTo("call_not_found");
    }
    HttpResponse<String> never = say(TestGateway.KEY, "req_never", "1");
    JsonNode error = Json.parse(never.body()).path("error");
    assertThat(never.statusCode()).isEqualTo(404);
    assertThat(error.path("lintel").path("kind").asString()).isEqualTo("not_found");
    assertThat(say("sk-nobody", "req_never", "1").statusCode()).isEqualTo(401);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "score      | {\"request_id\":\"r\"}",
        "score      | {\"request_id\":\"r\",\"score\":null}",
        "score      | {\"request_id\":\"r\",\"score\":1.01}",
        "score      | {\"request_id\":\"r\",\"score\":-1}",
        "score      | {\"request_id\":\"r\",\"score\":\"1\"}",
        "request_id | {\"score\":1}",
        "request_id | {\"request_id\":7,\"score\":1}",
        "label      | {\"request_id\":\"r\",\"score\":1,\"label\":7}",
        "comment    | {\"request_id\":\"r\",\"score\":1,\"comment\":[]}",
        "by         | {\"request_id\":\"r\",\"score\":1,\"by\":\"me\"}",
      })
  void what_makes_no_sense_is_refused_with_its_field(String field, String body) {
    HttpResponse<String> refused = gateway.post("/v1/feedback", body);

    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
    assertThat(Json.parse(refused.body()).path("error").path("param").asString()).isEqualTo(field);
  }

  private static HttpResponse<String> ask(String model) {
    HttpResponse<String> reply = gateway.post("/v1/chat/completions", body(model));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply;
  }

  private static String body(String model) {
    return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
  }

  private static String said(String id, String score) {
    return "{\"request_id\":\"" + id + "\",\"score\":" + score + "}";
  }

  private static String id(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static HttpResponse<String> say(String key, String id, String score) {
    return gateway.send(
        gateway
            .request("/v1/feedback")
            .setHeader("authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString(said(id, score)))
            .build());
  }

  private static JsonNode record(String id) {
    return record(gateway, id);
  }

  private static JsonNode record(TestGateway asked, String id) {
    return Json.parse(
        asked
            .send(
                asked
                    .request("/admin/v1/calls/" + id)
                    .setHeader("authorization", "Bearer admin-key")
                    .GET()
                    .build())
            .body());
  }

  private static String target(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-target").orElse("");
  }

  /** Where a call would go now. */
  private static String foreseen(String model) {
    return foreseen(gateway, model);
  }

  private static String foreseen(TestGateway asked, String model) {
    HttpResponse<String> reply =
        asked.send(
            asked
                .request("/admin/v1/route")
                .setHeader("authorization", "Bearer admin-key")
                .POST(
                    BodyPublishers.ofString(
                        "{\"tenant\":\"t\",\"app\":\"a\",\"model\":\"" + model + "\"}"))
                .build());
    return Json.parse(reply.body()).path("target").asString();
  }
}

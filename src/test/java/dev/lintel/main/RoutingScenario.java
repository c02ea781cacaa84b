package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Which targets a call may go to, seen from outside. */
class RoutingScenario {
  private static final String EU_KEY = "sk-eu";
  private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";

  private static final String YAML =
      """
      providers:
        paris: { kind: sim }
        ohio: { kind: sim }
        new: { kind: sim }
        keeps: { kind: sim, dialect: responses }
      models:
        main:
          targets:
            - { to: ohio/gpt-large, region: us-east, tier: high }
            - { to: paris/small, region: eu-west, tier: standard, family: tiny }
          fallback: { any: [ elsewhere ] }
          rules:
            - { if: 'terms.use_case == "support" && request.input_tokens < 500', use: [ paris/small ] }
            - { if: 'request.tools > 0 || request.images > 0', use: [ ohio/gpt-large ] }
        elsewhere: { targets: [ { to: ohio/fallback, region: us } ] }
        broken:
          targets:
            - { to: "paris/small+fault=503", region: eu }
            - { to: ohio/small, region: us }
          retry: { attempts: 3, backoff: 1ms..2ms }
          fallback: { any: [ elsewhere ] }
        split:
          targets: [ { to: paris/small, region: eu } ]
          canary: { to: [ new/next ], percent: 50, on: user }
        failing:
          targets: [ { to: paris/small, region: eu } ]
          canary: { to: [ "new/next+fault=500" ], percent: 100, stop_if: { errors: 5% } }
        remembering:
          targets: [ { to: paris/small, region: eu } ]
          canary: { to: [ { to: keeps/next, region: eu } ], percent: 100 }
        short:
          targets: [ { to: paris/small, region: eu, context: 50 } ]
        shadowed:
          targets: [ { to: paris/small, region: eu } ]
          shadow: { to: [ { to: ohio/shadow, region: us } ], percent: 100 }
      prices:
        ohio/gpt-large: { input: 1000.00, output: 1000.00 }
        paris/small: { input: 1.00, output: 1.00 }
      tenants:
        t: { apps: { a: { keys: [ sk-test-0001 ] } } }
        acme: { residency: EU, apps: { support: { keys: [ sk-eu ] } } }
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "                          | ohio/gpt-large",
        "x-lintel-use-case: support | paris/small",
        "x-lintel-region: eu        | paris/small",
        "x-lintel-region: US-EAST   | ohio/gpt-large",
        "x-lintel-tier: standard    | paris/small",
        "x-lintel-model-family: tiny | paris/small",
        "x-lintel-model-family: gpt | ohio/gpt-large",
        "x-lintel-provider: paris   | paris/small",
        "x-lintel-max-cost-usd: 0.001 | paris/small",
      })
  void a_call_goes_where_its_terms_and_the_rules_say(String header, String target) {
    try (var gateway = TestGateway.of(YAML)) {
      var reply = ask(gateway, TestGateway.KEY, "main", header, "");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-target")).hasValue(target);
      assertThat(reply.headers().firstValue("x-lintel-variant"))
          .as("a model without a split has no variants")
          .isEmpty();
    }
  }

  @Test
  void rules_know_the_request() {
    try (var gateway = TestGateway.of(YAML)) {
      var reply =
          ask(
              gateway,
              TestGateway.KEY,
              "main",
              "x-lintel-use-case: support",
              "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],");
      assertThat(reply.headers().firstValue("x-lintel-target"))
          .as("the first rule that holds wins")
          .hasValue("paris/small");
      reply =
          ask(
              gateway,
              TestGateway.KEY,
              "main",
              "",
              "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],");
      assertThat(reply.headers().firstValue("x-lintel-target")).hasValue("ohio/gpt-large");
    }
  }

  @Test
  void where_no_target_is_left_the_caller_learns_why() {
    try (var gateway = TestGateway.of(YAML)) {
      var reply = ask(gateway, TestGateway.KEY, "main", "x-lintel-tier: low", "");
      assertThat(reply.statusCode()).isEqualTo(503);
      JsonNode error = Json.parse(reply.body()).path("error");
      assertThat(error.path("lintel").path("kind").asString()).isEqualTo("unavailable");
      assertThat(error.path("message").asString()).contains("'tier'", "'low'");
      assertThat(error.path("lintel").path("attempts")).isEmpty();

      reply = ask(gateway, TestGateway.KEY, "short", "", "\"max_completion_tokens\":100000,");
      assertThat(reply.statusCode()).isEqualTo(400);
      assertThat(kind(reply)).isEqualTo("context_length_exceeded");

      reply = ask(gateway, TestGateway.KEY, "shadowed", "x-lintel-max-cost-usd: 0", "");
      assertThat(kind(reply)).as(reply.body()).isEqualTo("budget_exceeded");
      assertThat(gateway.visits("paris")).isEmpty();
      assertThat(gateway.visits("ohio")).isEmpty();
    }
  }

  @Test
  void nothing_of_a_call_that_must_stay_leaves() {
    try (var gateway = TestGateway.of(YAML)) {
      assertThat(ask(gateway, EU_KEY, "main", "", "").headers().firstValue("x-lintel-target"))
          .hasValue("paris/small");
      var broken = ask(gateway, EU_KEY, "broken", "", "");
      assertThat(broken.statusCode()).as("neither the next target nor the fallback").isEqualTo(502);
      assertThat(ask(gateway, EU_KEY, "elsewhere", "", "").statusCode()).isEqualTo(503);
      for (String user : List.of("a", "b", "c", "d", "e", "f", "g", "h")) {
        var reply = ask(gateway, EU_KEY, "split", "x-lintel-user: " + user, "");
        assertThat(reply.headers().firstValue("x-lintel-variant")).hasValue("base");
      }
      assertThat(ask(gateway, EU_KEY, "shadowed", "", "").statusCode()).isEqualTo(200);
      for (String path :
          List.of(
              "/provider/ohio/v1/models",
              "/provider/paris/v1/chat/completions",
              "/provider/new/v1/chat/completions")) {
        var reply = post(gateway, EU_KEY, path, "", "{}");
        assertThat(reply.statusCode()).as(path + reply.body()).isEqualTo(503);
        assertThat(reply.body()).contains("residency");
      }
      assertThat(ask(gateway, EU_KEY, "ohio/gpt-large", "", "").statusCode()).isEqualTo(503);
      var embedded =
          post(
              gateway,
              EU_KEY,
              "/v1/embeddings",
              "",
              "{\"model\":\"elsewhere\",\"input\":\"Hello\"}");
      assertThat(embedded.statusCode()).isEqualTo(503);
      var spoken =
          post(
              gateway,
              EU_KEY,
              "/v1/audio/speech",
              "",
              "{\"model\":\"elsewhere\",\"input\":\"Hello\",\"voice\":\"alloy\"}");
      assertThat(spoken.statusCode()).isEqualTo(503);
      var counted =
          post(
              gateway,
              EU_KEY,
              "/v1/messages/count_tokens",
              "",
              "{\"model\":\"elsewhere\"," + HELLO + "}");
      assertThat(counted.statusCode()).as("counted here: " + counted.body()).isEqualTo(200);
      assertThat(gateway.visits("ohio")).isEmpty();
      assertThat(gateway.visits("new")).isEmpty();
    }
  }

  @Test
  void a_reply_of_an_arm_is_gone_on_from_and_read_again_there() {
    try (var gateway = TestGateway.of(YAML)) {
      String ask = "{\"model\":\"remembering\",\"input\":\"Hello\"%s}";
      var first = post(gateway, EU_KEY, "/v1/responses", "", ask.formatted(""));
      assertThat(first.headers().firstValue("x-lintel-target"))
          .as(first.body())
          .hasValue("keeps/next");
      String id = Json.parse(first.body()).path("id").asString();
      var second =
          post(
              gateway,
              EU_KEY,
              "/v1/responses",
              "",
              ask.formatted(",\"previous_response_id\":\"" + id + "\""));
      assertThat(second.statusCode()).as(second.body()).isEqualTo(200);
      assertThat(second.headers().firstValue("x-lintel-target")).hasValue("keeps/next");
      var again =
          gateway.send(
              gateway
                  .request("/v1/responses/" + id)
                  .setHeader("authorization", "Bearer " + EU_KEY)
                  .build());
      assertThat(again.body())
          .as("the simulator keeps nothing, but it was asked")
          .contains("\"target\":\"keeps/next\"");
    }
  }

  @Test
  void no_line_of_a_batch_leaves() {
    try (var gateway = TestGateway.of(YAML)) {
      String line =
          "{\"custom_id\":\"one\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"elsewhere\","
              + HELLO
              + "}}";
      String form =
          "--XX\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n"
              + line
              + "\r\n--XX--\r\n";
      var file =
          gateway.send(
              gateway
                  .request("/v1/files")
                  .setHeader("authorization", "Bearer " + EU_KEY)
                  .setHeader("content-type", "multipart/form-data; boundary=XX")
                  .POST(BodyPublishers.ofString(form))
                  .build());
      String made =
          post(
                  gateway,
                  EU_KEY,
                  "/v1/batches",
                  "",
                  "{\"input_file_id\":\""
                      + Json.parse(file.body()).path("id").asString()
                      + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}")
              .body();
      String path = "/v1/batches/" + Json.parse(made).path("id").asString();
      JsonNode batch =
          Soon.found(
              () -> Json.parse(own(gateway, path)),
              found -> !found.path("error_file_id").asString("").isEmpty());
      String errors =
          own(gateway, "/v1/files/" + batch.path("error_file_id").asString("") + "/content");
      assertThat(errors).as(batch.toString()).contains("residency");
      assertThat(gateway.visits("ohio")).isEmpty();
    }
  }

  private static String own(TestGateway gateway, String path) {
    return gateway
        .send(gateway.request(path).setHeader("authorization", "Bearer " + EU_KEY).build())
        .body();
  }

  @Test
  void where_a_call_would_go_is_told_with_what_speaks_against_the_others() {
    try (var gateway = TestGateway.of(YAML)) {
      JsonNode told = route(gateway, "\"tenant\":\"acme\",\"app\":\"support\",\"model\":\"main\"");
      assertThat(told.path("target").asString()).isEqualTo("paris/small");
      assertThat(told.path("decision").path(1).path("target").asString())
          .isEqualTo("ohio/gpt-large");
      assertThat(told.path("decision").path(1).path("excluded").asString())
          .isEqualTo("may not leave EU: it is in us-east");
      told =
          route(
              gateway,
              "\"tenant\":\"t\",\"app\":\"a\",\"model\":\"main\",\"terms\":{\"use_case\":\"support\"},"
                  + "\"request\":{\"input_tokens\":600}");
      assertThat(told.path("target").asString()).isEqualTo("ohio/gpt-large");
      told =
          route(
              gateway,
              "\"tenant\":\"t\",\"app\":\"a\",\"model\":\"short\",\"request\":{\"input_tokens\":51}");
      assertThat(told.path("error").path("lintel").path("kind").asString())
          .isEqualTo("context_length_exceeded");
    }
  }

  private static JsonNode route(TestGateway gateway, String question) {
    var request =
        gateway
            .request("/admin/v1/route")
            .setHeader("authorization", "Bearer admin-key")
            .POST(BodyPublishers.ofString("{" + question + "}"));
    return Json.parse(gateway.send(request.build()).body());
  }

  @Test
  void a_caller_stays_in_its_arm() {
    try (var gateway = TestGateway.of(YAML)) {
      var variants = new HashSet<String>();
      for (int i = 0; i < 12; i++) {
        var seen = new HashSet<String>();
        for (String form : List.of("x-lintel-user: u" + i, "")) {
          String body = form.isEmpty() ? "\"user\":\"u" + i + "\"," : "";
          var reply = ask(gateway, TestGateway.KEY, "split", form, body);
          String variant = reply.headers().firstValue("x-lintel-variant").orElseThrow();
          assertThat(reply.headers().firstValue("x-lintel-target"))
              .hasValue(variant.equals("canary") ? "new/next" : "paris/small");
          seen.add(variant);
        }
        var metadata =
            post(
                gateway,
                TestGateway.KEY,
                "/v1/messages",
                "",
                "{\"model\":\"split\",\"max_tokens\":9,\"metadata\":{\"user_id\":\"u"
                    + i
                    + "\"},"
                    + HELLO
                    + "}");
        seen.add(metadata.headers().firstValue("x-lintel-variant").orElseThrow());
        assertThat(seen).as("user u" + i).hasSize(1);
        variants.addAll(seen);
      }
      assertThat(variants).containsExactlyInAnyOrder("base", "canary");
    }
  }

  @Test
  void a_failing_canary_is_stopped_and_resumed_while_callers_are_served() {
    try (var gateway = TestGateway.of(YAML)) {
      var attempts = new ArrayList<String>();
      for (int i = 0; i < 25; i++) {
        var reply = ask(gateway, TestGateway.KEY, "failing", "", "");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(reply.headers().firstValue("x-lintel-variant")).hasValue("base");
        attempts.add(reply.headers().firstValue("x-lintel-attempts").orElseThrow());
      }
      assertThat(attempts.getFirst()).isEqualTo("2");
      assertThat(attempts.getLast()).isEqualTo("1");
      JsonNode failing = rollout(gateway, "failing");
      JsonNode canary = failing.path("arms").path(0);
      assertThat(canary.path("name").asString()).isEqualTo("canary");
      assertThat(canary.path("percent").asDouble()).isEqualTo(100);
      assertThat(canary.path("cost_usd").asString()).isEqualTo("0");
      assertThat(failing.path("arms").path(1).path("name").asString()).isEqualTo("base");
      assertThat(failing.path("arms").path(1).path("calls").asInt()).isEqualTo(25);
      assertThat(failing.path("arms").path(1).path("p50_ms").isNumber()).isTrue();
      assertThat(gateway.get("/metrics").body())
          .contains("lintel_rollout_stopped{arm=\"canary\",model=\"failing\"}");
      var resumed = admin(gateway, "/admin/v1/rollouts/failing/resume", true);
      assertThat(resumed.statusCode()).isEqualTo(200);
      assertThat(Json.parse(resumed.body()).path("arms").path(0).path("stopped").isNull()).isTrue();
      assertThat(admin(gateway, "/admin/v1/rollouts/nobody/resume", true).statusCode())
          .isEqualTo(404);
      assertThat(gateway.get("/admin/v1/rollouts").statusCode()).isEqualTo(401);
    }
  }

  private static JsonNode rollout(TestGateway gateway, String model) {
    for (JsonNode one :
        Json.parse(admin(gateway, "/admin/v1/rollouts", false).body()).path("data")) {
      if (one.path("model").asString().equals(model)) {
        return one;
      }
    }
    throw new AssertionError("no rollout of " + model);
  }

  private static HttpResponse<String> admin(TestGateway gateway, String path, boolean post) {
    var request = gateway.request(path).setHeader("authorization", "Bearer admin-key");
    return gateway.send((post ? request.POST(BodyPublishers.noBody()) : request.GET()).build());
  }

  private static String kind(HttpResponse<String> reply) {
    return Json.parse(reply.body()).path("error").path("lintel").path("kind").asString();
  }

  private static HttpResponse<String> ask(
      TestGateway gateway, String key, String model, String header, String more) {
    return post(
        gateway,
        key,
        "/v1/chat/completions",
        header,
        "{\"model\":\"" + model + "\"," + more + HELLO + "}");
  }

  private static HttpResponse<String> post(
      TestGateway gateway, String key, String path, String header, String body) {
    var request = gateway.request(path).setHeader("authorization", "Bearer " + key);
    if (header != null && !header.isEmpty()) {
      request.header(header.split(": ")[0], header.split(": ")[1]);
    }
    return gateway.send(request.POST(BodyPublishers.ofString(body)).build());
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Every call leaves a record that an admin can read, however it ended. */
class CallsScenario {
  private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";
  private static final String FIELDS =
      "request_id time tenant app key_id use_case dialect model target status kind stream ttft_ms latency_ms usage cost_usd attempts decision";
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim }
              slow: { kind: sim, tokens_per_second: 5 }
              other: { kind: sim, dialect: anthropic }
            models:
              tiny: demo/small
              slow: slow/small
              both: { targets: [ "demo/small+fault=503", other/large ] }
              bad: { targets: [ "other/large+fault=529" ], retry: { attempts: 1 } }
            prices:
              demo/small: { input: 1.00, output: 2.00 }
              "demo/small+fault=reset_mid_stream": { input: 1.00, output: 2.00 }
            tenants:
              t: { apps: { a: { keys: [ sk-test-0001 ] }, narrow: { keys: [ sk-narrow ], models: [ tiny ] } } }
              u: { apps: { a: { keys: [ sk-u ] } } }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void an_answered_call_tells_all_the_contract_names() {
    var reply =
        ask(
            "/v1/chat/completions",
            TestGateway.KEY,
            "{\"model\":\"tiny\",\"max_tokens\":5,\"lintel\":{\"use_case\":\"support\"},"
                + HELLO
                + "}");
    JsonNode record = record(id(reply));
    assertThat(record.propertyNames()).contains(FIELDS.split(" "));
    assertThat(record.path("tenant").asString()).isEqualTo("t");
    assertThat(record.path("app").asString()).isEqualTo("a");
    assertThat(record.path("use_case").asString()).isEqualTo("support");
    assertThat(record.path("dialect").asString()).isEqualTo("openai");
    assertThat(record.path("model").asString()).isEqualTo("tiny");
    assertThat(record.path("target").asString()).isEqualTo("demo/small");
    assertThat(record.path("status").asInt()).isEqualTo(200);
    assertThat(record.path("kind").isNull()).isTrue();
    assertThat(record.path("stream").asBoolean(true)).isFalse();
    assertThat(record.path("usage").path("source").asString()).isEqualTo("provider");
    assertThat(record.path("cost_usd").asString())
        .isEqualTo(reply.headers().firstValue("x-lintel-cost-usd").orElseThrow());
    assertThat(record.path("attempts")).hasSize(1);
    assertThat(record.path("attempts").path(0).path("cost_usd")).isEqualTo(record.path("cost_usd"));
    assertThat(record.path("decision"))
        .isEqualTo(
            Json.parse(
                "[{\"target\":\"demo/small\",\"excluded\":null,\"score\":0.0,\"order\":1}]"));
    assertThat(Instant.parse(record.path("time").asString())).isBefore(Instant.now());
  }

  @Test
  void a_streams_record_has_the_time_to_its_first_content() {
    var reply =
        ask(
            "/v1/chat/completions",
            TestGateway.KEY,
            "{\"model\":\"tiny\",\"stream\":true," + HELLO + "}");
    JsonNode record = record(id(reply));
    assertThat(record.path("stream").asBoolean(false)).isTrue();
    assertThat(record.path("ttft_ms").isNumber()).isTrue();
  }

  @Test
  void every_try_is_in_the_record() {
    var reply =
        ask("/v1/messages", TestGateway.KEY, "{\"model\":\"both\",\"max_tokens\":9," + HELLO + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    JsonNode record = record(id(reply));
    assertThat(record.path("dialect").asString()).isEqualTo("anthropic");
    assertThat(record.path("target").asString()).isEqualTo("other/large");
    assertThat(record.path("attempts")).hasSize(2);
    assertThat(record.path("attempts").path(0).path("status").asInt()).isEqualTo(503);
    assertThat(record.path("attempts").path(0).path("kind").asString())
        .isEqualTo("upstream_unavailable");
    assertThat(record.path("decision")).hasSize(2);
    assertThat(record.path("decision").path(1).path("order").asInt()).isEqualTo(2);
  }

  @Test
  void the_tries_of_a_call_cost_together_what_it_costs_also_where_it_was_cut_off() {
    var raw =
        gateway.raw(
            "/v1/chat/completions",
            "{\"model\":\"demo/small+fault=reset_mid_stream\",\"stream\":true," + HELLO + "}");
    assertThat(raw.complete()).isFalse();
    String error = raw.body().substring(raw.body().lastIndexOf("data: ") + 6);
    JsonNode record =
        record(Json.parse(error).path("error").path("lintel").path("request_id").asString());
    assertThat(record.path("usage").path("source").asString()).isEqualTo("estimate");
    assertThat(record.path("cost_usd").isString()).isTrue();
    assertThat(record.path("attempts").path(0).path("cost_usd")).isEqualTo(record.path("cost_usd"));
  }

  /** The status is the one that the caller got, which differs by dialect. */
  @ParameterizedTest
  @CsvSource({"/v1/messages, 529", "/v1/chat/completions, 503"})
  void a_failed_calls_record_has_the_status_that_its_caller_got(String path, int status) {
    var reply = ask(path, TestGateway.KEY, "{\"model\":\"bad\",\"max_tokens\":9," + HELLO + "}");
    assertThat(reply.statusCode()).isEqualTo(status);
    JsonNode record = record(id(reply));
    assertThat(record.path("status").asInt()).isEqualTo(status);
    assertThat(record.path("kind").asString()).isEqualTo("upstream_overloaded");
    assertThat(record.path("attempts")).hasSize(1);
  }

  @Test
  void a_refused_call_has_a_record_without_attempts() {
    var forbidden = ask("/v1/chat/completions", "sk-narrow", "{\"model\":\"slow\"," + HELLO + "}");
    JsonNode record = record(id(forbidden));
    assertThat(record.path("kind").asString()).isEqualTo("permission");
    assertThat(record.path("status").asInt()).isEqualTo(403);
    assertThat(record.path("model").asString()).isEqualTo("slow");
    assertThat(record.path("app").asString()).isEqualTo("narrow");
    assertThat(record.path("target").isNull()).isTrue();
    assertThat(record.path("attempts").isArray()).isTrue();
    assertThat(record.path("attempts")).isEmpty();
    assertThat(record.path("decision")).isEmpty();

    var stranger = ask("/v1/messages", "sk-wrong", "{}");
    record = record(id(stranger));
    assertThat(record.path("kind").asString()).isEqualTo("authentication");
    assertThat(record.path("dialect").asString()).isEqualTo("anthropic");
    assertThat(record.path("tenant").isNull()).isTrue();

    var nobody = ask("/v1/chat/completions", TestGateway.KEY, "{\"model\":\"none\"," + HELLO + "}");
    record = record(id(nobody));
    assertThat(record.path("kind").asString()).isEqualTo("not_found");
    assertThat(record.path("model").asString()).isEqualTo("none");
  }

  @Test
  void a_caller_who_left_is_cancelled_and_the_cut_attempt_is_listed() throws Exception {
    Instant before = Instant.now();
    try (var socket =
        gateway.open(
            "/v1/chat/completions",
            "{\"model\":\"slow\",\"stream\":true,\"lintel\":{\"use_case\":\"leaving\"},"
                + HELLO
                + "}")) {
      byte[] some = new byte[64];
      assertThat(socket.getInputStream().read(some)).isPositive();
    }
    JsonNode record = null;
    for (int i = 0; i < 100 && record == null; i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30));
      for (JsonNode one : list("?limit=1000&from=" + before).path("data")) {
        record = one.path("use_case").asString("").equals("leaving") ? one : record;
      }
    }
    assertThat(record).isNotNull();
    assertThat(record.path("kind").asString()).isEqualTo("cancelled");
    assertThat(record.path("attempts")).hasSize(1);
    assertThat(record.path("attempts").path(0).path("kind").asString()).isEqualTo("cancelled");
  }

  @Test
  void lists_are_of_a_tenant_from_a_time_and_page_by_page() {
    Instant before = Instant.now();
    var ids = new ArrayList<String>();
    for (int i = 0; i < 5; i++) {
      ids.addFirst(id(ask("/v1/chat/completions", "sk-u", "{\"model\":\"tiny\"," + HELLO + "}")));
    }
    record(ids.getFirst());
    var seen = new ArrayList<String>();
    String next = "";
    do {
      JsonNode page = list("?tenant=u&limit=2&from=" + before + next);
      assertThat(page.path("data").size()).isBetween(1, 2);
      page.path("data").forEach(one -> seen.add(one.path("request_id").asString("")));
      next = page.path("next").isNull() ? "" : "&cursor=" + page.path("next").asString();
    } while (!next.isEmpty());
    assertThat(seen).isEqualTo(ids);
    assertThat(list("?tenant=nobody").path("data")).isEmpty();
    assertThat(list("?from=2999-01-01T00:00:00%2B01:00").path("data")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0, limit",
    "limit=1001, limit",
    "limit=x, limit",
    "limit=, limit",
    "from=yesterday, from",
    "from=2026-11-21, from",
    "cursor=x, cursor",
    "since=1, since",
  })
  void a_question_that_makes_no_sense_is_refused_by_name(String query, String name) {
    var reply = admin("/admin/v1/calls?" + query, "admin-key");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    JsonNode error = Json.parse(reply.body()).path("error");
    assertThat(error.path("param").asString()).isEqualTo(name);
    assertThat(error.path("message").asString()).contains("'" + name + "'");
    assertThat(error.path("lintel").path("kind").asString()).isEqualTo("invalid_request");
  }

  @Test
  void an_unknown_call_is_not_found() {
    var reply = admin("/admin/v1/calls/req_none", "admin-key");
    assertThat(reply.statusCode()).isEqualTo(404);
    assertThat(Json.parse(reply.body()).path("error").path("lintel").path("kind").asString())
        .isEqualTo("not_found");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/admin/v1/calls", "/admin/v1/calls/req_none"})
  void only_admins_read_records(String path) {
    for (String key : List.of(TestGateway.KEY, "wrong")) {
      assertThat(admin(path, key).statusCode()).isEqualTo(401);
    }
  }

  private static HttpResponse<String> ask(String path, String key, String body) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.url().resolve(path))
            .header("x-api-key", key)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static String id(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static JsonNode list(String query) {
    var reply = admin("/admin/v1/calls" + query, "admin-key");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  /** Records appear within three seconds. */
  private static JsonNode record(String id) {
    HttpResponse<String> reply = admin("/admin/v1/calls/" + id, "admin-key");
    for (int i = 0; i < 100 && reply.statusCode() != 200; i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30));
      reply = admin("/admin/v1/calls/" + id, "admin-key");
    }
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static HttpResponse<String> admin(String path, String key) {
    return gateway.send(
        HttpRequest.newBuilder(java.net.URI.create(gateway.url() + path))
            .header("authorization", "Bearer " + key)
            .build());
  }
}

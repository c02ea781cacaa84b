package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What calls came to is told, exact, and outlasts the process with their records. */
class RecordsScenario {
  private static final String CALL =
      "{\"model\":\"tiny\",\"max_tokens\":5,\"lintel\":{\"use_case\":\"support\",\"user\":\"ann\"},\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";

  @TempDir private Path folder;

  private TestGateway start(String more) {
    return TestGateway.of(
        """
        data: %s
        providers: { demo: { kind: sim } }
        models: { tiny: demo/small }
        prices: { demo/small: { input: 1.00, output: 2.00 } }
        tenants: { t: { apps: { a: { keys: [ sk-test-0001 ] %s } } } }
        """
            .formatted(folder, more));
  }

  @Test
  void a_record_says_who_served_the_call_and_how_long_each_stop_took() {
    try (var gateway = start("")) {
      var reply =
          gateway.send(
              gateway
                  .request("/v1/chat/completions")
                  .header("x-lintel-priority", "high")
                  .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                  .POST(HttpRequest.BodyPublishers.ofString(CALL))
                  .build());
      String id = reply.headers().firstValue("x-lintel-request-id").orElseThrow();
      awaitCalls(gateway, 1);
      JsonNode record = admin(gateway, "/calls/" + id);
      assertThat(record.path("node").asString()).isNotEmpty();
      assertThat(record.path("revision").asLong(-1)).isZero();
      assertThat(record.path("trace_id").asString()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
      assertThat(record.path("endpoint").asString()).isEqualTo("chat");
      assertThat(record.path("request").path("max_tokens").asLong()).isEqualTo(5);
      assertThat(record.path("request").path("input_tokens").asLong()).isPositive();
      assertThat(record.path("terms").path("priority").asString()).isEqualTo("high");
      JsonNode timings = record.path("timings_us");
      assertThat(timings.propertyNames())
          .contains(
              "receive", "authenticate", "read", "choose", "first_content", "answer", "settle");
      long sum = timings.valueStream().mapToLong(JsonNode::asLong).sum();
      assertThat(sum / 1000).isLessThanOrEqualTo(record.path("latency_ms").asLong());
    }
  }

  @Test
  void records_and_what_they_come_to_outlast_a_restart() {
    Instant before = Instant.now();
    String id;
    try (var gateway = start("")) {
      for (int i = 0; i < 4; i++) {
        assertThat(gateway.post("/v1/chat/completions", CALL).statusCode()).isEqualTo(200);
      }
      var last = gateway.post("/v1/chat/completions", CALL);
      id = last.headers().firstValue("x-lintel-request-id").orElseThrow();
      awaitCalls(gateway, 5);
    }
    try (var gateway = start("")) {
      JsonNode one = awaitCalls(gateway, 5);
      JsonNode record = admin(gateway, "/calls/" + id);
      assertThat(new java.math.BigDecimal(one.path("cost_usd").asString()))
          .isEqualByComparingTo(
              new java.math.BigDecimal(record.path("cost_usd").asString())
                  .multiply(new java.math.BigDecimal(5)));
      assertThat(one.path("output").asLong())
          .isEqualTo(5 * record.path("usage").path("output").asLong());
      JsonNode rows =
          admin(
                  gateway,
                  "/usage?group_by=tenant,app,model,provider,use_case,user&interval=hour&from="
                      + before
                      + "&to="
                      + Instant.now().plusSeconds(1))
              .path("data");
      assertThat(rows.path(0).path("tenant").asString()).isEqualTo("t");
      assertThat(rows.path(0).path("app").asString()).isEqualTo("a");
      assertThat(rows.path(0).path("model").asString()).isEqualTo("tiny");
      assertThat(rows.path(0).path("provider").asString()).isEqualTo("demo");
      assertThat(rows.path(0).path("use_case").asString()).isEqualTo("support");
      assertThat(rows.path(0).path("user").asString()).isEqualTo("ann");
      assertThat(rows.path(0).path("start").asString()).endsWith(":00:00Z");
      gateway.post("/v1/chat/completions", CALL);
      JsonNode list = admin(gateway, "/calls?limit=1000").path("data");
      long distinct =
          list.valueStream().map(call -> call.path("request_id").asString()).distinct().count();
      assertThat(distinct).isEqualTo(list.size()).isGreaterThanOrEqualTo(5);
    }
  }

  @Test
  void who_has_been_answered_finds_the_call_at_once() {
    try (var gateway = start("")) {
      for (int i = 1; i <= 20; i++) {
        var answered = gateway.post("/v1/chat/completions", CALL);
        String id = answered.headers().firstValue("x-lintel-request-id").orElseThrow();
        assertThat(admin(gateway, "/calls/" + id).path("request_id").asString()).isEqualTo(id);
        assertThat(admin(gateway, "/calls?limit=1").path("data").path(0).path("request_id"))
            .hasToString('"' + id + '"');
        assertThat(admin(gateway, "/usage").path("data").path(0).path("calls").asInt())
            .isEqualTo(i);
      }
    }
  }

  @Test
  void a_spent_budget_stays_spent_after_a_restart() {
    String budget = ", budget: { total: 0.0001 USD }";
    String spent;
    try (var gateway = start(budget)) {
      int calls = 0;
      while (gateway.post("/v1/chat/completions", CALL).statusCode() == 200) {
        assertThat(calls++).isLessThan(50);
      }
      spent = spent(gateway);
    }
    assertThat(new java.math.BigDecimal(spent)).isPositive();
    try (var gateway = start(budget)) {
      assertThat(spent(gateway)).isEqualTo(spent);
      assertThat(gateway.post("/v1/chat/completions", CALL).statusCode()).isIn(402, 429);
    }
  }

  private static String spent(TestGateway gateway) {
    return admin(gateway, "/budgets").path("data").path(0).path("spent").asString();
  }

  @ParameterizedTest
  @CsvSource({
    "group_by=tenant%2Cnothing, group_by",
    "group_by=, group_by",
    "from=yesterday, from",
    "to=x, to",
    "from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z, to",
    "interval=minute, interval",
    "limit=0, limit",
    "limit=10001, limit",
    "cursor=x, cursor",
    "nothing=1, nothing",
  })
  void a_question_that_makes_no_sense_is_refused_by_name(String query, String name) {
    try (var gateway = start("")) {
      var reply = gateway.send(request(gateway, "/usage?" + query));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
      assertThat(Json.parse(reply.body()).path("error").path("param").asString()).isEqualTo(name);
    }
  }

  private static JsonNode awaitCalls(TestGateway gateway, int calls) {
    JsonNode row = admin(gateway, "/usage").path("data").path(0);
    for (int i = 0; i < 200 && row.path("calls").asInt() < calls; i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30));
      row = admin(gateway, "/usage").path("data").path(0);
    }
    assertThat(row.path("calls").asInt()).isEqualTo(calls);
    return row;
  }

  private static JsonNode admin(TestGateway gateway, String path) {
    var reply = gateway.send(request(gateway, path));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static HttpRequest request(TestGateway gateway, String path) {
    return HttpRequest.newBuilder(java.net.URI.create(gateway.url() + "/admin/v1" + path))
        .header("authorization", "Bearer admin-key")
        .build();
  }
}

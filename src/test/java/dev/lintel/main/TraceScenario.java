package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Whoever traces finds each call and each attempt, below what its caller did. */
class TraceScenario {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";
  private static final long SERVER = 2;
  private static final long CLIENT = 3;
  private static final long FAILED = 2;

  private static TestGateway gateway(FakeCollector collector, String more) {
    return TestGateway.of(
        """
        otlp: { url: "%s", headers: { x-collector-key: hidden }%s }
        providers:
          demo: { kind: sim, ttft: 5ms, tokens_per_second: 2000 }
          broken: { kind: sim, fault: "503" }
        models:
          good: demo/small
          ill: { targets: [ broken/one, demo/small ], breaker: { failures: 1000 } }
          lost: { targets: [ broken/one ], retry: { attempts: 1 }, breaker: { failures: 1000 } }
        prices: { demo/small: { input: 1.00, output: 2.00 } }
        """
            .formatted(collector.url(), more));
  }

  private static HttpResponse<String> chat(
      TestGateway gateway, String model, boolean stream, String... headers) {
    HttpRequest.Builder request = gateway.request("/v1/chat/completions");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return gateway.send(
        request
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"a secret\"}]}"
                        .formatted(model, stream)))
            .build());
  }

  private static String id(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static List<FakeCollector.Span> spans(
      FakeCollector collector, HttpResponse<String> reply, int most) {
    return Soon.found(() -> collector.of(id(reply)), found -> found.size() >= most);
  }

  @Test
  void a_call_is_a_span_below_its_caller_s_with_one_an_attempt() throws IOException {
    try (var collector = new FakeCollector();
        var gateway = gateway(collector, "")) {
      var reply =
          chat(
              gateway,
              "ill",
              true,
              "traceparent",
              "00-" + TRACE + "-" + PARENT + "-01",
              "tracestate",
              "vendor=x",
              "x-lintel-user",
              "somebody");
      assertThat(reply.statusCode()).isEqualTo(200);
      List<FakeCollector.Span> found = spans(collector, reply, 3);

      FakeCollector.Span call = found.getFirst();
      assertThat(call.trace()).isEqualTo(TRACE);
      assertThat(call.parent()).isEqualTo(PARENT);
      assertThat(call.state()).isEqualTo("vendor=x");
      assertThat(call.name()).isEqualTo("chat ill");
      assertThat(call.kind()).isEqualTo(SERVER);
      assertThat(call.status()).isZero();
      assertThat(call.flags()).isEqualTo(0x301);
      assertThat(call.attributes())
          .containsEntry("gen_ai.operation.name", "chat")
          .containsEntry("gen_ai.request.model", "ill")
          .containsEntry("gen_ai.request.stream", true)
          .containsEntry("lintel.target", "demo/small")
          .containsEntry("lintel.attempts", 2L)
          .containsKeys(
              "gen_ai.provider.name",
              "gen_ai.usage.input_tokens",
              "gen_ai.usage.output_tokens",
              "gen_ai.response.time_to_first_chunk",
              "lintel.cost_usd")
          .doesNotContainKey("error.type");
      assertThat(call.events().get("first_token")).isBetween(call.start(), call.end());

      FakeCollector.Span failed = found.get(1);
      FakeCollector.Span answered = found.get(2);
      assertThat(List.of(failed, answered))
          .allSatisfy(attempt -> {
            assertThat(attempt.trace()).isEqualTo(TRACE);
            assertThat(attempt.kind()).isEqualTo(CLIENT);
            assertThat(attempt.start()).isBetween(call.start(), call.end());
            assertThat(attempt.end()).isBetween(attempt.start(), call.end());
            assertThat(attempt.attributes()).containsKeys("server.address", "server.port");
          });
      assertThat(failed.name()).isEqualTo("chat one");
      assertThat(failed.status()).isEqualTo(FAILED);
      assertThat(failed.attributes())
          .containsEntry("http.response.status_code", 503L)
          .containsKey("error.type");
      assertThat(answered.start()).isGreaterThanOrEqualTo(failed.end());
      assertThat(answered.name()).isEqualTo("chat small");
      assertThat(answered.attributes()).containsEntry("http.response.status_code", 200L);

      assertThat(collector.resource).containsEntry("service.name", "lintel");
      assertThat(collector.headers)
          .allMatch(headers -> "hidden".equals(headers.get("x-collector-key")))
          .allMatch(headers -> "application/x-protobuf".equals(headers.get("content-type")));
      assertThat(collector.spans.toString()).doesNotContain("secret", "somebody");
    }
  }

  @Test
  void providers_are_told_the_span_of_the_attempt() throws IOException {
    try (var collector = new FakeCollector();
        var gateway = gateway(collector, "")) {
      var reply = chat(gateway, "ill", false);
      List<FakeCollector.Span> found = spans(collector, reply, 3);

      assertThat(told(gateway, "broken")).isEqualTo(header(found.get(1)));
      assertThat(told(gateway, "demo")).isEqualTo(header(found.get(2)));
      assertThat(found.getFirst().parent()).isEmpty();
      JsonNode record =
          Soon.found(
              () -> Json.parse(gateway.admin("GET", "/admin/v1/calls/" + id(reply), "").body()),
              json -> json.has("trace_id"));
      assertThat(record.path("trace_id").asString()).isEqualTo(found.getFirst().trace());
    }
  }

  private static String header(FakeCollector.Span span) {
    return "00-" + span.trace() + "-" + span.id() + "-01";
  }

  private static String told(TestGateway gateway, String provider) {
    return gateway.visits(provider).getFirst().path("headers").path("traceparent").asString();
  }

  @Test
  void the_caller_decides_and_else_the_share_but_failures_are_kept() throws IOException {
    try (var collector = new FakeCollector();
        var gateway = gateway(collector, ", sample: 0%")) {
      var left = chat(gateway, "good", false);
      var refused =
          chat(gateway, "lost", false, "traceparent", "00-" + TRACE + "-" + PARENT + "-00");
      var wanted =
          chat(gateway, "good", false, "traceparent", "00-" + TRACE + "-" + PARENT + "-01");
      var failed = chat(gateway, "lost", false);

      assertThat(spans(collector, wanted, 2)).hasSize(2);
      List<FakeCollector.Span> kept = spans(collector, failed, 2);
      assertThat(kept.getFirst().status()).isEqualTo(FAILED);
      assertThat(kept.getFirst().flags() & 1).isZero();
      // They ended before those that have come.
      assertThat(collector.of(id(left))).isEmpty();
      assertThat(collector.of(id(refused))).isEmpty();
      assertThat(told(gateway, "broken")).endsWith("-00");
    }
  }

  @Test
  void examples_of_figures_lead_to_spans() throws IOException {
    try (var collector = new FakeCollector();
        var gateway = gateway(collector, "")) {
      var reply = chat(gateway, "good", true);
      FakeCollector.Span call = spans(collector, reply, 2).getFirst();

      var figures =
          gateway.send(
              gateway
                  .request("/metrics")
                  .header("accept", "application/openmetrics-text; version=1.0.0")
                  .GET()
                  .build());
      assertThat(figures.body())
          .contains("# {span_id=\"" + call.id() + "\",trace_id=\"" + call.trace() + "\"}")
          .contains("lintel_spans_exported_total");
    }
  }

  @Test
  void a_collector_that_hangs_or_refuses_costs_counted_spans_alone() throws IOException {
    try (var collector = new FakeCollector();
        var gateway = gateway(collector, "")) {
      collector.status = 400;
      assertThat(chat(gateway, "good", false).statusCode()).isEqualTo(200);
      Soon.until(() -> gateway.get("/metrics").body().contains("lintel_spans_dropped_total 2.0"));

      collector.hangs = true;
      var replies = new ArrayList<HttpResponse<String>>();
      for (int i = 0; i < 20; i++) {
        replies.add(chat(gateway, "good", false));
      }
      assertThat(replies).allMatch(reply -> reply.statusCode() == 200);
      Soon.until(() -> collector.headers.size() >= 2);
      assertThat(collector.spans).isEmpty();
    }
  }

  @Test
  void what_callers_say_of_traces_goes_on_where_nothing_is_traced() {
    String given = "00-" + TRACE + "-" + PARENT + "-01";
    try (var gateway =
        TestGateway.of(
            "providers: { demo: { kind: sim, ttft: 0ms } }\nmodels: { good: demo/small }")) {
      chat(gateway, "good", false, "traceparent", given, "tracestate", "vendor=x");

      JsonNode headers = gateway.visits("demo").getFirst().path("headers");
      assertThat(headers.path("traceparent").asString()).isEqualTo(given);
      assertThat(gateway.get("/metrics").body()).contains("lintel_spans_exported_total 0.0");
    }
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Other models by cause, copies beside the caller, and one call for many: on real sockets. */
@Tag("threads")
class ResilienceScenario {
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              denied: { kind: sim }
              down: { kind: sim }
              demo: { kind: sim }
              paced: { kind: sim, ttft: 300ms, tokens_per_second: 100 }
              once: { kind: sim, ttft: 300ms }
              quiet: { kind: sim, dialect: anthropic }
              copied: { kind: sim }
            models:
              tiny: demo/tiny
              large: quiet/large
              next: { targets: [ down/next+fault=500 ], fallback: { any: [ tiny ] } }
              busy: { targets: [ down/busy+fault=529 ], retry: { attempts: 2, backoff: 1ms..2ms }, fallback: { overloaded: [ tiny ], any: [ large ] } }
              limited: { targets: [ down/limited+fault=429_seconds+retry_after=40s ], fallback: { overloaded: [ large ] } }
              broken: { targets: [ down/broken+fault=error_first ], retry: { attempts: 1 }, fallback: { any: [ large ] } }
              chained: { targets: [ down/chained+fault=503 ], retry: { attempts: 1 }, fallback: { any: [ next ] } }
              filtered: { targets: [ demo/f+stop=content_filter+tokens=0 ], fallback: { content_policy: [ large ] } }
              refusing: { targets: [ demo/r+stop=refusal ], fallback: { content_policy: [ large ] } }
              late: { targets: [ down/late+fault=reset_mid_stream ], fallback: { any: [ tiny ] } }
              hopeless: { targets: [ down/hopeless+fault=429_seconds+retry_after=30s ], fallback: { any: [ worse ] } }
              worse: { targets: [ down/worse+fault=429_seconds+retry_after=9s ] }
              wrong: { targets: [ denied/wrong+fault=403 ], retry: { attempts: 1 }, fallback: { any: [ tiny ] } }
              one: { targets: [ paced/one+tokens=40 ], coalesce: true }
              whole: { targets: [ once/whole ], coalesce: true }
              falls: { targets: [ down/falls+fault=500 ], retry: { attempts: 1 }, coalesce: true, fallback: { any: [ whole ] } }
              shown: { targets: [ demo/shown ], shadow: { to: copied/shown, percent: 100 } }
              hidden: { targets: [ demo/hidden ], shadow: { to: copied/hidden+fault=stall_before_headers, percent: 100 } }
            prices:
              paced/one+tokens=40: { input: 1.00, output: 2.00 }
              once/whole: { input: 1.00, output: 2.00 }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource({
    "busy, demo/tiny, upstream_overloaded",
    "limited, quiet/large, upstream_rate_limited",
    "broken, quiet/large, upstream_overloaded",
    "chained, demo/tiny, upstream_unavailable",
    "filtered, quiet/large, content_blocked",
    "refusing, quiet/large, content_blocked",
    "wrong, demo/tiny, upstream_error",
  })
  void another_model_answers_by_why_one_failed(String model, String target, String kind) {
    for (boolean stream : List.of(false, true)) {
      HttpResponse<String> reply = ask(model, stream);
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(header(reply, "x-lintel-target")).isEqualTo(target);
      assertThat(reply.body()).doesNotContain("content_filter");
      JsonNode record = record(header(reply, "x-lintel-request-id"));
      assertThat(record.path("model").asString()).isEqualTo(model);
      assertThat(record.path("target").asString()).isEqualTo(target);
      assertThat(record.path("kind").isNull()).isTrue();
      JsonNode attempts = record.path("attempts");
      assertThat(header(reply, "x-lintel-attempts")).isEqualTo(Integer.toString(attempts.size()));
      assertThat(attempts.path(0).path("kind").asString()).isEqualTo(kind);
    }
  }

  @Test
  void after_the_first_content_nobody_else_is_asked() {
    int before = gateway.visits("demo").size();
    var reply = gateway.raw("/v1/chat/completions", body("late", true));
    assertThat(reply.body()).contains("\"lintel\"").doesNotContain("[DONE]");
    assertThat(gateway.visits("demo")).hasSize(before);
  }

  @Test
  void when_all_fail_the_true_reason_comes_at_once_with_the_least_wait() {
    HttpResponse<String> reply = ask("hopeless", false);
    assertThat(reply.statusCode()).isEqualTo(429);
    assertThat(header(reply, "retry-after")).isIn("8", "9");
    JsonNode lintel = Json.parse(reply.body()).path("error").path("lintel");
    assertThat(lintel.path("kind").asString()).isEqualTo("upstream_rate_limited");
    assertThat(lintel.path("attempts").findValuesAsString("target"))
        .contains(
            "down/hopeless+fault=429_seconds+retry_after=30s",
            "down/worse+fault=429_seconds+retry_after=9s");
  }

  @Test
  void a_fallback_is_not_for_what_the_caller_did_wrong() {
    HttpResponse<String> reply =
        gateway.post("/v1/chat/completions", "{\"model\":\"busy\",\"messages\":[]}");
    assertThat(reply.statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void calls_that_ask_the_same_are_one(boolean stream) {
    String provider = stream ? "paced" : "once";
    int before = gateway.visits(provider).size();
    List<HttpResponse<String>> replies = together(8, stream ? "one" : "whole", stream);
    assertThat(gateway.visits(provider)).hasSize(before + 1);
    assertThat(replies).allSatisfy(reply -> assertThat(reply.statusCode()).isEqualTo(200));
    assertThat(replies.stream().map(HttpResponse::body).distinct()).hasSize(1);
    var ids =
        replies.stream().map(reply -> header(reply, "x-lintel-request-id")).distinct().toList();
    assertThat(ids).hasSize(8);
    var costs = new ArrayList<BigDecimal>();
    for (String id : ids) {
      JsonNode record = record(id);
      assertThat(record.path("attempts")).hasSize(1);
      assertThat(record.path("usage").path("output").asInt()).isPositive();
      costs.add(new BigDecimal(record.path("cost_usd").asString()));
    }
    assertThat(costs.stream().filter(cost -> cost.signum() > 0)).hasSize(1);
    if (!stream) {
      assertThat(replies.stream().map(reply -> header(reply, "x-lintel-cost-usd")))
          .filteredOn("0"::equals)
          .hasSize(7);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/messages | {'model':'whole','max_tokens':9,'messages':[{'role':'user','content':'One?'}]}",
        "/v1/messages | {'model':'one','stream':true,'max_tokens':9,'messages':[{'role':'user','content':'One?'}]}",
        "/v1beta/models/one:streamGenerateContent?alt=sse | {'contents':[{'parts':[{'text':'One?'}]}]}",
        "/v1/embeddings | {'model':'whole','input':'One?'}",
        "/v1/moderations | {'model':'whole','input':'One?'}",
      })
  void in_every_dialect(String path, String body) {
    int before = gateway.visits("paced").size() + gateway.visits("once").size();
    List<HttpResponse<String>> replies =
        together(3, () -> gateway.post(path, body.replace('\'', '"')));
    assertThat(replies)
        .allSatisfy(reply -> assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200));
    assertThat(gateway.visits("paced").size() + gateway.visits("once").size())
        .isEqualTo(before + 1);
    assertThat(replies.stream().map(HttpResponse::body).distinct()).hasSize(1);
  }

  @Test
  void each_of_them_may_go_on_from_its_reply() {
    List<HttpResponse<String>> replies =
        together(
            2, () -> gateway.post("/v1/responses", "{\"model\":\"whole\",\"input\":\"Go on?\"}"));
    for (HttpResponse<String> reply : replies) {
      String id = Json.parse(reply.body()).path("id").asString();
      HttpResponse<String> next =
          gateway.post(
              "/v1/responses",
              "{\"model\":\"whole\",\"input\":\"And?\",\"previous_response_id\":\"" + id + "\"}");
      assertThat(next.statusCode()).as(next.body()).isEqualTo(200);
    }
  }

  @Test
  void calls_that_are_one_fall_back_as_one() {
    int before = gateway.visits("once").size();
    List<HttpResponse<String>> replies = together(4, "falls", false);
    assertThat(gateway.visits("once")).hasSize(before + 1);
    assertThat(replies)
        .allSatisfy(reply -> assertThat(header(reply, "x-lintel-target")).isEqualTo("once/whole"));
  }

  @Test
  void who_leaves_leaves_alone() throws IOException {
    String asked = body("one", true).replace("Hello", "Who leaves?");
    Socket leaver = gateway.open("/v1/chat/completions", asked);
    CompletableFuture<HttpResponse<String>> stays =
        CompletableFuture.supplyAsync(() -> gateway.post("/v1/chat/completions", asked));
    until(() -> paced("Who leaves?") > 0);
    leaver.close();
    HttpResponse<String> reply = stays.join();
    assertThat(reply.body()).endsWith("data: [DONE]\n\n");
    assertThat(paced("Who leaves?")).isEqualTo(1);
  }

  @Test
  void when_all_have_left_the_provider_is_left() throws IOException {
    String asked = body("one", true).replace("Hello", "All leave?");
    try (Socket one = gateway.open("/v1/chat/completions", asked);
        Socket other = gateway.open("/v1/chat/completions", asked)) {
      until(() -> paced("All leave?") > 0);
      assertThat(one.isConnected() && other.isConnected()).isTrue();
    }
    until(() ->
        gateway.visits("paced").stream()
            .filter(visit -> visit.path("body").toString().contains("All leave?"))
            .anyMatch(visit -> visit.path("outcome").asString("").equals("cancelled")));
  }

  @Test
  void one_whose_time_is_over_fails_alone() {
    String asked = body("whole", false).replace("Hello", "Whose time?");
    HttpResponse<String> late =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .header("x-lintel-max-latency-ms", "100")
                .POST(HttpRequest.BodyPublishers.ofString(asked))
                .build());
    assertThat(late.statusCode()).isEqualTo(504);
    JsonNode lintel = Json.parse(late.body()).path("error").path("lintel");
    assertThat(lintel.path("attempts").path(0).path("kind").asString()).isEqualTo("timeout");
  }

  @Test
  void a_copy_has_a_record_of_its_own_that_names_the_callers() {
    HttpResponse<String> reply = ask("shown", false);
    String id = header(reply, "x-lintel-request-id");
    assertThat(header(reply, "x-lintel-target")).isEqualTo("demo/shown");
    assertThat(header(reply, "x-lintel-attempts")).isEqualTo("1");
    until(() -> shadowOf(id).isObject());
    JsonNode shadow = shadowOf(id);
    assertThat(shadow.path("target").asString()).isEqualTo("copied/shown");
    assertThat(shadow.path("tenant").asString()).isEqualTo("t");
    assertThat(shadow.path("model").asString()).isEqualTo("shown");
    assertThat(shadow.path("request_id").asString()).isNotEqualTo(id);
    until(() -> comparison("shown").path("compared").asInt() == 1);
    assertThat(comparison("shown").path("same").asInt()).as("both say the same").isEqualTo(1);
    assertThat(gateway.get("/metrics").body())
        .contains("lintel_shadow_calls_total{kind=\"ok\",model=\"shown\",provider=\"copied\"} 1")
        .doesNotContain("model=\"shown\",provider=\"copied\",tenant");
  }

  @Test
  void a_copy_that_stalls_delays_nobody() {
    HttpResponse<String> reply = ask("hidden", true);
    assertThat(reply.body()).endsWith("data: [DONE]\n\n");
    until(() -> !gateway.visits("copied").isEmpty());
  }

  private static long paced(String words) {
    return gateway.visits("paced").stream()
        .filter(visit -> visit.path("body").toString().contains(words))
        .count();
  }

  private static List<HttpResponse<String>> together(int calls, String model, boolean stream) {
    return together(calls, () -> ask(model, stream));
  }

  private static List<HttpResponse<String>> together(
      int calls, Supplier<HttpResponse<String>> asking) {
    var asked =
        IntStream.range(0, calls)
            .mapToObj(i -> CompletableFuture.supplyAsync(asking, Thread::startVirtualThread))
            .toList();
    try {
      return asked.stream().map(CompletableFuture::join).toList();
    } catch (CompletionException failed) {
      throw new AssertionError(failed);
    }
  }

  private static HttpResponse<String> ask(String model, boolean stream) {
    return gateway.post("/v1/chat/completions", body(model, stream));
  }

  private static String body(String model, boolean stream) {
    return "{\"model\":\""
        + model
        + "\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  }

  private static String header(HttpResponse<String> reply, String name) {
    return reply.headers().firstValue(name).orElse("");
  }

  private static JsonNode comparison(String model) {
    for (JsonNode one : Json.parse(admin("/admin/v1/shadows").body()).path("data")) {
      if (one.path("model").asString().equals(model)) {
        return one;
      }
    }
    return Json.object();
  }

  private static JsonNode shadowOf(String id) {
    for (JsonNode one : Json.parse(admin("/admin/v1/calls?limit=1000").body()).path("data")) {
      if (one.path("shadow_of").asString("").equals(id)) {
        return one;
      }
    }
    return Json.parse("null");
  }

  private static JsonNode record(String id) {
    until(() -> admin("/admin/v1/calls/" + id).statusCode() == 200);
    return Json.parse(admin("/admin/v1/calls/" + id).body());
  }

  private static HttpResponse<String> admin(String path) {
    return gateway.send(
        HttpRequest.newBuilder(URI.create(gateway.url() + path))
            .header("authorization", "Bearer admin-key")
            .build());
  }

  private static void until(BooleanSupplier holds) {
    Soon.until(holds);
  }
}

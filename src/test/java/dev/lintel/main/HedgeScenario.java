package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A provider that is late is asked no longer than it takes another one to answer. */
@Tag("threads")
class HedgeScenario {
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  private static final String OPENING =
      "{\"id\":\"s\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"small\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}";

  /** When a provider saw that nobody reads its answer, and when another one had been asked. */
  private final BlockingQueue<Long> left = new LinkedBlockingQueue<>();

  private final BlockingQueue<Long> asked = new LinkedBlockingQueue<>();

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void the_second_answers_and_the_first_sees_its_connection_closed_within_100_ms(boolean stream)
      throws Exception {
    try (var slow = silent(false);
        var quick = answering();
        var gateway = gateway(slow, quick)) {
      Soon.within(
          Duration.ofMillis(100),
          () -> {
            HttpResponse<String> reply = ask(gateway, stream, "");
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
            assertThat(reply.body()).contains("Hello there");
            assertThat(header(reply, "x-lintel-target")).isEqualTo("quick/small");
            assertThat(header(reply, "x-lintel-attempts")).isEqualTo("2");
            JsonNode record = record(gateway, header(reply, "x-lintel-request-id"));
            assertThat(record.path("target").asString()).isEqualTo("quick/small");
            assertThat(attempts(record))
                .containsExactly("slow/small cancelled", "quick/small answered");
            return Duration.ofNanos(take(left) - take(asked));
          });
      assertThat(state(gateway, "slow")).isEqualTo("healthy");
    }
  }

  @Test
  void what_the_late_one_had_begun_with_is_not_seen() throws Exception {
    try (var slow = silent(true);
        var quick = answering();
        var gateway = gateway(slow, quick)) {
      HttpResponse<String> reply = ask(gateway, true, "");
      assertThat(reply.body()).contains("Hello there", "[DONE]").doesNotContain("\"id\":\"s\"");
      take(left);
    }
  }

  @Test
  void a_caller_who_leaves_ends_both() throws Exception {
    BlockingQueue<Long> gone = new LinkedBlockingQueue<>();
    try (var slow = silent(false);
        var second =
            new RawProvider(visit -> {
              visit.read();
              asked.add(System.nanoTime());
              visit.hold();
              gone.add(System.nanoTime());
            });
        var gateway = gateway(slow, second)) {
      Soon.within(
          Duration.ofMillis(100),
          () -> {
            long closed;
            try (var client = gateway.open("/v1/chat/completions", body(true, ""))) {
              take(asked);
              client.setSoLinger(true, 0);
              closed = System.nanoTime();
            }
            return Duration.ofNanos(Math.max(take(left), take(gone)) - closed);
          });
    }
  }

  @Test
  void what_searches_the_web_is_asked_once() throws Exception {
    try (var slow =
            new RawProvider(visit -> {
              visit.read();
              Thread.currentThread().join(600);
              visit.answer("200 OK", "", whole("Slow but sure"));
            });
        var quick = answering();
        var gateway = gateway(slow, quick)) {
      HttpResponse<String> reply = ask(gateway, false, ",\"web_search_options\":{}");
      assertThat(reply.body()).contains("Slow but sure");
      assertThat(quick.connections()).isZero();
    }
  }

  @Test
  void the_calls_own_time_bounds_both() throws Exception {
    try (var slow = silent(false);
        var second = silent(false);
        var gateway = gateway(slow, second)) {
      Soon.within(
          Duration.ofMillis(1600),
          () -> {
            long began = System.nanoTime();
            HttpResponse<String> reply =
                gateway.send(
                    gateway
                        .request("/v1/chat/completions")
                        .header("x-lintel-max-latency-ms", "1500")
                        .POST(HttpRequest.BodyPublishers.ofString(body(true, "")))
                        .build());
            var took = Duration.ofNanos(System.nanoTime() - began);
            assertThat(took).isGreaterThan(Duration.ofMillis(1490));
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(504);
            assertThat(Json.parse(reply.body()).path("error").path("lintel").path("attempts"))
                .hasSize(2);
            return took;
          });
      assertThat(state(gateway, "slow")).isEqualTo("healthy");
    }
  }

  /** Says nothing, or nothing that counts, until the other side leaves. */
  private RawProvider silent(boolean begins) throws IOException {
    return new RawProvider(visit -> {
      if (visit.read()) {
        if (begins) {
          visit.write(HEAD + chunk("data: " + OPENING + "\n\n"));
        }
        try {
          visit.hold();
        } finally {
          left.add(System.nanoTime());
        }
      }
    });
  }

  private RawProvider answering() throws IOException {
    return new RawProvider(visit -> {
      while (visit.read()) {
        asked.add(System.nanoTime());
        visit.answer("200 OK", "", whole("Hello there"));
      }
    });
  }

  private static String whole(String text) {
    return "{\"id\":\"q\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"small\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
        + text
        + "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}";
  }

  private static String chunk(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  private static TestGateway gateway(RawProvider slow, RawProvider quick) {
    return TestGateway.of(
        """
        providers:
          slow: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
          quick: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
        models:
          m: { targets: [ slow/small, quick/small ], hedge: { after: 200ms, share: 100%% } }
        """
            .formatted(slow.port(), quick.port()));
  }

  private static HttpResponse<String> ask(TestGateway gateway, boolean stream, String more) {
    return gateway.post("/v1/chat/completions", body(stream, more));
  }

  private static String body(boolean stream, String more) {
    return "{\"model\":\"m\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
        + more
        + "}";
  }

  private static String header(HttpResponse<String> reply, String name) {
    return reply.headers().firstValue(name).orElse("");
  }

  /** Written once the reply is: a moment later. */
  private static JsonNode record(TestGateway gateway, String id) {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.url().resolve("/admin/v1/calls/" + id))
            .header("authorization", "Bearer admin-key")
            .build();
    return Json.parse(
        Soon.found(() -> gateway.send(request), reply -> reply.statusCode() == 200).body());
  }

  private static long take(BlockingQueue<Long> moments) throws InterruptedException {
    Long moment = moments.poll(30, TimeUnit.SECONDS);
    assertThat(moment).isNotNull();
    return moment;
  }

  private static List<String> attempts(JsonNode record) {
    var attempts = new ArrayList<String>();
    record
        .path("attempts")
        .forEach(attempt ->
            attempts.add(
                attempt.path("target").asString()
                    + " "
                    + attempt.path("kind").asString("answered")));
    return attempts;
  }

  private static String state(TestGateway gateway, String provider) {
    return Json.parse(gateway.get("/health").body())
        .path("providers")
        .path(provider)
        .path("state")
        .asString();
  }
}

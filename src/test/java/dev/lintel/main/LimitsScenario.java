package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What callers may do in a time, and what they are told of it. */
@Tag("threads")
class LimitsScenario {
  private static final String CHAT = "/v1/chat/completions";

  private static final String YAML =
      """
      providers:
        demo: { kind: sim, input_tokens: 40, output_tokens: 60 }
        slow: { kind: sim, ttft: 4s }
      models: { tiny: demo/m, broken: demo/m+fault=500, slow: slow/m }
      tenants:
        t:
          limits: { requests: 1000/day }
          apps:
            a: { keys: [ sk-test-0001, sk-second ], limits: { requests: 5/min } }
            tokens: { keys: [ sk-tokens ], limits: { tokens: 1000/min, requests: 100/min } }
            one: { keys: [ sk-one ], limits: { concurrent: 1 } }
            none: { keys: [ sk-none ] }
      """;

  private static HttpResponse<String> ask(TestGateway gateway, String key, String model) {
    String body =
        "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
    return gateway.send(
        gateway
            .request(CHAT)
            .setHeader("authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static long header(HttpResponse<String> reply, String name) {
    String text = reply.headers().firstValue(name).orElse("-1");
    return Long.parseLong(text.replace("s", ""));
  }

  @Test
  void requests_count_per_app_and_what_is_left_is_told() {
    try (var gateway = TestGateway.of(YAML)) {
      for (int i = 0; i < 5; i++) {
        var reply = ask(gateway, i % 2 == 0 ? "sk-test-0001" : "sk-second", "tiny");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(header(reply, "x-ratelimit-limit-requests")).isEqualTo(5);
        assertThat(header(reply, "x-ratelimit-remaining-requests")).isEqualTo(4 - i);
        assertThat(header(reply, "x-ratelimit-reset-requests")).isBetween(55L, 60L);
      }
      var over = ask(gateway, "sk-second", "tiny");
      assertThat(over.statusCode()).isEqualTo(429);
      assertThat(header(over, "retry-after")).isBetween(50L, 60L);
      assertThat(header(over, "x-ratelimit-remaining-requests")).isZero();
      var lintel = Json.parse(over.body()).path("error").path("lintel");
      assertThat(lintel.path("kind").asString()).isEqualTo("rate_limited");
      assertThat(lintel.path("retryable").asBoolean()).isTrue();
      assertThat(lintel.path("retry_after_ms").asLong()).isBetween(50_000L, 60_000L);
      assertThat(ask(gateway, "sk-none", "tiny").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void tokens_are_corrected_by_what_was_really_used_and_a_failed_call_uses_none() {
    try (var gateway = TestGateway.of(YAML)) {
      for (int i = 0; i < 5; i++) {
        assertThat(ask(gateway, "sk-tokens", "broken").statusCode()).isGreaterThanOrEqualTo(500);
      }
      int answered = 0;
      HttpResponse<String> reply = ask(gateway, "sk-tokens", "tiny");
      while (reply.statusCode() == 200) {
        answered++;
        assertThat(header(reply, "x-ratelimit-remaining-tokens")).isEqualTo(1000 - 100L * answered);
        reply = ask(gateway, "sk-tokens", "tiny");
      }
      assertThat(answered).isEqualTo(10);
      assertThat(reply.statusCode()).isEqualTo(429);
      assertThat(header(reply, "x-ratelimit-limit-tokens")).isEqualTo(1000);
      assertThat(header(reply, "retry-after")).isBetween(40L, 60L);
    }
  }

  @Test
  void a_call_that_alone_is_too_large_is_refused_and_holds_nothing() {
    try (var gateway = TestGateway.of(YAML)) {
      var large =
          gateway.send(
              gateway
                  .request(CHAT)
                  .setHeader("authorization", "Bearer sk-tokens")
                  .POST(
                      BodyPublishers.ofString(
                          "{\"model\":\"tiny\",\"max_tokens\":5000,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"))
                  .build());
      assertThat(large.statusCode()).as(large.body()).isEqualTo(429);
      assertThat(header(large, "x-ratelimit-remaining-tokens")).isEqualTo(1000);
      assertThat(ask(gateway, "sk-tokens", "tiny").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void one_call_too_many_at_once_waits_shortly_and_is_refused() throws Exception {
    try (var gateway = TestGateway.of(YAML)) {
      var statuses = new ConcurrentLinkedQueue<Integer>();
      var threads = new ArrayList<Thread>();
      for (int i = 0; i < 2; i++) {
        threads.add(
            Thread.ofVirtual()
                .start(() -> statuses.add(ask(gateway, "sk-one", "slow").statusCode())));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(statuses).containsExactlyInAnyOrder(200, 429);
      for (int i = 0; i < 3; i++) {
        assertThat(ask(gateway, "sk-one", "tiny").statusCode()).isEqualTo(200);
      }
    }
  }
}

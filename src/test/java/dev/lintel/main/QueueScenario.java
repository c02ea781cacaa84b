package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a provider may have at once and in a time, on real sockets. */
@Tag("threads")
class QueueScenario {
  private static final String ASKED =
      "{\"model\":\"slow\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
  private static final String REPLY =
      "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
          + "\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}";

  private final AtomicInteger under = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final AtomicInteger all = new AtomicInteger();

  @Test
  void a_target_never_has_more_calls_than_it_may_and_nobody_is_refused_while_there_is_a_place()
      throws Exception {
    try (var provider = slow(50, "");
        var gateway =
            TestGateway.of(
                yaml(provider, "")
                    + "models: { slow: { targets: [ { to: p/m, concurrent: 2 } ], queue: { size: 18, wait: 20s } } }\n")) {
      List<HttpResponse<String>> replies = together(gateway, 20);
      assertThat(replies).extracting(HttpResponse::statusCode).containsOnly(200);
      assertThat(most).hasValue(2);
      assertThat(all).hasValue(20);
      assertThat(gateway.get("/metrics").body())
          .contains("lintel_queue_length{model=\"slow\"} 0")
          .contains("lintel_queue_wait_seconds_count{end=\"served\",model=\"slow\"} 18");
    }
  }

  @Test
  void who_finds_the_queue_full_is_told_when_to_come_again() throws Exception {
    try (var provider = slow(400, "");
        var gateway =
            TestGateway.of(
                yaml(provider, "")
                    + "models: { slow: { targets: [ { to: p/m, concurrent: 2 } ], queue: { size: 3, wait: 20s } } }\n")) {
      List<HttpResponse<String>> replies = together(gateway, 9);
      assertThat(replies.stream().filter(reply -> reply.statusCode() == 200)).hasSize(5);
      List<HttpResponse<String>> refused =
          replies.stream().filter(reply -> reply.statusCode() != 200).toList();
      assertThat(refused)
          .hasSize(4)
          .allSatisfy(reply -> {
            assertThat(reply.statusCode()).isEqualTo(503);
            assertThat(Integer.parseInt(reply.headers().firstValue("retry-after").orElseThrow()))
                .isBetween(1, 5);
            assertThat(Json.parse(reply.body()).at("/error/lintel/kind").asString())
                .isEqualTo("unavailable");
          });
      assertThat(most).hasValue(2);
    }
  }

  @Test
  void a_call_whose_time_is_over_in_the_queue_is_a_timeout() throws Exception {
    try (var provider = slow(1500, "");
        var gateway =
            TestGateway.of(
                yaml(provider, "")
                    + "models: { slow: { targets: [ { to: p/m, concurrent: 1 } ], queue: { size: 3, wait: 20s } } }\n")) {
      var first = CompletableFuture.supplyAsync(() -> gateway.post("/v1/chat/completions", ASKED));
      Soon.until(() -> under.get() > 0);
      HttpResponse<String> late =
          gateway.send(
              gateway
                  .request("/v1/chat/completions")
                  .header("x-lintel-max-latency-ms", "300")
                  .POST(java.net.http.HttpRequest.BodyPublishers.ofString(ASKED))
                  .build());
      assertThat(late.statusCode()).isEqualTo(504);
      assertThat(late.body()).contains("\"timeout\"");
      assertThat(first.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(all).hasValue(1);
    }
  }

  @Test
  void a_wait_that_would_outlast_the_call_is_left_to_a_fallback() throws Exception {
    try (var provider = slow(1500, "");
        var gateway =
            TestGateway.of(
                yaml(provider, "")
                    + "  sim: { kind: sim }\n"
                    + "models: { spare: sim/small, slow: { targets: [ { to: p/m, concurrent: 1 } ], queue: { size: 3, wait: 20s }, fallback: { overloaded: [ spare ] } } }\n")) {
      // From the first it is known how long a call takes.
      assertThat(gateway.post("/v1/chat/completions", ASKED).statusCode()).isEqualTo(200);
      var first = CompletableFuture.supplyAsync(() -> gateway.post("/v1/chat/completions", ASKED));
      Soon.until(() -> under.get() > 0);
      HttpResponse<String> hurried =
          gateway.send(
              gateway
                  .request("/v1/chat/completions")
                  .header("x-lintel-max-latency-ms", "1000")
                  .POST(java.net.http.HttpRequest.BodyPublishers.ofString(ASKED))
                  .build());
      assertThat(hurried.statusCode()).as(hurried.body()).isEqualTo(200);
      assertThat(hurried.headers().firstValue("x-lintel-target")).contains("sim/small");
      assertThat(first.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void without_a_queue_a_busy_target_is_refused_at_once_and_the_next_one_asked() throws Exception {
    try (var provider = slow(400, "");
        var gateway =
            TestGateway.of(
                yaml(provider, "")
                    + "  sim: { kind: sim }\n"
                    + "models:\n"
                    + "  slow: { targets: [ { to: p/m, concurrent: 2 } ] }\n"
                    + "  both: { targets: [ { to: p/m, concurrent: 2 }, sim/small ] }\n")) {
      List<HttpResponse<String>> replies = together(gateway, 5);
      assertThat(replies.stream().filter(reply -> reply.statusCode() == 200)).hasSize(2);
      assertThat(replies.stream().filter(reply -> reply.statusCode() == 503))
          .hasSize(3)
          .allMatch(reply -> reply.headers().firstValue("retry-after").isPresent());
      assertThat(together(gateway, 6, ASKED.replace("slow", "both")))
          .extracting(HttpResponse::statusCode)
          .containsOnly(200);
      assertThat(gateway.visits("sim")).hasSize(4);
      assertThat(most).hasValue(2);
    }
  }

  @Test
  void an_account_s_limit_is_not_run_into() throws Exception {
    try (var provider = slow(0, "");
        var gateway =
            TestGateway.of(
                yaml(provider, ", limits: { requests: 5/min }")
                    + "  sim: { kind: sim }\n"
                    + "models: { slow: p/m, both: { targets: [ p/m, sim/small ] } }\n")) {
      List<HttpResponse<String>> replies = together(gateway, 8);
      assertThat(replies.stream().filter(reply -> reply.statusCode() == 200)).hasSize(5);
      assertThat(replies.stream().filter(reply -> reply.statusCode() == 503))
          .hasSize(3)
          .allSatisfy(reply ->
              assertThat(Integer.parseInt(reply.headers().firstValue("retry-after").orElseThrow()))
                  .isBetween(50, 62));
      assertThat(gateway.post("/v1/chat/completions", ASKED.replace("slow", "both")).statusCode())
          .isEqualTo(200);
      assertThat(gateway.visits("sim")).hasSize(1);
      assertThat(all).as("the provider has seen no sixth").hasValue(5);
    }
  }

  @Test
  void what_a_provider_tells_of_its_limits_is_heeded_before_it_refuses() throws Exception {
    try (var provider =
            slow(
                0,
                "x-ratelimit-limit-requests: 1\r\nx-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 6m0s\r\n");
        var gateway = TestGateway.of(yaml(provider, "") + "models: { slow: p/m }\n")) {
      assertThat(gateway.post("/v1/chat/completions", ASKED).statusCode()).isEqualTo(200);
      HttpResponse<String> next = gateway.post("/v1/chat/completions", ASKED);
      assertThat(next.statusCode()).isEqualTo(503);
      assertThat(Integer.parseInt(next.headers().firstValue("retry-after").orElseThrow()))
          .isBetween(350, 360);
      assertThat(all).hasValue(1);
    }
  }

  private static String yaml(RawProvider provider, String more) {
    return "providers:\n  p: { kind: openai, url: \"http://127.0.0.1:"
        + provider.port()
        + "/v1\", key: k"
        + more
        + " }\n";
  }

  /** Answers after that time. */
  private RawProvider slow(long millis, String headers) throws IOException {
    var timer = Executors.newScheduledThreadPool(1, Thread.ofPlatform().daemon().factory());
    return new RawProvider(visit -> {
      while (visit.read()) {
        all.incrementAndGet();
        most.accumulateAndGet(under.incrementAndGet(), Math::max);
        var over = new CountDownLatch(1);
        timer.schedule(over::countDown, millis, TimeUnit.MILLISECONDS);
        over.await();
        under.decrementAndGet();
        visit.answer("200 OK", headers, REPLY);
      }
    });
  }

  private static List<HttpResponse<String>> together(TestGateway gateway, int calls)
      throws Exception {
    return together(gateway, calls, ASKED);
  }

  private static List<HttpResponse<String>> together(TestGateway gateway, int calls, String asked)
      throws Exception {
    var replies = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    try (var threads = Executors.newFixedThreadPool(calls)) {
      for (int i = 0; i < calls; i++) {
        replies.add(
            CompletableFuture.supplyAsync(
                () -> gateway.post("/v1/chat/completions", asked), threads));
      }
      var all = new ArrayList<HttpResponse<String>>();
      for (var reply : replies) {
        all.add(reply.get(30, TimeUnit.SECONDS));
      }
      return all;
    }
  }
}

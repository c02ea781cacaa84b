package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The time that a caller gives bounds the whole of its call, and nobody rests for it. */
@Tag("threads")
class DeadlineScenario {
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

  @ParameterizedTest
  @ValueSource(strings = {"silent", "connect", "mute_head", "drips"})
  void a_call_ends_with_its_time_whatever_its_provider_does(String what) throws Exception {
    try (var provider = new RawProvider(visit -> misbehave(what, visit));
        var deaf = new Deaf();
        var gateway =
            gateway(what.equals("connect") ? deaf.port() : provider.port(), "m: p/small")) {
      Soon.within(
          Duration.ofMillis(370),
          () -> {
            long began = System.nanoTime();
            HttpResponse<String> reply = ask(gateway, false, 300, "");
            long took = millisSince(began);
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(504);
            assertThat(lintel(reply).path("kind").asString()).isEqualTo("timeout");
            assertThat(lintel(reply).path("attempts")).hasSize(1);
            assertThat(took).isGreaterThanOrEqualTo(290);
            return Duration.ofMillis(took);
          });
      assertThat(state(gateway)).isEqualTo("healthy");
    }
  }

  @Test
  void a_wait_that_would_outlast_the_call_goes_to_another_target_at_once() throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.answer("429 Too Many", "Retry-After: 30\r\n", "{\"error\":{}}");
              }
            });
        var gateway =
            gateway(
                provider.port(), "m: { targets: [ p/small, demo/small ], strategy: in_order }")) {
      HttpResponse<String> reply = ask(gateway, false, 2000, "");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-target")).contains("demo/small");
    }
  }

  @Test
  void a_wait_that_would_outlast_the_call_is_not_begun_and_the_cause_is_told() throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.answer("429 Too Many", "Retry-After: 30\r\n", "{\"error\":{}}");
              }
            });
        var gateway = gateway(provider.port(), "m: p/small")) {
      Soon.within(
          Duration.ofSeconds(1),
          () -> {
            long began = System.nanoTime();
            HttpResponse<String> reply = ask(gateway, false, 2000, "");
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(429);
            return Duration.ofMillis(millisSince(began));
          });
    }
  }

  @Test
  void tries_and_the_waits_between_them_are_within_the_calls_time() throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.answer("500 Broken", "", "{\"error\":{}}");
              }
            });
        var gateway =
            gateway(
                provider.port(),
                "m: { targets: [ p/small ], retry: { attempts: 100, backoff: 50ms..50ms }, breaker: { failures: 1000 } }")) {
      ask(gateway, false, 400, "");
      Soon.within(
          Duration.ofSeconds(1),
          () -> {
            long began = System.nanoTime();
            HttpResponse<String> reply = ask(gateway, false, 400, "");
            assertThat(lintel(reply).path("attempts").size()).isLessThanOrEqualTo(20);
            return Duration.ofMillis(millisSince(began));
          });
      Soon.until(() -> lintel(ask(gateway, false, 400, "")).path("attempts").size() >= 3);
    }
  }

  @Test
  void a_stream_whose_time_is_over_ends_with_an_error() throws Exception {
    try (var provider = new RawProvider(visit -> misbehave("flows", visit));
        var gateway = gateway(provider.port(), "m: p/small")) {
      String body =
          "{\"model\":\"m\",\"stream\":true,\"lintel\":{\"max_latency_ms\":400},\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
      Soon.within(
          Duration.ofMillis(470),
          () -> {
            long began = System.nanoTime();
            TestGateway.Raw reply = gateway.raw("/v1/chat/completions", body);
            long took = millisSince(began);
            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.body())
                .contains("drop", "\"kind\":\"timeout\"")
                .doesNotContain("[DONE]");
            assertThat(took).isGreaterThanOrEqualTo(390);
            return Duration.ofMillis(took);
          });
      assertThat(state(gateway)).isEqualTo("healthy");
    }
  }

  @Test
  void a_link_that_nobody_answers_is_within_the_calls_time() throws Exception {
    try (var far = new RawProvider(RawProvider.Visit::hold);
        var gateway =
            TestGateway.of(
                """
                providers:
                  p: { kind: bedrock, region: us-east-1, access_key: AKIDEXAMPLE, secret_key: s, url: "http://127.0.0.1:1" }
                models:
                  m: p/small
                fetch: { allow: [ 127.0.0.0/8 ] }
                """)) {
      HttpResponse<String> reply =
          ask(
              gateway,
              false,
              300,
              ",{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://127.0.0.1:"
                  + far.port()
                  + "/a.png\"}}]}");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(504);
      assertThat(state(gateway)).isEqualTo("healthy");
    }
  }

  private static void misbehave(String what, RawProvider.Visit visit) throws IOException {
    visit.read();
    switch (what) {
      case "mute_head" ->
          visit.write(
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{");
      case "drips" -> {
        visit.write(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{");
        drip(() -> visit.write(" "));
      }
      case "flows" -> {
        visit.write(HEAD);
        drip(() -> {
          String event =
              "data: {\"id\":\"s\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"small\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"drop\"},\"finish_reason\":null}]}\n\n";
          visit.write(Integer.toHexString(event.length()) + "\r\n" + event + "\r\n");
        });
      }
      default -> {}
    }
    visit.hold();
  }

  private interface Drop {
    void fall() throws IOException;
  }

  private static void drip(Drop drop) throws IOException {
    for (long until = System.nanoTime() + 5_000_000_000L; System.nanoTime() < until; ) {
      drop.fall();
      LockSupport.parkNanos(20_000_000);
    }
  }

  /** A port that takes no more connections: its queue is full. */
  private static final class Deaf implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final ArrayList<Socket> filling = new ArrayList<>();

    Deaf() throws IOException {
      for (int i = 0; i < 3; i++) {
        var socket = new Socket();
        filling.add(socket);
        try {
          socket.connect(server.getLocalSocketAddress(), 100);
        } catch (java.net.SocketTimeoutException full) {
          break;
        }
      }
    }

    int port() {
      return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : filling) {
        socket.close();
      }
      server.close();
    }
  }

  private static TestGateway gateway(int port, String model) {
    return TestGateway.of(
        """
        providers:
          p: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
          demo: { kind: sim }
        models:
          %s
        """
            .formatted(port, model));
  }

  private static HttpResponse<String> ask(
      TestGateway gateway, boolean stream, long millis, String more) {
    return gateway.send(
        gateway
            .request("/v1/chat/completions")
            .header("x-lintel-max-latency-ms", Long.toString(millis))
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\"m\",\"stream\":"
                        + stream
                        + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}"
                        + more
                        + "]}"))
            .build());
  }

  private static JsonNode lintel(HttpResponse<String> reply) {
    return Json.parse(reply.body()).path("error").path("lintel");
  }

  private static String state(TestGateway gateway) {
    return Json.parse(gateway.get("/health").body())
        .path("providers")
        .path("p")
        .path("state")
        .asString();
  }

  private static long millisSince(long began) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.config.Address;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** A client that leaves takes its upstream call with it, at once, and counts against nobody. */
@Tag("threads")
class ClientDisconnectScenario {
  private static TestGateway gateway;
  private static URI provider;

  @BeforeAll
  static void start() {
    provider = Simulators.alone(new Address("127.0.0.1", 0));
    gateway =
        TestGateway.of(
            """
            providers:
              far: { kind: openai, url: "%s/v1", key: none }
            models:
              m: far/small
            """
                .formatted(provider));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource({
    "stall_before_headers, true",
    "stall_before_headers, false",
    "stall_after_headers, true",
    "stall_mid_stream, true",
    "stall_mid_stream, false",
    "role_only, true",
  })
  void closes_the_upstream_call_within_100_ms(String fault, boolean stream) {
    Soon.within(
        Duration.ofMillis(100),
        () -> {
          long cancelled = stat("cancelled");
          long open = stat("open");
          try (Socket client =
              gateway.open("/v1/chat/completions", body("far/small+fault=" + fault, stream))) {
            Soon.until(() -> stat("open") == open + 1);
            client.setSoLinger(true, 0);
          }
          return Soon.taken(() -> stat("cancelled") == cancelled + 1);
        });
  }

  @Test
  void leaving_while_the_text_flows_ends_the_flow() throws IOException {
    long cancelled = stat("cancelled");
    try (Socket client =
        gateway.open(
            "/v1/chat/completions", body("far/small+tokens=5000+tokens_per_second=200", true))) {
      assertThat(client.getInputStream().read()).isPositive();
    }
    Soon.until(() -> stat("cancelled") == cancelled + 1);
  }

  @Test
  void nobody_rests_for_it() throws IOException {
    long open = stat("open");
    try (Socket client =
        gateway.open("/v1/chat/completions", body("far/small+fault=stall_before_headers", true))) {
      Soon.until(() -> stat("open") == open + 1);
      client.setSoLinger(true, 0);
    }
    Soon.until(() -> stat("open") == open);
    var reply = gateway.post("/v1/chat/completions", body("m", false));
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(Json.parse(gateway.get("/health").body()).path("status").asString())
        .isEqualTo("healthy");
  }

  private static String body(String model, boolean stream) {
    return "{\"model\":\""
        + model
        + "\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  }

  private static long stat(String name) {
    try (var http = HttpClient.newHttpClient()) {
      JsonNode stats =
          Json.parse(
              http.send(
                      HttpRequest.newBuilder(provider.resolve("/sim/stats")).build(),
                      HttpResponse.BodyHandlers.ofString())
                  .body());
      return stats.get(name).asLong();
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }
}

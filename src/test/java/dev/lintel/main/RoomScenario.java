package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a call ends, the room that it had at its provider is there for the next one. */
@Tag("threads")
class RoomScenario {
  private TestGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              p: { kind: sim, limits: { concurrent: 1 }, breaker: { failures: 1000 } }
              q: { kind: sim, ttft: 20ms }
            models:
              late: { targets: [ "p/x+ttft=3s", q/y ], hedge: { after: 100ms, share: 100% } }
              same: { targets: [ "p/x+ttft=400ms" ], coalesce: true }
              vectors: { targets: [ "p/e+ttft=100ms" ], batch: { window: 20ms, size: 8 }, queue: { size: 50, wait: 10s } }
              shaded: { targets: [ q/y ], shadow: { to: "p/x+ttft=200ms", percent: 100 } }
            """);
  }

  @AfterEach
  void stop() {
    gateway.close();
  }

  private static String chat(String model, boolean stream) {
    return "{\"model\":\""
        + model
        + "\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
  }

  private HttpResponse<String> ask(String model, boolean stream) {
    return gateway.post("/v1/chat/completions", chat(model, stream));
  }

  /** Within a second of the end there is room again, and all of it. */
  private void roomAgain() {
    served();
    try {
      var holding = new Talk(gateway.url(), "/v1/realtime?model=p/small", TestGateway.KEY);
      holding.next();
      assertThat(ask("p/fine", false).statusCode())
          .as("there is no more than there was")
          .isEqualTo(503);
      holding.leave();
    } catch (Exception broken) {
      throw new AssertionError(broken);
    }
    // Nobody says when the gateway has seen that it left.
    served();
  }

  private void served() {
    HttpResponse<String> next =
        Soon.found(() -> ask("p/fine", false), reply -> reply.statusCode() != 503);
    assertThat(next.statusCode()).as(next.body()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "p/x+fault=500",
        "p/x+fault=529",
        "p/x+fault=404",
        "p/x+fault=reset_before_headers",
        "p/x+fault=reset_mid_stream",
        "p/x+fault=no_terminal",
        "p/x+fault=malformed_event",
        "p/x+fault=error_first",
        "p/x+fault=error_mid_stream",
        "p/x+fault=empty"
      })
  void after_a_failure(String model) {
    for (boolean stream : new boolean[] {true, false}) {
      gateway.raw("/v1/chat/completions", chat(model, stream));
      roomAgain();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "p/x+fault=stall_before_headers",
        "p/x+fault=role_only",
        "p/x+fault=stall_mid_stream",
        "p/x+tokens=2000+tokens_per_second=50"
      })
  void after_a_caller_left_or_ran_out_of_time(String model) throws Exception {
    for (boolean stream : new boolean[] {true, false}) {
      try (Socket left = gateway.open("/v1/chat/completions", chat(model, stream))) {
        LockSupport.parkNanos(200_000_000);
        left.setSoLinger(true, 0);
      }
      roomAgain();
      var late =
          gateway.send(
              gateway
                  .request("/v1/chat/completions")
                  .header("x-lintel-max-latency-ms", "200")
                  .POST(HttpRequest.BodyPublishers.ofString(chat(model, false)))
                  .build());
      assertThat(late.statusCode()).isEqualTo(504);
      roomAgain();
    }
  }

  @Test
  void after_another_was_quicker() {
    for (int i = 0; i < 3; i++) {
      HttpResponse<String> reply = ask("late", i % 2 == 0);
      assertThat(reply.headers().firstValue("x-lintel-target")).contains("q/y");
      assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("2");
      roomAgain();
    }
  }

  @Test
  void after_calls_that_were_one() throws Exception {
    var both =
        List.of(
            CompletableFuture.supplyAsync(() -> ask("same", false)),
            CompletableFuture.supplyAsync(() -> ask("same", false)));
    both.forEach(reply -> assertThat(reply.join().statusCode()).isEqualTo(200));
    roomAgain();
    try (Socket one = gateway.open("/v1/chat/completions", chat("same", true));
        Socket other = gateway.open("/v1/chat/completions", chat("same", true))) {
      LockSupport.parkNanos(100_000_000);
      one.setSoLinger(true, 0);
      other.setSoLinger(true, 0);
    }
    roomAgain();
  }

  @Test
  void after_a_shadow() {
    for (int i = 0; i < 3; i++) {
      assertThat(ask("shaded", false).statusCode()).isEqualTo(200);
    }
    roomAgain();
  }

  @Test
  void after_a_live_conversation() throws Exception {
    var talk = new Talk(gateway.url(), "/v1/realtime?model=p/small", TestGateway.KEY);
    talk.next();
    assertThat(ask("p/fine", false).statusCode()).isEqualTo(503);
    talk.leave();
    roomAgain();
    talk = new Talk(gateway.url(), "/v1/realtime?model=p/small", TestGateway.KEY);
    talk.next();
    talk.vanish();
    roomAgain();
  }

  @Test
  void after_turns_on_a_socket() throws Exception {
    var talk = new Talk(gateway.url(), "/v1/responses", TestGateway.KEY);
    talk.say(
        "{\"type\":\"response.create\",\"model\":\"p/small\",\"input\":\"hi\",\"store\":false}");
    while (!talk.next().path("type").asString("").equals("response.completed")) {}
    roomAgain();
    talk.say(
        "{\"type\":\"response.create\",\"model\":\"p/small+fault=stall_mid_stream\",\"input\":\"hi\",\"store\":false}");
    talk.next();
    talk.vanish();
    roomAgain();
  }

  @Test
  void after_vectors_that_were_asked_for_together() {
    var replies = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    for (int i = 0; i < 10; i++) {
      String body = "{\"model\":\"vectors\",\"input\":\"text " + i + "\"}";
      replies.add(CompletableFuture.supplyAsync(() -> gateway.post("/v1/embeddings", body)));
    }
    replies.forEach(
        reply -> assertThat(reply.join().statusCode()).as(reply.join().body()).isEqualTo(200));
    roomAgain();
  }

  @Test
  void after_a_call_to_a_providers_own_path() throws Exception {
    gateway.post("/provider/p/chat/completions", chat("x", true));
    roomAgain();
    try (Socket left =
        gateway.open("/provider/p/chat/completions", chat("x+fault=stall_mid_stream", true))) {
      LockSupport.parkNanos(200_000_000);
      assertThat(ask("p/fine", false).statusCode()).isEqualTo(503);
      left.setSoLinger(true, 0);
    }
    roomAgain();
  }

  @Test
  void what_a_batch_meets_is_waited_for() {
    assertThat(Json.parse(ask("p/fine", false).body()).has("choices")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void after_an_upload(boolean whole) throws Exception {
    String form =
        "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\np/ears\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n"
            + "ID3"
            + "a".repeat(9_000_000)
            + "\r\n--XX--\r\n";
    try (Socket socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              ("POST /v1/audio/transcriptions HTTP/1.1\r\nHost: lintel\r\nConnection: close\r\nAuthorization: Bearer "
                      + TestGateway.KEY
                      + "\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: "
                      + form.length()
                      + "\r\n\r\n"
                      + (whole ? form : form.substring(0, 4_000_000)))
                  .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      if (whole) {
        assertThat(new String(socket.getInputStream().readAllBytes())).startsWith("HTTP/1.1 200");
      } else {
        LockSupport.parkNanos(200_000_000);
        assertThat(ask("p/fine", false).statusCode()).as("it holds the room").isEqualTo(503);
        socket.setSoLinger(true, 0);
      }
    }
    roomAgain();
  }

  @Test
  void after_a_caller_whose_reply_nobody_reads() throws Exception {
    try (Socket deaf =
        gateway.open(
            "/v1/chat/completions", chat("p/x+tokens=100000+tokens_per_second=200000", true))) {
      LockSupport.parkNanos(1_500_000_000);
      deaf.setSoLinger(true, 0);
    }
    roomAgain();
  }
}

package dev.lintel.sim;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Soon;
import dev.lintel.server.Server;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The simulated provider over real sockets. */
@Tag("threads")
class SimScenario {
  private static final String CHAT = "/v1/chat/completions";

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient http = HttpClient.newHttpClient();
  private final Sim sim = Prompts.sim("openai", Prompts.user("Tell me of gates."));
  private int port;

  @BeforeEach
  void start() throws Exception {
    var options =
        new Server.Options(
            "127.0.0.1",
            0,
            1 << 20,
            1 << 22,
            1 << 24,
            16 << 10,
            java.util.Map.of(),
            Optional.empty(),
            Optional.empty());
    port =
        new Server(vertx, options, sim.routes(), methods -> sim.unserved())
            .start()
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() throws Exception {
    http.shutdownNow();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private HttpResponse<String> post(String path, String model, boolean stream) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.ofString(FakeExchange.body(model, stream)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** A connection on which a call has been asked. */
  private Socket ask(String model) throws IOException {
    var socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(10_000);
    String body = FakeExchange.body(model, true);
    socket
        .getOutputStream()
        .write(
            ("POST " + CHAT + " HTTP/1.1\r\nhost: sim\r\ncontent-length: " + body.length())
                .concat("\r\n\r\n" + body)
                .getBytes(UTF_8));
    return socket;
  }

  private static String readUntil(InputStream in, String end) throws IOException {
    var text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int one = in.read();
      assertThat(one).as("after " + text).isNotNegative();
      text.append((char) one);
    }
    return text.toString();
  }

  @Test
  void streams_and_whole_replies_arrive_complete() throws Exception {
    assertThat(post(CHAT, "small", true).body()).endsWith("data: [DONE]\n\n");
    assertThat(post(CHAT, "small", false).body()).contains("Stop[reason=END");
    assertThat(post(CHAT, "small+fault=byte_by_byte", true).body()).endsWith("[DONE]\n\n");
    assertThat(post(CHAT, "small+fault=split_characters", true).body()).contains("世界", "🌍");
    assertThat(post(CHAT, "small+fault=long_line", true).body()).hasSizeGreaterThan(100_000);
  }

  @Test
  void a_refusal_keeps_its_status_and_headers() throws Exception {
    HttpResponse<String> refused = post(CHAT, "small+fault=429_seconds", true);
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.headers().firstValue("retry-after")).contains("2");
    assertThat(post("/v1/nothing", "small", false).statusCode()).isEqualTo(404);
  }

  @Test
  void a_reset_breaks_the_connection_before_or_in_the_middle_of_an_answer() {
    assertThatThrownBy(() -> post(CHAT, "small+fault=reset_before_headers", true))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> post(CHAT, "small+fault=reset_mid_stream", true))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> post(CHAT, "small+fault=reset_mid_stream", false))
        .isInstanceOf(IOException.class);
  }

  @Test
  void a_stall_after_headers_has_sent_them() throws Exception {
    try (Socket socket = ask("small+fault=stall_after_headers")) {
      assertThat(readUntil(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void a_caller_who_leaves_is_noticed_within_100_ms_wherever_the_answer_stalls() {
    String[] stalls = {
      "stall_before_headers", "stall_after_headers", "role_only", "stall_mid_stream"
    };
    for (String stall : stalls) {
      Soon.within(Duration.ofMillis(100), () -> left(stall));
    }
  }

  private Duration left(String stall) throws IOException {
    long expected = sim.stats().cancelled() + 1;
    Socket socket = ask("small+fault=" + stall);
    if (!stall.equals("stall_before_headers")) {
      readUntil(socket.getInputStream(), "\r\n\r\n");
    }
    Soon.until(() -> sim.stats().open() == 1);
    socket.close();
    return Soon.taken(() -> sim.stats().cancelled() == expected && sim.stats().open() == 0);
  }
}

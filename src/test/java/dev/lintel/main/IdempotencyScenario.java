package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A request that comes again under the same key gets the same answer, and costs nothing. */
@Tag("threads")
class IdempotencyScenario {
  private static final String CHAT = "/v1/chat/completions";
  private static final String ANSWER =
      "{\"id\":\"x\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}";

  @TempDir private Path folder;
  private RawProvider provider;
  private TestGateway gateway;
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch go = new CountDownLatch(1);
  private volatile String status = "200 OK";
  private volatile boolean wait;
  private volatile boolean breakOff;

  @BeforeEach
  void start() throws IOException {
    provider = new RawProvider(this::answer);
    gateway = TestGateway.of(yaml());
  }

  @AfterEach
  void stop() throws IOException {
    go.countDown();
    gateway.close();
    provider.close();
  }

  private String yaml() {
    return """
    data: "%s"
    providers:
      raw: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
      demo: { kind: sim }
    models:
      m: { targets: [ raw/m ], retry: { attempts: 1 } }
      tiny: demo/small
    tenants:
      t:
        apps:
          a: { keys: [ sk-test-0001, sk-test-0002 ] }
          b: { keys: [ sk-other ] }
    """
        .formatted(folder, provider.port());
  }

  private void answer(RawProvider.Visit visit) throws Exception {
    while (visit.read()) {
      int number = asked.incrementAndGet();
      if (wait) {
        assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
      }
      if (breakOff) {
        visit.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        String delta =
            "data: {\"id\":\"n\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
        visit.write(Integer.toHexString(delta.length()) + "\r\n" + delta + "\r\n");
        return;
      }
      visit.answer(status, "", ANSWER.replace("\"x\"", "\"n-" + number + "\""));
    }
  }

  private static String body(String model, boolean stream, String words) {
    return "{\"model\":\""
        + model
        + "\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\""
        + words
        + "\"}]}";
  }

  private HttpResponse<String> post(String path, String key, String bearer, String body) {
    return gateway.send(
        gateway
            .request(path)
            .setHeader("authorization", "Bearer " + bearer)
            .header("Idempotency-Key", key)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private HttpResponse<String> post(String key, String body) {
    return post(CHAT, key, TestGateway.KEY, body);
  }

  @Test
  void the_same_request_is_answered_once_and_replayed_byte_for_byte() {
    String body = body("m", false, "Hello");
    var first = post("k", body);
    var second = post(CHAT, "k", "sk-test-0002", body);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
    assertThat(first.headers().firstValue("x-lintel-replayed")).isEmpty();
    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("content-type"))
        .isEqualTo(first.headers().firstValue("content-type"));
    assertThat(second.headers().firstValue("x-lintel-replayed")).contains("true");
    assertThat(second.headers().firstValue("x-lintel-target")).contains("raw/m");
    assertThat(second.headers().firstValue("x-lintel-attempts")).contains("0");
    assertThat(second.headers().firstValue("x-lintel-request-id"))
        .isNotEqualTo(first.headers().firstValue("x-lintel-request-id"));
    assertThat(asked).hasValue(1);
  }

  @Test
  void each_replay_has_a_record_of_its_own_that_says_so() {
    String body = body("m", false, "Hello");
    String id = post("k", body).headers().firstValue("x-lintel-request-id").orElseThrow();
    post("k", body);
    gateway.close();
    String log = gateway.log();
    gateway = TestGateway.of(yaml());
    var lines = log.lines().map(Json::parse).toList();
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0).has("replay_of")).isFalse();
    assertThat(lines.get(1).path("replay_of").asString()).isEqualTo(id);
    assertThat(lines.get(1).path("usage").path("source").asString()).isEqualTo("none");
    assertThat(lines.get(1).path("kind").isNull()).isTrue();
    assertThat(lines.get(1).path("app").asString()).isEqualTo("a");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions",
    "/v1/messages",
    "/v1beta/models/tiny:streamGenerateContent?alt=sse",
  })
  void a_stream_is_replayed_as_the_stream_it_was(String path) {
    String body =
        path.contains("stream")
            ? "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hello\"}]}]}"
            : body("tiny", true, "Hello").replaceFirst("\\{", "{\"max_tokens\":50,");
    var first = post(path, "k", TestGateway.KEY, body);
    var second = post(path, "k", TestGateway.KEY, body);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
    assertThat(first.headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("content-type"))
        .isEqualTo(first.headers().firstValue("content-type"));
    assertThat(second.headers().firstValue("transfer-encoding")).contains("chunked");
    assertThat(second.headers().firstValue("x-lintel-replayed")).contains("true");
  }

  @Test
  void a_replay_survives_a_restart() throws IOException {
    String body = body("m", false, "Hello");
    var first = post("k", body);
    gateway.close();
    gateway = TestGateway.of(yaml());
    var second = post("k", body);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("x-lintel-replayed")).contains("true");
    assertThat(asked).hasValue(1);
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, type, invalid_request_error",
    "/v1/messages, type, invalid_request_error",
    "/v1beta/models/tiny:generateContent, status, INVALID_ARGUMENT",
    "/v1/chat, type, invalid_request_error",
  })
  void another_body_under_the_key_is_422_in_the_callers_dialect(
      String path, String field, String word) {
    String body =
        path.contains("generate")
            ? "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hello\"}]}]}"
            : body("tiny", false, "Hello").replaceFirst("\\{", "{\"max_tokens\":50,");
    if (path.equals("/v1/chat")) {
      body = "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
    }
    assertThat(post(path, "k", TestGateway.KEY, body).statusCode()).isEqualTo(200);
    var other = post(path, "k", TestGateway.KEY, body.replace("Hello", "Goodbye"));
    assertThat(other.statusCode()).as(other.body()).isEqualTo(422);
    JsonNode error = Json.parse(other.body()).path("error");
    assertThat(error.path(field).asString()).isEqualTo(word);
    assertThat(error.path("lintel").path("kind").asString()).isEqualTo("invalid_request");
    assertThat(error.path("message").asString()).contains("Idempotency-Key");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v2/chat | {\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}",
        "/model/tiny/converse | {\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hello\"}]}]}",
      })
  void cohere_and_bedrock_clients_see_it_in_their_envelopes_too(String path, String body) {
    assertThat(post(path, "k", TestGateway.KEY, body).statusCode()).isEqualTo(200);
    var same = post(path, "k", TestGateway.KEY, body);
    assertThat(same.headers().firstValue("x-lintel-replayed")).contains("true");
    var other = post(path, "k", TestGateway.KEY, body.replace("Hello", "Goodbye"));
    assertThat(other.statusCode()).as(other.body()).isEqualTo(422);
    JsonNode error = Json.parse(other.body());
    assertThat(error.path("message").asString()).contains("Idempotency-Key");
    assertThat(error.path("lintel").path("kind").asString()).isEqualTo("invalid_request");
    if (path.endsWith("converse")) {
      assertThat(other.headers().firstValue("x-amzn-errortype")).contains("ValidationException");
    }
  }

  @Test
  void the_same_body_at_another_path_is_another_request() {
    String body = body("tiny", false, "Hello").replaceFirst("\\{", "{\"max_tokens\":50,");
    assertThat(post("k", body).statusCode()).isEqualTo(200);
    assertThat(post("/v1/messages", "k", TestGateway.KEY, body).statusCode()).isEqualTo(422);
  }

  @Test
  void of_two_at_once_one_is_answered_and_the_other_is_409_with_retry_after() throws Exception {
    wait = true;
    String body = body("m", false, "Hello");
    var first = CompletableFuture.supplyAsync(() -> post("k", body));
    Soon.until(() -> asked.get() > 0);
    var second = post("k", body);
    assertThat(second.statusCode()).isEqualTo(409);
    assertThat(second.headers().firstValue("retry-after")).contains("1");
    JsonNode lintel = Json.parse(second.body()).path("error").path("lintel");
    assertThat(lintel.path("kind").asString()).isEqualTo("invalid_request");
    assertThat(lintel.path("retry_after_ms").asLong()).isEqualTo(1000);
    go.countDown();
    assertThat(first.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    assertThat(post("k", body).headers().firstValue("x-lintel-replayed")).contains("true");
    assertThat(asked).hasValue(1);
  }

  @Test
  void another_apps_key_is_another_key() {
    String body = body("m", false, "Hello");
    post("k", body);
    var other = post(CHAT, "k", "sk-other", body);
    assertThat(other.headers().firstValue("x-lintel-replayed")).isEmpty();
    assertThat(asked).hasValue(2);
  }

  @Test
  void a_failure_is_not_kept_and_frees_the_key_for_any_body() {
    status = "400 Bad Request";
    assertThat(post("k", body("m", false, "Hello")).statusCode()).isEqualTo(400);
    status = "200 OK";
    var second = post("k", body("m", false, "Goodbye"));
    assertThat(second.statusCode()).as(second.body()).isEqualTo(200);
    assertThat(second.headers().firstValue("x-lintel-replayed")).isEmpty();
  }

  @Test
  void a_stream_that_broke_is_not_kept() {
    breakOff = true;
    String body = body("m", true, "Hello");
    assertThat(raw("k", body)).doesNotContain("[DONE]");
    breakOff = false;
    assertThat(asked).hasValue(1);
    var second = post("k", body("m", false, "Hello"));
    assertThat(second.statusCode()).as(second.body()).isEqualTo(200);
    assertThat(asked).hasValue(2);
  }

  @Test
  void a_client_that_left_frees_the_key() throws Exception {
    wait = true;
    String body = body("m", false, "Hello");
    try (var socket = open("k", body)) {
      Soon.until(() -> asked.get() > 0);
      assertThat(socket.isConnected()).isTrue();
    }
    // The provider still has the first call; only the caller is gone.
    wait = false;
    HttpResponse<String> second =
        Soon.found(() -> post("k", body), reply -> reply.statusCode() != 409);
    assertThat(second.statusCode()).isEqualTo(200);
    assertThat(second.headers().firstValue("x-lintel-replayed")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   ", "tab\tinside"})
  void a_key_that_is_none_is_400_naming_the_header(String key) throws IOException {
    String reply = raw(key, body("m", false, "Hello"));
    assertThat(reply).startsWith("HTTP/1.1 400").contains("Idempotency-Key");
    assertThat(asked).hasValue(0);
  }

  @Test
  void a_key_has_255_characters_at_the_most() {
    String body = body("m", false, "Hello");
    assertThat(post("k".repeat(255), body).statusCode()).isEqualTo(200);
    assertThat(post("k".repeat(256), body).statusCode()).isEqualTo(400);
  }

  @Test
  void a_reply_that_is_too_large_is_not_kept() throws IOException {
    gateway.close();
    gateway = TestGateway.of(yaml() + "idempotency: { reply: 100B }\n");
    String body = body("m", false, "Hello");
    post("k", body);
    assertThat(post("k", body).headers().firstValue("x-lintel-replayed")).isEmpty();
    assertThat(asked).hasValue(2);
  }

  @Test
  void without_its_store_a_call_with_a_key_is_503_and_others_go_on() throws IOException {
    gateway.close();
    Files.deleteIfExists(folder.resolve("lintel.db"));
    Files.writeString(folder.resolve("lintel.db"), "no database at all, none ".repeat(99));
    gateway = TestGateway.of(yaml());
    String body = body("m", false, "Hello");
    var refused = post("k", body);
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
    assertThat(refused.headers().firstValue("retry-after")).contains("1");
    assertThat(Json.parse(refused.body()).path("error").path("lintel").path("kind").asString())
        .isEqualTo("unavailable");
    assertThat(asked).hasValue(0);
    assertThat(gateway.post(CHAT, body).statusCode()).isEqualTo(200);
  }

  @Test
  void a_stranger_learns_nothing_of_a_key() {
    String body = body("m", false, "Hello");
    post("k", body);
    assertThat(post(CHAT, "k", "sk-stranger", body).statusCode()).isEqualTo(401);
  }

  private java.net.Socket open(String key, String body) throws IOException {
    var socket = new java.net.Socket(gateway.url().getHost(), gateway.url().getPort());
    socket.setSoTimeout(20_000);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    socket
        .getOutputStream()
        .write(
            ("POST "
                    + CHAT
                    + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                    + TestGateway.KEY
                    + "\r\nIdempotency-Key: "
                    + key
                    + "\r\nContent-Type: application/json\r\nContent-Length: "
                    + bytes.length
                    + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return socket;
  }

  private String raw(String key, String body) {
    var all = new java.io.ByteArrayOutputStream();
    try (var socket = open(key, body)) {
      socket.getInputStream().transferTo(all);
    } catch (IOException broken) {
      // What came until then is looked at.
    }
    return all.toString(StandardCharsets.UTF_8);
  }
}

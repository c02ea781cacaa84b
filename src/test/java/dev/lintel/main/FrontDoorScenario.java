package dev.lintel.main;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Whatever knocks at the door gets an answer in its own dialect that says what is wrong, and the
 * server goes on.
 */
@Tag("threads")
class FrontDoorScenario {
  private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim }
              other: { kind: sim, dialect: anthropic }
              dead: { kind: openai, url: "http://127.0.0.1:1/v1", key: none }
            models:
              tiny: demo/small
              large: other/large
              both: { targets: [ "demo/small+fault=503", other/large ] }
              demo/both: { targets: [ "demo/small+fault=503", other/large ] }
            tenants:
              t:
                apps:
                  a: { keys: [ sk-test-0001 ] }
                  narrow: { keys: [ sk-narrow ], models: [ tiny ] }
                  own: { keys: [ sk-own ], own_keys: true }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource({
    "authorization, Bearer sk-test-0001",
    "authorization, bearer sk-test-0001",
    "x-api-key, sk-test-0001",
    "api-key, sk-test-0001",
    "x-goog-api-key, sk-test-0001",
  })
  void a_key_is_known_wherever_an_sdk_puts_it(String header, String value) {
    assertThat(chat(header, value, "{\"model\":\"tiny\"," + HELLO + "}").statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/health", "/metrics", "/v1/models", "/nowhere", "/v1/chat"})
  void every_response_says_the_version_of_the_contract(String path) {
    var reply = gateway.send(HttpRequest.newBuilder(gateway.url().resolve(path)).build());
    assertThat(reply.headers().firstValue("x-lintel-version")).contains("1");
  }

  @Test
  void the_front_page_says_what_this_is() {
    var reply = gateway.send(HttpRequest.newBuilder(gateway.url().resolve("/")).build());
    assertThat(Json.parse(reply.body()).path("contract").asString("")).isEqualTo("1");
  }

  @Test
  void a_callers_own_id_of_the_request_comes_back() {
    var reply =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/v1/chat/completions"))
                .header("authorization", "Bearer sk-test-0001")
                .header("x-request-id", "order-17")
                .POST(BodyPublishers.ofString("{\"model\":\"tiny\"," + HELLO + "}"))
                .build());
    assertThat(reply.headers().firstValue("x-request-id")).contains("order-17");
  }

  @Test
  void a_key_in_the_query_is_known_and_never_logged() {
    var reply =
        gateway.send(
            HttpRequest.newBuilder(
                    gateway
                        .url()
                        .resolve("/v1beta/models/tiny:generateContent?key=" + TestGateway.KEY))
                .POST(
                    BodyPublishers.ofString("{\"contents\":[{\"parts\":[{\"text\":\"Hello\"}]}]}"))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(gateway.log()).doesNotContain(TestGateway.KEY);
  }

  @Test
  void an_unknown_key_is_refused_in_the_dialects_envelope_and_not_repeated() {
    var openai = chat("authorization", "Bearer sk-wrong-key", "{}");
    assertThat(openai.statusCode()).isEqualTo(401);
    assertThat(openai.body()).doesNotContain("sk-wrong-key");
    assertThat(error(openai).path("lintel").path("kind").asString()).isEqualTo("authentication");
    assertThat(openai.headers().firstValue("x-lintel-request-id"))
        .contains(error(openai).path("lintel").path("request_id").asString());

    var anthropic = post("/v1/messages", "sk-wrong-key", "{}");
    assertThat(anthropic.statusCode()).isEqualTo(401);
    assertThat(error(anthropic).path("type").asString()).isEqualTo("authentication_error");

    var gemini = post("/v1beta/models/tiny:generateContent", "sk-wrong-key", "{}");
    assertThat(gemini.statusCode()).isEqualTo(401);
    assertThat(error(gemini).path("status").asString()).isEqualTo("UNAUTHENTICATED");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not json",
        "[]",
        "{\"model\":\"tiny\"",
        "{\"model\":\"tiny\",\"seed\":\"",
        "{\"model\":[[[",
        "{\"model\":\"tiny\"}",
        "{\"model\":7," + HELLO + "}",
        "{" + HELLO + "}",
        "{\"model\":\"tiny\",\"messages\":\"hi\"}",
        "{\"model\":\"tiny\",\"messages\":[]}",
        "{\"model\":\"tiny\",\"stream\":\"yes\"," + HELLO + "}"
      })
  void a_body_that_makes_no_sense_is_a_400_that_says_why(String body) {
    for (String path : List.of("/v1/chat/completions", "/v1/messages")) {
      var reply = gateway.post(path, body);
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
      assertThat(error(reply).path("message").asString())
          .isNotEmpty()
          .doesNotContain("Exception")
          .doesNotContain("dev.lintel")
          .doesNotContain("StreamRead");
      assertThat(error(reply).path("lintel").path("kind").asString()).isEqualTo("invalid_request");
    }
  }

  @Test
  void an_unknown_model_is_404_and_a_forbidden_one_403_that_names_it() {
    var unknown = gateway.post("/v1/chat/completions", "{\"model\":\"nope\"," + HELLO + "}");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(error(unknown).path("message").asString()).contains("nope");
    for (String model : List.of("large", "other/large", "demo/small")) {
      var forbidden =
          post("/v1/chat/completions", "sk-narrow", "{\"model\":\"" + model + "\"," + HELLO + "}");
      assertThat(forbidden.statusCode()).isEqualTo(403);
      assertThat(error(forbidden).path("message").asString()).contains(model);
    }
  }

  @Test
  void a_provider_and_its_model_can_be_asked_by_name() {
    var reply =
        gateway.post("/v1/chat/completions", "{\"model\":\"other/claude-like\"," + HELLO + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(reply.headers().firstValue("x-lintel-target")).contains("other/claude-like");
    assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("1");
  }

  @Test
  void a_caller_may_bring_a_key_of_its_own_only_where_its_app_may() {
    String body =
        "{\"model\":\"small+fault=401\",\"provider\":\"demo\",\"api_key\":\"sk-theirs\","
            + HELLO
            + "}";
    assertThat(post("/v1/chat/completions", TestGateway.KEY, body).statusCode()).isEqualTo(403);
    var refused = post("/v1/chat/completions", "sk-own", body);
    assertThat(refused.statusCode()).isEqualTo(502);
    assertThat(refused.body()).doesNotContain("sk-theirs");
    var accepted = post("/v1/chat/completions", "sk-own", body.replace("+fault=401", ""));
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny", "both", "nobody/x"})
  void a_key_of_the_callers_own_needs_its_provider(String model) {
    var reply =
        post(
            "/v1/chat/completions",
            "sk-own",
            "{\"model\":\"" + model + "\",\"api_key\":\"sk-theirs\"," + HELLO + "}");
    if (model.startsWith("nobody")) {
      assertThat(reply.statusCode()).isEqualTo(404);
      return;
    }
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    assertThat(error(reply).path("param").asString()).isEqualTo("api_key");
    assertThat(error(reply).path("message").asString()).contains("provider");
    assertThat(error(reply).path("lintel").path("attempts").size()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"model\":\"demo/both\"",
        "\"model\":\"both\",\"provider\":\"demo\"",
        "\"model\":\"demo/small+fault=503\""
      })
  void a_key_of_the_callers_own_reaches_no_other_provider(String model) {
    var reply =
        post(
            "/v1/chat/completions",
            "sk-own",
            "{" + model + ",\"api_key\":\"sk-theirs\"," + HELLO + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(502);
    assertThat(error(reply).path("lintel").path("attempts").findValuesAsString("target"))
        .isNotEmpty()
        .allMatch(target -> target.startsWith("demo/"));
  }

  @Test
  void a_key_that_no_header_can_carry_is_refused_and_not_logged() {
    for (String key : List.of("", "sk-theirs\\n-more", "sk-th\u00efrs")) {
      var reply =
          post(
              "/v1/chat/completions",
              "sk-own",
              "{\"model\":\"demo/small\",\"api_key\":\"" + key + "\"," + HELLO + "}");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
      assertThat(error(reply).path("param").asString()).isEqualTo("api_key");
    }
  }

  @Test
  void the_simple_chat_needs_messages_only() {
    var reply = gateway.post("/v1/chat", "{" + HELLO + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    JsonNode body = Json.parse(reply.body());
    assertThat(body.path("content").asString()).contains("Hello");
    assertThat(body.path("model").asString()).isEqualTo("small");
    assertThat(body.path("provider").asString()).isEqualTo("demo");
    var chosen = gateway.post("/v1/chat", "{\"provider\":\"other\"," + HELLO + "}");
    assertThat(Json.parse(chosen.body()).path("provider").asString()).isEqualTo("other");
  }

  @Test
  void models_are_listed_in_the_callers_dialect_and_by_its_rights() {
    assertThat(Json.parse(gateway.get("/v1/models").body()).path("data").findValuesAsString("id"))
        .containsExactlyInAnyOrder("tiny", "large", "both", "demo/both");
    var narrow =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/v1/models"))
                .header("x-api-key", "sk-narrow")
                .header("anthropic-version", "2023-06-01")
                .build());
    assertThat(Json.parse(narrow.body()).path("data").findValuesAsString("id"))
        .containsExactly("tiny");
    assertThat(Json.parse(narrow.body()).path("data").path(0).path("type").asString())
        .isEqualTo("model");
    assertThat(
            Json.parse(gateway.get("/v1beta/models").body())
                .path("models")
                .findValuesAsString("name"))
        .contains("models/tiny");
    var google =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/v1/models"))
                .header("x-goog-api-key", "sk-narrow")
                .build());
    assertThat(Json.parse(google.body()).path("models").findValuesAsString("name"))
        .containsExactly("models/tiny");
    assertThat(Json.parse(gateway.get("/v1/models/tiny").body()).path("id").asString())
        .isEqualTo("tiny");
    assertThat(gateway.get("/v1/models/nope").statusCode()).isEqualTo(404);
    assertThat(Json.parse(gateway.get("/v1/models/demo/small").body()).path("id").asString())
        .isEqualTo("demo/small");
    for (String path : List.of("/models/tiny", "/openai/v1/models/tiny", "/openai/v1/files")) {
      assertThat(gateway.get(path).statusCode()).as(path).isEqualTo(200);
    }
    assertThat(
            gateway
                .send(HttpRequest.newBuilder(gateway.url().resolve("/v1/models")).build())
                .statusCode())
        .isEqualTo(401);
  }

  @Test
  void what_is_not_served_says_so() {
    assertThat(gateway.get("/v1/nothing").statusCode()).isEqualTo(404);
    assertThat(error(gateway.get("/v1/nothing")).path("lintel").path("kind").asString())
        .isEqualTo("not_found");
    assertThat(gateway.get("/v1/chat/completions").statusCode()).isEqualTo(405);
    assertThat(gateway.get("/v1/messages").statusCode()).isEqualTo(405);
    assertThat(error(gateway.get("/v1/messages")).path("type").asString()).isNotEmpty();
    assertThat(gateway.get("/v1/responses").statusCode()).isEqualTo(426);
    assertThat(gateway.get("/v1/responses").headers().firstValue("upgrade")).contains("websocket");
    assertThat(gateway.post("/v1/responses", "{}").statusCode()).isEqualTo(400);
    assertThat(error(gateway.get("/v1/nothing")).path("code").asString()).isEqualTo("unknown_path");
    assertThat(gateway.get("/v1/messages").headers().firstValue("allow")).contains("POST");
    assertThat(gateway.post("/health", "").headers().firstValue("allow")).contains("GET, HEAD");
    var gemini =
        gateway.send(
            gateway
                .request("/v1beta/models/tiny:generateContent")
                .PUT(BodyPublishers.ofString("{}"))
                .build());
    assertThat(gemini.statusCode()).isEqualTo(405);
    assertThat(error(gemini).path("code").asInt()).isEqualTo(405);
    assertThat(gemini.headers().firstValue("allow")).contains("GET, HEAD, POST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/livez", "/readyz", "/health", "/metrics", "/v1/models"})
  void head_is_answered_like_get_without_a_body(String path) throws IOException {
    String head =
        raw(
            "HEAD "
                + path
                + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                + TestGateway.KEY
                + "\r\n\r\n");
    assertThat(head).startsWith("HTTP/1.1 200").contains("content-type: ").endsWith("\r\n\r\n");
  }

  @ParameterizedTest
  @CsvSource({"HEAD, /health, 200", "HEAD, /v1/responses, 426", "GET, /v1/responses, 426"})
  void http_2_gets_no_frame_that_it_forbids(String method, String path, int status)
      throws Exception {
    // Upgrades the connection with its first request, so that the second is HTTP/2 throughout.
    try (var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      var first = HttpRequest.newBuilder(gateway.url().resolve("/livez")).build();
      http.send(first, HttpResponse.BodyHandlers.ofString());
      var reply =
          http.send(
              HttpRequest.newBuilder(gateway.url().resolve(path))
                  .method(method, BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(reply.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(reply.statusCode()).isEqualTo(status);
      assertThat(reply.headers().firstValue("upgrade")).isEmpty();
      assertThat(reply.body().isEmpty()).isEqualTo(method.equals("HEAD"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POST, 400, '', '{'",
    "POST, 413, 'content-length: 50000000', ''",
    "POST, 415, 'content-encoding: br', '{}'",
    "POST, 400, 'content-encoding: gzip', 'no gzip'",
    "POST, 400, 'content-length: 5', '{}'",
    "POST, 400, 'x-secret: sk-hidden\u0000', '{}'",
    "PUT, 405, '', '{}'",
  })
  void every_error_names_its_request_in_head_and_body(
      String method, int status, String header, String body) throws IOException {
    for (String path :
        List.of("/v1/chat/completions", "/v1/messages", "/v1beta/models/tiny:generateContent")) {
      String reply =
          raw(
              method
                  + " "
                  + path
                  + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                  + TestGateway.KEY
                  + "\r\n"
                  + (header.isEmpty() ? "" : header + "\r\n")
                  + (status == 413 ? "" : "Content-Length: " + body.length() + "\r\n")
                  + "\r\n"
                  + body);
      assertThat(reply).startsWith("HTTP/1.1 " + status).doesNotContain("sk-hidden");
      assertIdentified(reply, path);
    }
  }

  @Test
  void chunks_that_are_not_framed_well_are_400() throws IOException {
    for (String chunk : List.of("zz\r\n{}\r\n0\r\n\r\n", "1\r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n")) {
      String reply =
          raw(
              "POST /v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + chunk);
      assertThat(reply).startsWith("HTTP/1.1 400").contains("chunks");
      assertIdentified(reply, "/v1/messages");
    }
  }

  private static void assertIdentified(String reply, String path) {
    int split = reply.indexOf("\r\n\r\n");
    JsonNode body = Json.parse(reply.substring(split + 4));
    String id = body.path("error").path("lintel").path("request_id").asString();
    assertThat(reply.substring(0, split)).contains("x-lintel-request-id: " + id);
    assertThat(body.path("error").has("status")).isEqualTo(path.startsWith("/v1beta"));
    assertThat(body.path("type").asString("").equals("error"))
        .isEqualTo(path.startsWith("/v1/messages"));
  }

  @Test
  void a_body_over_the_limit_is_413() throws IOException {
    byte[] large = new byte[33 << 20];
    java.util.Arrays.fill(large, (byte) 'x');
    var reply =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .POST(BodyPublishers.ofByteArray(large))
                .build());
    assertThat(reply.statusCode()).isEqualTo(413);
    assertThat(error(reply).path("lintel").path("kind").asString()).isEqualTo("payload_too_large");
  }

  @Test
  void a_compressed_body_is_read_and_a_bomb_is_413() throws IOException {
    var fine = gateway.send(compressed(("{\"model\":\"tiny\"," + HELLO + "}").getBytes(UTF_8), 1));
    assertThat(fine.statusCode()).as(fine.body()).isEqualTo(200);
    var bomb = gateway.send(compressed(new byte[1 << 20], 100));
    assertThat(bomb.statusCode()).isEqualTo(413);
    var broken =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .header("content-encoding", "gzip")
                .POST(BodyPublishers.ofString("no gzip"))
                .build());
    assertThat(broken.statusCode()).isEqualTo(400);
  }

  @Test
  void bytes_that_are_no_utf_8_are_400() {
    byte[] body =
        ("{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"\u00ff\"}]}")
            .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    var reply =
        gateway.send(
            gateway.request("/v1/chat/completions").POST(BodyPublishers.ofByteArray(body)).build());
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(error(reply).path("message").asString()).contains("UTF-8");
  }

  @Test
  void headers_that_are_too_large_and_requests_that_are_no_http_are_refused() throws IOException {
    assertThat(
            status(
                "GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Large: "
                    + "y".repeat(100_000)
                    + "\r\n\r\n"))
        .isEqualTo(431);
    String large =
        raw("POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-L: " + "y".repeat(100_000) + "\r\n\r\n");
    assertIdentified(large, "/v1/messages");
    assertThat(status("GET /v1/models?x=" + "y".repeat(100_000) + " HTTP/1.1\r\n\r\n"))
        .isEqualTo(414);
    assertThat(status("GET / NONSENSE\r\n\r\n")).isEqualTo(400);
    assertThat(gateway.get("/livez").statusCode()).as("the server goes on").isEqualTo(200);
  }

  @Test
  void a_client_that_leaves_in_the_middle_of_its_body_harms_nobody() throws IOException {
    try (var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                      + TestGateway.KEY
                      + "\r\nContent-Length: 1000\r\n\r\n{\"mod")
                  .getBytes(US_ASCII));
      socket.getOutputStream().flush();
    }
    assertThat(
            gateway.post("/v1/chat/completions", "{\"model\":\"tiny\"," + HELLO + "}").statusCode())
        .isEqualTo(200);
  }

  @Test
  void a_bad_term_is_a_400_that_names_it() {
    var header =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .header("x-lintel-max-latency-ms", "soon")
                .POST(BodyPublishers.ofString("{\"model\":\"tiny\"," + HELLO + "}"))
                .build());
    assertThat(header.statusCode()).isEqualTo(400);
    for (String ms : List.of("1e1000000", "1e20", "-1")) {
      var number =
          gateway.post(
              "/v1/chat/completions",
              "{\"model\":\"tiny\",\"lintel\":{\"max_latency_ms\":" + ms + "}," + HELLO + "}");
      assertThat(number.statusCode()).as(ms).isEqualTo(400);
      assertThat(error(number).path("param").asString()).isEqualTo("lintel.max_latency_ms");
    }
    var endless =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"tiny\",\"lintel\":{\"max_latency_ms\":1000000000000000}," + HELLO + "}");
    assertThat(endless.statusCode()).as(endless.body()).isEqualTo(200);
    assertThat(error(header).path("message").asString()).contains("x-lintel-max-latency-ms");
    var body =
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"tiny\",\"lintel\":{\"priority\":\"urgent\"}," + HELLO + "}");
    assertThat(body.statusCode()).isEqualTo(400);
    assertThat(error(body).path("message").asString()).contains("lintel.priority");
  }

  @Test
  void what_a_target_cannot_take_is_reported_or_refused_when_the_call_is_strict() {
    String body = "{\"model\":\"large\",\"seed\":7," + HELLO + "}";
    var dropped = gateway.post("/v1/chat/completions", body);
    assertThat(dropped.statusCode()).as(dropped.body()).isEqualTo(200);
    assertThat(dropped.headers().firstValue("x-lintel-adapted").orElse("")).contains("drop:seed");
    var strict =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .header("x-lintel-strict", "true")
                .POST(BodyPublishers.ofString(body))
                .build());
    assertThat(strict.statusCode()).isEqualTo(400);
    var capital =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .header("x-lintel-strict", "True")
                .POST(BodyPublishers.ofString(body))
                .build());
    assertThat(capital.statusCode()).isEqualTo(400);
    assertThat(error(strict).path("message").asString()).contains("seed");
  }

  @Test
  void a_call_with_little_time_fails_in_time() {
    var reply =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .header("x-lintel-max-latency-ms", "150")
                .POST(
                    BodyPublishers.ofString(
                        "{\"model\":\"demo/small+fault=stall_before_headers\"," + HELLO + "}"))
                .build());
    assertThat(reply.statusCode()).isEqualTo(504);
    assertThat(error(reply).path("lintel").path("kind").asString()).isEqualTo("timeout");
  }

  @Test
  void probes_health_and_metrics_need_no_key_and_the_admin_api_does() {
    assertThat(gateway.get("/livez").statusCode()).isEqualTo(200);
    assertThat(gateway.get("/readyz").statusCode()).isEqualTo(200);
    gateway.post("/v1/chat/completions", "{\"model\":\"demo/no-such-name\"," + HELLO + "}");
    String metrics =
        gateway.send(HttpRequest.newBuilder(gateway.url().resolve("/metrics")).build()).body();
    assertThat(metrics)
        .contains("lintel_calls_total{")
        .contains("model=\"other\"")
        .doesNotContain("no-such-name");
    JsonNode health = Json.parse(gateway.get("/health").body());
    assertThat(health.path("providers").path("demo").path("state").asString()).isNotEmpty();
    var refused = gateway.get("/admin/v1/providers");
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.headers().firstValue("x-lintel-request-id"))
        .contains(error(refused).path("lintel").path("request_id").asString());
    var admin =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/admin/v1/providers"))
                .header("authorization", "Bearer admin-key")
                .build());
    assertThat(Json.parse(admin.body()).path("data").findValuesAsString("name"))
        .contains("demo", "other");
  }

  @Test
  void a_failure_without_a_status_has_none_in_health() {
    for (int i = 0; i < 5; i++) {
      gateway.post("/v1/chat/completions", "{\"model\":\"dead/x\"," + HELLO + "}");
    }
    JsonNode dead = Json.parse(gateway.get("/health").body()).path("providers").path("dead");
    assertThat(dead.path("state").asString()).isEqualTo("cooling");
    assertThat(dead.path("last_failure").path("kind").asString()).isEqualTo("upstream_unavailable");
    assertThat(dead.path("last_failure").path("status").isNull()).isTrue();
  }

  private static HttpRequest compressed(byte[] piece, int times) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      for (int i = 0; i < times; i++) {
        gzip.write(piece);
      }
    }
    return gateway
        .request("/v1/chat/completions")
        .header("content-encoding", "gzip")
        .POST(BodyPublishers.ofByteArray(bytes.toByteArray()))
        .build();
  }

  private static int status(String request) throws IOException {
    try (var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      socket.getOutputStream().flush();
      String head = new String(socket.getInputStream().readNBytes(12), US_ASCII);
      return Integer.parseInt(head.substring(9, 12));
    }
  }

  /** What comes back, until the reply is whole or the connection ends. */
  private static String raw(String request) throws IOException {
    try (var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      socket.getOutputStream().flush();
      var reply = new ByteArrayOutputStream();
      for (int next = socket.getInputStream().read();
          next >= 0;
          next = socket.getInputStream().read()) {
        reply.write(next);
        if (next == '}' && whole(reply.toString(UTF_8))) {
          break;
        }
      }
      return reply.toString(UTF_8);
    }
  }

  private static boolean whole(String reply) {
    int body = reply.indexOf("\r\n\r\n") + 4;
    var length = Pattern.compile("content-length: (\\d+)").matcher(reply);
    return length.find()
        && reply.substring(body).getBytes(UTF_8).length >= Integer.parseInt(length.group(1));
  }

  private static HttpResponse<String> chat(String header, String value, String body) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.url().resolve("/v1/chat/completions"))
            .header(header, value)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static HttpResponse<String> post(String path, String key, String body) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.url().resolve(path))
            .header("authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static JsonNode error(HttpResponse<String> reply) {
    return Json.parse(reply.body()).path("error");
  }
}

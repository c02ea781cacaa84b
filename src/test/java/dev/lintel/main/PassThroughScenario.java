package dev.lintel.main;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A provider's own API is reached below {@code /provider/{name}/}, with the provider's key. */
@Tag("threads")
class PassThroughScenario {
  private static final String LIMITED = "sk-limited";

  private static RawProvider provider;
  private static TestGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    provider = new RawProvider(PassThroughScenario::serve);
    gateway =
        TestGateway.of(
            """
            providers:
              far: { kind: openai, url: "http://127.0.0.1:%d/v1", key: sk-provider }
              gem: { kind: gemini, url: "http://127.0.0.1:%d", key: g-provider }
              demo: { kind: sim }
              down: { kind: openai, url: "http://127.0.0.1:1/v1", key: k }
            models: { m: demo/small }
            tenants:
              t:
                apps:
                  a: { keys: [ %s ] }
                  b: { keys: [ %s ], models: [ m, far/* ] }
            """
                .formatted(provider.port(), provider.port(), TestGateway.KEY, LIMITED));
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    provider.close();
  }

  /** Answers every request by what it was, until the other side closes. */
  private static void serve(RawProvider.Visit visit) throws IOException {
    while (true) {
      var head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int next = visit.in().read();
        if (next < 0) {
          return;
        }
        head.append((char) next);
      }
      String text = head.toString();
      visit.heads().add(text);
      int at = text.toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
      int length =
          at < 0 ? 0 : Integer.parseInt(text.substring(at + 16, text.indexOf('\r', at)).strip());
      byte[] body = visit.in().readNBytes(length);
      String path = text.split(" ", 3)[1];
      if (path.contains("redirect")) {
        visit.answer("302 Found", "Location: http://169.254.169.254/\r\n", "");
      } else if (path.contains("missing")) {
        visit.answer("404 Not Found", "X-Own: yes\r\n", "{\"error\":\"own words\"}");
      } else if (text.startsWith("DELETE")) {
        visit.write("HTTP/1.1 204 No Content\r\n\r\n");
      } else if (path.contains("silent")) {
        visit.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 10; i++) {
          chunk(
              visit,
              "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"delta\":{\"content\":\"twelve bytes\"}}]}\n\n");
        }
        if (path.contains("breaking")) {
          return;
        }
        chunk(visit, "data: [DONE]\n\n");
        visit.write("0\r\n\r\n");
      } else if (path.contains("stream")) {
        visit.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        chunk(visit, "data: {\"x\":1}\n\n");
        chunk(
            visit,
            "data: {\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10}}\n\ndata: [DONE]\n\n");
        visit.write("0\r\n\r\n");
      } else if (path.contains("cut")) {
        visit.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        chunk(visit, "data: {\"x\":1}\n\n");
        return;
      } else {
        visit.answer(
            "200 OK",
            "Set-Cookie: a=b\r\nX-Request-Id: own-1\r\nConnection: x-secret\r\nX-Secret: 1\r\n",
            "{\"got\":%d,\"usage\":{\"input_tokens\":5,\"output_tokens\":2}}"
                .formatted(body.length));
      }
    }
  }

  private static void chunk(RawProvider.Visit visit, String text) throws IOException {
    visit.write(Integer.toHexString(text.length()) + "\r\n" + text + "\r\n");
  }

  @Test
  void goes_to_the_providers_url_with_its_key_and_the_callers_headers() {
    var reply =
        gateway.send(
            gateway
                .request("/provider/far/any/path?b=2&a=1&key=sk-test-0001&a=3")
                .header("x-own", "kept")
                .header("x-api-key", "sk-test-0001")
                .header("x-lintel-user", "u")
                .method("PATCH", BodyPublishers.ofString("{\"some\":1}"))
                .build());
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(reply.body()).contains("\"got\":10");
    assertThat(reply.headers().firstValue("x-request-id")).hasValue("own-1");
    assertThat(reply.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(reply.headers().firstValue("set-cookie")).isEmpty();
    assertThat(reply.headers().firstValue("x-secret")).isEmpty();
    assertThat(reply.headers().firstValue("x-lintel-target")).hasValue("far/*");
    String head = head("/v1/any/path");
    assertThat(head)
        .startsWith("PATCH /v1/any/path?b=2&a=1&a=3 HTTP/1.1")
        .contains("Bearer sk-provider")
        .contains("x-own: kept")
        .doesNotContain("sk-test-0001")
        .doesNotContain("x-lintel");
  }

  private static String head(String path) {
    return provider.heads().stream().filter(text -> text.contains(path)).findFirst().orElseThrow();
  }

  @Test
  void serves_get_and_delete() {
    assertThat(gateway.get("/provider/gem/v1beta/files").statusCode()).isEqualTo(200);
    assertThat(head("/v1beta/files")).startsWith("GET ").contains("x-goog-api-key: g-provider");
    var reply = gateway.send(gateway.request("/provider/far/files/1").DELETE().build());
    assertThat(reply.statusCode()).isEqualTo(204);
    assertThat(reply.body()).isEmpty();
  }

  @Test
  void hands_on_status_body_and_redirects() {
    var missing = gateway.get("/provider/far/missing");
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.body()).isEqualTo("{\"error\":\"own words\"}");
    assertThat(missing.headers().firstValue("x-own")).hasValue("yes");
    assertThat(gateway.get("/provider/far/redirect").statusCode()).isEqualTo(302);
  }

  @Test
  void streams_pass() {
    TestGateway.Raw reply = gateway.raw("/provider/far/stream", "{}");
    assertThat(reply.complete()).isTrue();
    assertThat(reply.body()).contains("data: {\"x\":1}", "[DONE]");
    assertThat(gateway.raw("/provider/far/cut", "{}").complete()).isFalse();
  }

  @Test
  void simulated_providers_pass_too() {
    var reply =
        gateway.post(
            "/provider/demo/chat/completions",
            "{\"model\":\"small\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(Json.parse(reply.body()).path("choices").size()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/provider/far/../admin",
        "/provider/far/%2e%2e/admin",
        "/provider/far/a/..%2f..%2fadmin",
        "/provider/far/a%2f%2e%2e%2fb",
        "/provider/far/%252e%252e/x",
        "/provider/far//evil.example/x",
        "/provider/far/..;/x",
        "/provider/far/a\\..\\b",
        "/provider/far/..%5cx",
      })
  void cannot_leave_the_providers_url(String path) throws IOException {
    int before = provider.heads().size();
    try (var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n"
                  .formatted(path, TestGateway.KEY)
                  .getBytes(US_ASCII));
      String reply = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertThat(reply).startsWith("HTTP/1.1 400");
    }
    assertThat(provider.heads()).hasSize(before);
  }

  @Test
  void keys_and_model_lists_hold() {
    assertThat(
            gateway
                .send(
                    gateway
                        .request("/provider/far/x")
                        .setHeader("authorization", "Bearer no")
                        .build())
                .statusCode())
        .isEqualTo(401);
    assertThat(as(LIMITED, "/provider/gem/x")).isEqualTo(403);
    assertThat(as(LIMITED, "/provider/far/x")).isEqualTo(200);
    assertThat(gateway.get("/provider/nobody/x").statusCode()).isEqualTo(404);
    var down = gateway.get("/provider/down/x");
    assertThat(down.statusCode()).isEqualTo(502);
    assertThat(Json.parse(down.body()).at("/error/lintel/kind").asString())
        .isEqualTo("upstream_unavailable");
  }

  private static int as(String key, String path) {
    return gateway
        .send(gateway.request(path).setHeader("authorization", "Bearer " + key).build())
        .statusCode();
  }

  @Test
  void records_the_target_and_the_usage_that_the_reply_tells() {
    TestGateway recorded;
    try (var other =
        TestGateway.of(
            """
            providers: { far: { kind: openai, url: "http://127.0.0.1:%d/v1", key: k } }
            """
                .formatted(provider.port()))) {
      recorded = other;
      other.post("/provider/far/x", "{}");
      other.raw("/provider/far/stream", "{}");
    }
    String[] lines = recorded.log().strip().split("\n");
    JsonNode whole = Json.parse(lines[0]);
    assertThat(whole.path("target").asString()).isEqualTo("far/*");
    assertThat(whole.at("/usage/input").asLong()).isEqualTo(5);
    assertThat(whole.at("/usage/source").asString()).isEqualTo("provider");
    assertThat(Json.parse(lines[1]).at("/usage/output").asLong()).isEqualTo(3);
  }

  @Test
  void what_tells_no_usage_costs_what_it_is_estimated_to_have_used() {
    try (var other =
        TestGateway.of(
            """
            providers: { far: { kind: openai, url: "http://127.0.0.1:%d/v1", key: k } }
            prices: { far/x: { input: 1000.00, output: 1000.00 } }
            tenants: { t: { apps: { a: { keys: [ %s ], budget: { total: 1 USD } } } } }
            """
                .formatted(provider.port(), TestGateway.KEY))) {
      String body = "{\"model\":\"x\",\"stream\":true,\"messages\":[]}";
      assertThat(other.raw("/provider/far/silent", body).complete()).isTrue();
      // 11 tokens of the request, and 30 of 120 bytes that were said, at 0.001 each.
      spends(other, "0.041");
      assertThat(other.raw("/provider/far/silent/breaking", body).complete()).isFalse();
      spends(other, "0.082");
      assertThat(other.post("/provider/far/missing", body).statusCode()).isEqualTo(404);
      assertThat(other.get("/provider/far/silent/models/x").statusCode()).isEqualTo(200);
      assertThat(other.raw("/provider/far/silent/count_tokens", body).complete()).isTrue();
      spends(other, "0.082");
      int answered = 0;
      while (other.raw("/provider/far/silent", body).status() == 200) {
        answered++;
      }
      assertThat(answered).isEqualTo(22);
      assertThat(other.log().lines().findFirst().orElseThrow())
          .contains("\"source\":\"estimate\"", "\"cost_usd\":\"0.041\"");
    }
  }

  private static void spends(TestGateway gateway, String usd) {
    Soon.until(() ->
        Json.parse(gateway.admin("GET", "/admin/v1/budgets", "").body())
            .at("/data/0/spent")
            .asString()
            .equals(usd));
  }
}

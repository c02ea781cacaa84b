package dev.lintel.main;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.config.Address;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Links lead where everybody may go, or where the configuration says so. */
@Tag("threads")
class LinkScenario {
  private static final byte[] PNG =
      new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13};

  private static URI provider;
  private static RawProvider files;
  private static TestGateway strict;
  private static TestGateway open;

  @BeforeAll
  static void start() throws IOException {
    provider = Simulators.alone(new Address("127.0.0.1", 0));
    files = new RawProvider(LinkScenario::serve);
    strict = gateway("");
    open = gateway("fetch: { allow: [ 127.0.0.0/8 ] }\n");
  }

  private static TestGateway gateway(String more) {
    return TestGateway.of(
        more
            + """
            providers:
              chat: { kind: openai, url: "%1$s/v1", key: none }
              claude: { kind: anthropic, url: "%1$s", key: none }
              gem: { kind: gemini, url: "%1$s", key: none }
            models: { m: chat/small }
            """
                .formatted(provider));
  }

  @AfterAll
  static void stop() throws IOException {
    strict.close();
    open.close();
    files.close();
  }

  private static void serve(RawProvider.Visit visit) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = visit.in().read();
      if (next < 0) {
        return;
      }
      head.append((char) next);
    }
    String path = head.toString().split(" ", 3)[1];
    switch (path) {
      case "/picture" -> {
        visit.write(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: 12\r\n\r\n");
        visit.write(PNG);
      }
      case "/notes" ->
          visit.write(
              "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nnotes");
      case "/elsewhere" -> redirect(visit, "/picture");
      case "/inside" -> redirect(visit, "http://169.254.169.254/latest");
      case "/round" -> redirect(visit, "/round");
      case "/endless" -> {
        visit.write("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n");
        byte[] piece = new byte[1 << 20];
        for (int i = 0; i < 100; i++) {
          visit.write(piece);
        }
      }
      default ->
          visit.write("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
  }

  private static void redirect(RawProvider.Visit visit, String to) throws IOException {
    visit.write(
        "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: "
            + to
            + "\r\nContent-Length: 0\r\n\r\n");
  }

  private static String chat(String model, String part) {
    return "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What?\"},%s]}]}"
        .formatted(model, part);
  }

  private static String image(String url) {
    return "{\"type\":\"image_url\",\"image_url\":{\"url\":\"" + url + "\"}}";
  }

  @ParameterizedTest
  @CsvSource({
    "m, http://127.0.0.1:9/a.png",
    "m, http://localhost/a.png",
    "m, http:\\/\\/169.254.169.254/latest",
    "m, http://2130706433/a.png",
    "m, http://[::ffff:10.0.0.1]/a.png",
    "claude/x, http://192.168.0.1/a.png",
    "gem/x, http://0x7f.1/a.png",
  })
  void a_link_to_a_private_address_is_refused_whoever_would_follow_it(String model, String url) {
    var reply = strict.post("/v1/chat/completions", chat(model, image(url)));
    assertThat(reply.statusCode()).isEqualTo(400);
    JsonNode error = Json.parse(reply.body()).path("error");
    assertThat(error.path("param").asString()).isEqualTo("messages[0].content[1].image_url.url");
    assertThat(error.at("/lintel/kind").asString()).isEqualTo("invalid_request");
    assertThat(error.at("/lintel/attempts").size()).isZero();
  }

  @Test
  void other_dialects_callers_hear_it_in_their_own_words() {
    var anthropic =
        strict.post(
            "/v1/messages",
            "{\"model\":\"claude/x\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"http://10.0.0.1/a\"}}]}]}");
    assertThat(anthropic.statusCode()).isEqualTo(400);
    assertThat(Json.parse(anthropic.body()).at("/error/type").asString())
        .isEqualTo("invalid_request_error");
    var gemini =
        strict.post(
            "/v1beta/models/gem/x:generateContent",
            "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"fileData\":{\"mimeType\":\"image/png\",\"fileUri\":\"http://10.0.0.1/a\"}}]}]}");
    assertThat(gemini.statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"text\",\"text\":\"http://localhost:3000\"}",
        "{\"type\":\"text\",\"text\":\"see http://127.0.0.1/ and \\u0068\"}",
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\"}}",
      })
  void text_about_a_private_address_and_public_links_pass(String part) {
    assertThat(strict.post("/v1/chat/completions", chat("m", part)).statusCode()).isEqualTo(200);
  }

  @Test
  void what_a_model_tells_its_tools_passes() {
    var reply =
        strict.post(
            "/v1/messages",
            "{\"model\":\"claude/x\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Go\"},{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"fetch\",\"input\":{\"url\":\"http://localhost:3000\"}}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":\"ok\"}]}]}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
  }

  @Test
  void pictures_to_be_changed_are_checked_too() {
    var reply =
        strict.post(
            "/v1/images/generations",
            "{\"model\":\"m\",\"prompt\":\"a\",\"images\":[{\"image_url\":\"http://10.0.0.1/a\"}]}");
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).at("/error/param").asString())
        .isEqualTo("images[0].image_url");
  }

  @Test
  void an_allowed_network_may_be_linked() {
    assertThat(
            open.post("/v1/chat/completions", chat("m", image("http://127.0.0.1:9/a.png")))
                .statusCode())
        .isEqualTo(200);
    assertThat(
            open.post("/v1/chat/completions", chat("m", image("http://10.0.0.1/a.png")))
                .statusCode())
        .isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/picture", "/elsewhere"})
  void the_gateway_follows_a_link_that_its_provider_does_not(String path) {
    var reply = open.post("/v1/chat/completions", chat("gem/linked", image(at(path))));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(lastRequest())
        .contains("image/png", Base64.getEncoder().encodeToString(PNG))
        .doesNotContain("fileUri");
  }

  @Test
  void a_document_goes_along_as_what_it_is() {
    var reply =
        open.post(
            "/v1/messages",
            "{\"model\":\"chat/linked\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\""
                + at("/notes")
                + "\"}}]}]}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(lastRequest()).contains("notes");
  }

  @ParameterizedTest
  @CsvSource({
    "/inside, private",
    "/round, redirects",
    "/endless, 20 MB",
    "/nothing, 404",
  })
  void a_link_that_leads_astray_is_the_callers_fault(String path, String word) {
    var reply = open.post("/v1/chat/completions", chat("gem/x", image(at(path))));
    assertThat(reply.statusCode()).isEqualTo(400);
    JsonNode error = Json.parse(reply.body()).path("error");
    assertThat(error.path("message").asString()).contains(word);
    assertThat(error.path("param").asString()).isEqualTo("messages[0].content[1].image_url.url");
  }

  private static String at(String path) {
    return "http://127.0.0.1:" + files.port() + path;
  }

  private static String lastRequest() {
    try (var http = HttpClient.newHttpClient()) {
      String all =
          http.send(
                  HttpRequest.newBuilder(provider.resolve("/sim/requests")).build(),
                  HttpResponse.BodyHandlers.ofString(ISO_8859_1))
              .body();
      String linked = "";
      for (JsonNode one : Json.parse(all).path("data")) {
        linked = one.toString().contains("linked") ? one.toString() : linked;
      }
      return linked;
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }
}

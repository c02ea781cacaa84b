package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Pictures, sounds and moderations pass through the gateway as they are. */
class RelayScenario {
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim }
              down: { kind: openai, url: "http://127.0.0.1:1/v1", key: none }
              mute: { kind: openai, url: "http://127.0.0.1:1/v1", key: none }
              claude: { kind: sim, dialect: anthropic }
            models:
              draw: demo/picture
              voice: { targets: [ mute/tts, claude/none, demo/voice ] }
              hear: { targets: [ down/ear, demo/ear ] }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/images/generations", "/images/generations"})
  void draws_as_many_pictures_as_asked(String path) {
    var reply = gateway.post(path, "{\"model\":\"draw\",\"prompt\":\"red\",\"n\":2}");
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(reply.headers().firstValue("x-lintel-target")).hasValue("demo/picture");
    JsonNode body = Json.parse(reply.body());
    assertThat(body.path("data").size()).isEqualTo(2);
    byte[] picture = Base64.getDecoder().decode(body.at("/data/0/b64_json").asString());
    assertThat(new String(picture, 1, 3, StandardCharsets.US_ASCII)).isEqualTo("PNG");
    assertThat(body.at("/usage/output_tokens").asLong()).isEqualTo(544);
  }

  @Test
  void streams_partial_pictures() {
    TestGateway.Raw reply =
        gateway.raw(
            "/v1/images/generations",
            "{\"model\":\"draw\",\"prompt\":\"red\",\"stream\":true,\"partial_images\":2}");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.complete()).isTrue();
    assertThat(reply.body().split("event: image_generation.partial_image", -1)).hasSize(3);
    assertThat(reply.body()).contains("event: image_generation.completed");
  }

  @Test
  void a_stream_of_pictures_that_breaks_ends_with_an_error_and_no_end() {
    TestGateway.Raw reply =
        gateway.raw(
            "/v1/images/generations",
            "{\"model\":\"demo/picture+fault=reset_mid_stream\",\"prompt\":\"red\",\"stream\":true,\"partial_images\":2}");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.complete()).isFalse();
    assertThat(reply.body()).contains("event: error").doesNotContain("completed\"");
  }

  @Test
  void speech_comes_with_the_providers_content_type_from_the_target_that_has_it()
      throws IOException, InterruptedException {
    var reply =
        bytes("/v1/audio/speech", "{\"model\":\"voice\",\"input\":\"Hello\",\"voice\":\"alloy\"}");
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(reply.headers().firstValue("content-type")).hasValue("audio/mpeg");
    assertThat(reply.headers().firstValue("x-lintel-target")).hasValue("demo/voice");
    assertThat(reply.headers().firstValue("x-lintel-attempts")).hasValue("3");
    assertThat(reply.body()).hasSize(44 + 80 * 5);
  }

  @Test
  void speech_that_breaks_is_broken_off() {
    TestGateway.Raw reply =
        gateway.raw(
            "/v1/audio/speech",
            "{\"model\":\"demo/voice+fault=reset_mid_stream\",\"input\":\"Hello\"}");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.complete()).isFalse();
  }

  @Test
  void speech_fails_with_a_status_before_its_first_byte() {
    var reply =
        gateway.post(
            "/v1/audio/speech", "{\"model\":\"demo/voice+fault=503\",\"input\":\"Hello\"}");
    assertThat(reply.statusCode()).isIn(502, 503);
    assertThat(Json.parse(reply.body()).at("/error/lintel/kind").asString())
        .startsWith("upstream_");
  }

  @ParameterizedTest
  @CsvSource({
    "json, application/json",
    "verbose_json, application/json",
    "text, text/plain; charset=utf-8",
    "srt, text/plain; charset=utf-8",
    "vtt, text/plain; charset=utf-8"
  })
  void hears_a_form_and_answers_in_every_format(String format, String type) {
    byte[] form =
        new Multiparts()
            .file("file", "a.mp3", "audio/mpeg", new byte[5000])
            .field("model", "hear")
            .field("response_format", format)
            .end();
    for (String task : new String[] {"transcriptions", "translations"}) {
      var reply = multipart("/v1/audio/" + task, form);
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("content-type")).hasValue(type);
      assertThat(reply.headers().firstValue("x-lintel-target")).hasValue("demo/ear");
      assertThat(reply.body()).contains("I heard");
    }
  }

  @Test
  void the_words_of_a_form_come_as_a_stream_where_asked() {
    byte[] form =
        new Multiparts()
            .field("model", "demo/ear")
            .field("stream", "true")
            .file("file", "a.mp3", "audio/mpeg", new byte[5000])
            .end();
    var reply = multipart("/v1/audio/transcriptions", form);
    assertThat(reply.headers().firstValue("content-type")).hasValue("text/event-stream");
    assertThat(reply.body()).contains("transcript.text.delta", "transcript.text.done");
  }

  @Test
  void edits_and_varies_pictures() {
    byte[] form =
        new Multiparts()
            .file("image", "a.png", "image/png", new byte[100])
            .field("prompt", "blue")
            .field("model", "draw")
            .end();
    assertThat(multipart("/v1/images/edits", form).statusCode()).isEqualTo(200);
    assertThat(multipart("/v1/images/variations", form).statusCode()).isEqualTo(200);
  }

  @Test
  void moderates() {
    var reply = gateway.post("/v1/moderations", "{\"model\":\"demo/mod\",\"input\":\"violence\"}");
    assertThat(Json.parse(reply.body()).at("/results/0/flagged").asBoolean()).isTrue();
    var several =
        gateway.post("/v1/moderations", "{\"model\":\"demo/mod\",\"input\":[\"hate\",\"b\"]}");
    assertThat(Json.parse(several.body()).at("/results/1/flagged").asBoolean(true)).isFalse();
    assertThat(Json.parse(several.body()).at("/results/0/categories/hate").asBoolean()).isTrue();
    assertThat(Json.parse(several.body()).at("/results/0/category_applied_input_types").size())
        .isEqualTo(13);
  }

  @Test
  void a_provider_of_another_kind_says_that_it_has_none() {
    var reply = gateway.post("/v1/moderations", "{\"model\":\"claude/x\",\"input\":\"a\"}");
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).at("/error/message").asString()).contains("'claude'");
  }

  @Test
  void names_the_field_at_fault() {
    check(gateway.post("/v1/images/generations", "{\"prompt\":\"red\"}"), "model");
    check(gateway.post("/v1/audio/speech", "{\"model\":\"voice\"}"), "input");
    check(gateway.post("/v1/audio/transcriptions", "{\"model\":\"hear\"}"), "file");
    check(
        multipart("/v1/audio/transcriptions", new Multiparts().field("model", "hear").end()),
        "file");
    check(
        multipart(
            "/v1/audio/transcriptions",
            new Multiparts().file("file", "a.mp3", "audio/mpeg", new byte[10]).end()),
        "model");
    check(
        multipart(
            "/v1/audio/transcriptions",
            new Multiparts()
                .field("model", "hear")
                .file("file", "a.wav", "application/octet-stream", new byte[100])
                .end()),
        "file");
    assertThat(
            multipart("/v1/audio/transcriptions", new Multiparts().field("model", "hear").open())
                .statusCode())
        .isEqualTo(400);
    assertThat(
            multipart("/v1/audio/transcriptions", "no boundary here at all, really".getBytes())
                .statusCode())
        .isEqualTo(400);
  }

  private static void check(HttpResponse<String> reply, String field) {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).at("/error/param").asString()).isEqualTo(field);
    assertThat(Json.parse(reply.body()).at("/error/lintel/kind").asString())
        .isEqualTo("invalid_request");
  }

  private static HttpResponse<String> multipart(String path, byte[] form) {
    return gateway.send(
        gateway
            .request(path)
            .setHeader("content-type", Multiparts.TYPE)
            .POST(BodyPublishers.ofByteArray(form))
            .build());
  }

  private static HttpResponse<byte[]> bytes(String path, String body)
      throws IOException, InterruptedException {
    try (var http = HttpClient.newHttpClient()) {
      return http.send(
          gateway.request(path).POST(BodyPublishers.ofString(body)).build(),
          HttpResponse.BodyHandlers.ofByteArray());
    }
  }
}

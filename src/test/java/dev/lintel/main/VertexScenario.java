package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.main.FakeCloud.Asked;
import dev.lintel.main.FakeCloud.Said;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Vertex AI behind the gateway: Gemini and Claude, by every form of Google's credentials. */
class VertexScenario {
  private static final String GEMINI =
      "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":1,\"totalTokenCount\":4}}";
  private static final String CLAUDE =
      "{\"id\":\"msg_vrtx_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}";
  private static final String CLAUDE_EVENTS =
      """
      event: message_start
      data: {"type":"message_start","message":{"id":"msg_vrtx_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}

      event: content_block_start
      data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

      event: content_block_delta
      data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

      event: content_block_stop
      data: {"type":"content_block_stop","index":0}

      event: message_delta
      data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}

      event: message_stop
      data: {"type":"message_stop"}

      """;
  private static final String PROJECT = "/v1/projects/p-1/locations/us-central1";

  private static KeyPair pair;

  @TempDir Path folder;

  @BeforeAll
  static void makeKeys() throws Exception {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    pair = generator.generateKeyPair();
  }

  private static String serviceAccount(String tokenUri) {
    String pem =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(pair.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    return Json.text(
        Json.object()
            .put("type", "service_account")
            .put("project_id", "p-1")
            .put("private_key_id", "kid-1")
            .put("private_key", pem)
            .put("client_email", "lintel@p-1.iam.gserviceaccount.com")
            .put("token_uri", tokenUri));
  }

  private String vertex(FakeCloud cloud, String more) {
    return "providers: { vertex: { kind: vertex, url: \""
        + cloud.url()
        + "\", project: p-1, location: us-central1, "
        + more
        + " } }\n";
  }

  private String file(String name, String text) throws Exception {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  /** Says what Vertex says, to who has that token. */
  private static Said serve(Asked asked, String token) {
    if (!asked.header("authorization").equals("Bearer " + token)) {
      return Said.json(
          401, "{\"error\":{\"code\":401,\"message\":\"no\",\"status\":\"UNAUTHENTICATED\"}}");
    }
    if (asked.uri().contains("streamRawPredict")) {
      return Said.events(CLAUDE_EVENTS);
    }
    if (asked.uri().contains("streamGenerateContent")) {
      return Said.events("data: " + GEMINI + "\n\n");
    }
    return Said.json(asked.uri().contains("rawPredict") ? CLAUDE : GEMINI);
  }

  private static String chat(String model) {
    return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  }

  private static String message(String model, String more) {
    return "{\"model\":\""
        + model
        + "\",\"max_tokens\":9,"
        + more
        + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  }

  @Test
  void a_service_account_signs_for_a_token() throws Exception {
    try (var cloud =
            new FakeCloud(asked -> {
              if (!asked.uri().equals("/token")) {
                return serve(asked, "ya29.one");
              }
              verify(asked);
              return Said.json(
                  "{\"access_token\":\"ya29.one\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");
            });
        var gateway =
            TestGateway.of(
                vertex(
                    cloud,
                    "credentials: '"
                        + file("sa.json", serviceAccount(cloud.url() + "/token"))
                        + "'"))) {
      for (int i = 0; i < 3; i++) {
        assertThat(gateway.post("/v1/chat/completions", chat("vertex/gemini-2.5-pro")).body())
            .contains("\"Hi\"");
      }

      assertThat(cloud.asked("/token")).hasSize(1);
      assertThat(cloud.asked(PROJECT).getFirst().uri())
          .isEqualTo(PROJECT + "/publishers/google/models/gemini-2.5-pro:generateContent");
    }
  }

  private static void verify(Asked asked) {
    assertThat(asked.form())
        .containsEntry("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    String[] parts = asked.form().getOrDefault("assertion", "").split("\\.");
    JsonNode head = decoded(parts[0]);
    JsonNode claims = decoded(parts[1]);
    assertThat(head).isEqualTo(Json.parse("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"kid-1\"}"));
    assertThat(claims.path("iss").asString()).isEqualTo("lintel@p-1.iam.gserviceaccount.com");
    assertThat(claims.path("aud").asString()).endsWith("/token");
    assertThat(claims.path("scope").asString())
        .isEqualTo("https://www.googleapis.com/auth/cloud-platform");
    assertThat(claims.path("exp").asLong() - claims.path("iat").asLong()).isEqualTo(3600);
    assertThat(claims.path("iat").asLong())
        .isBetween(Instant.now().getEpochSecond() - 60, Instant.now().getEpochSecond() + 1);
    try {
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initVerify(pair.getPublic());
      signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
      assertThat(signature.verify(Base64.getUrlDecoder().decode(parts[2]))).isTrue();
    } catch (java.security.GeneralSecurityException wrong) {
      throw new AssertionError(wrong);
    }
  }

  private static JsonNode decoded(String part) {
    byte[] bytes = Base64.getUrlDecoder().decode(part);
    return Json.parse(bytes, 0, bytes.length);
  }

  @Test
  void the_metadata_server_gives_a_token_where_there_are_no_credentials() throws Exception {
    try (var cloud =
        new FakeCloud(asked -> {
          if (!asked.uri().startsWith("/computeMetadata")) {
            return serve(asked, "ya29.meta");
          }
          assertThat(asked.header("metadata-flavor")).isEqualTo("Google");
          assertThat(asked.uri())
              .isEqualTo("/computeMetadata/v1/instance/service-accounts/default/token");
          return Said.json(
              "{\"access_token\":\"ya29.meta\",\"expires_in\":1800,\"token_type\":\"Bearer\"}");
        })) {
      try (var gateway =
          TestGateway.of(
              vertex(cloud, "credentials: ''"), Map.of("GCE_METADATA_HOST", cloud.host()))) {
        assertThat(gateway.post("/v1/chat/completions", chat("vertex/gemini-2.5-pro")).statusCode())
            .isEqualTo(200);
      }
    }
  }

  @Test
  void a_workload_identity_is_exchanged_and_may_stand_for_a_service_account() throws Exception {
    try (var cloud =
        new FakeCloud(asked ->
            switch (asked.uri()) {
              case "/identity?audience=x" -> {
                assertThat(asked.header("x-proof")).isEqualTo("yes");
                yield Said.json("{\"value\":\"subject-2\"}");
              }
              case "/sts" -> {
                assertThat(asked.form())
                    .containsEntry("audience", "//iam.googleapis.com/pool")
                    .containsEntry("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
                    .containsEntry("subject_token_type", "urn:ietf:params:oauth:token-type:jwt");
                yield Said.json(
                    "{\"access_token\":\"fed-for-"
                        + asked.form().get("subject_token")
                        + "\",\"expires_in\":3600}");
              }
              case "/impersonate" -> {
                assertThat(asked.header("authorization")).isEqualTo("Bearer fed-for-subject-2");
                assertThat(asked.json().path("lifetime").asString()).isEqualTo("600s");
                yield Said.json(
                    "{\"accessToken\":\"ya29.imp\",\"expireTime\":\""
                        + Instant.now().plusSeconds(600)
                        + "\"}");
              }
              default ->
                  serve(asked, asked.uri().contains("flash") ? "ya29.imp" : "fed-for-subject-1");
            })) {
      String common =
          "\"type\":\"external_account\",\"audience\":\"//iam.googleapis.com/pool\",\"subject_token_type\":\"urn:ietf:params:oauth:token-type:jwt\",\"token_url\":\""
              + cloud.url()
              + "/sts\",";
      String byFile =
          "{"
              + common
              + "\"credential_source\":{\"file\":\""
              + file("token", "subject-1\n")
              + "\"}}";
      String byUrl =
          "{"
              + common
              + "\"service_account_impersonation_url\":\""
              + cloud.url()
              + "/impersonate\",\"service_account_impersonation\":{\"token_lifetime_seconds\":600},"
              + "\"credential_source\":{\"url\":\""
              + cloud.url()
              + "/identity?audience=x\",\"headers\":{\"x-proof\":\"yes\"},\"format\":{\"type\":\"json\",\"subject_token_field_name\":\"value\"}}}";
      try (var gateway = TestGateway.of(vertex(cloud, "credentials: '" + byFile + "'"))) {
        assertThat(gateway.post("/v1/chat/completions", chat("vertex/gemini-2.5-pro")).statusCode())
            .isEqualTo(200);
      }
      try (var gateway = TestGateway.of(vertex(cloud, "credentials: '" + byUrl + "'"))) {
        assertThat(
                gateway.post("/v1/chat/completions", chat("vertex/gemini-2.5-flash")).statusCode())
            .isEqualTo(200);
      }
    }
  }

  @Test
  void claude_is_asked_at_its_publisher_without_a_model_in_the_body() throws Exception {
    try (var cloud =
            new FakeCloud(asked ->
                asked.uri().startsWith("/computeMetadata")
                    ? Said.json("{\"access_token\":\"t\",\"expires_in\":1800}")
                    : serve(asked, "t"));
        var gateway =
            TestGateway.of(
                vertex(cloud, "credentials: ''"), Map.of("GCE_METADATA_HOST", cloud.host()))) {
      var whole =
          gateway.send(
              gateway
                  .request("/v1/messages?beta=true")
                  .header("anthropic-version", "2023-06-01")
                  .header(
                      "anthropic-beta",
                      "context-1m-2025-08-07,advanced-tool-use-2025-11-20, files-api-2025-04-14,made-up-2030-01-01")
                  .POST(
                      BodyPublishers.ofString(
                          message("vertex/claude-sonnet-4-5@20250929", "\"odd_field\":1,")))
                  .build());
      assertThat(whole.body()).isEqualTo(CLAUDE);
      assertThat(whole.headers().firstValue("x-lintel-adapted"))
          .contains(
              "drop:anthropic-beta.files-api-2025-04-14, drop:anthropic-beta.made-up-2030-01-01");
      Asked first = cloud.asked(PROJECT).getFirst();
      assertThat(first.uri())
          .isEqualTo(
              PROJECT + "/publishers/anthropic/models/claude-sonnet-4-5%4020250929:rawPredict");
      assertThat(first.json())
          .isEqualTo(
              Json.parse(
                  "{\"max_tokens\":9,\"odd_field\":1,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],\"anthropic_version\":\"vertex-2023-10-16\"}"));
      assertThat(first.header("anthropic-beta"))
          .isEqualTo("context-1m-2025-08-07,tool-search-tool-2025-10-19");
      assertThat(first.header("anthropic-version")).isEmpty();

      var stream =
          gateway.post("/v1/messages", message("vertex/claude-sonnet-4-5", "\"stream\":true,"));
      assertThat(stream.body()).isEqualTo(CLAUDE_EVENTS);
      assertThat(cloud.asked().getLast().uri()).endsWith("claude-sonnet-4-5:streamRawPredict");

      var other = gateway.post("/v1/chat/completions", chat("vertex/claude-sonnet-4-5"));
      assertThat(other.body()).contains("\"Hi\"");
      assertThat(cloud.asked().getLast().json().has("model")).isFalse();
      assertThat(cloud.asked().getLast().json().path("anthropic_version").asString())
          .isEqualTo("vertex-2023-10-16");
    }
  }

  @Test
  void every_other_model_is_asked_where_google_serves_it() throws Exception {
    try (var cloud = new FakeCloud(asked -> serve(asked, ""));
        var gateway = TestGateway.of(vertex(cloud, "key: express-1"))) {
      gateway.post("/v1/messages", message("vertex/gemini-2.5-pro", "\"stream\":true,"));
      gateway.post("/v1/chat/completions", chat("vertex/meta/llama-4-maverick"));
      gateway.post("/v1/chat/completions", chat("vertex/gemini-2.5-pro"));

      assertThat(cloud.asked())
          .extracting(Asked::uri)
          .contains(
              PROJECT + "/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
              PROJECT + "/endpoints/openapi/chat/completions",
              PROJECT + "/publishers/google/models/gemini-2.5-pro:generateContent");
      assertThat(cloud.asked().getFirst().header("x-goog-api-key")).isEqualTo("express-1");
    }
  }

  @Test
  void a_claude_that_is_not_there_does_not_take_the_others_with_it() throws Exception {
    try (var cloud =
            new FakeCloud(asked ->
                asked.uri().contains("opus")
                    ? Said.json(
                        404,
                        "{\"error\":{\"code\":404,\"message\":\"Publisher Model was not found.\",\"status\":\"NOT_FOUND\"}}")
                    : Said.json(CLAUDE));
        var gateway = TestGateway.of(vertex(cloud, "key: express-1"))) {
      assertThat(gateway.post("/v1/messages", message("vertex/claude-opus-9", "")).statusCode())
          .isEqualTo(404);
      assertThat(gateway.post("/v1/messages", message("vertex/claude-sonnet-4-5", "")).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void an_account_that_google_refuses_is_named() throws Exception {
    try (var cloud =
            new FakeCloud(asked ->
                asked.uri().equals("/token")
                    ? Said.json(
                        400,
                        "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}")
                    : Said.json(GEMINI));
        var gateway =
            TestGateway.of(
                vertex(
                    cloud,
                    "credentials: '"
                        + file("sa.json", serviceAccount(cloud.url() + "/token"))
                        + "'"))) {
      var answer = gateway.post("/v1/chat/completions", chat("vertex/gemini-2.5-pro"));

      assertThat(answer.statusCode()).isEqualTo(502);
      assertThat(answer.body())
          .contains("Google's token endpoint answered with status 400 (invalid_grant).")
          .doesNotContain("PRIVATE");
    }
  }
}

package dev.lintel.main;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.AwsEvent;
import dev.lintel.AwsSigner;
import dev.lintel.Bytes;
import dev.lintel.Json;
import dev.lintel.main.FakeCloud.Asked;
import dev.lintel.main.FakeCloud.Said;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** AWS accounts behind the gateway: every request is checked with AWS's own signer. */
class BedrockAccountScenario {
  private static final String CLAUDE =
      "{\"id\":\"msg_bdrk_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}";
  private static final String HELLO =
      "{\"model\":\"bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  private static final String UNTIL = Instant.now().plusSeconds(3600).toString();

  @TempDir Path folder;

  private static AwsSigner keys(String id, String session) {
    return new AwsSigner(id, "secret/of+" + id, session, "eu-west-3", "bedrock", Instant.EPOCH);
  }

  private static Said serve(Asked asked, AwsSigner keys) {
    return AwsSigner.accepts(
            keys, asked.method(), asked.host(), asked.uri(), asked.headers(), asked.body())
        ? Said.json(CLAUDE)
        : Said.json(
            403,
            "{\"message\":\"The request signature we calculated does not match the signature you provided.\"}");
  }

  private static String bedrock(FakeCloud cloud, String more) {
    return "providers: { bedrock: { kind: bedrock, url: \""
        + cloud.url()
        + "\", region: eu-west-3"
        + more
        + " } }\n";
  }

  private static void ask(FakeCloud cloud, String more, Map<String, String> variables) {
    try (var gateway = TestGateway.of(bedrock(cloud, more), variables)) {
      var answer = gateway.post("/v1/messages", HELLO);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(CLAUDE);
    }
  }

  private static String json(String id, String session) {
    return "{\"Code\":\"Success\",\"AccessKeyId\":\""
        + id
        + "\",\"SecretAccessKey\":\"secret/of+"
        + id
        + "\",\"Token\":\""
        + session
        + "\",\"Expiration\":\""
        + UNTIL
        + "\"}";
  }

  private static String xml(String action, String id, String session) {
    return "<"
        + action
        + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><"
        + action
        + "Result><Credentials><AccessKeyId>"
        + id
        + "</AccessKeyId><SecretAccessKey>secret/of+"
        + id
        + "</SecretAccessKey><SessionToken>"
        + session
        + "</SessionToken><Expiration>"
        + UNTIL
        + "</Expiration></Credentials></"
        + action
        + "Result></"
        + action
        + "Response>";
  }

  private String file(String name, String text) throws Exception {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  @Test
  void claude_is_invoked_with_a_signature_of_the_configured_keys() throws Exception {
    try (var cloud = new FakeCloud(asked -> serve(asked, keys("AKID1", "")))) {
      ask(cloud, ", access_key: AKID1, secret_key: secret/of+AKID1", Map.of());

      Asked asked = cloud.asked().getFirst();
      assertThat(asked.uri())
          .isEqualTo("/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke");
      assertThat(asked.json())
          .isEqualTo(
              Json.parse(
                  "{\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],\"anthropic_version\":\"bedrock-2023-05-31\"}"));
    }
  }

  @Test
  void beta_features_go_into_the_body() throws Exception {
    try (var cloud = new FakeCloud(asked -> serve(asked, keys("AKID1", "")));
        var gateway =
            TestGateway.of(bedrock(cloud, ", access_key: AKID1, secret_key: secret/of+AKID1"))) {
      var answer =
          gateway.send(
              gateway
                  .request("/v1/messages?beta=true")
                  .header("anthropic-beta", "context-1m-2025-08-07,skills-2025-10-02")
                  .POST(java.net.http.HttpRequest.BodyPublishers.ofString(HELLO))
                  .build());

      assertThat(answer.headers().firstValue("x-lintel-adapted"))
          .contains("drop:anthropic-beta.skills-2025-10-02");
      Asked asked = cloud.asked().getFirst();
      assertThat(asked.json().path("anthropic_beta").toString())
          .isEqualTo("[\"context-1m-2025-08-07\"]");
      assertThat(asked.header("anthropic-beta")).isEmpty();
    }
  }

  @Test
  void a_session_s_token_is_sent_and_signed() throws Exception {
    try (var cloud = new FakeCloud(asked -> serve(asked, keys("ASIA1", "session+/=")))) {
      ask(
          cloud,
          ", access_key: ASIA1, secret_key: secret/of+ASIA1, session_token: session+/=",
          Map.of());
    }
  }

  @Test
  void a_bearer_token_needs_no_signature() throws Exception {
    try (var cloud =
        new FakeCloud(asked ->
            asked.header("authorization").startsWith("Bearer bedrock-api-key-")
                ? Said.json(CLAUDE)
                : Said.json(403, "{}"))) {
      ask(cloud, ", token: bedrock-api-key-1", Map.of());
      ask(cloud, "", Map.of("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-2"));

      assertThat(cloud.asked())
          .allSatisfy(asked -> assertThat(asked.header("x-amz-date")).isEmpty());
    }
  }

  @Test
  void keys_come_from_the_environment() throws Exception {
    try (var cloud = new FakeCloud(asked -> serve(asked, keys("AKENV", "s1")))) {
      ask(
          cloud,
          "",
          Map.of(
              "AWS_ACCESS_KEY_ID", "AKENV",
              "AWS_SECRET_ACCESS_KEY", "secret/of+AKENV",
              "AWS_SESSION_TOKEN", "s1"));
    }
  }

  @Test
  void keys_come_from_a_profile() throws Exception {
    String credentials =
        file(
            "credentials",
            "# mine\n[default]\naws_access_key_id = AKDEF\naws_secret_access_key = secret/of+AKDEF\n\n[work]\naws_access_key_id=AKWORK\naws_secret_access_key=secret/of+AKWORK\n");
    try (var cloud =
        new FakeCloud(asked ->
            serve(
                asked,
                keys(asked.header("authorization").contains("AKDEF") ? "AKDEF" : "AKWORK", "")))) {
      ask(cloud, "", Map.of("AWS_SHARED_CREDENTIALS_FILE", credentials, "HOME", folder.toString()));
      ask(
          cloud,
          ", profile: work",
          Map.of(
              "AWS_SHARED_CREDENTIALS_FILE",
              credentials,
              "HOME",
              folder.toString(),
              "AWS_ACCESS_KEY_ID",
              "x",
              "AWS_SECRET_ACCESS_KEY",
              "y"));

      assertThat(cloud.asked())
          .extracting(asked -> asked.header("authorization").contains("AKDEF"))
          .containsExactly(true, false);
    }
  }

  @Test
  void a_profile_s_role_is_assumed() throws Exception {
    try (var cloud =
        new FakeCloud(asked -> {
          if (!asked.uri().equals("/sts/")) {
            return serve(asked, keys("ASIAROLE", "role-session"));
          }
          var sts =
              new AwsSigner("AKBASE", "secret/of+AKBASE", "", "eu-west-3", "sts", Instant.EPOCH);
          assertThat(
                  AwsSigner.accepts(
                      sts, "POST", asked.host(), "/sts/", asked.headers(), asked.body()))
              .isTrue();
          assertThat(asked.form())
              .containsEntry("Action", "AssumeRole")
              .containsEntry("RoleArn", "arn:aws:iam::1:role/r")
              .containsEntry("ExternalId", "e1");
          return new Said(
              200, "text/xml", Map.of(), xml("AssumeRole", "ASIAROLE", "role-session").getBytes());
        })) {
      ask(
          cloud,
          ", profile: deep",
          Map.of(
              "AWS_CONFIG_FILE",
              file(
                  "config",
                  "[profile deep]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = e1\n[profile base]\nregion = x\naws_access_key_id = AKBASE\naws_secret_access_key = secret/of+AKBASE\n"),
              "HOME",
              folder.toString(),
              "AWS_ENDPOINT_URL_STS",
              cloud.url() + "/sts/"));
    }
  }

  @Test
  void a_web_identity_is_exchanged() throws Exception {
    try (var cloud =
        new FakeCloud(asked -> {
          if (!asked.uri().equals("/")) {
            return serve(asked, keys("ASIAWEB", "web-session"));
          }
          assertThat(asked.form())
              .isEqualTo(
                  Map.of(
                      "Action", "AssumeRoleWithWebIdentity",
                      "Version", "2011-06-15",
                      "RoleArn", "arn:aws:iam::1:role/web",
                      "RoleSessionName", "pod-7",
                      "WebIdentityToken", "jwt.of.pod"));
          return new Said(
              200,
              "text/xml",
              Map.of(),
              xml("AssumeRoleWithWebIdentity", "ASIAWEB", "web-session").getBytes());
        })) {
      ask(
          cloud,
          "",
          Map.of(
              "AWS_WEB_IDENTITY_TOKEN_FILE",
              file("jwt", "jwt.of.pod\n"),
              "AWS_ROLE_ARN",
              "arn:aws:iam::1:role/web",
              "AWS_ROLE_SESSION_NAME",
              "pod-7",
              "AWS_ENDPOINT_URL_STS",
              cloud.url()));
    }
  }

  @Test
  void a_container_has_keys() throws Exception {
    try (var cloud =
        new FakeCloud(asked -> {
          if (!asked.uri().equals("/v2/credentials")) {
            return serve(asked, keys("ASIACON", "con-session"));
          }
          assertThat(asked.header("authorization")).isEqualTo("pod token");
          return Said.json(json("ASIACON", "con-session"));
        })) {
      ask(
          cloud,
          "",
          Map.of(
              "AWS_CONTAINER_CREDENTIALS_FULL_URI", cloud.url() + "/v2/credentials",
              "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file("auth", "pod token"),
              "HOME", folder.toString()));
    }
  }

  @Test
  void a_machine_has_a_role() throws Exception {
    String roles = "/latest/meta-data/iam/security-credentials/";
    try (var cloud =
        new FakeCloud(asked -> {
          if (asked.uri().equals("/latest/api/token")) {
            assertThat(asked.method()).isEqualTo("PUT");
            assertThat(asked.header("x-aws-ec2-metadata-token-ttl-seconds")).isEqualTo("21600");
            return new Said(200, "text/plain", Map.of(), "imds-token".getBytes());
          }
          if (asked.uri().startsWith("/latest")) {
            assertThat(asked.header("x-aws-ec2-metadata-token")).isEqualTo("imds-token");
            return asked.uri().equals(roles)
                ? new Said(200, "text/plain", Map.of(), "my-role".getBytes())
                : Said.json(
                    json("ASIAEC2", asked.uri().equals(roles + "my-role") ? "ec2-session" : ""));
          }
          return serve(asked, keys("ASIAEC2", "ec2-session"));
        })) {
      ask(
          cloud,
          "",
          Map.of(
              "AWS_EC2_METADATA_SERVICE_ENDPOINT", cloud.url(),
              "HOME", folder.toString()));
    }
  }

  @Test
  void who_has_no_keys_at_all_is_told_so() throws Exception {
    try (var cloud = new FakeCloud(asked -> Said.json(CLAUDE));
        var gateway =
            TestGateway.of(
                bedrock(cloud, ""),
                Map.of("AWS_EC2_METADATA_DISABLED", "true", "HOME", folder.toString()))) {
      var answer = gateway.post("/v1/messages", HELLO);

      assertThat(answer.statusCode()).isEqualTo(502);
      assertThat(answer.body()).contains("No AWS keys were found");
      assertThat(cloud.asked()).isEmpty();
    }
  }

  private static Said events(String... messages) {
    var bytes = new Bytes(1024);
    for (String message : messages) {
      if (message.startsWith("{\"message\"")) {
        AwsEvent.exception("throttlingException").write(message.getBytes(UTF_8), bytes);
      } else {
        byte[] payload =
            Json.bytes(
                Json.object()
                    .put("bytes", Base64.getEncoder().encodeToString(message.getBytes(UTF_8)))
                    .put("p", "abcd"));
        AwsEvent.named("chunk").write(payload, bytes);
      }
    }
    return new Said(200, "application/vnd.amazon.eventstream", Map.of(), bytes.take());
  }

  private static final String[] STREAM = {
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_bdrk_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}",
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hällo\"}}",
    "{\"type\":\"content_block_stop\",\"index\":0}",
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}}",
    "{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":3}}"
  };

  private static final String STREAMED =
      HELLO.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"");

  @Test
  void claude_s_own_events_are_taken_out_of_amazon_s() throws Exception {
    try (var cloud = new FakeCloud(asked -> events(STREAM));
        var gateway = TestGateway.of(bedrock(cloud, ", token: t"))) {
      var answer = gateway.post("/v1/messages", STREAMED);

      var expected = new StringBuilder();
      for (String event : STREAM) {
        expected
            .append("event: ")
            .append(Json.parse(event).path("type").asString())
            .append("\ndata: ")
            .append(event.replaceAll(",\"amazon.*}}$", "}"))
            .append("\n\n");
      }
      assertThat(answer.body()).isEqualTo(expected.toString());
      Asked asked = cloud.asked().getFirst();
      assertThat(asked.uri()).endsWith("v1%3A0/invoke-with-response-stream");
      assertThat(asked.json().has("stream")).isFalse();
      assertThat(asked.header("accept")).isEqualTo("application/vnd.amazon.eventstream");
    }
  }

  @Test
  void an_exception_in_the_stream_is_a_failure_whenever_it_comes() throws Exception {
    try (var cloud =
            new FakeCloud(asked ->
                asked.uri().contains("opus")
                    ? events("{\"message\":\"Too many tokens\"}")
                    : events(
                        STREAM[0], STREAM[1], STREAM[2], "{\"message\":\"Too many tokens\"}"));
        var gateway = TestGateway.of(bedrock(cloud, ", token: t"))) {
      var early = gateway.post("/v1/messages", STREAMED.replace("sonnet", "opus"));
      assertThat(early.statusCode()).isEqualTo(429);
      assertThat(early.body()).contains("upstream_rate_limited", "Too many tokens");

      var late = gateway.raw("/v1/messages", STREAMED);
      assertThat(late.complete()).isFalse();
      assertThat(late.body())
          .contains("event: error", "Too many tokens")
          .doesNotContain("message_stop");
    }
  }

  @Test
  void amazon_s_errors_are_understood_by_their_header() throws Exception {
    try (var cloud =
            new FakeCloud(asked ->
                Said.json(404, "{\"message\":\"Could not resolve the foundation model\"}")
                    .with(
                        "x-amzn-ErrorType",
                        "ResourceNotFoundException:http://internal.amazon.com/x"));
        var gateway = TestGateway.of(bedrock(cloud, ", token: t"))) {
      for (int i = 0; i < 2; i++) {
        var answer = gateway.post("/v1/messages", HELLO);
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("not_found", "Could not resolve the foundation model");
      }
      assertThat(cloud.asked()).allSatisfy(asked -> assertThat(asked.uri()).endsWith("/invoke"));
    }
  }

  @Test
  void every_other_caller_and_model_goes_by_converse() throws Exception {
    String reply =
        "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"Hi\"}]}},\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":3,\"outputTokens\":1,\"totalTokens\":4},\"metrics\":{\"latencyMs\":1}}";
    try (var cloud =
            new FakeCloud(asked ->
                serve(asked, keys("AKID1", "")).status() == 200
                    ? Said.json(reply)
                    : Said.json(403, "{}"));
        var gateway =
            TestGateway.of(bedrock(cloud, ", access_key: AKID1, secret_key: secret/of+AKID1"))) {
      assertThat(
              gateway
                  .post(
                      "/v1/messages",
                      HELLO.replace(
                          "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0"))
                  .body())
          .contains("\"Hi\"");
      assertThat(gateway.post("/v1/chat/completions", HELLO).body()).contains("\"Hi\"");

      assertThat(cloud.asked())
          .extracting(Asked::uri)
          .containsExactly(
              "/model/amazon.nova-pro-v1%3A0/converse",
              "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    }
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.AwsSigner;
import dev.lintel.main.FakeCloud.Asked;
import dev.lintel.main.FakeCloud.Said;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
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
              dev.lintel.Json.parse(
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

      assertThat(cloud.asked()).allSatisfy(asked -> assertThat(asked.header("x-amz-date")).isEmpty());
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
            serve(asked, keys(asked.header("authorization").contains("AKDEF") ? "AKDEF" : "AKWORK", "")))) {
      ask(cloud, "", Map.of("AWS_SHARED_CREDENTIALS_FILE", credentials, "HOME", folder.toString()));
      ask(
          cloud,
          ", profile: work",
          Map.of("AWS_SHARED_CREDENTIALS_FILE", credentials, "HOME", folder.toString(), "AWS_ACCESS_KEY_ID", "x", "AWS_SECRET_ACCESS_KEY", "y"));

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
          var sts = new AwsSigner("AKBASE", "secret/of+AKBASE", "", "eu-west-3", "sts", Instant.EPOCH);
          assertThat(AwsSigner.accepts(sts, "POST", asked.host(), "/sts/", asked.headers(), asked.body())).isTrue();
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
              "HOME", folder.toString(),
              "AWS_ENDPOINT_URL_STS", cloud.url() + "/sts/"));
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
              "AWS_WEB_IDENTITY_TOKEN_FILE", file("jwt", "jwt.of.pod\n"),
              "AWS_ROLE_ARN", "arn:aws:iam::1:role/web",
              "AWS_ROLE_SESSION_NAME", "pod-7",
              "AWS_ENDPOINT_URL_STS", cloud.url()));
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
                : Said.json(json("ASIAEC2", asked.uri().equals(roles + "my-role") ? "ec2-session" : ""));
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
}

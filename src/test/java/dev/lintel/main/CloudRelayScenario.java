package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.AwsSigner;
import dev.lintel.main.FakeCloud.Said;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What is relayed goes to the clouds' own places, with the clouds' own proofs. */
class CloudRelayScenario {
  private static final String AZURE =
      "providers: { azure: { kind: azure, url: \"%s\", api_version: \"2025-04-01-preview\", key: az-1, deployments: { whisper: my-ear } } }\n";

  private static byte[] sound() {
    return new Multiparts().file("file", "a.mp3", "audio/mpeg", new byte[2000]).end();
  }

  @Test
  void azures_deployments_hear_and_speak() throws Exception {
    try (var cloud = new FakeCloud(asked -> Said.json("{\"text\":\"heard\"}"));
        var gateway = TestGateway.of(AZURE.formatted(cloud.url()))) {
      var reply =
          gateway.send(
              gateway
                  .request("/openai/deployments/azure%2Fwhisper/audio/transcriptions?api-version=1")
                  .setHeader("content-type", Multiparts.TYPE)
                  .POST(BodyPublishers.ofByteArray(sound()))
                  .build());
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      var asked = cloud.asked().getFirst();
      assertThat(asked.uri())
          .isEqualTo(
              "/openai/deployments/my-ear/audio/transcriptions?api-version=2025-04-01-preview");
      assertThat(asked.header("api-key")).isEqualTo("az-1");
      assertThat(new String(asked.body(), StandardCharsets.ISO_8859_1))
          .startsWith("--" + Multiparts.BOUNDARY)
          .contains("name=\"model\"\r\n\r\nmy-ear\r\n--" + Multiparts.BOUNDARY);

      gateway.post("/v1/images/generations", "{\"model\":\"azure/whisper\",\"prompt\":\"x\"}");
      assertThat(cloud.asked().getLast().uri())
          .isEqualTo(
              "/openai/deployments/my-ear/images/generations?api-version=2025-04-01-preview");
    }
  }

  @Test
  void what_passes_through_to_bedrock_is_signed() throws Exception {
    var keys = new AwsSigner("AKID1", "secret", "", "eu-west-3", "bedrock", Instant.EPOCH);
    try (var cloud =
            new FakeCloud(asked ->
                AwsSigner.accepts(
                        keys,
                        asked.method(),
                        asked.host(),
                        asked.uri(),
                        asked.headers(),
                        asked.body())
                    ? Said.json("{}")
                    : Said.json(403, "{\"message\":\"wrong signature\"}"));
        var gateway =
            TestGateway.of(
                "providers: { bedrock: { kind: bedrock, url: \""
                    + cloud.url()
                    + "\", region: eu-west-3, access_key: AKID1, secret_key: secret } }\n")) {
      assertThat(gateway.get("/provider/bedrock/guardrails?maxResults=5").statusCode())
          .isEqualTo(200);
      String large = "{\"text\":\"" + "x".repeat(2_000_000) + "\"}";
      assertThat(gateway.post("/provider/bedrock/model/a/invoke", large).statusCode())
          .isEqualTo(200);
      assertThat(cloud.asked().getLast().body()).hasSize(large.length());
    }
  }
}

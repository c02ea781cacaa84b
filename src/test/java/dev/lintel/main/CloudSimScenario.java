package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.config.Address;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The simulator stands for the clouds, too: at the paths at which they serve the dialects. */
class CloudSimScenario {
  @Test
  void claude_at_bedrock_is_simulated_by_invoke_model() {
    URI sim = Simulators.alone(new Address("127.0.0.1", 0));
    try (var gateway =
        TestGateway.of(
            "providers: { bedrock: { kind: bedrock, url: \"" + sim + "\", token: t } }\n")) {
      for (boolean stream : new boolean[] {false, true}) {
        var answer =
            gateway.post(
                "/v1/messages",
                "{\"model\":\"bedrock/anthropic.claude-x\",\"stream\":"
                    + stream
                    + ",\"max_tokens\":500,\"messages\":[{\"role\":\"user\",\"content\":\"Tell me of gates\"}]}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).contains("\"stop_reason\":\"end_turn\"");
      }
    }
  }

  @Test
  void every_cloud_can_be_simulated() {
    URI sim = Simulators.alone(new Address("127.0.0.1", 0));
    String yaml =
        """
        providers:
          azure: { kind: azure, url: "SIM", api_version: "2025-04-01-preview", key: k }
          newer: { kind: azure, url: "SIM", key: k }
          vertex: { kind: vertex, url: "SIM", project: p, key: k }
          bedrock: { kind: bedrock, url: "SIM", access_key: AKIDEXAMPLE, secret_key: s }
        """
            .replace("SIM", sim.toString());
    try (var gateway = TestGateway.of(yaml)) {
      for (String model :
          new String[] {
            "azure/gpt-4o",
            "newer/gpt-4o",
            "vertex/gemini-2.5-pro",
            "vertex/claude-sonnet-4-5@20250929",
            "vertex/meta/llama-4",
            "bedrock/amazon.nova-pro-v1:0"
          }) {
        for (boolean stream : new boolean[] {false, true}) {
          var answer =
              gateway.post(
                  "/v1/chat/completions",
                  "{\"model\":\""
                      + model
                      + "\",\"stream\":"
                      + stream
                      + ",\"messages\":[{\"role\":\"user\",\"content\":\"Tell me of gates\"}]}");
          assertThat(answer.statusCode()).as(model + ": " + answer.body()).isEqualTo(200);
          assertThat(answer.headers().firstValue("x-lintel-target")).contains(model);
          assertThat(answer.body())
              .as(model)
              .contains(stream ? "[DONE]" : "\"finish_reason\":\"stop\"");
        }
      }
    }
  }

  @Test
  void what_azure_serves_beside_chat_is_simulated_at_its_paths() {
    URI sim = Simulators.alone(new Address("127.0.0.1", 0));
    String yaml =
        """
        providers:
          dated: { kind: azure, url: "SIM", api_version: "2025-04-01-preview", key: k, deployments: { m: mine } }
          newer: { kind: azure, url: "SIM", key: k }
        """
            .replace("SIM", sim.toString());
    Map<String, String> asked =
        Map.of(
            "/v1/responses", "'input':'hi'",
            "/v1/embeddings", "'input':'hi'",
            "/v1/completions", "'prompt':'hi'",
            "/v1/moderations", "'input':'hi'",
            "/v1/images/generations", "'prompt':'hi'",
            "/v1/audio/speech", "'input':'hi','voice':'alloy'");
    try (var gateway = TestGateway.of(yaml)) {
      for (String provider : List.of("dated", "newer")) {
        asked.forEach((path, members) -> {
          String body = "{'model':'" + provider + "/m'," + members + "}";
          var answer = gateway.post(path, body.replace('\'', '"'));
          assertThat(answer.statusCode())
              .as(provider + " " + path + ": " + answer.body())
              .isEqualTo(200);
        });
      }
    }
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A provider that repeats its key, which looks like nothing, tells it to nobody. */
class SecretScenario {
  private static final String KEY = "c0ffee1234567890plain";

  @Test
  void a_key_that_a_provider_repeats_is_seen_nowhere() throws IOException {
    String error =
        "{\"error\":{\"message\":\"No such key:%s!\",\"code\":\"401\"},\"message\":\"No such key:%s!\"}"
            .formatted(KEY, KEY);
    try (var provider =
        new RawProvider(visit -> {
          while (visit.read()) {
            visit.answer("401 Unauthorized", "", error);
          }
        })) {
      String yaml =
          """
          providers:
            azure: { kind: azure, url: "URL", key: "KEY" }
            openai: { kind: openai, url: "URL/v1", key: "KEY" }
            claude: { kind: anthropic, url: "URL", key: "KEY" }
            gemini: { kind: gemini, url: "URL", key: "KEY" }
            cohere: { kind: cohere, url: "URL", key: "KEY" }
            bedrock: { kind: bedrock, url: "URL", token: "KEY" }
            vertex: { kind: vertex, url: "URL", project: p, key: "KEY" }
          """
              .replace("URL", "http://127.0.0.1:" + provider.port())
              .replace("KEY", KEY);
      var gateway = TestGateway.of(yaml);
      var seen = new StringBuilder();
      try (gateway) {
        for (String name :
            List.of("azure", "openai", "claude", "gemini", "cohere", "bedrock", "vertex")) {
          for (boolean stream : new boolean[] {false, true}) {
            var answer =
                gateway.post(
                    "/v1/chat/completions",
                    "{\"model\":\""
                        + name
                        + "/gemini\",\"stream\":"
                        + stream
                        + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
            assertThat(answer.body()).contains("No such key:***!");
            seen.append(answer.body());
          }
        }
        seen.append(gateway.get("/health").body());
        seen.append(
            gateway
                .send(
                    gateway
                        .request("/admin/v1/providers")
                        .setHeader("authorization", "Bearer admin-key")
                        .GET()
                        .build())
                .body());
      }
      assertThat(seen + gateway.log()).contains("No such key:***!").doesNotContain(KEY);
    }
  }
}

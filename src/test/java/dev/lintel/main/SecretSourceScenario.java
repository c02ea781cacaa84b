package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.config.Faulty;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of providers lie where the configuration says, and are seen nowhere. */
class SecretSourceScenario {
  private static final String ASKED =
      "{\"model\":\"%s/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir private Path folder;

  private static String put(TestGateway gateway, String name, String value) {
    return gateway
        .send(
            gateway
                .request("/admin/v1/secrets/" + name)
                .setHeader("authorization", "Bearer admin-key")
                .PUT(BodyPublishers.ofString("{\"value\":\"" + value + "\"}"))
                .build())
        .body();
  }

  private static String admin(TestGateway gateway, String path) {
    return gateway
        .send(
            gateway
                .request("/admin/v1" + path)
                .setHeader("authorization", "Bearer admin-key")
                .GET()
                .build())
        .body();
  }

  @Test
  void keys_from_everywhere_reach_their_providers_and_are_seen_nowhere_else() throws Exception {
    var keys = new ConcurrentLinkedQueue<String>();
    try (var vault = new FakeVault("root-token-c0ffee");
        var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                String key = visit.heads().getLast().replaceAll("(?s).*bearer (\\S+).*", "$1");
                keys.add(key);
                visit.answer(
                    "401 Unauthorized",
                    "",
                    "{\"error\":{\"message\":\"No such key:%s!\",\"code\":\"401\"}}"
                        .formatted(key));
              }
            })) {
      vault.put("kv", "llm", "key", "sk-from-vault-1234");
      Path file = Files.writeString(folder.resolve("key"), "sk-from-file-1234\n");
      String providers =
          """
          data: "%s/data"
          vault: { address: "%s" }
          providers:
            one: { kind: openai, url: "URL", key: { env: ONE } }
            two: { kind: openai, url: "URL", key: { file: "%s" } }
            three: { kind: openai, url: "URL", key: { vault: "kv/llm#key" } }
          """
              .formatted(folder, vault.url(), file)
              .replace("URL", "http://127.0.0.1:" + provider.port() + "/v1");
      var variables = Map.of("ONE", "sk-from-env-1234", "VAULT_TOKEN", "root-token-c0ffee");
      var seen = new StringBuilder();
      try (var gateway = TestGateway.of(providers, variables)) {
        seen.append(put(gateway, "four", "sk-from-store-1234"));
      }
      String whole =
          providers
              + "  four: { kind: openai, url: \"http://127.0.0.1:%d/v1\", key: { secret: four } }\n"
                  .formatted(provider.port());
      var gateway = TestGateway.of(whole, variables);
      try (gateway) {
        for (String name : List.of("one", "two", "three", "four")) {
          seen.append(gateway.post("/v1/chat/completions", ASKED.formatted(name)).body());
        }
        put(gateway, "four", "sk-from-store-5678");
        while (!keys.contains("sk-from-store-5678")) {
          seen.append(gateway.post("/v1/chat/completions", ASKED.formatted("four")).body());
        }
        for (String path :
            List.of("/providers", "/config", "/calls", "/acts", "/secrets", "/secrets/four")) {
          seen.append(admin(gateway, path));
        }
        seen.append(gateway.get("/health").body()).append(gateway.get("/metrics").body());
      }
      assertThat(keys)
          .contains(
              "sk-from-env-1234",
              "sk-from-file-1234",
              "sk-from-vault-1234",
              "sk-from-store-1234",
              "sk-from-store-5678");
      assertThat(seen + gateway.log())
          .contains("No such key:sk-***!")
          .doesNotContain("sk-from-")
          .doesNotContain("root-token");
      assertThat(stored()).doesNotContain("sk-from-").doesNotContain("root-token");
    }
  }

  /** Every byte below the data folder. */
  private String stored() throws IOException {
    var all = new StringBuilder();
    try (var files = Files.walk(folder.resolve("data"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        all.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return all.toString();
  }

  @Test
  void a_secret_that_is_not_there_keeps_the_gateway_from_starting_and_is_named() {
    assertThatThrownBy(() ->
            TestGateway.of(
                "data: \""
                    + folder
                    + "\"\nproviders: { one: { kind: openai, url: \"http://127.0.0.1:1/v1\", key: {"
                    + " secret: missing } } }\n"))
        .isInstanceOf(Faulty.class)
        .hasMessageContaining("providers.one.key")
        .hasMessageContaining("'missing'");
  }
}

package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElsewhereTest {
  @TempDir private Path folder;

  private static Config load(String yaml) {
    return Loaders.with(
            Map.of("THE_KEY", "sk-env"),
            Map.of(
                "secret", (name, around) -> "sk-stored-" + name,
                "vault",
                    (reference, around) -> {
                      throw new IllegalArgumentException(
                          "reads " + reference + " from " + around.vault().orElseThrow().address());
                    }))
        .load("f.yaml", yaml);
  }

  @Test
  void a_key_may_lie_in_a_variable_in_a_file_or_in_the_store() throws IOException {
    Path file = Files.writeString(folder.resolve("key"), "sk-file\n");
    Config config =
        load(
            """
            providers:
              openai: { keys: [ { env: THE_KEY }, { file: "%s" }, { secret: openai }, plain ] }
              deepseek: { key: { secret: deepseek } }
              anthropic: { keys: { secret: one } }
            """
                .formatted(file));
    assertThat(config.remotes().get("openai").credentials())
        .extracting(Credential::secret)
        .containsExactly("sk-env", "sk-file", "sk-stored-openai", "plain");
    assertThat(config.remotes().get("deepseek").credentials())
        .extracting(Credential::secret)
        .containsExactly("sk-stored-deepseek");
    assertThat(config.remotes().get("anthropic").credentials())
        .extracting(Credential::secret)
        .containsExactly("sk-stored-one");
    assertThat(config.files()).containsExactly(file);
  }

  @Test
  void what_cannot_be_read_is_a_fault_at_its_place() {
    assertThatThrownBy(() ->
            load(
                """
                vault: { address: "http://vault:8200", kubernetes: lintel }
                providers:
                  openai: { key: { env: NOT_SET } }
                  deepseek: { key: { file: /not/there } }
                  anthropic: { key: { vault: "kv/a#key" } }
                  mistral: { key: { vualt: "kv/a#key" } }
                """))
        .isInstanceOfSatisfying(
            Faulty.class,
            faulty ->
                assertThat(faulty.faults())
                    .extracting(Fault::toString)
                    .anySatisfy(text -> assertThat(text).contains("f.yaml:3").contains("NOT_SET"))
                    .anySatisfy(
                        text -> assertThat(text).contains("f.yaml:4").contains("/not/there"))
                    .anySatisfy(
                        text -> assertThat(text).contains("f.yaml:5").contains("http://vault:8200"))
                    .anySatisfy(text -> assertThat(text).contains("f.yaml:6").contains("text")));
  }
}

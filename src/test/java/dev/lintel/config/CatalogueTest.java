package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lintel.Provider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CatalogueTest {
  private final Catalogue catalogue = Catalogue.read();

  @Test
  void every_provider_that_needs_only_an_address_and_a_key_is_known() throws Exception {
    Path facts = Path.of("/work/shared/catalogue/providers.csv");
    assumeTrue(Files.isReadable(facts));
    // Azure's addresses and Google's tokens need more than a row.
    Set<String> expected =
        Files.readAllLines(facts).stream()
            .skip(1)
            .map(line -> line.split(",", -1))
            .filter(cells -> Set.of("openai", "anthropic", "gemini", "cohere").contains(cells[1]))
            .map(cells -> cells[0])
            .filter(name -> !Set.of("azure", "vertex").contains(name))
            .collect(Collectors.toSet());

    assertThat(catalogue.rows().keySet()).isEqualTo(expected);
  }

  @Test
  void each_provider_loads_by_its_name_alone_or_with_its_own_address() {
    for (Catalogue.Row row : catalogue.rows().values()) {
      String url = row.hasUrl() ? "" : ", url: 'https://host/v1'";
      Config config = Loaders.load("providers: { " + row.name() + ": { key: k" + url + " } }");

      assertThat(config.remotes().get(row.name()).dialect().name()).isEqualTo(row.dialect());
    }
  }

  @Test
  void quirks_are_read() {
    assertThat(catalogue.find("mistral").orElseThrow().quirks())
        .isEqualTo(
            new Provider.Quirks(
                Set.of(
                    "max_completion_tokens",
                    "seed",
                    "logit_bias",
                    "logprobs",
                    "top_logprobs",
                    "user",
                    "service_tier",
                    "store",
                    "modalities",
                    "audio",
                    "verbosity",
                    "web_search_options",
                    "safety_identifier"),
                Map.of("max_completion_tokens", "max_tokens", "seed", "random_seed"),
                false));
    assertThat(catalogue.find("openai").orElseThrow().quirks().rename())
        .isEqualTo(Map.of("max_tokens", "max_completion_tokens"));
    assertThat(catalogue.find("deepseek").orElseThrow().quirks()).isEqualTo(Provider.Quirks.NONE);
  }

  @Test
  void local_servers_are_usable_without_a_key() {
    var nothing = new Environment(name -> java.util.Optional.empty());

    assertThat(List.of("ollama", "vllm", "lm-studio"))
        .allMatch(name -> catalogue.find(name).orElseThrow().usable(nothing));
    assertThat(catalogue.find("openai").orElseThrow().usable(nothing)).isFalse();
  }
}

package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StrategyOptionsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{ consistent_hash: { on: usr } } | 'on' must be one of user, session",
        "{ consistent_hash: { off: user } } | is not a known key",
        "{ balanced: { cost: 0 } } | 'cost', 'latency' and 'quality' must not all be 0",
        "{ balanced: { cost: -1 } } | must be a number of 0 or more",
        "{ balanced: { price: 1 } } | is not a known key",
        "balancd | balanced",
        "{ learned: { explore: 101% } } | must be a share of 100% at most",
        "{ learned: { cost: 0 } } | must not all be 0",
        "{ classified: { file: x } } | is not a known key",
      })
  void a_strategy_s_options_are_checked_where_they_stand(String strategy, String words) {
    assertThatThrownBy(() ->
            Loaders.load(
                "providers: { demo: { kind: sim } }",
                "models:",
                "  a:",
                "    targets: demo/x",
                "    strategy: " + strategy))
        .isInstanceOf(Faulty.class)
        .hasMessageContaining("lintel.yaml:5: models.a.strategy")
        .hasMessageContaining(words);
  }

  @Test
  void a_list_s_fault_is_told_with_its_own_file_and_line(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("mine.csv"), "what,weight,of,words\nluck,1,1,\n");
    String[] written = {
      "providers: { demo: { kind: sim } }",
      "models: { a: { targets: demo/x, strategy: { classified: { rules: '" + file + "' } } } }"
    };
    assertThatThrownBy(() -> Loaders.load(written))
        .isInstanceOf(Faulty.class)
        .hasMessageContaining(file + ":2: what must be one of bias, tokens,");

    Files.writeString(file, "what,weight,of,words\nbias,1,,\n");
    assertThat(Loaders.load(written).files()).containsExactly(file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "consistent_hash",
        "{ consistent_hash: { on: session } }",
        "{ consistent_hash: { on: use-case } }",
        "balanced",
        "{ balanced: { cost: 0.5, latency: 0.3, quality: 0.2 } }",
        "{ balanced: { quality: 1 } }",
        "learned",
        "{ learned: { explore: 2%, regret: 1, feedback: 1 } }",
        "classified",
        "{ classified: { } }"
      })
  void a_strategy_stands_with_its_options_or_without(String strategy) {
    assertThatCode(() ->
            Loaders.load(
                "providers: { demo: { kind: sim } }",
                "models: { a: { targets: demo/x, strategy: " + strategy + " } }"))
        .doesNotThrowAnyException();
  }
}

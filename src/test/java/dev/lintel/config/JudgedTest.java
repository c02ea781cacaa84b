package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Judging;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JudgedTest {
  private static Config load(String judge) {
    return Loaders.load(
        "providers: { demo: { kind: sim } }", "models: { main: demo/x, bench: demo/y }", judge);
  }

  @Test
  void nobody_judges_unless_the_file_names_a_model() {
    assertThat(load("listen: 127.0.0.1:0").judge()).isEmpty();
    Judging usual = load("judge: bench").judge().orElseThrow();
    assertThat(usual.model()).isEqualTo("bench");
    assertThat(usual.share()).isEqualTo(0.01);
    assertThat(usual.models()).isEmpty();
    assertThat(usual.budget().getFirst().amount()).isEqualTo(1_000_000_000_000L);
    assertThat(usual.score(1)).isEqualTo(0);
    assertThat(usual.score(5)).isEqualTo(1);

    Judging own =
        load("judge: { model: bench, sample: 5, scale: 2, models: main, max_cost_usd: 0.5 }")
            .judge()
            .orElseThrow();
    assertThat(own.share()).isEqualTo(0.05);
    assertThat(own.models()).isEqualTo(Set.of("main"));
    assertThat(own.budget().getFirst().amount()).isEqualTo(500_000_000_000L);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "judge: { sample: 1% } | judge needs the key 'model'",
        "judge: bensch | judge names a model that is not configured",
        "judge: { model: bench, models: [ mian ] } | judge.models[0] names a model that is not configured",
        "judge: { model: bench, scale: 1 } | judge.scale must be 2 to 100",
        "judge: { model: bench, scale: 101 } | judge.scale must be 2 to 100",
        "judge: { model: bench, sample: 101% } | judge.sample must be a share of 100% at most",
        "judge: { model: bench, rubric: ' ' } | judge.rubric must be a text of 4000 characters",
        "judge: { model: bench, max_cost_usd: 0 } | judge.max_cost_usd must be above 0",
      })
  void what_makes_no_sense_is_named(String judge, String words) {
    assertThatThrownBy(() -> load(judge))
        .isInstanceOf(Faulty.class)
        .hasMessageContaining("lintel.yaml:3")
        .hasMessageContaining(words);
  }
}

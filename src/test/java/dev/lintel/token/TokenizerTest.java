package dev.lintel.token;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Tool;
import dev.lintel.Turn;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class TokenizerTest {
  private final Tokenizer tokenizer = new Tokenizer();

  @Test
  void text_has_the_tokens_that_openai_counts() {
    // https://github.com/openai/openai-cookbook "How to count tokens with tiktoken"
    assertThat(tokenizer.text("tiktoken is great!", "gpt-4o")).isEqualTo(6);
    assertThat(tokenizer.text("tiktoken is great!", "gpt-4")).isEqualTo(6);
    assertThat(tokenizer.text("antidisestablishmentarianism", "gpt-4")).isEqualTo(6);
    assertThat(tokenizer.text("お誕生日おめでとう", "gpt-4")).isEqualTo(9);
    assertThat(tokenizer.text("お誕生日おめでとう", "gpt-4o")).isEqualTo(8);
  }

  @ParameterizedTest
  @CsvSource({
    "gpt-4o-mini, gpt-4o",
    "gpt-4-0613, gpt-4",
    "openai/gpt-4.1, gpt-4.1",
    "us.anthropic.claude-sonnet-4-5, claude",
    "claude-3-haiku@20240307, claude",
    "models/gemini-2.5-pro, gemini",
    "my-own-model, *",
    "notgpt-4, *"
  })
  void a_model_goes_by_the_longest_word_of_its_name(String model, String row) {
    assertThat(Encodings.read().of(model).name()).isEqualTo(row);
  }

  @Test
  void a_long_text_costs_as_much_time_as_its_length() {
    String words = "The gateway counts what nobody else has counted. ".repeat(20_000);
    String single = "a".repeat(1_000_000);
    String spaces = " ".repeat(1_000_000);

    long started = System.nanoTime();
    long counted = tokenizer.text(words, "gpt-4o");
    tokenizer.text(single, "gpt-4o");
    tokenizer.text(spaces, "gpt-4o");

    assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(20));
    // Cut into pieces it counts as in one: the sentence has nine tokens.
    assertThat(counted).isBetween(179_900L, 200_100L);
  }

  @Test
  void a_prompt_counts_everything_that_is_read() {
    ObjectNode schema = Json.object().put("type", "object");
    var tool =
        new Tool.Function(
            "weather", "The weather.", schema, Optional.empty(), Block.Cache.NONE, Extra.NONE);
    long plain = prompt(List.of(), new Block.Text("Hi"));

    assertThat(plain).isBetween(7L, 9L);
    assertThat(prompt(List.of(tool), new Block.Text("Hi"))).isGreaterThan(plain + 8);
    assertThat(
            prompt(
                List.of(),
                new Block.Media(
                    Block.Media.Kind.IMAGE,
                    "image/png",
                    new Block.Media.Source.Link("https://x.example/a.png"),
                    "",
                    Block.Cache.NONE,
                    Extra.NONE)))
        .isGreaterThan(700);
  }

  private long prompt(List<Tool> tools, Block block) {
    return tokenizer.prompt(
        new Prompt(
            List.of(new Turn(Turn.Role.USER, List.of(block))),
            tools,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Extra.NONE),
        "gpt-4o");
  }
}

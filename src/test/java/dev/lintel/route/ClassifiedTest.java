package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Extra;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Profile;
import dev.lintel.Prompt;
import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Target;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.Traits;
import dev.lintel.Turn;
import dev.lintel.route.Targets.Flat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClassifiedTest {
  private static final String HEAD = "what,weight,of,words\n";

  private final List<Target> tiers =
      List.of(
          target("high", "high", OptionalDouble.empty(), 10),
          target("standard", "Standard", OptionalDouble.empty(), 3),
          target("low", "low", OptionalDouble.empty(), 0.3));

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Hello!                                                    | low standard high",
        "Translate 'good morning' into French.                     | low standard high",
        "Thanks, that is all. Can you summarize it in one line?    | low standard high",
        "What is the capital of Peru?                              | low standard high",
        "Why is the sky blue?                                      | low standard high",
        "谢谢你                                                     | low standard high",
        "Explain step by step why this happens and compare both.   | standard high low",
        "Refactor this: ```class A {}```                           | standard high low",
        "Prove that √2 is irrational.                              | high standard low",
        "Derive the integral of \\frac{1}{x^2} = y                 | high standard low",
        "Find the race and the deadlock here: ```lock(a)```        | high standard low",
        "请证明这个算法的复杂度                                       | high standard low",
      })
  void easy_calls_go_to_small_targets_and_hard_ones_to_good_ones(String text, String order) {
    assertThat(order(new Classified(Optional.empty()), says(text), tiers)).isEqualTo(order);
  }

  @Test
  void a_long_prompt_with_many_tools_and_turns_is_hard() {
    var turns = new ArrayList<Turn>();
    IntStream.range(0, 20).forEach(i -> turns.add(user("And then? " + "x ".repeat(1000))));
    List<Tool> tools =
        IntStream.range(0, 10)
            .<Tool>mapToObj(i ->
                new Tool.Function(
                    "tool" + i, "", Json.object(), Optional.empty(), Block.Cache.NONE, Extra.NONE))
            .toList();
    Call call = call(prompt(turns, tools, Optional.empty()), 40_000);

    assertThat(order(new Classified(Optional.empty()), call, tiers)).isEqualTo("high standard low");
  }

  @Test
  void who_asks_for_thinking_asks_for_more() {
    var thinking = Optional.of(new Thinking(Thinking.Mode.ON, 0, "", true));
    Call call = call(prompt(List.of(user("Why is that?")), List.of(), thinking), 100);

    assertThat(order(new Classified(Optional.empty()), call, tiers)).isEqualTo("standard high low");
  }

  @Test
  void the_user_s_last_words_count_and_no_result_of_a_tool() {
    Turn result =
        new Turn(
            Turn.Role.USER,
            List.of(
                new Block.ToolResult(
                    "1",
                    "",
                    List.of(new Block.Text("theorem: prove it")),
                    false,
                    Block.Cache.NONE,
                    Extra.NONE)));
    Call thanks =
        call(
            prompt(
                List.of(user("Prove the theorem."), user("Thanks!"), result),
                List.of(),
                Optional.empty()),
            100);

    assertThat(order(new Classified(Optional.empty()), thanks, tiers)).startsWith("low");
  }

  @Test
  void only_the_beginning_of_a_long_text_is_looked_at() {
    String far = "x ".repeat(40_000) + "prove";
    var early = call(prompt(List.of(user("prove " + far)), List.of(), Optional.empty()), 100);
    var late = call(prompt(List.of(user(far)), List.of(), Optional.empty()), 100);

    assertThat(order(new Classified(Optional.empty()), early, tiers)).startsWith("high");
    assertThat(order(new Classified(Optional.empty()), late, tiers)).startsWith("low");
  }

  @Test
  void a_score_is_its_formula() throws IOException {
    Path file = rules("bias,-1,,\nquestions,4,8,\nwords,2,2,why how");
    var targets =
        List.of(
            target("a", "", OptionalDouble.of(0.2), 1),
            target("b", "", OptionalDouble.of(0.9), 4),
            target("c", "", OptionalDouble.of(0.8), 2));
    Ranking ranking = new Classified(Optional.of(file)).build().rank(says("Why? Why?"), targets);

    double hard = 1 / (1 + Math.exp(-(-1 + 4 * 2 / 8.0 + 2 / 2.0)));
    assertThat(ranking.score(0)).isCloseTo(1 + hard - 0.2, within(1e-9));
    assertThat(ranking.score(1)).isCloseTo(0.999, within(1e-9));
    assertThat(ranking.score(2)).isCloseTo(0.999 / 2, within(1e-9));
  }

  @Test
  void where_nobody_said_how_good_a_target_is_its_price_does() {
    var targets =
        List.of(
            target("dear", "", OptionalDouble.empty(), 10),
            target("cheap", "", OptionalDouble.empty(), 0.1),
            target("middle", "", OptionalDouble.empty(), 1));
    var classified = new Classified(Optional.empty());

    assertThat(order(classified, says("Hello"), targets)).isEqualTo("cheap middle dear");
    assertThat(order(classified, says("Prove the theorem: a = b"), targets))
        .isEqualTo("dear middle cheap");
  }

  @Test
  void a_conversation_that_makes_no_sense_goes_by_its_length() {
    Chat chat =
        Chat.read(
            Targets.SILENT,
            "m",
            false,
            false,
            inbound(100),
            read -> {
              throw Failure.invalid("No.");
            });

    assertThat(order(new Classified(Optional.empty()), Asking.call(chat), tiers))
        .isEqualTo("low standard high");
  }

  @Test
  void the_list_s_faults_are_told_with_their_lines() throws IOException {
    Path file =
        rules(
            """
            # a comment
            bias,much,,
            luck,1,1,
            words,1,1,
            words,1,0,why
            tokens,1
            tier,2,,high
            bias,1,,
            bias,2,,\
            """);

    assertThat(new Classified(Optional.of(file)).flaws())
        .extracting(Spec.Flaw::line)
        .containsExactly(3, 4, 5, 6, 7, 8, 10);
    assertThat(new Classified(Optional.of(file)).flaws().get(1).text())
        .startsWith("what must be one of bias, tokens,");
    assertThatThrownBy(() -> new Classified(Optional.of(file)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(file + ":3: weight must be a number");
    assertThat(new Classified(Optional.of(folder.resolve("none.csv"))).flaws())
        .extracting(Spec.Flaw::text)
        .containsExactly("the file must exist and be readable");
    assertThat(new Classified(Optional.of(rules(""))).flaws()).isEmpty();
  }

  @Test
  void one_target_is_asked_without_reading_anything() {
    assertThat(
            new Classified(Optional.empty()).build().rank(Asking.chat("{}"), tiers.subList(0, 1)))
        .isSameAs(Ranking.AS_WRITTEN);
  }

  private Path rules(String rows) throws IOException {
    return Files.writeString(folder.resolve("rules.csv"), HEAD + rows);
  }

  private static Target target(String name, String tier, OptionalDouble quality, double price) {
    var profile = new Profile(1, "", tier, "", quality, 0, 0);
    return new Target(
        Targets.provider(name, "k"),
        "m",
        profile,
        Facts.of(Traits.UNKNOWN, new Flat(price, price, price)));
  }

  private static String order(Classified spec, Call call, List<Target> targets) {
    return Asking.order(spec.build(), call, targets).stream()
        .map(target -> target.provider().name())
        .collect(Collectors.joining(" "));
  }

  private static Call says(String text) {
    return call(prompt(List.of(user(text)), List.of(), Optional.empty()), 200);
  }

  private static Turn user(String text) {
    return new Turn(Turn.Role.USER, List.of(new Block.Text(text)));
  }

  private static Prompt prompt(List<Turn> turns, List<Tool> tools, Optional<Thinking> thinking) {
    return new Prompt(
        turns, tools, Optional.empty(), thinking, Optional.empty(), Map.of(), Extra.NONE);
  }

  /**
   * @param bytes of the body, by which the prompt's length is guessed
   */
  private static Call call(Prompt prompt, int bytes) {
    return Asking.call(
        Chat.read(Targets.SILENT, "m", false, false, inbound(bytes), read -> prompt));
  }

  private static Inbound inbound(int bytes) {
    String body = "{\"x\":\"" + "x".repeat(bytes) + "\"}";
    return new Inbound(
        Map.of(), Map.of(), Headers.NONE, Body.scan(body.getBytes(StandardCharsets.UTF_8)));
  }
}

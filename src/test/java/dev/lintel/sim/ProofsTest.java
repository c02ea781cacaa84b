package dev.lintel.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Prompt;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProofsTest {
  private static final Block RESULT =
      new Block.ToolResult(
          "c1", "add", List.of(new Block.Text("3")), false, Block.Cache.NONE, Extra.NONE);

  private static Block call(String signature) {
    return new Block.ToolUse("c1", "add", "{}", signature, "gemini", Block.Cache.NONE, Extra.NONE);
  }

  private static Block thought(String text, String signature) {
    return new Block.Thought(text, signature, "anthropic", false);
  }

  /** A user's question, then the turns given, the model's and the user's in turn. */
  @SafeVarargs
  private static Prompt after(List<Block>... turns) {
    Prompt prompt = Prompts.thinking(Prompts.user("What is one and two?"));
    var all = new ArrayList<>(prompt.turns());
    for (List<Block> blocks : turns) {
      boolean model = all.getLast().role() == Turn.Role.USER;
      all.add(new Turn(model ? Turn.Role.ASSISTANT : Turn.Role.USER, blocks));
    }
    return prompt.turns(all);
  }

  private static void accepts(Vendor vendor, Prompt prompt) {
    assertThatCode(() -> Proofs.check(vendor, prompt)).doesNotThrowAnyException();
  }

  private static void refuses(Vendor vendor, Prompt prompt, String why) {
    assertThatThrownBy(() -> Proofs.check(vendor, prompt))
        .isInstanceOf(Failure.class)
        .hasMessageContaining(why);
  }

  @Test
  void a_signature_is_long_and_proves_one_thing_of_one_vendor() {
    String signature = Signature.of(Vendor.ANTHROPIC, "thought", 684);
    assertThat(signature).hasSizeGreaterThanOrEqualTo(600);
    assertThat(Signature.genuine(signature, Vendor.ANTHROPIC)).isTrue();
    assertThat(Signature.proves(signature, Vendor.ANTHROPIC, "thought")).isTrue();
    assertThat(Signature.proves(signature, Vendor.GEMINI, "thought")).isFalse();
    assertThat(Signature.genuine(signature.substring(4) + "AAAA", Vendor.ANTHROPIC)).isFalse();
    assertThat(Signature.genuine(signature, Vendor.GEMINI)).isFalse();
    assertThat(Signature.genuine("not base64!", Vendor.ANTHROPIC)).isFalse();
  }

  @Test
  void a_signature_may_come_back_in_the_alphabet_of_urls() {
    String signature = Signature.of(Vendor.GEMINI, "add", 684).replace('+', '-').replace('/', '_');
    assertThat(signature).containsAnyOf("-", "_");
    accepts(Vendor.GEMINI, after(List.of(call(signature)), List.of(RESULT)));
  }

  @Test
  void anthropic_takes_back_its_thought_as_it_was() {
    String signature = Signature.of(Vendor.ANTHROPIC, "one and two", 684);
    accepts(
        Vendor.ANTHROPIC,
        after(List.of(thought("one and two", signature), call("")), List.of(RESULT)));
    refuses(
        Vendor.ANTHROPIC,
        after(List.of(thought("one and three", signature), call("")), List.of(RESULT)),
        "messages.1.content.0: Invalid `signature` in `thinking` block");
    refuses(
        Vendor.ANTHROPIC,
        after(List.of(thought("one and two", ""), call("")), List.of(RESULT)),
        "Invalid `signature`");
  }

  @Test
  void anthropic_takes_back_a_sealed_thought_that_is_whole() {
    String sealed = Signature.of(Vendor.ANTHROPIC, "unseen", 684);
    var whole = new Block.Thought("", sealed, "anthropic", true);
    var cut = new Block.Thought("", sealed.substring(8), "anthropic", true);
    accepts(Vendor.ANTHROPIC, after(List.of(whole, call("")), List.of(RESULT)));
    refuses(
        Vendor.ANTHROPIC, after(List.of(cut, call("")), List.of(RESULT)), "Invalid `signature`");
  }

  @Test
  void anthropic_misses_a_thought_before_a_tool_call_only_while_it_thinks() {
    Prompt prompt = after(List.of(call("")), List.of(RESULT));
    refuses(Vendor.ANTHROPIC, prompt, "must start with a thinking block");
    accepts(Vendor.ANTHROPIC, Prompts.user("x").turns(prompt.turns()));
  }

  @Test
  void gemini_needs_a_signature_on_the_first_call_of_each_step_of_the_current_turn() {
    String signature = Signature.of(Vendor.GEMINI, "add", 684);
    accepts(Vendor.GEMINI, after(List.of(call(signature), call("")), List.of(RESULT)));
    refuses(
        Vendor.GEMINI,
        after(List.of(call(signature)), List.of(RESULT), List.of(call("")), List.of(RESULT)),
        "Function call is missing a thought_signature");
    refuses(
        Vendor.GEMINI,
        after(List.of(call(""), call(signature)), List.of(RESULT)),
        "missing a thought_signature");
  }

  @Test
  void gemini_forgives_calls_of_earlier_turns_and_takes_the_documented_waiver() {
    accepts(
        Vendor.GEMINI,
        after(
            List.of(call("")),
            List.of(RESULT),
            List.of(new Block.Text("Three.")),
            List.of(new Block.Text("Thanks."))));
    accepts(
        Vendor.GEMINI, after(List.of(call("skip_thought_signature_validator")), List.of(RESULT)));
  }

  @Test
  void gemini_refuses_a_changed_signature_wherever_it_stands() {
    String signature = Signature.of(Vendor.GEMINI, "add", 684);
    refuses(
        Vendor.GEMINI,
        after(List.of(call("B" + signature.substring(1))), List.of(RESULT)),
        "Corrupted thought signature");
    refuses(
        Vendor.GEMINI,
        after(List.of(call(Signature.of(Vendor.GEMINI, "other", 684))), List.of(RESULT)),
        "Corrupted thought signature");
    refuses(
        Vendor.GEMINI,
        after(List.of(new Block.Thought("", "abcd", "gemini", false))),
        "Corrupted thought signature");
  }

  @Test
  void openai_signs_nothing_and_checks_nothing() {
    accepts(Vendor.OPENAI, after(List.of(call("")), List.of(RESULT)));
  }
}

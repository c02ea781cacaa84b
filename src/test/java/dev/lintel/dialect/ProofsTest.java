package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Block;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProofsTest {
  private static final Block.Thought THOUGHT = new Block.Thought("why", "s1g", "anthropic", false);

  @Test
  void finds_every_form_of_a_proof_wherever_it_stands() {
    List<String> forms =
        List.of(
            new Proof("gemini", "abc").encode(),
            ToolId.shown("call 1", new Proofs(List.of(), "abc", "gemini")),
            ToolId.marked("call_1", "openai"),
            new Proofs(List.of(THOUGHT), "", "").encode());
    for (String form : forms) {
      for (int before = 0; before < 20; before++) {
        String body = "{\"" + "x".repeat(before) + "\":\"" + form + "\"}";
        assertThat(Proofs.within(body.getBytes(UTF_8))).as(body).isTrue();
      }
    }
  }

  @Test
  void takes_nothing_else_for_a_proof() {
    for (String body :
        List.of(
            "",
            "{",
            "{\"a\":\"lintel\"}",
            "{\"a\":\"my lintel_id\"}",
            "{\"a\":\"lintel.2:x:y\"}",
            "{\"a\":\"bGludGVs\"}",
            "{\"a\":\"lintel_\"}",
            "{\"a\":\"lintel_search\"}",
            "{\"a\":\"lintel_abcd\"}",
            "{\"a\":\"lintel_",
            "{\"lintel\":{\"user\":\"é\"}}",
            "{\"a\":\"lintel.")) {
      assertThat(Proofs.within(body.getBytes(UTF_8))).as(body).isFalse();
    }
  }

  @Test
  void comes_back_in_the_alphabet_of_urls_too() {
    var proofs = new Proofs(List.of(new Block.Thought("Why?? Ünd>>?", "s1g", "x", false)), "", "");
    String standard = proofs.encode();
    String urls = standard.replace('+', '-').replace('/', '_');
    assertThat(urls).isNotEqualTo(standard);
    assertThat(Proofs.decode(urls)).contains(proofs);
  }

  @Test
  void an_id_carries_the_thoughts_before_its_call() {
    String shown = ToolId.shown("toolu_1", new Proofs(List.of(THOUGHT), "own", "gemini"));
    ToolId read = ToolId.of(shown);
    assertThat(shown).matches("[a-zA-Z0-9_-]+");
    assertThat(read.id()).isEqualTo("toolu_1");
    assertThat(read.proofs()).contains(new Proofs(List.of(THOUGHT), "own", "gemini"));
  }

  @Test
  void an_id_that_carries_nothing_but_its_letters_is_found_too() {
    String shown = new ToolId("call:1").shown();
    assertThat(Proofs.within(("[\"lintel_search\",\"" + shown + "\"]").getBytes(UTF_8))).isTrue();
  }

  @Test
  void an_id_that_would_be_too_long_says_only_whose_it_is() {
    var thought = new Block.Thought("why".repeat(2000), "s1g", "anthropic", false);
    String shown = ToolId.shown("toolu_1", new Proofs(List.of(thought), "", ""));
    assertThat(shown).hasSizeLessThan(64);
    ToolId read = ToolId.of(shown);
    assertThat(read.id()).isEqualTo("toolu_1");
    assertThat(read.vendor()).isEqualTo("anthropic");
    assertThat(read.signature()).isEmpty();
    assertThat(read.thoughts()).isEmpty();
  }

  @Test
  void an_id_carries_a_signature_of_two_thousand_characters() {
    var thought = new Block.Thought("why".repeat(30), "QUJD".repeat(500), "anthropic", false);
    var proofs = new Proofs(List.of(thought), "", "");
    assertThat(ToolId.of(ToolId.shown("toolu_1", proofs)).proofs()).contains(proofs);
  }

  @Test
  void an_id_that_openai_would_refuse_for_its_length_is_wrapped_and_comes_back() {
    String id = "get_the_weather_of_a_town_".repeat(3);
    String shown = new ToolId(id).shown();
    assertThat(shown).startsWith(ToolId.MARK);
    assertThat(ToolId.of(shown).id()).isEqualTo(id);
    assertThat(ToolId.fitted(id, ToolId.USUAL)).hasSizeLessThanOrEqualTo(ToolId.USUAL);
  }

  @Test
  void an_id_that_a_client_has_cut_stands_for_itself() {
    String shown = ToolId.shown("toolu_1", new Proofs(List.of(THOUGHT), "", ""));
    for (int length = ToolId.MARK.length(); length < shown.length(); length++) {
      String cut = shown.substring(0, length);
      assertThat(ToolId.of(cut).thoughts()).as(cut).isEmpty();
    }
  }
}

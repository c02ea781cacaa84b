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
            new ToolId("call 1", "abc", "gemini").shown(),
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
    String shown = ToolId.shown("toolu_1", List.of(THOUGHT), "own", "gemini");
    ToolId read = ToolId.of(shown);
    assertThat(shown).matches("[a-zA-Z0-9_-]+");
    assertThat(read.id()).isEqualTo("toolu_1");
    assertThat(read.proofs()).contains(new Proofs(List.of(THOUGHT), "own", "gemini"));
  }

  @Test
  void an_id_that_carries_nothing_but_its_letters_is_found_too() {
    String shown = new ToolId("call:1", "", "").shown();
    assertThat(Proofs.within(("[\"lintel_search\",\"" + shown + "\"]").getBytes(UTF_8))).isTrue();
  }

  @Test
  void an_id_that_would_be_too_long_goes_without_proofs() {
    var long_ = new Block.Thought("why".repeat(2000), "s1g", "anthropic", false);
    assertThat(ToolId.shown("toolu_1", List.of(long_), "", "")).isEqualTo("toolu_1");
  }
}

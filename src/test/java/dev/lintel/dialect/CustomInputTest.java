package dev.lintel.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CustomInputTest {
  private static String inPieces(String arguments, int size) {
    var input = new CustomInput();
    var text = new StringBuilder();
    for (int i = 0; i < arguments.length(); i += size) {
      text.append(input.add(arguments.substring(i, Math.min(arguments.length(), i + size))));
    }
    return text + input.end();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "plain",
        "a \"quoted\" \\ word\n\t",
        "*** Begin Patch\n+ é 😀\n",
        "{\"input\":\"nested\"}"
      })
  void the_text_comes_out_as_it_went_in_however_it_is_cut(String text) {
    for (int size = 1; size < 12; size++) {
      assertThat(inPieces(CustomInput.wrapped(text), size)).isEqualTo(text);
      assertThat(inPieces(" { \"input\" : " + CustomInput.wrapped(text).substring(9), size))
          .isEqualTo(text);
    }
  }

  @Test
  void escapes_are_not_cut_apart() {
    for (int size = 1; size < 14; size++) {
      assertThat(inPieces("{\"input\":\"\\ud83d\\ude00\\u00e9\\/\"}", size)).isEqualTo("😀é/");
    }
  }

  @Test
  void arguments_of_another_form_are_handed_on_as_they_are() {
    assertThat(inPieces("{\"patch\":\"x\"}", 3)).isEqualTo("{\"patch\":\"x\"}");
    assertThat(inPieces("just text", 3)).isEqualTo("just text");
    assertThat(inPieces("{}", 1)).isEmpty();
  }

  @Test
  void what_was_cut_off_stays_cut_off() {
    assertThat(inPieces("{\"input\":\"half \\u00", 2)).isEqualTo("half ");
    assertThat(inPieces("{\"input\":\"bad \\uzzzz escape\"}", 2))
        .contains("bad")
        .contains("escape");
  }
}

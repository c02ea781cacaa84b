package dev.lintel.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GlyphsTest {
  @Test
  void nothing_that_a_terminal_obeys_is_left() {
    assertThat(Glyphs.harmless("a\u001b[2Jb\r\nc\u0007\u009b31m")).isEqualTo("a?[2Jb??c??31m");
    assertThat(Glyphs.harmless("to\u202egpj\u2069.\u200bx\u2028y")).isEqualTo("to?gpj?.?x?y");
    assertThat(Glyphs.harmless("half \ud83d and \udb40\udc41")).isEqualTo("half ? and ?");
  }

  @Test
  void names_in_any_script_stay_as_they_are() {
    assertThat(Glyphs.harmless("Zoë 北京团队 ทีม टीम 한국 🚀")).isEqualTo("Zoë 北京团队 ทีม टीम 한국 🚀");
  }

  @Test
  void a_letter_carries_two_marks_at_most_and_a_text_begins_with_none() {
    assertThat(Glyphs.harmless("\u0301e\u0301\u0302\u0303\u0304x")).isEqualTo("e\u0301\u0302x");
  }

  @Test
  void wide_letters_take_two_columns_and_marks_none() {
    assertThat(Glyphs.width("abc")).isEqualTo(3);
    assertThat(Glyphs.width("北京")).isEqualTo(4);
    assertThat(Glyphs.width("ｱＡ，한カ🚀")).isEqualTo(11);
    assertThat(Glyphs.width("e\u0301")).isEqualTo(1);
  }

  @Test
  void what_is_cut_says_so_and_never_cuts_a_letter_in_two() {
    assertThat(Glyphs.cut("abcdef", 6)).isEqualTo("abcdef");
    assertThat(Glyphs.cut("abcdef", 4)).isEqualTo("abc…");
    assertThat(Glyphs.cut("北京团队", 6)).isEqualTo("北京…");
    assertThat(Glyphs.cut("🚀🚀", 3)).isEqualTo("🚀…");
    assertThat(Glyphs.cut("abc", 0)).isEmpty();
    assertThat(Glyphs.fit("北京", 6, false)).isEqualTo("北京  ");
    assertThat(Glyphs.fit("7", 3, true)).isEqualTo("  7");
  }
}

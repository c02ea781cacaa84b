package dev.lintel.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvTest {
  @Test
  void what_is_written_is_read_again() {
    List<String> cells = List.of("a", "", "b,c", "say \"so\"", "two\r\nlines", "é中");
    String text = new String(Csv.line(cells), StandardCharsets.UTF_8);
    assertThat(text).endsWith("\r\n");
    assertThat(Csv.read(text + text)).containsExactly(cells, cells);
  }

  @ParameterizedTest
  @ValueSource(strings = {"=1+1", "+1", "-1", "@sum", "\tx", "\rx"})
  void what_a_spreadsheet_would_compute_is_a_text(String word) {
    assertThat(Csv.text(word)).isEqualTo("'" + word);
  }

  @Test
  void other_words_stay_as_they_are() {
    assertThat(Csv.text("support-2")).isEqualTo("support-2");
    assertThat(Csv.text("")).isEmpty();
  }
}

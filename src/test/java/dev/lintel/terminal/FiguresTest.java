package dev.lintel.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class FiguresTest {
  private static JsonNode json(String text) {
    return Json.parse("[" + text + "]").get(0);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.254, 0.25",
    "9.996, 10.0",
    "41.24, 41.2",
    "99.96, 100",
    "999.4, 999",
    "999.6, 1.00k",
    "3120, 3.12k",
    "20000000, 20.0M",
    "null, -"
  })
  void a_rate_has_few_letters(String value, String shown) {
    assertThat(Figures.rate(json(value))).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "\"0\", 0",
    "\"0.000001234\", 0.00000123",
    "\"1.005\", 1.01",
    "\"12345.6\", 12300",
    "null, -",
    "\"x\", -"
  })
  void money_keeps_three_digits_and_no_exponent(String value, String shown) {
    assertThat(Figures.money(json(value))).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({"0, 0 %", "0.0123, 1.2 %", "0.0996, 10 %", "1, 100 %", "null, -"})
  void a_share_is_said_of_a_hundred(String value, String shown) {
    assertThat(Figures.percent(json(value))).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 ms",
    "999, 999 ms",
    "1000, 1.0 s",
    "59999, 59.9 s",
    "60000, 1 min 0 s",
    "3599999, 59 min 59 s",
    "3600000, 1 h 0 min",
    "93600000, 1 d 2 h",
    "-5, 0 ms",
    "null, -"
  })
  void a_time_has_the_two_units_that_matter(String value, String shown) {
    assertThat(Figures.time(json(value))).isEqualTo(shown);
  }
}

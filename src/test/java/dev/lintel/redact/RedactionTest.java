package dev.lintel.redact;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactionTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Write to ann.lee+x@mail.example.com today | Write to [email] today",
        "card 4111 1111 1111 1111 please | card [card] please",
        "IBAN DE89 3704 0044 0532 0130 00. | IBAN [iban].",
        "call +49 30 1234567 or (415) 555-2671 | call [phone] or [phone]",
        "手机13800138000 | 手机[phone]",
        "SSN 123-45-6789 | SSN [id]",
        "11010519491231002X ok | [id] ok",
        "from 192.168.17.4 it came | from [ip] it came",
        "key sk-proj-abcdefghijklmnop1234 | key [key]",
        "AKIAIOSFODNN7EXAMPLE | [key]",
      })
  void what_tells_of_people_and_secrets_is_named_and_gone(String text, String left) {
    assertThat(Redaction.of(text)).isEqualTo(left);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "order 4111 1111 1111 1112",
        "It was 2026-11-22 at 10:15:30",
        "version 1.2.3 of 300.1.2.3",
        "the sum is 1234.56",
        "tokens: 12345",
        "gpt-4o-mini",
        "call_abcdefgh",
      })
  void what_only_looks_a_little_like_it_stays(String text) {
    assertThat(Redaction.of(text)).isEqualTo(text);
  }

  @Test
  void a_long_text_of_nothing_but_almost_matches_takes_no_time_to_speak_of() {
    for (String piece : new String[] {"a.", "1-", "1 ", "a@", "eyJ.", "A1 ", "+1(", "x"}) {
      String text = piece.repeat(20_000);
      assertThat(Redaction.of(text)).isNotEmpty();
    }
  }
}

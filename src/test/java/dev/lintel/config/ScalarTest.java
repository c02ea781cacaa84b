package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Measure;
import dev.lintel.Rate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScalarTest {
  @Test
  void times_have_units() {
    assertThat(
            List.of("0ms", "200ms", "1.5s", "10m", "5min", "1h", "2d").stream()
                .map(text -> read(Duration.class, text)))
        .containsExactly(
            Duration.ZERO,
            Duration.ofMillis(200),
            Duration.ofMillis(1500),
            Duration.ofMinutes(10),
            Duration.ofMinutes(5),
            Duration.ofHours(1),
            Duration.ofDays(2));
  }

  @Test
  void sizes_rates_and_amounts_are_exact() {
    assertThat(read(Size.class, "32MB")).isEqualTo(new Size(33_554_432));
    assertThat(read(Size.class, "512")).isEqualTo(new Size(512));
    assertThat(read(Rate.class, "200k/min")).isEqualTo(new Rate(200_000, Duration.ofMinutes(1)));
    assertThat(read(Rate.class, "20000000k/min"))
        .isEqualTo(new Rate(20_000_000_000L, Duration.ofMinutes(1)));
    assertThat(read(Amount.class, "0.10 USD"))
        .isEqualTo(new Amount(Measure.PICO_USD, 100_000_000_000L));
    assertThat(read(Amount.class, "1.5M tokens")).isEqualTo(new Amount(Measure.TOKENS, 1_500_000));
    assertThat(read(Amount.class, "20k requests")).isEqualTo(new Amount(Measure.REQUESTS, 20_000));
    assertThat(read(Span.class, "200ms..5s"))
        .isEqualTo(new Span(Duration.ofMillis(200), Duration.ofSeconds(5)));
  }

  @Test
  void what_has_another_form_is_refused() {
    var wrong =
        Map.<Class<?>, List<String>>of(
            Duration.class, List.of("", "5", "s", "-1s", "1..2s", "1e3s", "99999999999999999999d"),
            Size.class, List.of("1kb", "MB", "0.3B", "9999999999GB"),
            Rate.class, List.of("600", "600/", "/min", "600/week", "1G/s"),
            Amount.class,
                List.of("5", "5 EUR", "-5 USD", "1e3 USD", "0 USD", "10000000 USD", "0.5 tokens"),
            Count.class, List.of("0", "-1", "1.5", ""),
            Long.class, List.of("-1", "0.5", "9223372036854775808"),
            Address.class, List.of("7070", ":7070", "host:", "host:70000", "::1:70", "host:x"));

    wrong.forEach((type, texts) ->
        texts.forEach(text ->
            assertThatThrownBy(() -> read(type, text))
                .as(type.getSimpleName() + " " + text)
                .isInstanceOf(IllegalArgumentException.class)));
  }

  private static Object read(Class<?> type, String text) {
    return Scalar.of(type).orElseThrow().read().apply(text);
  }
}

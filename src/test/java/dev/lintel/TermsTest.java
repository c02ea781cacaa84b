package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TermsTest {

  @Test
  void are_read_from_headers_and_from_the_body_which_wins() {
    Terms terms =
        Terms.read(
            Headers.of(Map.of("X-Lintel-Use-Case", "support", "x-lintel-region", "eu")),
            Optional.of(
                Json.parse(
                    "{\"region\":\"us\",\"strict\":true,\"max_latency_ms\":1500,\"tags\":[\"a\",\"b\"]}")));
    assertThat(terms.get("use_case")).contains("support");
    assertThat(terms.get("region")).contains("us");
    assertThat(terms.get("tags")).contains("a,b");
    assertThat(terms.strict()).isTrue();
    assertThat(terms.maxLatencyMs()).contains(1500L);
  }

  @ParameterizedTest
  @CsvSource({
    "x-lintel-max-latency-ms, soon",
    "x-lintel-max-latency-ms, -5",
    "x-lintel-max-latency-ms, 1.5",
    "x-lintel-max-cost-usd, -1",
    "x-lintel-max-cost-usd, cheap",
    "x-lintel-priority, urgent",
    "x-lintel-strict, maybe",
  })
  void a_bad_value_is_refused_by_the_name_the_caller_used(String header, String value) {
    assertThatThrownBy(() -> Terms.read(Headers.of(Map.of(header, value)), Optional.empty()))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST);
              assertThat(failure.param()).contains(header);
            });
  }

  @Test
  void an_unknown_term_in_the_body_is_refused() {
    assertThatThrownBy(
            () -> Terms.read(Headers.NONE, Optional.of(Json.parse("{\"colour\":\"red\"}"))))
        .hasMessageContaining("lintel.colour");
  }
}

package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    "x-lintel-max-latency-ms, 0",
    "x-lintel-max-latency-ms, 1e3",
    "x-lintel-max-latency-ms, 1e1000000",
    "x-lintel-max-latency-ms, 100000000000000000000",
    "x-lintel-max-cost-usd, 1e1000000",
    "x-lintel-max-cost-usd, 1e-1000000",
    "x-lintel-max-cost-usd, 100000000000000000000",
    "x-lintel-max-cost-usd, .5",
    "x-lintel-max-cost-usd, +1",
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

  @ParameterizedTest
  @ValueSource(strings = {"a\\u0000b", "a\\nb", "\\u007f1", "x\\ud800", "\\udc00y", "\\u0085z"})
  void what_no_store_or_log_can_take_is_refused(String value) {
    for (String term : new String[] {"user", "use_case", "tags", "data_class"}) {
      var body = Json.parse("{\"" + term + "\":\"" + value + "\"}");
      assertThatThrownBy(() -> Terms.read(Headers.NONE, Optional.of(body)))
          .isInstanceOfSatisfying(
              Failure.class, failure -> assertThat(failure.param()).contains("lintel." + term));
    }
    assertThat(
            Terms.read(
                Headers.NONE, Optional.of(Json.parse("{\"user\":\"\u00e9 \\ud83d\\ude00\"}"))))
        .satisfies(terms -> assertThat(terms.get("user")).contains("\u00e9 \ud83d\ude00"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"region\":5}",
        "{\"region\":[\"eu\"]}",
        "{\"region\":\"\"}",
        "{\"tier\":true}",
        "{\"model_family\":{}}",
        "{\"provider\":null}"
      })
  void what_is_no_name_is_a_malformed_term_and_no_missing_target(String body) {
    assertThatThrownBy(() -> Terms.read(Headers.NONE, Optional.of(Json.parse(body))))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST);
              assertThat(failure.param().orElseThrow()).startsWith("lintel.");
            });
  }

  @Test
  void the_callers_own_id_and_trace_go_along() {
    String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    Terms terms =
        Terms.read(
            Headers.of(Map.of("X-Request-Id", "order-17", "traceparent", trace)), Optional.empty());
    assertThat(terms.along())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("x-request-id", "order-17", "traceparent", trace));
  }

  @Test
  void a_trace_that_is_none_is_left_behind() {
    assertThat(
            Terms.read(Headers.of(Map.of("traceparent", "00-nothing-01")), Optional.empty())
                .along())
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "line\nbreak", "\u00e9"})
  void an_id_that_no_log_can_hold_is_refused(String id) {
    assertThatThrownBy(() -> Terms.read(Headers.of(Map.of("x-request-id", id)), Optional.empty()))
        .hasMessageContaining("x-request-id");
  }

  @Test
  void an_unknown_term_in_the_body_is_refused() {
    assertThatThrownBy(
            () -> Terms.read(Headers.NONE, Optional.of(Json.parse("{\"colour\":\"red\"}"))))
        .hasMessageContaining("lintel.colour");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e1000000",
        "1e20",
        "1e-20",
        "-5",
        "0",
        "0.5",
        "9999999999999999999",
        "\"\u0661\""
      })
  void a_number_in_the_body_is_never_written_out_at_length(String number) {
    var body = Optional.of(Json.parse("{\"max_latency_ms\":" + number + "}"));
    assertThatThrownBy(() -> Terms.read(Headers.NONE, body))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.param()).contains("lintel.max_latency_ms");
              assertThat(failure.message()).hasSizeLessThan(200);
            });
  }

  @Test
  void numbers_are_kept_in_plain_digits() {
    Terms terms =
        Terms.read(
            Headers.NONE,
            Optional.of(Json.parse("{\"max_latency_ms\":1500.0,\"max_cost_usd\":1e-7}")));
    assertThat(terms.maxLatencyMs()).contains(1500L);
    assertThat(terms.get("max_cost_usd")).contains("0.0000001");
    assertThat(
            Terms.read(
                    Headers.of(Map.of("x-lintel-max-latency-ms", "999999999999999999")),
                    Optional.empty())
                .maxLatencyMs())
        .contains(999999999999999999L);
  }

  @Test
  void the_case_of_a_word_does_not_matter() {
    Terms terms =
        Terms.read(
            Headers.of(Map.of("x-lintel-strict", "True", "x-lintel-priority", "HIGH")),
            Optional.empty());
    assertThat(terms.strict()).isTrue();
    assertThat(terms.get("priority")).contains("high");
    assertThat(Terms.read(Headers.NONE, Optional.of(Json.parse("{\"strict\":\"TRUE\"}"))).strict())
        .isTrue();
  }
}

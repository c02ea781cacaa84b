package dev.lintel.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Failure;
import dev.lintel.Failure.Again;
import dev.lintel.Failure.Kind;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.RetryAfter;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProviderErrorsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "400, INVALID_REQUEST, NOWHERE",
    "401, UPSTREAM_ERROR, ELSEWHERE",
    "402, UPSTREAM_ERROR, ELSEWHERE",
    "403, UPSTREAM_ERROR, ELSEWHERE",
    "404, NOT_FOUND, ELSEWHERE",
    "405, UPSTREAM_ERROR, ELSEWHERE",
    "408, TIMEOUT, HERE",
    "409, UPSTREAM_ERROR, HERE",
    "413, PAYLOAD_TOO_LARGE, NOWHERE",
    "422, INVALID_REQUEST, NOWHERE",
    "425, UPSTREAM_UNAVAILABLE, HERE",
    "429, UPSTREAM_RATE_LIMITED, HERE",
    "500, UPSTREAM_ERROR, HERE",
    "502, UPSTREAM_UNAVAILABLE, HERE",
    "503, UPSTREAM_UNAVAILABLE, HERE",
    "504, TIMEOUT, HERE",
    "529, UPSTREAM_OVERLOADED, HERE",
    "302, UPSTREAM_ERROR, ELSEWHERE",
    "200, UPSTREAM_ERROR, HERE"
  })
  void a_status_alone_has_a_meaning(int status, Kind kind, Again again) {
    Failure failure = ProviderErrors.of(status, Headers.NONE, "", "", "");
    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.again()).isEqualTo(again);
    assertThat(failure.upstreamStatus()).isEqualTo(status);
    assertThat(failure.message()).contains(String.valueOf(status));
  }

  @ParameterizedTest
  @CsvSource({
    "401, '', x, KEY",
    "402, '', x, KEY",
    "403, '', x, KEY",
    "429, '', x, KEY",
    "200, authentication_error, x, KEY",
    "200, permission_denied, x, KEY",
    "200, rate_limit_error, x, KEY",
    "400, '', Incorrect API key provided, KEY",
    "429, insufficient_quota, x, KEY",
    "200, insufficient_quota, x, KEY",
    "200, billing_error, x, KEY",
    "404, '', x, MODEL",
    "410, '', x, MODEL",
    "200, not_found_error, x, MODEL",
    "404, deploymentnotfound, x, MODEL",
    "529, '', x, MODEL",
    "503, overloaded_error, x, MODEL",
    "503, server_is_overloaded, x, MODEL",
    "503, model_overloaded, x, MODEL",
    "503, engine_overloaded_error, x, MODEL",
    "503, capacity_exceeded, x, MODEL",
    "503, server_error, at capacity, PROVIDER",
    "500, overloaded, x, MODEL",
    "200, overloaded_error, x, MODEL",
    "500, '', x, PROVIDER",
    "502, '', x, PROVIDER",
    "503, '', x, PROVIDER",
    "503, api_error, overloaded, PROVIDER",
    "504, '', x, PROVIDER",
    "520, '', x, PROVIDER",
    "408, '', x, PROVIDER",
    "425, '', x, PROVIDER",
    "200, api_error, x, PROVIDER",
    "200, timeout_error, x, PROVIDER",
    "307, '', x, PROVIDER",
    "400, '', x, NOBODY",
    "405, '', x, NOBODY",
    "409, '', x, NOBODY",
    "413, '', x, NOBODY",
    "422, '', x, NOBODY",
    "429, context_length_exceeded, x, NOBODY"
  })
  void it_counts_against_the_key_or_the_model_or_the_provider_or_nobody(
      int status, String type, String message, Failure.Blame blame) {
    Failure failure = ProviderErrors.of(status, Headers.NONE, "", type, message);
    assertThat(failure.blame()).isEqualTo(blame);
  }

  @ParameterizedTest
  @CsvSource({
    "400, context_length_exceeded, invalid_request_error, x, CONTEXT_LENGTH_EXCEEDED, NOWHERE",
    "400, '', '', This model's maximum context length is 8192, CONTEXT_LENGTH_EXCEEDED, NOWHERE",
    "400, content_filter, '', x, CONTENT_BLOCKED, NOWHERE",
    "400, '', '', Incorrect API key provided, UPSTREAM_ERROR, ELSEWHERE",
    "429, insufficient_quota, insufficient_quota, x, UPSTREAM_RATE_LIMITED, ELSEWHERE",
    "503, '', overloaded_error, x, UPSTREAM_OVERLOADED, HERE",
    "401, '', invalid_request_error, x, UPSTREAM_ERROR, ELSEWHERE",
    "200, '', authentication_error, x, UPSTREAM_ERROR, ELSEWHERE",
    "200, RESOURCE_EXHAUSTED, '', x, UPSTREAM_RATE_LIMITED, HERE",
    "200, '', api_error, x, UPSTREAM_ERROR, HERE"
  })
  void a_precise_word_wins_over_the_status(
      int status, String code, String type, String message, Kind kind, Again again) {
    Failure failure = ProviderErrors.of(status, Headers.NONE, code, type, message);
    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.again()).isEqualTo(again);
  }

  /** As OpenAI, Azure, Anthropic, Gemini, Vertex AI, xAI, DashScope and llama.cpp say it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "invalid_request_error | prompt is too long: 201234 tokens > 200000 maximum | CONTEXT_LENGTH_EXCEEDED",
        "invalid_request_error | input length and `max_tokens` exceed context limit: 195000 + 20000 > 200000 | CONTEXT_LENGTH_EXCEEDED",
        "INVALID_ARGUMENT | The input token count (1200000) exceeds the maximum number of tokens allowed (1048576). | CONTEXT_LENGTH_EXCEEDED",
        "INVALID_ARGUMENT | The input token count exceeds the maximum number of tokens allowed 1048576. | CONTEXT_LENGTH_EXCEEDED",
        "INVALID_ARGUMENT | Unable to submit request because the input token count is 40000 but model only supports up to 32768. | CONTEXT_LENGTH_EXCEEDED",
        "'' | Input tokens exceed the configured limit of 272000 tokens. | CONTEXT_LENGTH_EXCEEDED",
        "'' | This model's maximum prompt length is 131072 but the request contains 537812 tokens. | CONTEXT_LENGTH_EXCEEDED",
        "exceed_context_size_error | the request exceeds the available context size | CONTEXT_LENGTH_EXCEEDED",
        "invalid_parameter_error | Range of input length should be [1, 30720] | CONTEXT_LENGTH_EXCEEDED",
        "invalid_request_error | Output blocked by content filtering policy | CONTENT_BLOCKED",
        "invalid_prompt | Invalid prompt: your prompt was flagged as potentially violating our usage policy. | CONTENT_BLOCKED",
        "moderation_blocked | x | CONTENT_BLOCKED",
        "'' | Your request was rejected as a result of our safety system. | CONTENT_BLOCKED",
        "INVALID_ARGUMENT | The prompt contains sensitive words that violate Google's Responsible AI practices. | CONTENT_BLOCKED",
        "data_inspection_failed | Input data may contain inappropriate content. | CONTENT_BLOCKED",
        "invalid_request_error | max_tokens: Field required | INVALID_REQUEST",
        "invalid_prompt | Invalid prompt: no messages. | INVALID_REQUEST"
      })
  void a_refused_request_is_told_from_a_wrong_one_by_the_providers_words(
      String word, String message, Kind kind) {
    assertThat(ProviderErrors.of(400, Headers.NONE, word, "", message).kind()).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({
    "429, '{\"error\":{\"code\":429,\"message\":\"Provider returned error\",\"metadata\":{\"raw\":\"slow\",\"provider_name\":\"X\"}}}', MODEL",
    "200, '{\"error\":{\"code\":429,\"message\":\"Provider returned error\",\"metadata\":{\"raw\":\"slow\",\"provider_name\":\"X\"}}}', MODEL",
    "429, '{\"error\":{\"code\":429,\"message\":\"Rate limit exceeded: free-models-per-day\"}}', KEY",
    "200, '{\"error\":{\"code\":429,\"message\":\"slow\"}}', KEY",
    "200, '{\"error\":{\"code\":402,\"message\":\"no credits\"}}', KEY",
    "200, '{\"error\":{\"code\":502,\"message\":\"down\"}}', PROVIDER",
    "200, '{\"error\":{\"code\":503,\"message\":\"down\"}}', PROVIDER",
    "200, '{\"error\":{\"code\":404,\"message\":\"none\"}}', MODEL",
    "503, '{\"error\":{\"code\":\"server_is_overloaded\",\"message\":\"busy\"}}', MODEL"
  })
  void what_stands_in_a_body_counts_as_its_status_would(
      int status, String body, Failure.Blame blame) {
    assertThat(OpenAiErrors.read(status, Headers.NONE, Json.parse(body)).blame()).isEqualTo(blame);
  }

  @Test
  void x_should_retry_false_forbids_the_same_target() {
    Failure failure =
        ProviderErrors.of(500, Headers.of(Map.of("x-should-retry", "false")), "", "", "x");
    assertThat(failure.again()).isEqualTo(Again.ELSEWHERE);
  }

  @ParameterizedTest
  @CsvSource({
    "retry-after, 7, 7000",
    "retry-after, 0.5, 500",
    "retry-after, 'Sat, 21 Nov 2026 12:00:30 GMT', 30000",
    "retry-after, 'Sat, 21 Nov 2026 11:00:00 GMT', 0",
    "retry-after-ms, 1234, 1234",
    "x-ms-retry-after-ms, 20, 20",
    "x-ratelimit-reset-requests, 6m0s, 360000",
    "x-ratelimit-reset-tokens, 20ms, 20",
    "x-ratelimit-reset-tokens, 2m59.56s, 179560",
    "x-ratelimit-reset, 1795262410, 10000",
    "x-ratelimit-reset, 1795262410000, 10000",
    "anthropic-ratelimit-tokens-reset, 2026-11-21T12:01:00Z, 60000"
  })
  void reads_a_wait_in_every_form(String header, String value, long millis) {
    assertThat(RetryAfter.of(Headers.of(Map.of(header, value)), true, NOW))
        .contains(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @CsvSource({"retry-after, soon", "retry-after, -1", "x-ratelimit-reset-tokens, 5 parsecs"})
  void what_makes_no_sense_is_no_wait(String header, String value) {
    assertThat(RetryAfter.of(Headers.of(Map.of(header, value)), true, NOW)).isEmpty();
  }

  @Test
  void a_spent_limit_decides_before_one_that_is_not() {
    var headers =
        Headers.of(
            Map.of(
                "x-ratelimit-reset-requests", "1s",
                "x-ratelimit-remaining-requests", "100",
                "x-ratelimit-reset-tokens", "2m",
                "x-ratelimit-remaining-tokens", "0"));
    assertThat(RetryAfter.of(headers, true, NOW)).contains(Duration.ofMinutes(2));
    assertThat(RetryAfter.of(headers, false, NOW)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "Incorrect API key provided: sk-proj-abc123def456., Incorrect API key provided: ***",
    "see https://x/y?key=AIzaSyA1234567890&alt=sse, see https://x/y?key=***&alt=sse",
    "header Authorization: Bearer abc.def-ghi was refused, header Authorization: Bearer *** was refused",
    "the key gsk_0123456789 is unknown, the key gsk_*** is unknown",
    "unexpected key: 'temperature', unexpected key: 'temperature'"
  })
  void a_message_keeps_its_words_and_loses_its_keys(String message, String scrubbed) {
    assertThat(ProviderErrors.scrub(message)).isEqualTo(scrubbed);
  }
}

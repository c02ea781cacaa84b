package dev.lintel.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.CallThread;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FaultTest {
  private static final String SSE = "begin 200 text/event-stream";
  private static final String JSON = "begin 200 application/json";

  private final Sim sim = Prompts.sim("openai", Prompts.user("Tell me of gates."));
  private final Endpoint chat = Prompts.post(sim, "/v1/chat/completions");

  private FakeExchange stream(String fault) throws Exception {
    return FakeExchange.stream("small+fault=" + fault).servedBy(chat);
  }

  private FakeExchange whole(String fault) throws Exception {
    return FakeExchange.whole("small+fault=" + fault).servedBy(chat);
  }

  /** Plays a fault that ends in silence, and leaves. */
  private void leave(FakeExchange exchange, int steps) throws Exception {
    CallThread thread = exchange.start(chat);
    Prompts.until(() -> exchange.done.size() >= steps && sim.stats().open() == 1);
    assertThat(exchange.isOver()).isFalse();
    thread.cancel();
    exchange.awaitEnd();
    assertThat(sim.stats().cancelled()).isEqualTo(1);
    assertThat(sim.stats().open()).isZero();
  }

  @Test
  void a_clean_stream_opens_speaks_and_ends() throws Exception {
    FakeExchange exchange = FakeExchange.stream("small").servedBy(chat);
    assertThat(exchange.done).containsExactly(SSE, "write", "end");
    assertThat(exchange.text()).endsWith("data: [DONE]\n\n").contains("Stop[reason=END");
    assertThat(sim.stats().answered()).isEqualTo(1);
  }

  @Test
  void a_clean_whole_reply_is_answered_at_once() throws Exception {
    FakeExchange exchange = FakeExchange.whole("small").servedBy(chat);
    assertThat(exchange.done).containsExactly("answer 200");
    assertThat(Json.parse(exchange.text()).get("parts").toString()).contains("Stop[reason=END");
  }

  @Test
  void reset_before_headers_answers_nothing() throws Exception {
    assertThat(stream("reset_before_headers").done).containsExactly("abort");
    assertThat(whole("reset_before_headers").done).containsExactly("abort");
  }

  @ParameterizedTest
  @CsvSource({"401", "403", "404", "500", "502", "503", "504", "529"})
  void a_status_comes_with_an_error_in_the_vendors_own_shape(int status) throws Exception {
    for (FakeExchange exchange : List.of(stream("" + status), whole("" + status))) {
      assertThat(exchange.done).containsExactly("answer " + status);
      var error = Json.parse(exchange.text());
      assertThat(error.at("/error/message").asString()).isNotEmpty();
      assertThat(error.at("/error/type").asString()).isNotEmpty();
      assertThat(error.at("/error").has("lintel")).isFalse();
    }
  }

  @Test
  void a_429_asks_to_wait_in_seconds_rounded_up() throws Exception {
    assertThat(stream("429_seconds+retry_after=1500ms").done)
        .containsExactly("answer 429 {retry-after=2}");
  }

  @Test
  void a_429_asks_to_wait_until_an_http_date() throws Exception {
    String done = stream("429_date+retry_after=30s").done.getFirst();
    assertThat(done).startsWith("answer 429 {retry-after=").endsWith(" GMT}");
    var until =
        ZonedDateTime.parse(
            done.substring("answer 429 {retry-after=".length(), done.length() - 1),
            DateTimeFormatter.RFC_1123_DATE_TIME);
    assertThat(Duration.between(ZonedDateTime.now(until.getZone()), until))
        .isBetween(Duration.ofSeconds(25), Duration.ofSeconds(31));
  }

  @Test
  void a_429_asks_to_wait_in_milliseconds() throws Exception {
    assertThat(stream("429_ms+retry_after=1500ms").done)
        .containsExactly("answer 429 {retry-after-ms=1500}");
  }

  @Test
  void a_429_says_when_the_rate_limit_resets() throws Exception {
    assertThat(stream("429-reset+retry_after=1500ms").done.getFirst())
        .startsWith("answer 429 {")
        .contains("x-ratelimit-reset-requests=1500ms")
        .contains("x-ratelimit-remaining-requests=0");
  }

  @Test
  void an_error_body_comes_with_200() throws Exception {
    for (FakeExchange exchange : List.of(stream("error_body"), whole("error_body"))) {
      assertThat(exchange.done).containsExactly("answer 200");
      assertThat(Json.parse(exchange.text()).at("/error/code").asString())
          .isEqualTo("server_is_overloaded");
    }
  }

  @Test
  void an_empty_answer_has_headers_and_nothing_else() throws Exception {
    assertThat(stream("empty").done).containsExactly(SSE, "end");
    assertThat(whole("empty").done).containsExactly(JSON, "end");
  }

  @Test
  void an_error_is_the_first_event() throws Exception {
    FakeExchange exchange = stream("error_first");
    assertThat(exchange.done).containsExactly(SSE, "write", "end");
    assertThat(exchange.text()).startsWith("data: {\"error\":{").endsWith("}\n\n");
    assertThat(whole("error_first").text()).startsWith("{\"error\":{");
  }

  @Test
  void role_only_opens_the_reply_and_falls_silent() throws Exception {
    FakeExchange exchange = FakeExchange.stream("small+fault=role_only");
    leave(exchange, 2);
    assertThat(exchange.done).containsExactly(SSE, "write", "cancelled");
    assertThat(exchange.text()).contains("Start[").doesNotContain("Text[");
  }

  @Test
  void a_stall_before_headers_ends_when_the_other_side_leaves() throws Exception {
    FakeExchange exchange = FakeExchange.whole("small+fault=stall_before_headers");
    leave(exchange, 0);
    assertThat(exchange.done).containsExactly("cancelled");
  }

  @Test
  void a_stall_after_headers_ends_when_the_other_side_leaves() throws Exception {
    FakeExchange exchange = FakeExchange.stream("small+fault=stall_after_headers");
    leave(exchange, 2);
    assertThat(exchange.done).containsExactly(SSE, "write", "cancelled");
    assertThat(exchange.text()).isEmpty();
  }

  @Test
  void a_stall_mid_stream_comes_after_the_first_content() throws Exception {
    FakeExchange exchange = FakeExchange.stream("small+fault=stall_mid_stream+tokens=4");
    leave(exchange, 2);
    assertThat(exchange.done).containsExactly(SSE, "write", "cancelled");
    assertThat(exchange.text()).contains("Text[").doesNotContain("Stop[");
  }

  @Test
  void a_whole_reply_stalls_half_way_through_its_body() throws Exception {
    FakeExchange exchange = FakeExchange.whole("small+fault=stall_mid_stream");
    leave(exchange, 2);
    assertThat(exchange.done).containsExactly(JSON, "write", "cancelled");
  }

  @Test
  void a_reset_mid_stream_comes_after_the_first_content() throws Exception {
    FakeExchange exchange = stream("reset_mid_stream");
    assertThat(exchange.done).containsExactly(SSE, "write", "abort");
    assertThat(exchange.text()).contains("Text[").doesNotContain("Stop[");
    assertThat(whole("reset_mid_stream").done).containsExactly(JSON, "write", "abort");
  }

  @Test
  void without_a_terminal_marker_everything_is_said_but_the_end() throws Exception {
    FakeExchange exchange = stream("no_terminal");
    assertThat(exchange.done).containsExactly(SSE, "write", "end");
    assertThat(exchange.text()).contains("Text[").doesNotContain("Stop[", "[DONE]");
    FakeExchange body = whole("no_terminal");
    assertThat(body.done).containsExactly(JSON, "write", "end");
    assertThatThrownBy(() -> Json.parse(body.text())).isInstanceOf(Exception.class);
  }

  @Test
  void a_malformed_event_stands_between_good_ones() throws Exception {
    FakeExchange exchange = stream("malformed_event");
    List<String> events = exchange.text().lines().filter(l -> l.startsWith("data: {")).toList();
    long broken = events.stream().filter(event -> !event.endsWith("}")).count();
    assertThat(broken).isEqualTo(1);
    assertThat(exchange.text()).endsWith("[DONE]\n\n");
    FakeExchange body = whole("malformed_event");
    assertThatThrownBy(() -> Json.parse(body.text())).isInstanceOf(Exception.class);
  }

  @Test
  void a_long_line_is_one_event_of_100_kb() throws Exception {
    assertThat(stream("long_line").writes).anyMatch(write -> write.length > 100_000);
  }

  @Test
  void byte_by_byte_says_the_same_in_writes_of_one_byte() throws Exception {
    FakeExchange cut = stream("byte_by_byte");
    assertThat(cut.writes).allMatch(write -> write.length == 1).hasSizeGreaterThan(500);
    assertThat(cut.text()).endsWith("[DONE]\n\n");
  }

  @Test
  void characters_of_several_bytes_are_split_across_writes() throws Exception {
    FakeExchange cut = stream("split_characters");
    assertThat(cut.text()).contains("世界");
    assertThat(cut.writes)
        .anyMatch(write -> {
          String alone = new String(write, StandardCharsets.UTF_8);
          return !Arrays.equals(alone.getBytes(StandardCharsets.UTF_8), write);
        });
    assertThat(Json.parse(whole("split_characters").text()).toString()).contains("世界");
  }

  @Test
  void an_error_mid_stream_comes_after_content_and_without_a_terminal_marker() throws Exception {
    String text = stream("error_mid_stream").text();
    assertThat(text).contains("Text[").endsWith("}\n\n").doesNotContain("[DONE]");
    assertThat(text.indexOf("Text[")).isLessThan(text.indexOf("\"error\""));
    assertThat(whole("error_mid_stream").text()).startsWith("{\"error\":{");
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void every_fault_has_a_word_that_names_it(Fault fault) {
    assertThat(Fault.of(fault.word())).isEqualTo(fault);
    assertThat(Fault.of(fault.word().replace('_', '-'))).isEqualTo(fault);
  }

  @Test
  void an_unknown_fault_is_refused_with_a_list_of_the_known_ones() {
    assertThatThrownBy(() -> Fault.of("fire"))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("'fire'")
        .hasMessageContaining("429_seconds");
  }

  @Test
  void a_share_of_a_half_fails_every_other_call_beginning_with_the_first() throws Exception {
    for (int i = 0; i < 4; i++) {
      stream("500+fault_share=0.5");
    }
    assertThat(sim.stats().faulted()).isEqualTo(2);
    assertThat(sim.stats().answered()).isEqualTo(2);
    assertThat(sim.requests().getFirst().get("outcome").asString()).isEqualTo("faulted");
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.main.RawProvider.Visit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a provider may do on the wire, well-behaved or not, in every dialect. */
@Tag("threads")
class WireScenario {
  private static final String RESPONSE =
      "{\"id\":\"resp_x\",\"object\":\"response\",\"created_at\":1,\"status\":\"%s\",\"model\":\"x\","
          + "\"output\":%s,\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"total_tokens\":2}}";

  private static final String ITEM =
      "{\"id\":\"i\",\"type\":\"message\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":"
          + "[{\"type\":\"output_text\",\"text\":\"%s\",\"annotations\":[]}]}";

  enum Speech {
    OPENAI(
        "/v1/chat/completions",
        "/v1/chat/completions",
        "{\"model\":\"m\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
        "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"x\",\"choices\":[{\"index\":0,"
            + "\"message\":{\"role\":\"assistant\",\"content\":\"gates\"},\"finish_reason\":\"stop\"}],"
            + "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}",
        "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\",\"choices\":"
            + "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\",\"choices\":"
            + "[{\"index\":0,\"delta\":{\"content\":\"gates\"}}]}\n\n",
        "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\",\"choices\":"
            + "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        "[DONE]"),
    ANTHROPIC(
        "/v1/messages",
        "/v1/messages",
        "{\"model\":\"m\",\"max_tokens\":50,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
        "{\"id\":\"x\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"x\",\"content\":[{\"type\":\"text\","
            + "\"text\":\"gates\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
            + "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}",
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"x\",\"type\":\"message\","
            + "\"role\":\"assistant\",\"model\":\"x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
            + "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n"
            + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
            + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            + "\"delta\":{\"type\":\"text_delta\",\"text\":\"gates\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
            + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
            + "\"stop_sequence\":null},\"usage\":{\"output_tokens\":1}}\n\n"
            + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        "message_stop"),
    GEMINI(
        "/v1beta/models/m:generateContent",
        "/v1beta/models/m:streamGenerateContent?alt=sse",
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}",
        "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"gates\"}]},"
            + "\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":1,"
            + "\"candidatesTokenCount\":1,\"totalTokenCount\":2}}",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[]},\"index\":0}]}\n\n",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"gates\"}]},\"index\":0}]}\n\n",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"!\"}]},"
            + "\"finishReason\":\"STOP\",\"index\":0}]}\n\n",
        "finishReason"),
    RESPONSES(
        "/v1/responses",
        "/v1/responses",
        "{\"model\":\"m\",\"stream\":%s,\"input\":\"Hi\"}",
        RESPONSE.formatted("completed", "[" + ITEM.formatted("gates") + "]"),
        "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":"
            + RESPONSE.formatted("in_progress", "[]")
            + "}\n\n",
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
            + "\"sequence_number\":1,\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,"
            + "\"delta\":\"gates\"}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":2,\"response\":"
            + RESPONSE.formatted("completed", "[]")
            + "}\n\n",
        "response.completed"),
    COHERE(
        "/v2/chat",
        "/v2/chat",
        "{\"model\":\"m\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
        "{\"id\":\"x\",\"finish_reason\":\"COMPLETE\",\"message\":{\"role\":\"assistant\",\"content\":["
            + "{\"type\":\"text\",\"text\":\"gates\"}]},\"usage\":{\"billed_units\":{\"input_tokens\":1,\"output_tokens\":1}}}",
        "event: message-start\ndata: {\"id\":\"x\",\"type\":\"message-start\",\"delta\":{\"message\":{\"role\":\"assistant\"}}}\n\n"
            + "event: content-start\ndata: {\"type\":\"content-start\",\"index\":0,\"delta\":{\"message\":{\"content\":"
            + "{\"type\":\"text\",\"text\":\"\"}}}}\n\n",
        "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":"
            + "{\"text\":\"gates\"}}}}\n\n",
        "event: content-end\ndata: {\"type\":\"content-end\",\"index\":0}\n\n"
            + "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\"}}\n\n"
            + "data: [DONE]\n\n",
        "[DONE]");

    private final String path;
    private final String streamPath;
    private final String body;
    final String whole;
    final String opening;
    final String content;
    final String ending;
    final String marker;

    Speech(
        String path,
        String streamPath,
        String body,
        String whole,
        String opening,
        String content,
        String ending,
        String marker) {
      this.path = path;
      this.streamPath = streamPath;
      this.body = body;
      this.whole = whole;
      this.opening = opening;
      this.content = content;
      this.ending = ending;
      this.marker = marker;
    }

    String kind() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    String path(boolean stream) {
      return stream ? streamPath : path;
    }

    String body(boolean stream) {
      return body.formatted(stream);
    }

    String events() {
      return opening + content + ending;
    }

    String base() {
      return this == OPENAI || this == RESPONSES ? "/v1" : "";
    }
  }

  private static final String STREAM_HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

  private static String chunk(String text) {
    return Integer.toHexString(text.getBytes(StandardCharsets.UTF_8).length)
        + "\r\n"
        + text
        + "\r\n";
  }

  private static void answer(Visit visit, Speech speech, boolean stream) throws IOException {
    if (stream) {
      visit.write(STREAM_HEAD + chunk(speech.events()) + "0\r\n\r\n");
    } else {
      visit.answer("200 OK", "", speech.whole);
    }
  }

  private static TestGateway gateway(Speech speech, RawProvider provider, String more) {
    return TestGateway.of(
        "providers:\n  raw: { kind: "
            + speech.kind()
            + ", url: 'http://127.0.0.1:"
            + provider.port()
            + speech.base()
            + "', key: secret-of-raw }\nmodels:\n  m: { targets: [ raw/x ]"
            + more
            + " }\n");
  }

  private static final String ONCE = ", retry: { attempts: 1 }";

  static Stream<Arguments> calls() {
    return Stream.of(Speech.values())
        .flatMap(speech -> Stream.of(Arguments.of(speech, false), Arguments.of(speech, true)));
  }

  private static void assertAnswered(TestGateway.Raw reply, Speech speech, boolean stream) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    assertThat(reply.complete()).isTrue();
    assertThat(reply.body()).contains("gates");
    if (stream) {
      assertThat(reply.body()).contains(speech.marker);
    }
  }

  /** Cohere's errors are the whole body. */
  private static JsonNode error(String body) {
    JsonNode envelope = Json.parse(body);
    return envelope.has("error") ? envelope.path("error") : envelope;
  }

  private static JsonNode lintel(String body) {
    return error(body).path("lintel");
  }

  private static String state(TestGateway gateway) {
    return Json.parse(gateway.get("/health").body())
        .path("providers")
        .path("raw")
        .path("state")
        .asString();
  }

  // --- connections

  @Test
  void a_kept_connection_that_closes_after_a_rest_costs_no_try() throws Exception {
    Speech speech = Speech.OPENAI;
    try (var provider = new RawProvider(visit -> closesSecond(visit, speech, false));
        var gateway = gateway(speech, provider, ONCE)) {
      assertThat(gateway.post(speech.path(false), speech.body(false)).statusCode()).isEqualTo(200);
      // Nothing to wait for but time: a connection has rested after a second.
      LockSupport.parkNanos(1_100_000_000);
      HttpResponse<String> reply = gateway.post(speech.path(false), speech.body(false));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("1");
      assertThat(provider.heads()).hasSize(3);
      assertThat(provider.connections()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @MethodSource("calls")
  void a_busy_connection_that_closes_is_a_try(Speech speech, boolean stream) throws Exception {
    try (var provider = new RawProvider(visit -> closesSecond(visit, speech, stream));
        var gateway = gateway(speech, provider, ONCE)) {
      gateway.post(speech.path(stream), speech.body(stream));
      HttpResponse<String> reply = gateway.post(speech.path(stream), speech.body(stream));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(502);
      assertThat(provider.heads()).hasSize(2);
    }
  }

  /** Answers, and resets the first connection when it is asked again. */
  private static void closesSecond(Visit visit, Speech speech, boolean stream) throws IOException {
    visit.read();
    answer(visit, speech, stream);
    if (visit.number() == 1) {
      visit.read();
      visit.reset();
    } else {
      visit.hold();
    }
  }

  @Test
  void a_new_connection_that_closes_is_a_try() throws Exception {
    try (var provider = new RawProvider(Visit::read);
        var gateway = gateway(Speech.OPENAI, provider, ONCE)) {
      var reply = gateway.post(Speech.OPENAI.path(false), Speech.OPENAI.body(false));
      assertThat(reply.statusCode()).isEqualTo(502);
      assertThat(provider.connections()).isEqualTo(1);
    }
  }

  @Test
  void a_kept_connection_that_breaks_in_the_reply_is_not_asked_anew() throws Exception {
    Speech speech = Speech.OPENAI;
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              answer(visit, speech, false);
              visit.read();
              visit.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
            });
        var gateway = gateway(speech, provider, ONCE)) {
      gateway.post(speech.path(false), speech.body(false));
      var reply = gateway.post(speech.path(false), speech.body(false));
      assertThat(reply.statusCode()).isEqualTo(502);
      assertThat(provider.heads()).hasSize(2);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Speech.class,
      names = {"OPENAI", "ANTHROPIC"})
  void a_connection_whose_last_chunk_comes_after_the_terminal_marker_is_kept(Speech speech)
      throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.write(STREAM_HEAD + chunk(speech.events()));
                LockSupport.parkNanos(50_000_000);
                visit.write("0\r\n\r\n");
              }
            });
        var gateway = gateway(speech, provider, ONCE)) {
      for (int i = 0; i < 3; i++) {
        assertThat(gateway.post(speech.path(true), speech.body(true)).body())
            .contains(speech.marker);
        LockSupport.parkNanos(200_000_000);
      }
      assertThat(provider.connections()).isEqualTo(1);
    }
  }

  // --- heads

  static Stream<Arguments> hints() {
    return Stream.of("100 Continue", "103 Early Hints")
        .flatMap(hint -> calls().map(call -> Arguments.of(hint, call.get()[0], call.get()[1])));
  }

  @ParameterizedTest
  @MethodSource("hints")
  void an_interim_response_is_not_the_answer(String hint, Speech speech, boolean stream)
      throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.write("HTTP/1.1 " + hint + "\r\nLink: </x>; rel=preload\r\n\r\n");
              LockSupport.parkNanos(20_000_000);
              answer(visit, speech, stream);
              visit.hold();
            });
        var gateway = gateway(speech, provider, ONCE)) {
      assertAnswered(gateway.raw(speech.path(stream), speech.body(stream)), speech, stream);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void a_redirect_is_not_followed_with_the_key(int status) throws Exception {
    Speech speech = Speech.OPENAI;
    try (var other = new RawProvider(Visit::read);
        var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.answer(
                  status + " Elsewhere",
                  "Location: http://127.0.0.1:" + other.port() + "/v1/chat/completions\r\n",
                  "{}");
            });
        var gateway = gateway(speech, provider, "")) {
      var reply = gateway.post(speech.path(false), speech.body(false));
      assertThat(reply.statusCode()).isEqualTo(502);
      assertThat(lintel(reply.body()).path("kind").asString()).isEqualTo("upstream_error");
      assertThat(lintel(reply.body()).path("attempts")).hasSize(1);
      assertThat(other.connections()).isZero();
      assertThat(reply.body()).doesNotContain("secret-of-raw");
    }
  }

  @ParameterizedTest
  @MethodSource("calls")
  void an_answer_before_the_request_was_taken_is_the_answer(Speech speech, boolean stream)
      throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.in().readNBytes(200);
              visit.answer("413 Too Large", "Connection: close\r\n", "{}");
              visit.socket().shutdownOutput();
              visit.hold();
            });
        var gateway = gateway(speech, provider, "")) {
      String large = speech.body(stream).replace("Hi", "Hi ".repeat(3_000_000));
      TestGateway.Raw reply = gateway.raw(speech.path(stream), large);
      assertThat(reply.status()).as(reply.body()).isEqualTo(413);
      assertThat(lintel(reply.body()).path("attempts").path(0).path("status").asInt())
          .isEqualTo(413);
    }
  }

  // --- bodies

  private static byte[] gzip(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new GZIPOutputStream(bytes)) {
      zip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("calls")
  void no_coding_is_asked_for_and_one_that_comes_all_the_same_is_named(
      Speech speech, boolean stream) throws Exception {
    byte[] packed = gzip(stream ? speech.events() : speech.whole);
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.write(
                  "HTTP/1.1 200 OK\r\nContent-Type: "
                      + (stream ? "text/event-stream" : "application/json")
                      + "\r\nContent-Encoding: gzip\r\nContent-Length: "
                      + packed.length
                      + "\r\n\r\n");
              visit.write(packed);
              visit.hold();
            });
        var gateway = gateway(speech, provider, ONCE)) {
      TestGateway.Raw reply = gateway.raw(speech.path(stream), speech.body(stream));
      assertThat(provider.heads().getFirst()).contains("accept-encoding: identity");
      assertThat(reply.status()).as(reply.body()).isEqualTo(502);
      assertThat(error(reply.body()).path("message").asString()).contains("gzip");
    }
  }

  @ParameterizedTest
  @EnumSource(Speech.class)
  void a_whole_reply_that_is_cut_short_never_looks_complete(Speech speech) throws Exception {
    String half = speech.whole.substring(0, speech.whole.length() / 2);
    String[] cuts = {
      "Content-Length: " + (speech.whole.length() + 10) + "\r\n\r\n" + speech.whole,
      "Content-Length: " + speech.whole.length() + "\r\n\r\n" + half,
      "Transfer-Encoding: chunked\r\n\r\n" + chunk(speech.whole),
      "Transfer-Encoding: chunked\r\n\r\n" + chunk(half),
      "Connection: close\r\n\r\n" + half,
    };
    for (String cut : cuts) {
      try (var provider =
              new RawProvider(visit -> {
                visit.read();
                visit.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + cut);
              });
          var gateway = gateway(speech, provider, ONCE)) {
        TestGateway.Raw reply = gateway.raw(speech.path(false), speech.body(false));
        assertThat(reply.status()).as(cut + "\n" + reply.body()).isEqualTo(502);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Speech.class)
  void a_stream_whose_chunks_do_not_end_is_broken_unless_its_marker_came(Speech speech)
      throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.write(STREAM_HEAD + chunk(speech.opening + speech.content));
            });
        var gateway = gateway(speech, provider, ONCE)) {
      TestGateway.Raw reply = gateway.raw(speech.path(true), speech.body(true));
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.complete()).isFalse();
      assertThat(reply.body()).contains("gates", "\"lintel\"").doesNotContain(speech.marker);
    }
  }

  // --- time

  @ParameterizedTest
  @MethodSource("calls")
  void the_time_that_the_caller_gave_counts_against_nobody(Speech speech, boolean stream)
      throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.hold();
            });
        var gateway = gateway(speech, provider, "")) {
      var reply =
          gateway.send(
              gateway
                  .request(speech.path(stream))
                  .header("x-lintel-max-latency-ms", "150")
                  .POST(java.net.http.HttpRequest.BodyPublishers.ofString(speech.body(stream)))
                  .build());
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(504);
      assertThat(lintel(reply.body()).path("attempts")).hasSize(1);
      assertThat(state(gateway)).isEqualTo("healthy");
    }
  }

  @ParameterizedTest
  @MethodSource("calls")
  void a_provider_that_says_nothing_within_its_own_time_rests(Speech speech, boolean stream)
      throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              if (stream) {
                visit.write(STREAM_HEAD + chunk(speech.opening));
              }
              visit.hold();
            });
        var gateway =
            gateway(speech, provider, ONCE + ", timeouts: { first_token: 150ms, total: 40s }")) {
      long began = System.nanoTime();
      TestGateway.Raw reply = gateway.raw(speech.path(stream), speech.body(stream));
      assertThat(reply.status()).as(reply.body()).isEqualTo(504);
      // Longer than the bound, and far from any other.
      assertThat(System.nanoTime() - began).isBetween(150_000_000L, 20_000_000_000L);
      for (int i = 1; i < 5; i++) {
        assertThat(state(gateway)).isEqualTo("healthy");
        gateway.raw(speech.path(stream), speech.body(stream));
      }
      assertThat(state(gateway)).isEqualTo("cooling");
    }
  }

  @Test
  void a_whole_reply_that_stops_in_the_middle_is_given_up_after_the_idle_time() throws Exception {
    Speech speech = Speech.OPENAI;
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.write(
                  "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"id\"");
              visit.hold();
            });
        var gateway =
            gateway(
                speech,
                provider,
                ONCE + ", timeouts: { connect: 40s, first_token: 40s, idle: 150ms }")) {
      TestGateway.Raw reply = gateway.raw(speech.path(false), speech.body(false));
      assertThat(reply.status()).as(reply.body()).isEqualTo(504);
      assertThat(lintel(reply.body()).path("attempts").path(0).path("latency_ms").asLong())
          .isBetween(150L, 20_000L);
    }
  }

  @Test
  void a_provider_that_never_pauses_is_bound_by_the_calls_time_too() throws Exception {
    Speech speech = Speech.OPENAI;
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.write(STREAM_HEAD + chunk(speech.opening));
              String more = chunk(speech.content).repeat(50);
              while (true) {
                visit.write(more);
              }
            });
        var gateway = gateway(speech, provider, ONCE + ", timeouts: { total: 500ms }")) {
      TestGateway.Raw reply = gateway.raw(speech.path(true), speech.body(true));
      assertThat(reply.complete()).isFalse();
      assertThat(reply.body()).contains("\"kind\":\"timeout\"");
      assertThat(state(gateway)).isEqualTo("healthy");
    }
  }

  // --- tries

  @ParameterizedTest
  @MethodSource("calls")
  void every_count_of_tries_agrees(Speech speech, boolean stream) throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              if (visit.number() < 3) {
                visit.answer("503 Busy", "Connection: close\r\n", "{}");
              } else if (stream) {
                visit.write(STREAM_HEAD + chunk(speech.opening + speech.content));
                LockSupport.parkNanos(50_000_000);
                visit.write(chunk(speech.ending) + "0\r\n\r\n");
              } else {
                answer(visit, speech, false);
              }
            });
        var gateway = gateway(speech, provider, ", retry: { attempts: 3, backoff: 10ms..20ms }")) {
      var reply = gateway.post(speech.path(stream), speech.body(stream));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("3");
      Soon.until(() -> gateway.log().endsWith("\n"));
      assertThat(Json.parse(gateway.log()).path("attempts")).hasSize(3);
    }
  }

  @ParameterizedTest
  @MethodSource("calls")
  void an_error_counts_its_tries_alike(Speech speech, boolean stream) throws Exception {
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.answer("503 Busy", "Connection: close\r\n", "{}");
            });
        var gateway = gateway(speech, provider, ", retry: { attempts: 3, backoff: 10ms..20ms }")) {
      var reply = gateway.post(speech.path(stream), speech.body(stream));
      assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("3");
      assertThat(lintel(reply.body()).path("attempts")).hasSize(3);
      assertThat(provider.heads()).hasSize(3);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Retry-After: 30", "retry-after-ms: 30000", "Retry-After: %s", "reset: 30s"})
  void a_wait_beyond_the_calls_time_fails_at_once_and_is_passed_on(String form) throws Exception {
    Speech speech = Speech.OPENAI;
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              String header =
                  form.replace("reset:", "x-ratelimit-reset-requests:")
                      .replace(
                          "%s",
                          java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME.format(
                              java.time.ZonedDateTime.now(java.time.ZoneOffset.UTC)
                                  .plusSeconds(31)));
              visit.answer("429 Slow", header + "\r\n", "{}");
              visit.hold();
            });
        var gateway = gateway(speech, provider, ", timeouts: { total: 10s }")) {
      var reply = gateway.post(speech.path(false), speech.body(false));
      assertThat(reply.statusCode()).isEqualTo(429);
      assertThat(Integer.parseInt(reply.headers().firstValue("retry-after").orElseThrow()))
          .isBetween(15, 31);
      assertThat(lintel(reply.body()).path("retry_after_ms").asLong()).isBetween(15_000L, 31_000L);
      assertThat(lintel(reply.body()).path("retryable").asBoolean()).isTrue();
      assertThat(provider.heads()).hasSize(1);
    }
  }

  @Test
  void a_provider_that_has_rested_does_not_degrade_the_health_until_it_fails_again()
      throws Exception {
    Speech speech = Speech.OPENAI;
    try (var provider =
            new RawProvider(visit -> {
              visit.read();
              visit.answer("503 Busy", "retry-after-ms: 50\r\n", "{}");
            });
        var gateway = gateway(speech, provider, ONCE)) {
      gateway.post(speech.path(false), speech.body(false));
      Soon.until(() -> state(gateway).equals("half_open"));
      assertThat(Json.parse(gateway.get("/health").body()).path("status").asString())
          .isEqualTo("healthy");
    }
  }
}

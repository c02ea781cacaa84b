package dev.lintel.dialect;

import static dev.lintel.dialect.Exchanges.json;
import static dev.lintel.dialect.Exchanges.send;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Platform;
import dev.lintel.ReplyWriter;
import dev.lintel.Usage;
import dev.lintel.dialect.Exchanges.Sent;
import dev.lintel.upstream.EventStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Legacy completions, as they are and as chats. */
class CompletionsTest {
  private static final Dialect COMPLETIONS = new OpenAiCompletions();
  private static final Dialect CHAT = new OpenAiChat();

  private static final String EVENTS =
      """
      data: {"id":"cmpl-1","object":"text_completion","created":1,"choices":[{"text":" fib","index":0,"logprobs":null,"finish_reason":null}],"model":"babbage","usage":null}

      data: {"id":"cmpl-1","object":"text_completion","created":1,"choices":[{"text":"(n","index":0,"logprobs":null,"finish_reason":"length"}],"model":"babbage","usage":null}

      data: {"id":"cmpl-1","object":"text_completion","created":1,"choices":[],"model":"babbage","usage":{"prompt_tokens":31,"completion_tokens":2,"total_tokens":33}}

      data: [DONE]

      """;

  @Test
  void a_provider_that_serves_them_gets_them_as_they_came() {
    String body =
        "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"n\":2,\"suffix\":\"s\",\"best_of\":3,\"echo\":true,\"logprobs\":2}";
    Sent sent = send(COMPLETIONS, COMPLETIONS, body);
    assertThat(sent.out().path()).isEqualTo("/completions");
    assertThat(sent.body()).isEqualTo(json(body.replace("\"m\"", "\"target-model\"")));
    assertThat(sent.trail().adapted()).isEmpty();
    String reply =
        "{\"id\":\"cmpl-1\", \"choices\":[{\"text\":\"x\",\"index\":0,\"finish_reason\":\"stop\"}],"
            + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}";
    assertThat(sent.bytes(reply, Map.of())).isEqualTo(reply);
    assertThat(sent.chunk(reply, Map.of()).parts())
        .contains(new Part.Text("x"), Usage.of(3, 1, Usage.Source.PROVIDER));
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void a_stream_passes_and_shows_usage_only_to_whom_asked(boolean asked) {
    Sent sent =
        send(
            COMPLETIONS,
            COMPLETIONS,
            "{\"model\":\"m\",\"prompt\":\"def\",\"stream\":true"
                + (asked ? ",\"stream_options\":{\"include_usage\":true}}" : "}"));
    assertThat(sent.body().at("/stream_options/include_usage").asBoolean()).isTrue();
    String written = stream(sent, events(sent, EVENTS));
    if (asked) {
      assertThat(written).isEqualTo(EVENTS);
    } else {
      assertThat(written)
          .contains(" fib", "[DONE]", "\"usage\":null")
          .doesNotContain("total_tokens");
    }
  }

  private static List<Chunk> events(Sent sent, String wire) {
    var reader = sent.provider().reader(sent.request());
    var events = new EventStream(sent.provider().name());
    var chunks = new ArrayList<Chunk>();
    events.put(wire.getBytes(UTF_8));
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      chunks.add(reader.event(frame));
    }
    reader.end();
    return chunks;
  }

  private static String stream(Sent sent, List<Chunk> chunks) {
    ReplyWriter writer = sent.client().writer(sent.request(), sent.trail());
    var out = new Bytes(64);
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    return new String(out.take(), UTF_8);
  }

  @Test
  void elsewhere_one_prompt_becomes_a_chat() {
    Sent sent =
        send(
            COMPLETIONS,
            CHAT,
            """
            {"model":"m","prompt":["say hi"],"max_tokens":5,"temperature":0.4,"stop":"\\n","seed":1,"n":1,"best_of":1,\
            "suffix":"end","logprobs":3,"echo":false,"user":"u"}\
            """);
    assertThat(sent.out().path()).isEqualTo("/chat/completions");
    assertThat(sent.body())
        .isEqualTo(
            json(
                """
                {"model":"target-model","messages":[{"role":"user","content":"say hi"}],"max_tokens":5,"temperature":0.4,\
                "stop":["\\n"],"seed":1,"user":"u"}\
                """));
    assertThat(sent.trail().adapted()).containsExactlyInAnyOrder("drop:suffix", "drop:logprobs");
    JsonNode answer =
        sent.answer(
            """
            {"id":"chatcmpl-9","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi","reasoning_content":"hm"},\
            "finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}\
            """);
    assertThat(answer.at("/choices/0/text").asString()).isEqualTo("hi");
    assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("length");
    assertThat(answer.at("/choices/0").has("logprobs")).isTrue();
    assertThat(answer.at("/object").asString()).isEqualTo("text_completion");
    assertThat(answer.at("/id").asString()).startsWith("cmpl-");
    assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(4);
  }

  @Test
  void a_chats_stream_becomes_text_completions() {
    Sent sent =
        send(
            COMPLETIONS,
            CHAT,
            "{\"model\":\"m\",\"prompt\":\"hi\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    String written =
        stream(
            sent,
            events(
                sent,
                """
                data: {"id":"c","model":"real","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

                data: {"id":"c","model":"real","choices":[{"index":0,"delta":{"content":"gates"}}]}

                data: {"id":"c","model":"real","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

                data: {"id":"c","model":"real","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}

                data: [DONE]

                """));
    List<String> events = written.strip().lines().filter(line -> !line.isEmpty()).toList();
    assertThat(events).hasSize(4).allMatch(event -> event.startsWith("data: "));
    JsonNode text = json(events.get(0).substring(6));
    assertThat(text.at("/choices/0/text").asString()).isEqualTo("gates");
    assertThat(text.at("/choices/0/finish_reason").isNull()).isTrue();
    assertThat(text.at("/object").asString()).isEqualTo("text_completion");
    assertThat(json(events.get(1).substring(6)).at("/choices/0/finish_reason").asString())
        .isEqualTo("stop");
    JsonNode usage = json(events.get(2).substring(6));
    assertThat(usage.at("/choices")).isEmpty();
    assertThat(usage.at("/usage/total_tokens").asInt()).isEqualTo(4);
    assertThat(usage.at("/id")).isEqualTo(text.at("/id"));
    assertThat(events.get(3)).isEqualTo("data: [DONE]");
  }

  @Test
  void a_refusals_words_are_kept() {
    Sent sent = send(COMPLETIONS, CHAT, "{\"model\":\"m\",\"prompt\":\"hi\"}");
    JsonNode answer =
        sent.answer(
            "{\"choices\":[{\"message\":{\"refusal\":\"I will not.\"},\"finish_reason\":\"stop\"}]}");
    assertThat(answer.at("/choices/0/text").asString()).isEqualTo("I will not.");
    assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("content_filter");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'model':'m','prompt':['a','b']}|prompt",
        "{'model':'m','prompt':[1,2]}|prompt",
        "{'model':'m','prompt':'a','n':2}|n",
      })
  void what_no_chat_can_say_is_refused_by_its_field_and_good_for_another_target(
      String body, String field) {
    Failure failure =
        catchThrowableOfType(Failure.class, () -> send(COMPLETIONS, CHAT, body.replace('\'', '"')));
    assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST);
    assertThat(failure.param()).contains(field);
    assertThat(failure.again()).isEqualTo(Failure.Again.ELSEWHERE);
    assertThat(send(COMPLETIONS, COMPLETIONS, body.replace('\'', '"')).body()).isNotNull();
  }

  @Test
  void strictness_refuses_what_a_chat_would_drop() {
    var chat = Exchanges.read(COMPLETIONS, "{\"model\":\"m\",\"prompt\":\"a\",\"suffix\":\"b\"}");
    Failure failure =
        catchThrowableOfType(
            Failure.class, () -> send(COMPLETIONS, CHAT, Platform.PLAIN, true, chat));
    assertThat(failure.param()).contains("suffix");
  }

  @Test
  void a_prompt_is_needed() {
    Failure failure =
        catchThrowableOfType(Failure.class, () -> Exchanges.read(COMPLETIONS, "{\"model\":\"m\"}"));
    assertThat(failure.param()).contains("prompt");
  }

  @Test
  void a_prompt_that_was_changed_on_the_way_is_written_anew() {
    var chat =
        (Chat)
            Exchanges.read(
                COMPLETIONS,
                "{\"model\":\"m\",\"prompt\":\"a\",\"max_tokens\":3,\"suffix\":\"b\"}");
    Sent sent = send(COMPLETIONS, COMPLETIONS, Platform.PLAIN, true, chat.with(chat.prompt()));
    assertThat(sent.body())
        .isEqualTo(
            json(
                "{\"model\":\"target-model\",\"prompt\":\"a\",\"max_tokens\":3,\"suffix\":\"b\"}"));
  }

  @Test
  void a_model_that_chats_only_is_told_from_a_missing_one() {
    Failure chats =
        COMPLETIONS.failure(
            404,
            Headers.NONE,
            """
            {"error":{"message":"This is a chat model and not supported in the v1/completions endpoint. \
            Did you mean to use v1/chat/completions?","type":"invalid_request_error","param":"model","code":null}}\
            """
                .getBytes(UTF_8));
    assertThat(chats.param()).isEmpty();
    assertThat(chats.upstreamStatus()).isEqualTo(404);
    Failure missing =
        COMPLETIONS.failure(
            404,
            Headers.NONE,
            "{\"error\":{\"message\":\"no\",\"code\":\"model_not_found\"}}".getBytes(UTF_8));
    assertThat(missing.code()).contains("model_not_found");
  }

  @Test
  void a_broken_stream_ends_with_an_error_and_without_its_marker() {
    Sent sent = send(COMPLETIONS, CHAT, "{\"model\":\"m\",\"prompt\":\"hi\",\"stream\":true}");
    ReplyWriter writer = COMPLETIONS.writer(sent.request(), sent.trail());
    var out = new Bytes(64);
    writer.event(Chunk.of(new Part.Text("half")), out);
    writer.error(Failure.of(Failure.Kind.TIMEOUT, "late"), Fakes.trail(), out);
    String written = new String(out.take(), UTF_8);
    assertThat(written).contains("half", "\"error\"", "late").doesNotContain("[DONE]");
    assertThat(Json.parse(written.lines().findFirst().orElseThrow().substring(6))).isNotNull();
  }
}

package dev.lintel.sim;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.Usage;
import dev.lintel.dialect.AnthropicMessages;
import dev.lintel.dialect.BedrockConverse;
import dev.lintel.dialect.CohereChat;
import dev.lintel.dialect.Gemini;
import dev.lintel.dialect.OpenAiChat;
import dev.lintel.dialect.Responses;
import dev.lintel.upstream.AwsFraming;
import dev.lintel.upstream.EventStream;
import dev.lintel.upstream.Framing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/** What the simulator writes, read by the dialects that a gateway would read it with. */
class SimDialectsTest {
  private static final String SCHEMA =
      """
      {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
      """;

  /** How each vendor is asked. */
  enum Speaker {
    OPENAI(
        new OpenAiChat(),
        """
        {"model": "%s", "stream": %s,
         "messages": [{"role": "user", "content": "What is the weather and the time in Paris?"}]}
        """,
        """
        {"tools": [{"type": "function", "function": {"name": "get_weather", "parameters": %1$s}},
                   {"type": "function", "function": {"name": "get_time", "parameters": %1$s}}]}
        """,
        """
        {"reasoning_effort": "high"}
        """),
    ANTHROPIC(
        new AnthropicMessages(),
        """
        {"model": "%s", "max_tokens": 4000, "stream": %s,
         "messages": [{"role": "user", "content": "What is the weather and the time in Paris?"}]}
        """,
        """
        {"tools": [{"name": "get_weather", "input_schema": %1$s},
                   {"name": "get_time", "input_schema": %1$s}]}
        """,
        """
        {"thinking": {"type": "enabled", "budget_tokens": 2000}}
        """),
    GEMINI(
        new Gemini(),
        """
        {"contents": [{"role": "user", "parts": [
          {"text": "What is the weather and the time in Paris?"}]}]}
        """,
        """
        {"tools": [{"functionDeclarations": [{"name": "get_weather", "parameters": %1$s},
                                             {"name": "get_time", "parameters": %1$s}]}]}
        """,
        """
        {"generationConfig": {"thinkingConfig": {"includeThoughts": true, "thinkingBudget": 500}}}
        """),
    RESPONSES(
        new Responses(),
        """
        {"model": "%s", "stream": %s, "input": "What is the weather and the time in Paris?"}
        """,
        """
        {"tools": [{"type": "function", "name": "get_weather", "parameters": %1$s},
                   {"type": "function", "name": "get_time", "parameters": %1$s}]}
        """,
        """
        {"reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
        """),
    BEDROCK(
        new BedrockConverse(),
        """
        {"messages": [{"role": "user", "content": [
          {"text": "What is the weather and the time in Paris?"}]}]}
        """,
        """
        {"toolConfig": {"tools": [
          {"toolSpec": {"name": "get_weather", "inputSchema": {"json": %1$s}}},
          {"toolSpec": {"name": "get_time", "inputSchema": {"json": %1$s}}}]}}
        """,
        """
        {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2000}}}
        """),
    COHERE(
        new CohereChat(),
        """
        {"model": "%s", "stream": %s,
         "messages": [{"role": "user", "content": "What is the weather and the time in Paris?"}]}
        """,
        """
        {"tools": [{"type": "function", "function": {"name": "get_weather", "parameters": %1$s}},
                   {"type": "function", "function": {"name": "get_time", "parameters": %1$s}}]}
        """,
        """
        {"thinking": {"type": "enabled", "token_budget": 500}}
        """);

    final Dialect dialect;
    final Sim sim;
    private final String ask;
    private final String tools;
    private final String thinking;

    Speaker(Dialect dialect, String ask, String tools, String thinking) {
      this.dialect = dialect;
      this.sim = new Sim(List.of(dialect), SimOptions.USUAL);
      this.ask = ask;
      this.tools = tools;
      this.thinking = thinking;
    }

    ObjectNode ask(String model, boolean stream) {
      var node = (ObjectNode) Json.parse(ask.formatted(model, stream));
      if (this == OPENAI && stream) {
        node.putObject("stream_options").put("include_usage", true);
      }
      return node;
    }

    ObjectNode tools() {
      return (ObjectNode) Json.parse(tools.formatted(SCHEMA));
    }

    ObjectNode thinking() {
      return (ObjectNode) Json.parse(thinking);
    }

    FakeExchange serve(String model, boolean stream, ObjectNode body) throws Exception {
      Vendor.Place place = Vendor.of(dialect).places().get(stream && names() ? 1 : 0);
      return new FakeExchange(
              "POST", place.path(), Map.of("model", model), SSE, Map.of(), Json.text(body))
          .servedBy(Prompts.post(sim, place.path()));
    }

    /** Whether another path asks for a stream. */
    private boolean names() {
      return this == GEMINI || this == BEDROCK;
    }

    private Framing framing() {
      return this == BEDROCK ? new AwsFraming(dialect.name()) : new EventStream(dialect.name());
    }

    /** What a gateway reads out of the answer; throws where it would take it for broken. */
    List<Part> read(String model, boolean stream, ObjectNode body) throws Exception {
      FakeExchange exchange = serve(model, stream, body);
      assertThat(exchange.done.getFirst()).as(exchange.text()).contains(" 200");
      ReplyReader reader = dialect.reader(chat(model, stream, body));
      if (!stream) {
        return reader.whole(exchange.text().getBytes(UTF_8)).parts();
      }
      var parts = new ArrayList<Part>();
      Framing events = framing();
      for (byte[] write : exchange.writes) {
        events.put(write);
        for (Frame frame = events.next(); frame != null; frame = events.next()) {
          parts.addAll(reader.event(frame).parts());
        }
      }
      events.end();
      for (Frame frame = events.next(); frame != null; frame = events.next()) {
        parts.addAll(reader.event(frame).parts());
      }
      reader.end();
      return parts;
    }

    List<Part> read(String model, boolean stream) throws Exception {
      return read(model, stream, ask(model, stream));
    }

    private Chat chat(String model, boolean stream, ObjectNode body) {
      String method =
          this == BEDROCK
              ? (stream ? "converse-stream" : "converse")
              : (stream ? "streamGenerateContent" : "generateContent");
      return (Chat)
          dialect.read(
              new Inbound(
                  Map.of("model", model, "method", method),
                  SSE,
                  Headers.NONE,
                  Body.scan(Json.bytes(body))));
    }
  }

  static final Map<String, String> SSE = Map.of("alt", "sse");

  private static <T> List<T> only(List<Part> parts, Class<T> type) {
    return parts.stream().filter(type::isInstance).map(type::cast).toList();
  }

  private static String text(List<Part> parts) {
    return only(parts, Part.Text.class).stream().map(Part.Text::text).collect(joining());
  }

  private static List<String> calls(List<Part> parts) {
    var calls = new ArrayList<String>();
    for (Part.ToolUse piece : only(parts, Part.ToolUse.class)) {
      if (piece.index() == calls.size()) {
        calls.add(piece.name() + " ");
      }
      calls.set(piece.index(), calls.get(piece.index()) + piece.arguments());
    }
    return calls.stream()
        .map(call ->
            call.substring(0, call.indexOf(' ') + 1)
                + Json.parse(call.substring(call.indexOf(' '))))
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void a_stream_says_what_the_whole_reply_says(Speaker vendor) throws Exception {
    String model = "small+tokens=40+input_tokens=11+cache_read_tokens=7";
    List<Part> stream = vendor.read(model, true);
    List<Part> whole = vendor.read(model, false);
    assertThat(text(stream)).isEqualTo(text(whole)).contains("in Paris?");
    assertThat(text(stream).split(" ")).hasSize(40);
    for (List<Part> parts : List.of(stream, whole)) {
      assertThat(only(parts, Part.Stop.class)).last().extracting("reason").hasToString("END");
      Usage usage = only(parts, Usage.class).getLast();
      assertThat(List.of(usage.input(), usage.cacheRead(), usage.output()))
          .containsExactly(11L, 7L, 40L);
    }
  }

  @ParameterizedTest
  @EnumSource
  void parallel_tool_calls_arrive_whole_also_interleaved(Speaker vendor) throws Exception {
    for (String model : List.of("small", "small+interleave", "small+preface")) {
      for (boolean stream : new boolean[] {true, false}) {
        List<Part> parts =
            vendor.read(model, stream, vendor.ask(model, stream).setAll(vendor.tools()));
        assertThat(calls(parts)).hasSize(2);
        assertThat(calls(parts).getFirst()).startsWith("get_weather {\"city\":\"");
        assertThat(calls(parts).getLast()).startsWith("get_time {\"city\":\"");
        assertThat(only(parts, Part.Stop.class))
            .last()
            .extracting("reason")
            .hasToString("TOOL_USE");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void thinking_comes_with_its_own_tokens(Speaker vendor) throws Exception {
    for (boolean stream : new boolean[] {true, false}) {
      List<Part> parts =
          vendor.read("small", stream, vendor.ask("small", stream).setAll(vendor.thinking()));
      assertThat(only(parts, Part.Thought.class)).isNotEmpty();
      // Bedrock and Cohere count them with the output and do not say how many they are.
      assertThat(only(parts, Usage.class).getLast().reasoning() > 0)
          .isEqualTo(vendor != Speaker.COHERE && vendor != Speaker.BEDROCK);
      assertThat(only(parts, Part.Thought.class).stream().map(Part.Thought::signature))
          .filteredOn(signature -> !signature.isEmpty())
          .allMatch(signature ->
              Arrays.stream(Vendor.values()).anyMatch(by -> Signature.genuine(signature, by)))
          .hasSize(vendor == Speaker.OPENAI || vendor == Speaker.COHERE ? 0 : 1);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {
        "EMPTY",
        "ERROR_FIRST",
        "NO_TERMINAL",
        "MALFORMED_EVENT",
        "ERROR_MID_STREAM",
        "ERROR_BODY"
      })
  void a_broken_answer_is_read_as_broken(Fault fault) {
    for (Speaker vendor : Speaker.values()) {
      for (boolean stream : new boolean[] {true, false}) {
        assertThatThrownBy(() -> vendor.read("small+fault=" + fault.word(), stream))
            .as(vendor + " stream " + stream)
            .isInstanceOf(Failure.class);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"LONG_LINE", "BYTE_BY_BYTE", "SPLIT_CHARACTERS"})
  void an_odd_but_good_answer_is_read_as_good(Fault fault) throws Exception {
    for (Speaker vendor : Speaker.values()) {
      for (boolean stream : new boolean[] {true, false}) {
        assertThat(text(vendor.read("small+fault=" + fault.word(), stream)))
            .startsWith(fault.addition())
            .contains("in Paris?");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_refusal_is_classed_as_what_it_is(Speaker vendor) throws Exception {
    Map<String, Failure.Kind> kinds =
        Map.of(
            "429_seconds", Failure.Kind.UPSTREAM_RATE_LIMITED,
            "529", Failure.Kind.UPSTREAM_OVERLOADED,
            "404", Failure.Kind.NOT_FOUND,
            "401", Failure.Kind.UPSTREAM_ERROR);
    for (var expected : kinds.entrySet()) {
      FakeExchange refused =
          vendor.serve(
              "small+fault=" + expected.getKey(),
              true,
              vendor.ask("small+fault=" + expected.getKey(), true));
      int status = Integer.parseInt(expected.getKey().substring(0, 3));
      Failure failure =
          vendor.dialect.failure(
              status, Headers.of(Map.of("retry-after", "2")), refused.text().getBytes(UTF_8));
      assertThat(failure.kind()).isEqualTo(expected.getValue());
      if (status == 429) {
        assertThat(failure.retryAfter()).contains(Duration.ofSeconds(2));
      }
    }
  }

  @Test
  void anthropic_checks_the_thought_that_comes_back_with_a_tools_result() throws Exception {
    Speaker vendor = Speaker.ANTHROPIC;
    ObjectNode ask = vendor.ask("small", false).setAll(vendor.tools()).setAll(vendor.thinking());
    var reply = (ObjectNode) Json.parse(vendor.serve("small", false, ask).text());
    ask.withArray("messages")
        .addObject()
        .put("role", "assistant")
        .set("content", reply.get("content"));
    var results = ask.withArray("messages").addObject().put("role", "user").putArray("content");
    reply
        .get("content")
        .forEach(block -> {
          if (block.get("type").asString().equals("tool_use")) {
            results
                .addObject()
                .put("type", "tool_result")
                .put("content", "sunny")
                .set("tool_use_id", block.get("id"));
          }
        });
    assertThat(text(vendor.read("small", false, ask))).contains("sunny");
    ((ObjectNode) ask.at("/messages/1/content/0")).put("thinking", "Something else.");
    FakeExchange refused = vendor.serve("small", false, ask);
    assertThat(refused.done).containsExactly("answer 400");
    assertThat(refused.text()).contains("Invalid `signature` in `thinking` block");
  }

  @Test
  void results_in_turns_of_their_own_are_all_answered() throws Exception {
    Speaker vendor = Speaker.GEMINI;
    ObjectNode ask = vendor.ask("small", false).setAll(vendor.tools());
    var reply = (ObjectNode) Json.parse(vendor.serve("small", false, ask).text());
    ask.withArray("contents").add(reply.at("/candidates/0/content"));
    for (String name : List.of("get_weather", "get_time")) {
      ask.withArray("contents")
          .addObject()
          .put("role", "user")
          .putArray("parts")
          .addObject()
          .putObject("functionResponse")
          .put("name", name)
          .putObject("response")
          .put("result", "of-" + name);
    }
    assertThat(text(vendor.read("small", false, ask))).contains("of-get_weather", "of-get_time");
  }

  @Test
  void gemini_checks_the_signature_that_comes_back_with_a_tools_result() throws Exception {
    Speaker vendor = Speaker.GEMINI;
    ObjectNode ask = vendor.ask("small", false).setAll(vendor.tools());
    var reply = (ObjectNode) Json.parse(vendor.serve("small", false, ask).text());
    ask.withArray("contents").add(reply.at("/candidates/0/content"));
    var results = ask.withArray("contents").addObject().put("role", "user").putArray("parts");
    for (String name : List.of("get_weather", "get_time")) {
      results
          .addObject()
          .putObject("functionResponse")
          .put("name", name)
          .putObject("response")
          .put("result", "sunny");
    }
    assertThat(text(vendor.read("small", false, ask))).contains("sunny");
    ((ObjectNode) ask.at("/contents/1/parts/0")).remove("thoughtSignature");
    FakeExchange refused = vendor.serve("small", false, ask);
    assertThat(refused.done).containsExactly("answer 400");
    assertThat(refused.text()).contains("missing a thought_signature");
  }

  @ParameterizedTest
  @EnumSource
  void reasons_to_stop_are_told_in_the_vendors_words(Speaker vendor) throws Exception {
    for (boolean stream : new boolean[] {true, false}) {
      List<Part> refused = vendor.read("small+stop=refusal", stream);
      assertThat(only(refused, Part.Stop.class).getLast().reason())
          .isIn(
              vendor == Speaker.COHERE
                  ? List.of(Part.Stop.Reason.END)
                  : List.of(Part.Stop.Reason.REFUSAL, Part.Stop.Reason.CONTENT_FILTER));
      List<Part> cut = vendor.read("small+stop=length", stream);
      assertThat(only(cut, Part.Stop.class).getLast().reason()).isEqualTo(Part.Stop.Reason.LENGTH);
    }
  }

  @ParameterizedTest
  @EnumSource
  void an_image_spoils_no_answer(Speaker vendor) throws Exception {
    for (boolean stream : new boolean[] {true, false}) {
      List<Part> parts = vendor.read("small+image", stream);
      assertThat(text(parts)).contains("in Paris?");
      boolean pictures =
          switch (vendor) {
            case OPENAI, GEMINI, RESPONSES -> true;
            case ANTHROPIC, BEDROCK, COHERE -> false;
          };
      assertThat(only(parts, Part.Media.class)).hasSize(pictures ? 1 : 0);
    }
  }

  @Test
  void anthropic_seals_thoughts_when_asked() throws Exception {
    ObjectNode ask = Speaker.ANTHROPIC.ask("small+sealed", true);
    List<Part> parts =
        Speaker.ANTHROPIC.read("small+sealed", true, ask.setAll(Speaker.ANTHROPIC.thinking()));
    assertThat(only(parts, Part.Thought.class))
        .singleElement()
        .matches(thought ->
            thought.sealed() && Signature.genuine(thought.signature(), Vendor.ANTHROPIC));
  }
}

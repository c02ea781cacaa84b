package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Dialects;
import dev.lintel.Extra;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Platform;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Traits;
import dev.lintel.Turn;
import dev.lintel.Usage;
import dev.lintel.upstream.EventStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ResponsesTest {
  private static final Responses DIALECT = new Responses();

  private static Chat chat(String more) {
    return read("{\"model\":\"m\",\"input\":\"x\",\"stream\":true" + more + "}");
  }

  private static Chat read(String body) {
    return (Chat)
        DIALECT.read(
            new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body.getBytes(UTF_8))));
  }

  private static List<Chunk> events(String wire) {
    return events(DIALECT.reader(chat("")), wire);
  }

  private static List<Chunk> events(ReplyReader reader, String wire) {
    var events = new EventStream("responses");
    var chunks = new ArrayList<Chunk>();
    events.put(wire.getBytes(UTF_8));
    events.end();
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      chunks.add(reader.event(frame));
    }
    reader.end();
    return chunks;
  }

  private static List<Part> parts(List<Chunk> chunks) {
    return chunks.stream().flatMap(chunk -> chunk.parts().stream()).toList();
  }

  private static final String DONE =
      "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\"}}\n\n";

  @Test
  void events_need_no_names_and_no_deltas() {
    var said =
        parts(
            events(
                """
                data: {"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hi"}]}}

                data: {"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}

                data: {"type":"response.brand_new","delta":{"a":1}}

                """
                    + DONE));
    assertThat(said)
        .contains(
            new Part.Text("Hi"),
            new Part.ToolUse(0, "c", "f", "", "", "responses"),
            new Part.ToolUse(0, "", "", "{}", "", "responses"));
    assertThat(said.getLast())
        .isEqualTo(new Part.Stop(Part.Stop.Reason.TOOL_USE, "responses", "completed", ""));
  }

  @Test
  void what_was_told_in_pieces_is_not_told_again() {
    var said =
        parts(
            events(
                """
                data: {"type":"response.output_text.delta","output_index":0,"delta":"Hi"}

                data: {"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hi"}]}}

                """
                    + DONE));
    assertThat(said.stream().filter(Part.Text.class::isInstance)).hasSize(1);
  }

  @Test
  void a_stream_without_its_last_event_is_broken() {
    assertThatThrownBy(() ->
            events(
                "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"Hi\"}\n\n"))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("before the reply was complete");
    assertThatThrownBy(() -> events("data: [DONE]\n\n"))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("without an answer");
  }

  @ParameterizedTest
  @CsvSource({
    "rate_limit_exceeded, UPSTREAM_RATE_LIMITED",
    "server_error, UPSTREAM_ERROR",
    "server_is_overloaded, UPSTREAM_OVERLOADED",
    "context_length_exceeded, CONTEXT_LENGTH_EXCEEDED",
    "invalid_prompt, INVALID_REQUEST",
    "image_content_policy_violation, CONTENT_BLOCKED",
    "vector_store_timeout, TIMEOUT"
  })
  void a_failure_is_classed_by_its_own_code_wherever_it_stands(String code, Failure.Kind kind) {
    String error = "{\"code\":\"" + code + "\",\"message\":\"why\"}";
    for (String event :
        List.of(
            "{\"type\":\"error\",\"code\":\"" + code + "\",\"message\":\"why\",\"param\":null}",
            "{\"type\":\"error\",\"error\":" + error + "}",
            "{\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":"
                + error
                + "}}")) {
      assertThatThrownBy(() -> events("data: " + event + "\n\n"))
          .isInstanceOfSatisfying(
              Failure.class,
              failure -> {
                assertThat(failure.kind()).isEqualTo(kind);
                assertThat(failure.message()).isEqualTo("why");
              });
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "{}",
        "{\"output\":{}}",
        "{\"output\":[],\"status\":\"failed\"}",
        "{\"output\":[],\"error\":{\"message\":\"x\"}}",
        "<html>"
      })
  void a_whole_reply_that_is_none_is_an_error(String body) {
    assertThatThrownBy(() -> DIALECT.reader(chat("")).whole(body.getBytes(UTF_8)))
        .isInstanceOf(Failure.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"output\":[null,5,{}],\"usage\":7}", "{\"output\":[{\"type\":\"x\"}]}"})
  void items_of_no_known_shape_do_no_harm(String body) {
    var said = DIALECT.reader(chat("")).whole(body.getBytes(UTF_8)).parts();
    assertThat(said.getLast()).isInstanceOf(Part.Stop.class);
  }

  @Test
  void thoughts_of_other_vendors_come_back_from_where_they_were_put() {
    var thoughts =
        List.<Part>of(
            new Part.Thought("Hm", "", "anthropic", false),
            new Part.Thought("m.", "SIG", "anthropic", false),
            new Part.Thought("", "RED", "anthropic", true),
            new Part.Thought("plain", "", "openai", false),
            new Part.Text("Hi"));
    var writer = DIALECT.writer(chat(""), Fakes.trail());
    JsonNode response =
        Json.parse(
            new String(
                writer.whole(thoughts.stream().map(part -> Chunk.of(part)).toList()), UTF_8));
    assertThat(Json.text(response)).doesNotContain("\"SIG\"");
    List<Block> back =
        read("{\"model\":\"m\",\"input\":" + Json.text(response.path("output")) + "}")
            .prompt()
            .turns()
            .getFirst()
            .blocks();
    assertThat(back)
        .containsExactly(
            new Block.Thought("Hmm.", "SIG", "anthropic", false),
            new Block.Thought("", "RED", "anthropic", true),
            new Block.Thought("plain", "", "openai", false),
            new Block.Text("Hi"));
  }

  @Test
  void a_signature_seals_the_words_before_it_though_only_it_shows_whose_they_are() {
    var chunks =
        List.of(
            Chunk.of(new Part.Thought("Hmm.", "", "bedrock", false)),
            Chunk.of(new Part.Thought("", "SIG", "anthropic", false)),
            Chunk.of(new Part.Thought("more", "", "bedrock", false)));
    JsonNode response =
        Json.parse(new String(DIALECT.writer(chat(""), Fakes.trail()).whole(chunks), UTF_8));
    List<Block> back =
        read("{\"model\":\"m\",\"input\":" + Json.text(response.path("output")) + "}")
            .prompt()
            .turns()
            .getFirst()
            .blocks();
    assertThat(back)
        .containsExactly(
            new Block.Thought("Hmm.", "SIG", "anthropic", false),
            new Block.Thought("more", "", "bedrock", false));
  }

  @Test
  void items_of_the_model_are_one_turn_and_results_another() {
    var turns =
        read("""
        {"model":"m","input":[
          {"role":"user","content":"a"},
          {"type":"reasoning","summary":[],"encrypted_content":"x"},
          {"role":"assistant","content":"b"},
          {"type":"function_call","call_id":"1","name":"f","arguments":"{}"},
          {"type":"local_shell_call","call_id":"2","action":{}},
          {"type":"function_call_output","call_id":"1","output":"r"},
          {"type":"local_shell_call_output","call_id":"2","output":"s"},
          {"role":"user","content":"c"}]}\
        """)
            .prompt()
            .turns();
    assertThat(turns.stream().map(Turn::role))
        .containsExactly(Turn.Role.USER, Turn.Role.ASSISTANT, Turn.Role.USER, Turn.Role.USER);
    assertThat(turns.get(1).blocks()).hasSize(4);
    assertThat(turns.get(1).blocks().getLast()).isInstanceOf(Block.Native.class);
  }

  @Test
  void a_stream_that_somebody_changed_goes_on_without_the_providers_bytes() {
    var writer = DIALECT.writer(chat(""), Fakes.trail());
    var reader = DIALECT.reader(chat(""));
    var chunks =
        events(
            reader,
            """
            event: response.created
            data: {"type":"response.created","sequence_number":0,"response":{"id":"r","status":"in_progress"}}

            event: response.output_item.added
            data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"message"}}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","sequence_number":2,"output_index":0,"delta":"a secret"}

            """
                + DONE);
    var out = new Bytes(64);
    for (Chunk chunk : chunks) {
      writer.event(chunk.map(part -> part instanceof Part.Text ? new Part.Text("***") : part), out);
    }
    writer.end(out);
    String wire = new String(out.take(), UTF_8);
    assertThat(wire).doesNotContain("secret").contains("***").endsWith("}\n\n");
    assertThat(wire.indexOf("response.completed")).isGreaterThan(wire.indexOf("***"));
    assertThat(wire).contains("\"sequence_number\":2");
  }

  @Test
  void all_events_of_a_reply_have_one_id() {
    var writer = DIALECT.writer(chat(""), Fakes.trail());
    var out = new Bytes(64);
    writer.event(Chunk.of(new Part.Start("chatcmpl-1", "x"), new Part.Text("Hi")), out);
    writer.end(out);
    var ids = new TreeSet<String>();
    var events = new EventStream("responses");
    events.put(out.take());
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      JsonNode response = Json.parse(frame.text()).path("response");
      if (response.isObject()) {
        ids.add(response.path("id").asString());
      }
    }
    assertThat(ids).singleElement().asString().startsWith("resp_");
  }

  @Test
  void searches_of_the_web_are_counted() {
    var said =
        DIALECT
            .reader(chat(""))
            .whole(
                """
                {"output":[{"type":"web_search_call"},{"type":"web_search_call"}],
                 "service_tier":"flex","usage":{"input_tokens":5,"output_tokens":2}}\
                """
                    .getBytes(UTF_8))
            .parts();
    Usage usage = (Usage) said.get(said.size() - 2);
    assertThat(usage.units()).containsEntry(Usage.Unit.SEARCH, BigDecimal.TWO);
    assertThat(usage.tier()).isEqualTo("flex");
  }

  @Test
  void azure_serves_it_beside_its_deployments() {
    Provider plain = Fakes.provider("p");
    var azure =
        new Provider(
            "az",
            "azure",
            plain.dialects(),
            plain.url(),
            plain.auth(),
            plain.credentials(),
            Map.of(),
            plain.transport(),
            plain.quirks(),
            new Platform.Azure("2025-04-01-preview", Map.of("x", "mine"), Optional.empty()));
    var target = new Target(azure, "x");
    var sent = DIALECT.write(chat(""), target, new Adaptation(Fakes.trail(), false));
    assertThat(sent.path()).isEqualTo("/openai/responses?api-version=2025-04-01-preview");
    assertThat(Json.parse(new String(sent.body(), UTF_8)).path("model").asString())
        .isEqualTo("mine");
    var stored = new Stored(DIALECT, "x", "GET", "resp_1", "/input_items?order=asc");
    assertThat(DIALECT.write(stored, target, new Adaptation(Fakes.trail(), false)).path())
        .isEqualTo("/openai/responses/resp_1/input_items?api-version=2025-04-01-preview&order=asc");
  }

  @Test
  void native_parts_of_its_own_are_items_again() {
    var item = Json.object().put("type", "web_search_call").put("id", "ws_1");
    var writer = DIALECT.writer(chat(""), Fakes.trail());
    var whole =
        writer.whole(
            List.of(
                Chunk.of(
                    new Part.Native(new Extra("responses", item)),
                    new Part.Native(new Extra("gemini", Json.object().put("x", 1))))));
    assertThat(Json.parse(new String(whole, UTF_8)).path("output")).singleElement().isEqualTo(item);
  }

  @Test
  void a_model_that_is_served_here_alone_is_asked_here_whoever_calls() {
    var only = new Traits(Set.of("responses"), 0, 0, Set.of(), Set.of(), 0);
    var target = new Target(Fakes.provider("p"), "x", Profile.NONE, Facts.of(only, Price.UNKNOWN));
    var spoken = new Dialects(List.of(new OpenAiChat(), DIALECT));
    Chat openAi =
        Chat.read(
            new OpenAiChat(),
            "m",
            false,
            false,
            chat("").original().orElseThrow(),
            inbound -> {
              throw new AssertionError("nobody has to read it");
            });
    assertThat(spoken.of(openAi, target).name()).isEqualTo("responses");
    assertThat(spoken.of(openAi, new Target(Fakes.provider("p"), "x")).name()).isEqualTo("openai");
    assertThat(spoken.of(chat(""), new Target(Fakes.provider("p"), "x")).name())
        .isEqualTo("responses");
  }

  @Test
  void a_state_that_another_target_cannot_know_is_refused_there() {
    Chat chat = chat(",\"previous_response_id\":\"resp_1\"");
    var target = new Target(Fakes.provider("p"), "x");
    var adaptation = new Adaptation(Fakes.trail(), false);
    assertThatThrownBy(() -> new OpenAiChat().write(chat, target, adaptation))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.param()).contains("previous_response_id"));
  }
}

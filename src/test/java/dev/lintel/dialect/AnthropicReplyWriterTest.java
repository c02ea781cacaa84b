package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.upstream.EventStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Replies of other vendors, shown to a client of Anthropic's. */
class AnthropicReplyWriterTest {
  private static final AnthropicMessages DIALECT = new AnthropicMessages();

  private final List<Chunk> chunks = new ArrayList<>();

  @Test
  void streams_the_open_call_and_keeps_pieces_of_another_for_later() {
    say(new Part.Start("chatcmpl-1", "gpt-x"));
    say(tool(0, "call_a", "first", ""));
    say(tool(0, "", "", "{\"x\":"));
    say(tool(1, "call_b", "second", ""));
    say(tool(1, "", "", "{\"y\""));
    say(new Part.Text(""));
    say(tool(0, "", "", "1}"));
    say(tool(1, "", "", ":2}"));
    say(stop(Reason.TOOL_USE));

    assertThat(outline())
        .containsExactly(
            "message_start",
            "start 0 tool_use call_a",
            "delta 0 {\"x\":",
            "delta 0 1}",
            "stop 0",
            "start 1 tool_use call_b",
            "delta 1 {\"y\":2}",
            "stop 1",
            "message_delta tool_use",
            "message_stop");
  }

  @Test
  void begins_the_next_call_at_once_where_the_open_one_is_whole() {
    say(tool(0, "a", "f", "{\"x\":1}"));
    say(tool(1, "b", "g", "{"));
    assertThat(lines(events()))
        .containsExactly(
            "message_start",
            "start 0 tool_use a",
            "delta 0 {\"x\":1}",
            "stop 0",
            "start 1 tool_use b",
            "delta 1 {");
  }

  @Test
  void keeps_text_that_comes_between_pieces_of_a_call_for_after_it() {
    say(tool(0, "a", "f", "{\"x\":"), new Part.Text("By the way"), tool(0, "", "", "1}"));
    assertThat(outline())
        .containsExactly(
            "message_start",
            "start 0 tool_use a",
            "delta 0 {\"x\":",
            "delta 0 1}",
            "stop 0",
            "start 1 text",
            "delta 1 By the way",
            "stop 1",
            "message_delta end_turn",
            "message_stop");
  }

  @Test
  void numbers_text_thinking_and_calls_without_a_gap() {
    say(thought("Hm", "", "openai"), new Part.Text("So"), tool(0, "a", "f", ""));
    say(stop(Reason.END));
    assertThat(outline())
        .containsExactly(
            "message_start",
            "start 0 thinking",
            "delta 0 Hm",
            "delta 0 lintel.1:openai:",
            "stop 0",
            "start 1 text",
            "delta 1 So",
            "stop 1",
            "start 2 tool_use a",
            "stop 2",
            "message_delta tool_use",
            "message_stop");
  }

  @Test
  void begins_blocks_with_the_empty_fields_that_sdks_read() {
    say(thought("Hm", "s", "anthropic"), new Part.Text("So"), tool(0, "a", "f", ""));
    var begun =
        events().stream()
            .filter(event -> event.path("type").asString().equals("content_block_start"))
            .map(event -> Json.text(event.path("content_block")))
            .toList();
    assertThat(begun)
        .containsExactly(
            "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
            "{\"type\":\"text\",\"text\":\"\"}",
            "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}");
  }

  @Test
  void tells_usage_that_comes_after_the_end() {
    say(new Part.Start("id", "gpt-x"));
    say(new Part.Text("Hi"));
    say(stop(Reason.LENGTH));
    say(new Usage(10, 3, 2, 1, 5, 4, 0, 0, Usage.Source.PROVIDER));
    List<JsonNode> events = events();
    assertThat(events.getFirst().at("/message/usage/input_tokens").asLong()).isPositive();
    JsonNode delta = events.get(events.size() - 2);
    assertThat(delta.at("/delta/stop_reason").asString()).isEqualTo("max_tokens");
    assertThat(Json.text(delta.path("usage")))
        .isEqualTo(
            "{\"input_tokens\":10,\"cache_creation_input_tokens\":3,"
                + "\"cache_read_input_tokens\":3,\"cache_creation\":{"
                + "\"ephemeral_5m_input_tokens\":2,\"ephemeral_1h_input_tokens\":1},"
                + "\"output_tokens\":5,\"output_tokens_details\":{\"thinking_tokens\":4}}");
  }

  @Test
  void shows_a_refusal_with_its_words() {
    say(new Part.Refusal("I will "), new Part.Refusal("not."), stop(Reason.END));
    JsonNode whole = whole();
    assertThat(whole.at("/content/0/text").asString()).isEqualTo("I will not.");
    assertThat(whole.path("stop_reason").asString()).isEqualTo("refusal");
    assertThat(outline()).contains("message_delta refusal");
  }

  @Test
  void keeps_a_length_stop_where_a_call_was_cut_short() {
    say(tool(0, "a", "f", "{\"x\": [1, 2"), stop(Reason.LENGTH));
    assertThat(outline()).contains("delta 0 {\"x\": [1, 2", "message_delta max_tokens");
    assertThat(whole().path("stop_reason").asString()).isEqualTo("max_tokens");
    assertThat(whole().at("/content/0/input/arguments").asString()).isEqualTo("{\"x\": [1, 2");
  }

  @Test
  void folds_a_reply_into_a_whole_message() {
    say(new Part.Start("", ""), thought("Hm", "", "gemini"), thought("", "sig", "gemini"));
    say(tool(0, "a", "f", "{\"x\":"), tool(1, "b", "g", ""), tool(0, "", "", "1}"));
    JsonNode whole = whole();
    assertThat(Json.text(whole.path("content")))
        .isEqualTo(
            "[{\"type\":\"thinking\",\"thinking\":\"Hm\",\"signature\":\"lintel.1:gemini:sig\"},"
                + "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{\"x\":1}},"
                + "{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"g\",\"input\":{}}]");
    assertThat(whole.path("id").asString()).startsWith("msg_");
    assertThat(whole.path("model").asString()).isEqualTo("fast");
    assertThat(whole.at("/usage/input_tokens").asLong()).isPositive();
  }

  @Test
  void brings_the_signature_of_a_foreign_call_back_with_the_id() {
    String signature = "s".repeat(700);
    say(new Part.ToolUse(0, "call:1", "f", "{}", signature, "gemini"));
    String shown = whole().at("/content/0/id").asString();
    assertThat(shown).matches("^[a-zA-Z0-9_-]+$");
    Chat next =
        chat(
            "{\"model\":\"fast\",\"max_tokens\":9,\"messages\":["
                + "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\""
                + shown
                + "\",\"name\":\"f\",\"input\":{}}]},"
                + "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\""
                + shown
                + "\",\"content\":\"ok\"}]}]}");
    var use = (Block.ToolUse) next.prompt().turns().get(0).blocks().getFirst();
    assertThat(use.id()).isEqualTo("call:1");
    assertThat(use.signature()).isEqualTo(signature);
    assertThat(use.vendor()).isEqualTo("gemini");
    var result = (Block.ToolResult) next.prompt().turns().get(1).blocks().getFirst();
    assertThat(result.id()).isEqualTo("call:1");
  }

  @Test
  void brings_a_foreign_thought_back_with_its_vendor() {
    say(thought("Hm", "sig", "gemini"), thought("", "sealed", "openai", true));
    Chat next =
        chat(
            "{\"model\":\"fast\",\"max_tokens\":9,\"messages\":[{\"role\":\"assistant\",\"content\":"
                + Json.text(whole().path("content"))
                + "}]}");
    assertThat(next.prompt().turns().getFirst().blocks())
        .containsExactly(
            new Block.Thought("Hm", "sig", "gemini", false),
            new Block.Thought("", "sealed", "openai", true));
  }

  @Test
  void goes_on_in_a_block_of_the_providers_where_a_piece_of_it_was_changed() {
    raw("message_start", "{\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{}}}");
    raw("content_block_start", "{\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
    raw("content_block_delta", "{\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}");
    say(new Part.Text("***"));
    raw("content_block_stop", "{\"index\":0}");
    raw("message_delta", "{\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{}}");
    raw("message_stop", "{}");
    assertThat(outline())
        .containsExactly(
            "message_start",
            "start 0 text",
            "delta 0 a",
            "delta 0 ***",
            "stop 0",
            "message_delta end_turn",
            "message_stop");
  }

  @Test
  void writes_everything_anew_once_a_block_was_put_in() {
    raw("message_start", "{\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{}}}");
    say(new Part.Text("Note"));
    say(thought("", "x", "anthropic", true));
    raw("content_block_start", "{\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
    raw("content_block_delta", "{\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}");
    raw("content_block_stop", "{\"index\":0}");
    raw("message_delta", "{\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{}}");
    raw("message_stop", "{}");
    assertThat(outline())
        .containsExactly(
            "message_start",
            "start 0 text",
            "delta 0 Note",
            "stop 0",
            "start 1 redacted_thinking",
            "stop 1",
            "start 2 text",
            "delta 2 a",
            "stop 2",
            "message_delta end_turn",
            "message_stop");
  }

  @Test
  void names_the_events_of_a_provider_that_leaves_the_names_out() {
    frames(
        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{}}}\n\n"
            + "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
            + "data: {\"type\":\"message_stop\"}\n\n");
    assertThat(wire())
        .startsWith("event: message_start\ndata: {")
        .contains("event: message_delta\ndata: {")
        .endsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  }

  @Test
  void ends_a_broken_stream_with_an_error_and_no_terminal_marker() {
    say(new Part.Text("Hi"));
    var out = new Bytes(64);
    var writer = DIALECT.writer(request(), Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.error(
        Failure.of(Failure.Kind.TIMEOUT, "Too slow."), new Trail("req_1", Instant.EPOCH, 0), out);
    assertThat(new String(out.take(), UTF_8))
        .contains("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"timeout_error\"")
        .contains("\"lintel\":{\"kind\":\"timeout\"")
        .doesNotContain("message_stop");
  }

  private void say(Part... parts) {
    chunks.add(Chunk.of(parts));
  }

  private void raw(String type, String json) {
    String data = json.equals("{}") ? "{" : json.substring(0, json.length() - 1) + ",";
    frames("event: " + type + "\ndata: " + data + "\"type\":\"" + type + "\"}\n\n");
  }

  private final dev.lintel.ReplyReader reader = DIALECT.reader(request());

  private void frames(String wire) {
    var events = new EventStream("anthropic");
    events.put(wire.getBytes(UTF_8));
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      chunks.add(reader.event(frame));
    }
  }

  private static Part tool(int index, String id, String name, String arguments) {
    return new Part.ToolUse(index, id, name, arguments, "", "");
  }

  private static Part thought(String text, String signature, String vendor) {
    return thought(text, signature, vendor, false);
  }

  private static Part thought(String text, String signature, String vendor, boolean sealed) {
    return new Part.Thought(text, signature, vendor, sealed);
  }

  private static Part stop(Reason reason) {
    return new Part.Stop(reason, "openai", "", "");
  }

  private static Chat request() {
    return chat(
        "{\"model\":\"fast\",\"max_tokens\":9,\"stream\":true,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
  }

  private static Chat chat(String json) {
    return (Chat)
        DIALECT.read(
            new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(json.getBytes(UTF_8))));
  }

  private JsonNode whole() {
    byte[] body = DIALECT.writer(request(), Fakes.trail()).whole(chunks);
    return Json.parse(new String(body, UTF_8));
  }

  private String wire() {
    var out = new Bytes(64);
    var writer = DIALECT.writer(request(), Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    return new String(out.take(), UTF_8);
  }

  /** What was sent before the end. */
  private List<JsonNode> events() {
    var out = new Bytes(64);
    var writer = DIALECT.writer(request(), Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    if (chunks.stream().flatMap(c -> c.parts().stream()).anyMatch(Part.Stop.class::isInstance)) {
      writer.end(out);
    }
    return parsed(new String(out.take(), UTF_8));
  }

  private List<String> outline() {
    return lines(parsed(wire()));
  }

  private static List<JsonNode> parsed(String wire) {
    var events = new EventStream("");
    var list = new ArrayList<JsonNode>();
    events.put(wire.getBytes(UTF_8));
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      JsonNode event = Json.parse(frame.text());
      assertThat(event.path("type").asString()).isEqualTo(frame.event());
      list.add(event);
    }
    return list;
  }

  private static List<String> lines(List<JsonNode> events) {
    return events.stream()
        .map(event -> {
          String at = " " + event.path("index").asInt(-1);
          JsonNode delta = event.path("delta");
          return switch (event.path("type").asString()) {
            case "content_block_start" ->
                ("start"
                        + at
                        + " "
                        + event.at("/content_block/type").asString()
                        + " "
                        + event.at("/content_block/id").asString(""))
                    .strip();
            case "content_block_delta" ->
                "delta"
                    + at
                    + " "
                    + delta.properties().stream()
                        .filter(field -> !field.getKey().equals("type"))
                        .map(field -> field.getValue().asString())
                        .findFirst()
                        .orElse("");
            case "content_block_stop" -> "stop" + at;
            case "message_delta" -> "message_delta " + delta.path("stop_reason").asString();
            default -> event.path("type").asString();
          };
        })
        .toList();
  }
}

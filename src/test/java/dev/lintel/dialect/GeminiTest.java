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
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Part;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.upstream.EventStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class GeminiTest {
  private static final String HI = "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}";

  private final Gemini gemini = new Gemini();
  private final Trail trail = new Trail("req_1", Instant.EPOCH, 0);

  @Test
  void bytes_in_the_alphabet_of_urls_are_read_into_the_usual_one() {
    Chat read =
        chat(
            "generateContent",
            Map.of(),
            "{'contents':[{'parts':[{'inlineData':{'mimeType':'image/png','data':'-_-_AA=='}}]}]}"
                .replace('\'', '"'));
    var media = (Block.Media) read.prompt().turns().getFirst().blocks().getFirst();
    assertThat(media.source()).isEqualTo(new Block.Media.Source.Inline("+/+/AA=="));
  }

  @Test
  void streams_an_array_unless_events_are_asked_for() {
    assertThat(
            gemini.writer(chat("streamGenerateContent", Map.of(), HI), Fakes.trail()).streamType())
        .isEqualTo("application/json");
    ReplyWriter events =
        gemini.writer(chat("streamGenerateContent", Map.of("alt", "sse"), HI), Fakes.trail());
    assertThat(events.streamType()).isEqualTo("text/event-stream");
  }

  @Test
  void the_array_form_is_one_json_array_when_it_is_complete() {
    ReplyWriter writer = gemini.writer(chat("streamGenerateContent", Map.of(), HI), Fakes.trail());
    var out = new Bytes(64);
    writer.event(Chunk.of(new Part.Start("r", "m"), new Part.Text("a")), out);
    writer.event(Chunk.of(new Part.Text("b")), out);
    writer.event(Chunk.of(stop(Reason.END)), out);
    writer.end(out);
    JsonNode array = Json.parse(new String(out.take(), UTF_8));
    assertThat(array.size()).isEqualTo(3);
    assertThat(array.get(2).at("/candidates/0/finishReason").asString()).isEqualTo("STOP");
  }

  @Test
  void the_array_form_stays_open_when_the_stream_breaks() {
    ReplyWriter writer = gemini.writer(chat("streamGenerateContent", Map.of(), HI), Fakes.trail());
    var out = new Bytes(64);
    writer.event(Chunk.of(new Part.Text("a")), out);
    writer.error(Failure.of(Failure.Kind.TIMEOUT, "Too late."), trail, out);
    String text = new String(out.take(), UTF_8);
    assertThat(text).startsWith("[{").doesNotEndWith("]").contains("\"DEADLINE_EXCEEDED\"");
    assertThat(Json.parse(text + "]").get(1).at("/error/lintel/kind").asString())
        .isEqualTo("timeout");
  }

  @Test
  void the_array_form_takes_the_providers_own_events() {
    ReplyWriter writer = gemini.writer(chat("streamGenerateContent", Map.of(), HI), Fakes.trail());
    var out = new Bytes(64);
    ReplyReader reader = gemini.reader(chat("streamGenerateContent", Map.of(), HI));
    for (Frame frame :
        frames("data: {\"x\":1}\n\ndata: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"y\":2}")) {
      writer.event(reader.event(frame), out);
    }
    writer.end(out);
    assertThat(new String(out.take(), UTF_8))
        .isEqualTo("[{\"x\":1},\n{\"candidates\":[{\"finishReason\":\"STOP\"}],\"y\":2}]");
  }

  @Test
  void the_providers_finishing_event_waits_until_the_stream_is_complete() {
    Chat chat = chat("streamGenerateContent", Map.of("alt", "sse"), HI);
    String wire =
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n"
            + "data: {\"usageMetadata\":{\"promptTokenCount\":1}}\r\n\r\n";
    for (boolean complete : List.of(true, false)) {
      ReplyReader reader = gemini.reader(chat);
      ReplyWriter writer = gemini.writer(chat, Fakes.trail());
      var out = new Bytes(64);
      for (Frame frame : frames(wire)) {
        writer.event(reader.event(frame), out);
      }
      assertThat(out.length()).isZero();
      if (complete) {
        writer.end(out);
        assertThat(new String(out.take(), UTF_8)).isEqualTo(wire);
      } else {
        writer.error(Failure.of(Failure.Kind.UPSTREAM_ERROR, "Cut."), trail, out);
        assertThat(new String(out.take(), UTF_8))
            .contains("\"text\":\"a\"")
            .doesNotContain("finishReason");
      }
    }
  }

  @Test
  void interleaved_calls_come_whole_and_in_order() {
    ReplyWriter writer =
        gemini.writer(chat("streamGenerateContent", Map.of("alt", "sse"), HI), Fakes.trail());
    var out = new Bytes(64);
    writer.event(Chunk.of(new Part.ToolUse(1, "b", "g", "{\"y\":", "", Gemini.NAME)), out);
    writer.event(Chunk.of(new Part.ToolUse(0, "a", "f", "", "", Gemini.NAME)), out);
    writer.event(Chunk.of(new Part.ToolUse(1, "", "", "2}", "", Gemini.NAME)), out);
    writer.event(Chunk.of(stop(Reason.TOOL_USE)), out);
    assertThat(out.length()).isZero();
    writer.end(out);
    JsonNode parts = events(out).getLast().at("/candidates/0/content/parts");
    assertThat(Json.text(parts))
        .isEqualTo(
            "[{\"functionCall\":{\"id\":\"a\",\"name\":\"f\",\"args\":{}}},"
                + "{\"functionCall\":{\"id\":\"b\",\"name\":\"g\",\"args\":{\"y\":2}}}]");
  }

  @Test
  void a_call_that_was_cut_off_is_not_shown_as_one() {
    for (Reason reason : List.of(Reason.LENGTH, Reason.TOOL_USE)) {
      JsonNode reply = whole(new Part.ToolUse(0, "a", "f", "{\"x\":", "", ""), stop(reason));
      assertThat(reply.toString()).doesNotContain("functionCall");
      assertThat(reply.at("/candidates/0/finishReason").asString())
          .isEqualTo(reason == Reason.LENGTH ? "MAX_TOKENS" : "MALFORMED_FUNCTION_CALL");
    }
  }

  @Test
  void a_refusal_keeps_its_words() {
    JsonNode reply = whole(new Part.Refusal("I will not."), stop(Reason.REFUSAL));
    assertThat(reply.at("/candidates/0/content/parts/0/text").asString()).isEqualTo("I will not.");
    assertThat(reply.at("/candidates/0/finishReason").asString()).isEqualTo("SAFETY");
    assertThat(reply.at("/candidates/0/finishMessage").asString()).isEqualTo("I will not.");
  }

  @Test
  void usage_is_told_as_google_counts() {
    JsonNode usage =
        whole(
                new Part.Text("a"),
                new Usage(10, 30, 2, 0, 50, 20, 0, 0, Usage.Source.PROVIDER),
                stop(Reason.END))
            .get("usageMetadata");
    assertThat(usage.toString())
        .isEqualTo(
            "{\"promptTokenCount\":42,\"candidatesTokenCount\":30,\"totalTokenCount\":92,"
                + "\"cachedContentTokenCount\":30,\"thoughtsTokenCount\":20}");
  }

  @Test
  void usage_is_read_as_google_counts() {
    String body =
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}],"
            + "\"usageMetadata\":{\"promptTokenCount\":100,\"cachedContentTokenCount\":60,"
            + "\"toolUsePromptTokenCount\":5,\"candidatesTokenCount\":7,\"thoughtsTokenCount\":9,"
            + "\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":3}]}}";
    Chunk chunk = gemini.reader(chat("generateContent", Map.of(), HI)).whole(body.getBytes(UTF_8));
    assertThat(chunk.parts()).contains(new Usage(45, 60, 0, 0, 16, 9, 3, 0, Usage.Source.PROVIDER));
  }

  /** Anthropic's signed thought must come back before the call, whatever the client leaves out. */
  @Test
  void what_another_vendor_signed_survives_a_tool_loop() {
    String signature = "sig/+".repeat(200);
    ReplyWriter writer =
        gemini.writer(chat("streamGenerateContent", Map.of("alt", "sse"), HI), Fakes.trail());
    var out = new Bytes(64);
    writer.event(Chunk.of(new Part.Thought("Let me ", "", "anthropic", false)), out);
    writer.event(Chunk.of(new Part.Thought("see.", "", "anthropic", false)), out);
    writer.event(Chunk.of(new Part.Thought("", signature, "anthropic", false)), out);
    writer.event(Chunk.of(new Part.Thought("", "sealed", "anthropic", true)), out);
    writer.event(Chunk.of(new Part.Text("I look ")), out);
    writer.event(Chunk.of(new Part.Text("it up.")), out);
    writer.event(Chunk.of(new Part.ToolUse(0, "toolu_1", "f", "{}", "", "")), out);
    writer.event(Chunk.of(stop(Reason.TOOL_USE)), out);
    writer.end(out);
    var shown = new ArrayList<JsonNode>();
    for (JsonNode event : events(out)) {
      event.at("/candidates/0/content/parts").forEach(shown::add);
    }
    shown.stream()
        .filter(part -> part.has("thoughtSignature"))
        .forEach(part -> Base64.getDecoder().decode(part.get("thoughtSignature").asString()));

    var expected =
        List.of(
            new Block.Thought("Let me see.", signature, "anthropic", false),
            new Block.Thought("", "sealed", "anthropic", true));
    for (String left : List.of("nothing", "thoughts", "all but the call")) {
      var parts = Json.array();
      for (JsonNode part : shown) {
        boolean drop =
            switch (left) {
              case "nothing" -> false;
              case "thoughts" -> part.has("thought");
              default -> !part.has("functionCall");
            };
        if (!drop) {
          parts.add(part);
        }
      }
      String body = "{\"contents\":[{\"role\":\"model\",\"parts\":" + parts + "}]}";
      List<Block> blocks =
          chat("generateContent", Map.of(), body).prompt().turns().getFirst().blocks();
      assertThat(blocks.subList(0, 2)).as("without " + left).isEqualTo(expected);
      assertThat(blocks.stream().filter(Block.Thought.class::isInstance)).hasSize(2);
      assertThat(blocks.getLast()).isInstanceOf(Block.ToolUse.class);
      assertThat(((Block.ToolUse) blocks.getLast()).signature()).isEmpty();
    }
  }

  /** DeepSeek refuses the next request of a tool loop without its unsigned thought. */
  @Test
  void what_another_vendor_thought_without_signature_survives_a_tool_loop_too() {
    JsonNode reply =
        whole(
            new Part.Thought("h", "", "openai", false),
            new Part.Thought("m", "", "openai", false),
            new Part.Text("ok"),
            new Part.ToolUse(0, "1", "f", "{}", "", ""),
            stop(Reason.TOOL_USE));
    JsonNode parts = reply.at("/candidates/0/content/parts");
    assertThat(parts.get(1).has("thoughtSignature")).isFalse();
    String body = "{\"contents\":[{\"role\":\"model\",\"parts\":" + parts + "}]}";
    List<Block> blocks =
        chat("generateContent", Map.of(), body).prompt().turns().getFirst().blocks();
    assertThat(blocks.getFirst()).isEqualTo(new Block.Thought("hm", "", "openai", false));
    assertThat(blocks).hasSize(3);
  }

  @Test
  void what_another_vendor_signed_is_never_sent_to_google() {
    var thought = new Block.Thought("t", "s", "anthropic", false);
    String carried = new Proofs(List.of(thought), "", "").encode();
    String body =
        "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]},{\"role\":\"model\",\"parts\":["
            + "{\"functionCall\":{\"id\":\"1\",\"name\":\"f\",\"args\":{}},\"thoughtSignature\":\""
            + carried
            + "\"}]}],\"newField\":1}";
    JsonNode sent = sent(chat("generateContent", Map.of(), body));
    assertThat(sent.at("/contents/1/parts/0/thoughtSignature").asString()).isEqualTo(Gemini.SKIP);
    assertThat(sent.path("newField").asInt()).isEqualTo(1);
    assertThat(sent.toString()).doesNotContain(carried);
  }

  @Test
  void a_waived_signature_is_read_as_one_that_others_do_not_take_for_theirs() {
    String waived =
        "{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]},{\"role\":\"model\",\"parts\":[{\"functionCall\":"
            + "{\"name\":\"f\",\"args\":{}},\"thoughtSignature\":\"skip_thought_signature_validator\"}]}]}";
    var turns = chat("generateContent", Map.of(), waived).prompt().turns();
    var call = (Block.ToolUse) turns.get(1).blocks().getFirst();
    assertThat(call.signature()).isEqualTo("skip_thought_signature_validator");
    assertThat(call.vendor()).isEqualTo("gemini");
  }

  @Test
  void a_call_without_id_gets_one_that_does_not_go_back_to_google() {
    String body =
        "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\"}},"
            + "{\"functionCall\":{\"name\":\"f\"}}]},\"finishReason\":\"STOP\"}]}";
    List<Part.ToolUse> calls =
        gemini
            .reader(chat("generateContent", Map.of(), HI))
            .whole(body.getBytes(UTF_8))
            .parts()
            .stream()
            .filter(Part.ToolUse.class::isInstance)
            .map(Part.ToolUse.class::cast)
            .toList();
    assertThat(calls).extracting(Part.ToolUse::index).containsExactly(0, 1);
    assertThat(calls.get(0).id()).matches("call_\\w{24,}").isNotEqualTo(calls.get(1).id());
    assertThat(GeminiIds.made(calls.get(0).id())).isTrue();
  }

  @Test
  void a_whole_reply_says_the_same_as_its_stream() {
    var parts =
        List.of(
            new Part.Start("r", "m"),
            new Part.Thought("h", "", "x", false),
            new Part.Thought("m", "", "x", false),
            new Part.Text("Ja"),
            new Part.Text("ha"),
            stop(Reason.END));
    JsonNode reply = whole(parts.toArray(Part[]::new));
    assertThat(Json.text(reply.at("/candidates/0/content/parts")))
        .isEqualTo("[{\"text\":\"hm\",\"thought\":true},{\"text\":\"Jaha\"}]");
  }

  /** The quick way must say what the general one says, which every first event goes. */
  @Test
  void a_plain_text_event_says_the_same_both_ways() {
    String usage =
        "\"usageMetadata\":{\"promptTokenCount\":9,\"cachedContentTokenCount\":4,"
            + "\"candidatesTokenCount\":2,\"thoughtsTokenCount\":3,\"totalTokenCount\":14,"
            + "\"promptTokensDetails\":[{\"modality\":\"%s\",\"tokenCount\":9}]}";
    String text =
        "{\"candidates\":[{\"content\":{\"parts\":[%s],\"role\":\"model\"},\"index\":0%s}]";
    for (String event :
        List.of(
            text.formatted("{\"text\":\"a\\u00e9\"}", "") + "}",
            text.formatted("{\"text\":\"a\"}", "") + "," + usage.formatted("TEXT") + "}",
            text.formatted("{\"text\":\"a\"}", "") + "," + usage.formatted("AUDIO") + "}",
            text.formatted("{\"text\":\"a\",\"thought\":true}", "") + "}",
            text.formatted("{\"text\":\"a\"},{\"text\":\"b\"}", "") + "}",
            text.formatted("{\"text\":\"\"}", "") + "}",
            text.formatted("{\"text\":\"a\"}", ",\"finishReason\":\"STOP\"") + "}",
            text.formatted("{\"text\":\"a\"}", ",\"citationMetadata\":{\"x\":1}") + "}",
            text.formatted("", "") + "," + usage.formatted("TEXT") + "}",
            "{" + usage.formatted("TEXT") + "}")) {
      ReplyReader general = gemini.reader(chat("streamGenerateContent", Map.of(), HI));
      ReplyReader quick = gemini.reader(chat("streamGenerateContent", Map.of(), HI));
      quick.event(frames("data: {}\n\n").getFirst());
      Frame frame = frames("data: " + event + "\n\n").getFirst();
      List<Part> expected = general.event(frame).parts();
      assertThat(quick.event(frame).parts())
          .as(event)
          .isEqualTo(expected.subList(1, expected.size()));
    }
  }

  @Test
  void a_request_is_written_the_same_for_every_target() {
    String body =
        "{\"contents\":[{\"parts\":[{\"text\":\"a\"}],\"x\":{\"a\":1}},"
            + "{\"parts\":[{\"text\":\"b\"}],\"x\":{\"b\":2}}],"
            + "\"generationConfig\":{\"topK\":1,\"y\":{\"z\":[1]}}}";
    Chat chat = chat("generateContent", Map.of(), body);
    Chat changed = chat.with(chat.prompt());
    assertThat(sent(changed)).isEqualTo(sent(changed));
    assertThat(Json.text(chat.original().orElseThrow().body().tree())).isEqualTo(body);
  }

  @Test
  void an_empty_stream_is_no_answer() {
    ReplyReader reader = gemini.reader(chat("generateContent", Map.of(), HI));
    assertThatThrownBy(reader::end)
        .isInstanceOfSatisfying(
            Failure.class, f -> assertThat(f.kind()).isEqualTo(Failure.Kind.UPSTREAM_ERROR));
  }

  @Test
  void an_event_that_is_no_json_is_the_providers_fault() {
    for (String data : List.of("{\"candidates\":[", "5", "[{\"error\":{\"code\":500}}]")) {
      ReplyReader reader = gemini.reader(chat("generateContent", Map.of(), HI));
      assertThatThrownBy(() -> reader.event(frames("data: " + data + "\n\n").getFirst()))
          .isInstanceOfSatisfying(
              Failure.class, f -> assertThat(f.kind()).isEqualTo(Failure.Kind.UPSTREAM_ERROR));
    }
  }

  @Test
  void a_quota_says_how_long_to_wait() {
    String body =
        "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"Quota\","
            + "\"details\":[{\"@type\":\"x/google.rpc.RetryInfo\",\"retryDelay\":\"34s\"}]}}";
    for (String wire : List.of(body, "[" + body + "]")) {
      Failure failure = gemini.failure(429, Headers.NONE, wire.getBytes(UTF_8));
      assertThat(failure.kind()).isEqualTo(Failure.Kind.UPSTREAM_RATE_LIMITED);
      assertThat(failure.code()).contains("RESOURCE_EXHAUSTED");
      assertThat(failure.retryAfter()).contains(Duration.ofSeconds(34));
    }
    Failure page = gemini.failure(503, Headers.NONE, "<html>".getBytes(UTF_8));
    assertThat(page.kind()).isEqualTo(Failure.Kind.UPSTREAM_UNAVAILABLE);
  }

  @Test
  void a_refusal_says_how_long_to_wait_where_googles_sdks_show_it() {
    Failure limited =
        Failure.of(Failure.Kind.RATE_LIMITED, "Slowly.")
            .retryAfter(Optional.of(Duration.ofMillis(10_500)));
    JsonNode detail = GeminiErrors.envelope(limited, trail).at("/error/details/0");
    assertThat(detail.path("@type").asString())
        .isEqualTo("type.googleapis.com/google.rpc.RetryInfo");
    assertThat(detail.path("retryDelay").asString()).isEqualTo("10.5s");
    assertThat(
            GeminiErrors.envelope(Failure.of(Failure.Kind.NOT_FOUND, "No."), trail)
                .path("error")
                .has("details"))
        .isFalse();
  }

  @Test
  void an_unknown_method_is_not_found() {
    assertThatThrownBy(() -> chat("predict", Map.of(), HI))
        .isInstanceOfSatisfying(
            Failure.class, f -> assertThat(f.kind()).isEqualTo(Failure.Kind.NOT_FOUND));
  }

  @Test
  void models_are_listed_as_google_lists_them() {
    assertThat(new String(gemini.models(List.of(Listing.of("fast"))).body(), UTF_8))
        .isEqualTo(
            "{\"models\":[{\"name\":\"models/fast\",\"displayName\":\"fast\","
                + "\"supportedGenerationMethods\":[\"generateContent\",\"streamGenerateContent\",\"countTokens\"]}]}");
  }

  private Chat chat(String method, Map<String, String> query, String body) {
    return Chat.of(
        gemini.read(
            new Inbound(
                Map.of("model", "smart", "method", method),
                query,
                Headers.NONE,
                Body.scan(body.getBytes(UTF_8)))));
  }

  private JsonNode sent(Chat chat) {
    var provider =
        new Provider(
            "p",
            gemini,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE);
    byte[] body =
        gemini.write(chat, new Target(provider, "m"), new Adaptation(trail, false)).body();
    return Json.parse(body, 0, body.length);
  }

  private JsonNode whole(Part... parts) {
    byte[] body =
        gemini
            .writer(chat("generateContent", Map.of(), HI), Fakes.trail())
            .whole(List.of(Chunk.of(parts)));
    return Json.parse(body, 0, body.length);
  }

  private static Part.Stop stop(Reason reason) {
    return new Part.Stop(reason, "other", "", "");
  }

  private static List<JsonNode> events(Bytes out) {
    return frames(new String(out.take(), UTF_8)).stream()
        .map(frame -> Json.parse(frame.text()))
        .toList();
  }

  private static List<Frame> frames(String wire) {
    var stream = new EventStream("gemini");
    var frames = new ArrayList<Frame>();
    stream.put(wire.getBytes(UTF_8));
    stream.end();
    for (Frame frame = stream.next(); frame != null; frame = stream.next()) {
      frames.add(frame);
    }
    return frames;
  }
}

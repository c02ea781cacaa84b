package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Adaptation;
import dev.lintel.Attempt;
import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class OpenAiChatTest {
  private static final OpenAiChat DIALECT = new OpenAiChat();
  private static final String PROOF = "Sig+/=".repeat(100);

  @Test
  void a_request_that_fits_keeps_every_byte_but_its_model() {
    String body =
        """
        {"model" : "fast","messages":[ {"role":"user" ,"content":"é\\u00e9"} ],"seed": 1.50}\
        """;
    assertThat(new String(write(chat(body), DIALECT), UTF_8))
        .isEqualTo(body.replace("\"fast\"", "\"gpt-x\""));
  }

  @Test
  void signed_thoughts_come_back_to_their_vendor_in_a_whole_message() {
    ObjectNode message = (ObjectNode) whole(signed()).path("choices").path(0).path("message");
    assertReturned(message);
  }

  @Test
  void signed_thoughts_come_back_from_a_client_that_keeps_text_and_calls_only() {
    ObjectNode message = (ObjectNode) whole(signed()).path("choices").path(0).path("message");
    message.retain("role", "content", "tool_calls");
    assertReturned(message);
  }

  @Test
  void signed_thoughts_come_back_from_a_client_that_put_the_stream_together() {
    var writer =
        DIALECT.writer(chat("{\"model\":\"m\",\"stream\":true,\"messages\":[{}]}"), Fakes.trail());
    ObjectNode message = Json.object().put("role", "assistant").put("content", "");
    for (Part part : signed()) {
      var out = new Bytes(64);
      writer.event(Chunk.of(part), out);
      for (String event : new String(out.take(), UTF_8).split("\n\n")) {
        if (event.startsWith("data: ")) {
          JsonNode delta = Json.parse(event.substring(6)).path("choices").path(0).path("delta");
          merge(message, delta);
        }
      }
    }
    message.remove("thinking_blocks");
    assertReturned(message);
  }

  private static void merge(ObjectNode message, JsonNode delta) {
    if (delta.has("content")) {
      message.put("content", message.path("content").asString() + delta.get("content").asString());
    }
    for (JsonNode piece : delta.path("tool_calls")) {
      var calls = message.withArray("tool_calls");
      if (piece.has("id")) {
        calls.add(piece.deepCopy());
      } else {
        ObjectNode function = (ObjectNode) calls.get(piece.get("index").asInt()).get("function");
        function.put(
            "arguments",
            function.get("arguments").asString()
                + piece.path("function").path("arguments").asString());
      }
    }
  }

  private static List<Part> signed() {
    return List.of(
        new Part.Start("msg_1", "claude-x"),
        new Part.Thought("First ", "", "anthropic", false),
        new Part.Thought("thought.", PROOF, "anthropic", false),
        new Part.Thought("", "sealed-away", "anthropic", true),
        new Part.Text("Let me see."),
        new Part.ToolUse(0, "toolu_1", "now", "{\"z\":1}", "", ""),
        new Part.Thought("Second.", "second-proof", "anthropic", false),
        new Part.ToolUse(1, "toolu_2", "now", "", "", ""),
        new Part.Stop(Part.Stop.Reason.TOOL_USE, "anthropic", "tool_use", ""));
  }

  private static JsonNode whole(List<Part> parts) {
    var writer = DIALECT.writer(chat("{\"model\":\"m\",\"messages\":[{}]}"), Fakes.trail());
    return Json.parse(new String(writer.whole(List.of(new Chunk(parts, Frame.NONE))), UTF_8));
  }

  private static void assertReturned(ObjectNode message) {
    ObjectNode request = Json.object().put("model", "fast");
    var messages = request.putArray("messages");
    messages.addObject().put("role", "user").put("content", "Hi");
    messages.add(message);
    for (JsonNode call : message.path("tool_calls")) {
      messages
          .addObject()
          .put("role", "tool")
          .put("tool_call_id", call.path("id").asString())
          .put("content", "x");
    }
    Chat chat = chat(Json.text(request));
    assertThat(chat.prompt().turns().get(1).blocks())
        .filteredOn(block -> block instanceof Block.Thought)
        .containsExactly(
            new Block.Thought("First thought.", PROOF, "anthropic", false),
            new Block.Thought("", "sealed-away", "anthropic", true),
            new Block.Thought("Second.", "second-proof", "anthropic", false));
    assertThat(chat.prompt().turns().get(1).blocks().getFirst()).isInstanceOf(Block.Thought.class);

    String toClaude = new String(write(chat, new AnthropicMessages()), UTF_8);
    assertThat(toClaude).contains(PROOF, "sealed-away", "\"toolu_1\"", "\"toolu_2\"");
    assertThat(toClaude).doesNotContain("lintel_");

    String toOpenAi = new String(write(chat, DIALECT), UTF_8);
    assertThat(toOpenAi).contains("\"toolu_1\"", "\"toolu_2\"");
    assertThat(toOpenAi).doesNotContain("lintel", "sealed-away", "Sig+");
  }

  @Test
  void parts_of_every_choice_are_read() {
    Chunk chunk =
        reader()
            .event(
                frame(
                    "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}},{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"));
    assertThat(chunk.parts()).contains(new Part.Text("b"), new Part.Text("a"));
    assertThat(chunk.content()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[DONE]",
        "{}",
        "{\"choices\":[]}",
        "{\"choices\":[{\"delta\":{}}]}",
        "{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}",
        "{\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":null}}]}"
      })
  void what_says_nothing_does_not_commit(String event) {
    assertThat(reader().event(frame(event)).content()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "nonsense", "7", "{\"choices\":[{\"delta\":{\"content\":\"x\"", "<html>"})
  void what_is_no_json_object_is_the_providers_fault(String event) {
    assertThatThrownBy(() -> reader().event(frame(event)))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UPSTREAM_ERROR));
  }

  @Test
  void usage_is_read_the_same_from_a_stream_and_from_a_whole_reply() {
    String usage =
        "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":9,\"total_tokens\":109,\"prompt_tokens_details\":{\"cached_tokens\":60},\"completion_tokens_details\":{\"reasoning_tokens\":4}}";
    var expected = new Usage(40, 60, 0, 0, 9, 4, 0, 0, Usage.Source.PROVIDER);
    assertThat(reader().event(frame("{\"choices\":[]," + usage + "}")).parts()).contains(expected);
    assertThat(
            reader()
                .whole(
                    ("{\"choices\":[{\"message\":{\"content\":\"x\"}}]," + usage + "}")
                        .getBytes(UTF_8))
                .parts())
        .contains(expected);
  }

  @Test
  void an_error_tells_what_was_tried() {
    var trail = new Trail("req_1", Instant.EPOCH, 0);
    trail.attempted(
        new Attempt(
            "openai/gpt-x", 429, Optional.of(Failure.Kind.UPSTREAM_RATE_LIMITED), "Slow", 5));
    var answer =
        DIALECT.error(
            DIALECT.failure(
                429,
                Headers.of(Map.of("retry-after-ms", "1500")),
                "{\"error\":{\"message\":\"Slow\",\"code\":\"rate_limit_exceeded\"}}"
                    .getBytes(UTF_8)),
            trail);
    assertThat(answer.status()).isEqualTo(429);
    JsonNode error = Json.parse(new String(answer.body(), UTF_8)).path("error");
    assertThat(error.path("message").asString()).isEqualTo("Slow");
    assertThat(error.path("lintel").path("retry_after_ms").asLong()).isEqualTo(1500);
    assertThat(error.path("lintel").path("attempts").path(0).path("status").asInt()).isEqualTo(429);
  }

  @Test
  void a_wait_is_kept_from_the_headers() {
    Failure failure =
        DIALECT.failure(503, Headers.of(Map.of("Retry-After", "3")), "busy".getBytes(UTF_8));
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(3));
    assertThat(failure.message()).isEqualTo("The provider answered with status 503.");
  }

  @Test
  void lists_models_as_openai_does() {
    JsonNode list =
        Json.parse(
            new String(
                DIALECT.models(List.of(Listing.of("fast"), Listing.of("smart"))).body(), UTF_8));
    assertThat(list.path("object").asString()).isEqualTo("list");
    assertThat(list.path("data").path(1).path("id").asString()).isEqualTo("smart");
    assertThat(list.path("data").path(0).path("object").asString()).isEqualTo("model");
  }

  @Test
  void tool_names_that_openai_refuses_are_cut_to_64_characters() {
    assertThat(ToolNames.OPENAI.out("get_weather-2")).isEqualTo("get_weather-2");
    assertThat(ToolNames.OPENAI.out("x".repeat(64))).isEqualTo("x".repeat(64));
    assertThat(ToolNames.OPENAI.out("x".repeat(65))).hasSize(64).startsWith("x".repeat(55) + "_");
    assertThat(ToolNames.OPENAI.out("a.b")).matches("a_b_[0-9a-f]{8}");
    assertThat(ToolNames.OPENAI.out(" ")).isEqualTo("unnamed");
  }

  private static ReplyReader reader() {
    return DIALECT.reader(chat("{\"model\":\"m\",\"stream\":true,\"messages\":[{}]}"));
  }

  private static Frame frame(String data) {
    byte[] bytes = data.getBytes(UTF_8);
    return new Frame("openai", false, "", bytes, 0, bytes.length, bytes, 0, 0);
  }

  private static Chat chat(String body) {
    return (Chat)
        DIALECT.read(
            new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body.getBytes(UTF_8))));
  }

  private static byte[] write(Chat chat, Dialect dialect) {
    var provider =
        new Provider(
            "p",
            dialect,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE);
    var adaptation = new Adaptation(new Trail("req_1", Instant.EPOCH, 0), false);
    return dialect.write(chat, new Target(provider, "gpt-x"), adaptation).body();
  }
}

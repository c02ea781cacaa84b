package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Traits;
import dev.lintel.Traits.Ability;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a model's traits change of a request, and what an error is in Bedrock's words. */
class BedrockConverseTest {
  private static final BedrockConverse DIALECT = new BedrockConverse();

  private final Trail trail = new Trail("req", Instant.EPOCH, 0);

  private static Chat chat(Dialect dialect, String body) {
    return (Chat)
        dialect.read(
            new Inbound(
                Map.of("model", "m"), Map.of(), Headers.NONE, Body.scan(body.getBytes(UTF_8))));
  }

  private static Chat openai(String more) {
    return chat(
        new OpenAiChat(),
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]" + more + "}");
  }

  private JsonNode written(Chat chat, Ability... cannot) {
    Set<Ability> not = EnumSet.noneOf(Ability.class);
    not.addAll(List.of(cannot));
    var traits = new Traits(Set.of(), 0, 0, Set.of(), not, 0);
    var provider =
        new Provider(
            "aws",
            DIALECT,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE);
    var target = new Target(provider, "x", Profile.NONE, Facts.of(traits, Price.UNKNOWN));
    byte[] body = DIALECT.write(chat, target, new Adaptation(trail, false)).body();
    return Json.parse(new String(body, UTF_8));
  }

  private static final String FORMAT =
      ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"type\":\"object\"}}}";

  @Test
  void a_model_without_schemas_is_made_to_call_a_tool_that_is_unwrapped_again() {
    Chat chat = openai(FORMAT);
    JsonNode body = written(chat, Ability.JSON_SCHEMA);
    assertThat(body.has("outputConfig")).isFalse();
    String tool = body.at("/toolConfig/toolChoice/tool/name").asString();
    assertThat(tool).isEqualTo(body.at("/toolConfig/tools/0/toolSpec/name").asString());
    String reply =
        "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"toolUse\":{\"toolUseId\":\"t\",\"name\":\""
            + tool
            + "\",\"input\":{\"a\":1}}}]}},\"stopReason\":\"tool_use\",\"usage\":{}}";
    List<Part> parts = DIALECT.reader(chat).whole(reply.getBytes(UTF_8)).parts();
    assertThat(parts).contains(new Part.Text("{\"a\":1}"));
    assertThat(parts).noneMatch(Part.ToolUse.class::isInstance);
    assertThat(parts).contains(new Part.Stop(Part.Stop.Reason.END, "bedrock", "end_turn", ""));
  }

  @Test
  void a_model_that_cannot_be_forced_is_not_asked_for_json_in_silence() {
    JsonNode body = written(openai(FORMAT), Ability.JSON_SCHEMA, Ability.FORCED_TOOL);
    assertThat(body.has("toolConfig")).isFalse();
    assertThat(trail.adapted()).containsExactly("drop:response_format");
  }

  @Test
  void a_model_that_does_not_think_is_not_asked_to() {
    JsonNode body = written(openai(",\"reasoning_effort\":\"high\""), Ability.THINKING);
    assertThat(body.propertyNames()).containsExactly("messages");
    assertThat(trail.adapted()).containsExactly("drop:thinking");
  }

  @Test
  void a_model_without_budgets_thinks_by_effort() {
    JsonNode body = written(openai(",\"reasoning_effort\":\"high\""), Ability.BUDGET_THINKING);
    assertThat(body.at("/outputConfig/effort").asString()).isEqualTo("high");
    assertThat(body.at("/additionalModelRequestFields/thinking/budget_tokens").isMissingNode())
        .isTrue();
  }

  @Test
  void a_model_that_is_not_sampled_gets_no_temperature() {
    JsonNode body =
        written(openai(",\"temperature\":0.5,\"top_p\":0.99,\"max_tokens\":9"), Ability.SAMPLING);
    assertThat(Json.text(body.path("inferenceConfig"))).isEqualTo("{\"maxTokens\":9}");
    assertThat(trail.adapted()).containsExactlyInAnyOrder("drop:temperature", "drop:top_p");
  }

  @Test
  void a_model_without_a_cache_gets_no_cache_points() {
    Chat chat =
        chat(
            new AnthropicMessages(),
            "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":"
                + "[{\"type\":\"text\",\"text\":\"Hi\",\"cache_control\":{\"type\":\"ephemeral\"}}]}]}");
    assertThat(Json.text(written(chat, Ability.PROMPT_CACHE))).doesNotContain("cachePoint");
    assertThat(trail.adapted()).containsExactly("drop:cache_control");
  }

  @Test
  void long_and_odd_tool_ids_fit_and_stay_together() {
    String id = "x".repeat(300) + "/é";
    JsonNode body =
        written(
            chat(
                new OpenAiChat(),
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\""
                    + id
                    + "\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\""
                    + id
                    + "\",\"content\":\"x\"}]}"));
    String sent = body.at("/messages/1/content/0/toolUse/toolUseId").asString();
    assertThat(sent).matches("[a-zA-Z0-9_-]{1,64}");
    assertThat(body.at("/messages/2/content/0/toolResult/toolUseId").asString()).isEqualTo(sent);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Report: \"Q3\"_v1",
        "a  b\t\nc",
        "\u202e\u00e9\u00e9",
        " ",
        "ok (1) [2] - 3",
        "x\u0000y"
      })
  void document_names_hold_what_bedrock_allows(String name) {
    assertThat(BedrockMedia.name(name))
        .matches("[A-Za-z0-9\\-()\\[\\]]+( [A-Za-z0-9\\-()\\[\\]]+)*");
  }

  @ParameterizedTest
  @EnumSource
  void every_kind_of_failure_is_an_exception_that_sdks_know(Failure.Kind kind) {
    Answer answer = DIALECT.error(Failure.of(kind, "No."), Fakes.trail());
    assertThat(answer.headers().get("x-amzn-errortype"))
        .isIn(
            "ValidationException",
            "AccessDeniedException",
            "ResourceNotFoundException",
            "ThrottlingException",
            "ModelTimeoutException",
            "ModelErrorException",
            "ServiceUnavailableException",
            "InternalServerException");
    JsonNode body = Json.parse(new String(answer.body(), UTF_8));
    assertThat(body.path("message").asString()).isEqualTo("No.");
    assertThat(body.at("/lintel/kind").asString()).isEqualTo(kind.word());
  }

  @ParameterizedTest
  @CsvSource({
    "400, ValidationException, INVALID_REQUEST",
    "403, 'UnrecognizedClientException:http://internal.amazon.com/', UPSTREAM_ERROR",
    "404, ResourceNotFoundException, NOT_FOUND",
    "408, ModelTimeoutException, TIMEOUT",
    "424, ModelErrorException, UPSTREAM_ERROR",
    "429, ThrottlingException, UPSTREAM_RATE_LIMITED",
    "429, ModelNotReadyException, UPSTREAM_OVERLOADED",
    "400, ServiceQuotaExceededException, UPSTREAM_RATE_LIMITED",
    "500, InternalServerException, UPSTREAM_ERROR",
    "503, ServiceUnavailableException, UPSTREAM_UNAVAILABLE"
  })
  void a_providers_exception_is_classed_by_its_header(
      int status, String type, Failure.Kind expected) {
    Failure failure =
        DIALECT.failure(
            status,
            Headers.of(Map.of("x-amzn-ErrorType", type)),
            "{\"Message\":\"Because.\"}".getBytes(UTF_8));
    assertThat(failure.kind()).isEqualTo(expected);
    assertThat(failure.message()).isEqualTo("Because.");
    assertThat(failure.code()).contains(type.split(":")[0]);
  }

  @ParameterizedTest
  @CsvSource({
    "exception/throttlingException, UPSTREAM_RATE_LIMITED",
    "exception/validationException, INVALID_REQUEST",
    "exception/serviceUnavailableException, UPSTREAM_UNAVAILABLE",
    "exception/modelStreamErrorException, UPSTREAM_ERROR",
    "exception/modelTimeoutException, TIMEOUT",
    "exception/internalServerException, UPSTREAM_ERROR",
    "error/InternalFailure, UPSTREAM_ERROR"
  })
  void an_exception_in_a_stream_is_classed_by_its_name(String event, Failure.Kind expected) {
    byte[] data = "{\"message\":\"Because.\"}".getBytes(UTF_8);
    var frame = new Frame("bedrock", false, event, data, 0, data.length, data, 0, data.length);
    assertThatThrownBy(() -> DIALECT.reader(openai("")).event(frame))
        .isInstanceOf(Failure.class)
        .hasFieldOrPropertyWithValue("kind", expected)
        .hasMessage("Because.");
  }

  @Test
  void a_masked_piece_of_a_stream_keeps_its_block() {
    Chat chat =
        (Chat)
            DIALECT.read(
                new Inbound(
                    Map.of("model", "m", "method", "converse-stream"),
                    Map.of(),
                    Headers.NONE,
                    Body.scan(
                        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]}"
                            .getBytes(UTF_8))));
    var reader = DIALECT.reader(chat);
    var writer = DIALECT.writer(chat, Fakes.trail());
    var out = new dev.lintel.Bytes(64);
    var events = new ArrayList<Frame>();
    for (String line :
        List.of(
            "messageStart {\"role\":\"assistant\"}",
            "contentBlockDelta {\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\"}}",
            "contentBlockStop {\"contentBlockIndex\":0}",
            "contentBlockDelta {\"contentBlockIndex\":1,\"delta\":{\"text\":\"secret\"}}",
            "contentBlockStop {\"contentBlockIndex\":1}",
            "messageStop {\"stopReason\":\"end_turn\"}")) {
      events.add(Bedrocks.frame(line));
    }
    for (Frame frame : events) {
      Chunk chunk = reader.event(frame);
      writer.event(
          chunk.map(part ->
              part instanceof Part.Text text && text.text().equals("secret")
                  ? new Part.Text("***")
                  : part),
          out);
    }
    reader.end();
    writer.end(out);
    assertThat(Bedrocks.lines(out.take()))
        .contains(
            "contentBlockDelta {\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\"}}",
            "contentBlockDelta {\"contentBlockIndex\":1,\"delta\":{\"text\":\"***\"}}",
            "contentBlockStop {\"contentBlockIndex\":1}",
            "messageStop {\"stopReason\":\"end_turn\"}")
        .noneMatch(line -> line.contains("secret"));
  }
}

package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Media;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Credential;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Format;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Outbound;
import dev.lintel.Prompt;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.Setting;
import dev.lintel.Target;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import dev.lintel.Trail;
import dev.lintel.Turn;
import dev.lintel.Turn.Role;
import dev.lintel.Usage;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What cannot be said as a call of one client: requests of other dialects, errors, lists. */
class AnthropicMessagesTest {
  private static final AnthropicMessages DIALECT = new AnthropicMessages();

  private final Trail trail = new Trail("req_1", Instant.EPOCH, 0);
  private final Map<Setting, JsonNode> settings = new EnumMap<>(Setting.class);
  private Optional<ToolChoice> choice = Optional.empty();
  private Optional<Thinking> thinking = Optional.empty();
  private Optional<Format> format = Optional.empty();
  private List<Tool> tools = List.of();
  private Extra extra = Extra.NONE;

  @Test
  void changes_nothing_but_the_model_in_a_request_of_its_own() {
    String body =
        "{\"messages\" :[{\"role\":\"user\",\"content\":\"H\\u0069 \\/\"}],"
            + "\"model\":\"fast\",\"max_tokens\": 1e1}";
    assertThatThrownBy(() -> own(body)).isInstanceOf(Failure.class);
    assertThat(text(own(body.replace("1e1", "10"))))
        .isEqualTo(body.replace("1e1", "10").replace("\"fast\"", "\"claude\""));
  }

  @Test
  void gives_the_limit_that_the_caller_left_out_and_says_so() {
    assertThat(write(user("Hi")).path("max_tokens").asLong()).isEqualTo(4096);
    assertThat(trail.adapted()).containsExactly("mend:max_tokens");
  }

  @Test
  void collects_every_instruction_in_order_with_its_cache() {
    JsonNode body =
        write(
            new Turn(Role.SYSTEM, List.of(new Block.Text("A"))),
            user("Hi"),
            new Turn(
                Role.SYSTEM,
                List.of(new Block.Text("B", Block.Cache.LONG, Extra.NONE), new Block.Text("C"))));
    assertThat(Json.text(body.path("system")))
        .isEqualTo(
            "[{\"type\":\"text\",\"text\":\"A\"},{\"type\":\"text\",\"text\":\"B\","
                + "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}},"
                + "{\"type\":\"text\",\"text\":\"C\"}]");
    assertThat(body.path("messages").size()).isEqualTo(1);
    assertThat(trail.adapted()).contains("rename:messages[2]->system");
  }

  @Test
  void merges_tool_results_into_one_turn() {
    JsonNode body =
        write(
            user("Hi"),
            new Turn(Role.ASSISTANT, List.of(new Block.Text("Wait"), use("a"), use("b"))),
            new Turn(Role.USER, List.of(result("a"))),
            new Turn(Role.USER, List.of(result("b"))),
            user("And?"));
    assertThat(body.path("messages").size()).isEqualTo(3);
    assertThat(body.at("/messages/2/content").findValuesAsString("tool_use_id"))
        .containsExactly("a", "b");
    assertThat(body.at("/messages/2/content/2/text").asString()).isEqualTo("And?");
    assertThat(trail.adapted()).containsExactly("mend:max_tokens");
  }

  @Test
  void writes_ids_of_other_letters_so_that_they_come_back() {
    JsonNode body =
        write(
            user("Hi"),
            new Turn(Role.ASSISTANT, List.of(use("call:1/é"), use(""))),
            new Turn(Role.USER, List.of(result("call:1/é"), result(""))));
    String written = body.at("/messages/1/content/0/id").asString();
    assertThat(written).matches("^[a-zA-Z0-9_-]+$");
    assertThat(body.at("/messages/2/content/0/tool_use_id").asString()).isEqualTo(written);
    assertThat(body.at("/messages/1/content/1/id").asString()).matches("^[a-zA-Z0-9_-]+$");
    assertThat(ToolId.of(written).id()).isEqualTo("call:1/é");
    assertThat(ToolId.of("lintel_mine").id()).isEqualTo("lintel_mine");
  }

  @Test
  void turns_an_effort_into_a_budget_below_the_limit() {
    thinking = Optional.of(new Thinking(Thinking.Mode.ON, 0, "high", false));
    settings.put(Setting.MAX_TOKENS, Json.parse("1000"));
    settings.put(Setting.TEMPERATURE, Json.parse("0.3"));
    settings.put(Setting.TOP_P, Json.parse("0.5"));
    settings.put(Setting.TOP_K, Json.parse("5"));
    tools = List.of(function("f", "{}"));
    choice = Optional.of(new ToolChoice(ToolChoice.Mode.ANY, ""));
    JsonNode body = write(user("Hi"));
    assertThat(Json.text(body.path("thinking")))
        .isEqualTo("{\"type\":\"enabled\",\"budget_tokens\":4096}");
    assertThat(body.path("max_tokens").asLong()).isEqualTo(5096);
    assertThat(body.propertyNames()).doesNotContain("temperature", "top_p", "top_k");
    assertThat(Json.text(body.path("tool_choice"))).isEqualTo("{\"type\":\"auto\"}");
    assertThat(trail.adapted())
        .containsExactlyInAnyOrder(
            "change:max_tokens->5096",
            "drop:temperature",
            "drop:top_p",
            "drop:top_k",
            "drop:tool_choice");
  }

  @Test
  void adds_the_budget_to_the_usual_limit() {
    thinking = Optional.of(new Thinking(Thinking.Mode.ON, 0, "low", false));
    JsonNode body = write(user("Hi"));
    assertThat(body.at("/thinking/budget_tokens").asLong()).isEqualTo(1280);
    assertThat(body.path("max_tokens").asLong()).isEqualTo(5376);
  }

  @Test
  void does_not_think_within_a_tool_loop_that_began_without_thoughts() {
    thinking = Optional.of(new Thinking(Thinking.Mode.ON, 0, "low", false));
    JsonNode body =
        write(
            user("Hi"),
            new Turn(
                Role.ASSISTANT, List.of(new Block.Thought("g", "sig", "gemini", false), use("a"))),
            new Turn(Role.USER, List.of(result("a"))));
    assertThat(body.has("thinking")).isFalse();
    assertThat(trail.adapted()).contains("drop:thinking");
  }

  @Test
  void sends_back_only_thoughts_that_anthropic_signed() {
    JsonNode body =
        write(
            user("Hi"),
            new Turn(
                Role.ASSISTANT,
                List.of(
                    new Block.Thought("mine", "sig", "anthropic", false),
                    new Block.Thought("", "data", "anthropic", true),
                    new Block.Thought("unsigned", "", "anthropic", false),
                    new Block.Thought("other", "sig", "openai", false),
                    new Block.Text("So"))));
    assertThat(Json.text(body.at("/messages/1/content")))
        .isEqualTo(
            "[{\"type\":\"thinking\",\"thinking\":\"mine\",\"signature\":\"sig\"},"
                + "{\"type\":\"redacted_thinking\",\"data\":\"data\"},"
                + "{\"type\":\"text\",\"text\":\"So\"}]");
    assertThat(trail.adapted()).containsExactly("mend:max_tokens");
  }

  @Test
  void gives_images_the_type_that_their_bytes_show() {
    JsonNode body =
        write(
            new Turn(
                Role.USER,
                List.of(
                    media(
                        Media.Kind.IMAGE, "image/png", new Media.Source.Inline("/9j/4AAQSkZJRg==")),
                    media(Media.Kind.IMAGE, "", new Media.Source.Link("https://a.example/i")),
                    media(Media.Kind.DOCUMENT, "text/csv", new Media.Source.Inline("YSxi")),
                    media(Media.Kind.AUDIO, "audio/wav", new Media.Source.Inline("AAAA")),
                    media(Media.Kind.IMAGE, "", new Media.Source.Stored("file-1")))));
    assertThat(Json.text(body.at("/messages/0/content")))
        .isEqualTo(
            "[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/jpeg\","
                + "\"data\":\"/9j/4AAQSkZJRg==\"}},"
                + "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://a.example/i\"}},"
                + "{\"type\":\"document\",\"source\":{\"type\":\"text\","
                + "\"media_type\":\"text/plain\",\"data\":\"a,b\"}}]");
    assertThat(trail.adapted())
        .contains("drop:messages[0].content[3]", "drop:messages[0].content[4]");
  }

  @Test
  void passes_a_schema_on_word_by_word() {
    String schema =
        "{\"type\":\"object\",\"$defs\":{\"a\":{\"const\":1}},\"anyOf\":[{\"$ref\":\"#/$defs/a\"}],"
            + "\"additionalProperties\":false}";
    tools = List.of(function("f", schema), function("none", "{}"));
    format =
        Optional.of(
            new Format.JsonSchema(
                "n",
                "d",
                (tools.jackson.databind.node.ObjectNode) Json.parse(schema),
                Optional.of(true)));
    settings.put(Setting.PARALLEL_TOOLS, Json.parse("false"));
    JsonNode body = write(user("Hi"));
    assertThat(Json.text(body.at("/tools/0/input_schema"))).isEqualTo(schema);
    assertThat(Json.text(body.at("/tools/1/input_schema"))).isEqualTo("{\"type\":\"object\"}");
    assertThat(Json.text(body.at("/output_config")))
        .isEqualTo("{\"format\":{\"type\":\"json_schema\",\"schema\":" + schema + "}}");
    assertThat(Json.text(body.path("tool_choice")))
        .isEqualTo("{\"type\":\"auto\",\"disable_parallel_tool_use\":true}");
  }

  @Test
  void drops_what_it_has_no_word_for_in_sight() {
    Map.of(
            Setting.SEED, "7",
            Setting.N, "2",
            Setting.LOGIT_BIAS, "{\"1\":2}",
            Setting.PRESENCE_PENALTY, "0",
            Setting.FREQUENCY_PENALTY, "0.5",
            Setting.LOGPROBS, "false",
            Setting.SERVICE_TIER, "\"flex\"",
            Setting.STOP, "[\"\\n\",\"END\"]",
            Setting.USER, "\"u\"",
            Setting.TEMPERATURE, "1.5")
        .forEach((setting, json) -> settings.put(setting, Json.parse(json)));
    settings.put(Setting.MAX_TOKENS, Json.parse("5"));
    format = Optional.of(new Format.JsonObject());
    extra = new Extra("openai", Json.object().put("store", true));
    JsonNode body = write(user("Hi"));
    assertThat(trail.adapted())
        .containsExactlyInAnyOrder(
            "drop:seed",
            "drop:n",
            "drop:logit_bias",
            "drop:frequency_penalty",
            "drop:service_tier",
            "drop:stop",
            "drop:response_format",
            "drop:store",
            "change:temperature->1");
    assertThat(Json.text(body))
        .isEqualTo(
            "{\"model\":\"claude\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":"
                + "[{\"type\":\"text\",\"text\":\"Hi\"}]}],\"temperature\":1,"
                + "\"stop_sequences\":[\"END\"],\"metadata\":{\"user_id\":\"u\"}}");
  }

  @Test
  void answers_every_failure_with_its_own_words() {
    var words = new HashMap<String, String>();
    for (Failure.Kind kind : Failure.Kind.values()) {
      var answer = DIALECT.error(Failure.of(kind, "Why."), trail);
      JsonNode body = Json.parse(new String(answer.body(), UTF_8));
      assertThat(body.at("/error/lintel/kind").asString()).isEqualTo(kind.word());
      assertThat(body.path("request_id").asString()).isEqualTo("req_1");
      words.put(kind.word(), answer.status() + " " + body.at("/error/type").asString());
    }
    assertThat(words)
        .containsEntry("upstream_overloaded", "529 overloaded_error")
        .containsEntry("budget_exceeded", "402 billing_error")
        .containsEntry("authentication", "401 authentication_error")
        .containsEntry("permission", "403 permission_error")
        .containsEntry("payload_too_large", "413 request_too_large")
        .containsEntry("rate_limited", "429 rate_limit_error")
        .containsEntry("timeout", "504 timeout_error")
        .containsEntry("upstream_error", "502 api_error");
  }

  @Test
  void usage_is_read_the_same_from_a_stream_and_from_a_whole_reply() {
    String usage =
        "\"usage\":{\"input_tokens\":7,\"cache_read_input_tokens\":3,"
            + "\"cache_creation_input_tokens\":9,\"output_tokens\":%d}";
    String message =
        "{\"id\":\"m\",\"model\":\"c\",\"content\":[],\"stop_reason\":null," + usage + "}";
    var expected = new Usage(7, 3, 9, 0, 5, 0, 0, 0, Usage.Source.PROVIDER);
    assertThat(reader().whole(message.formatted(5).getBytes(UTF_8)).parts()).contains(expected);

    ReplyReader streamed = reader();
    streamed.event(event("{\"type\":\"message_start\",\"message\":" + message.formatted(1) + "}"));
    // The last event of some hosts leaves the input out: what the first one said holds.
    String last = "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":5}}";
    assertThat(streamed.event(event(last)).parts()).contains(expected);
  }

  @Test
  void lists_models_as_its_sdks_read_them() {
    JsonNode list =
        Json.parse(
            new String(DIALECT.models(List.of(Listing.of("a"), Listing.of("b"))).body(), UTF_8));
    assertThat(list.path("data").valueStream().map(entry -> entry.path("id").asString()))
        .containsExactly("a", "b");
    assertThat(list.path("first_id").asString()).isEqualTo("a");
    assertThat(list.path("last_id").asString()).isEqualTo("b");
    assertThat(list.path("has_more").asBoolean(true)).isFalse();
    JsonNode model = list.path("data").path(0);
    assertThat(model.path("type").asString()).isEqualTo("model");
    assertThat(model.path("display_name").asString()).isEqualTo("a");
    assertThat(model.path("created_at").asString()).isEqualTo("1970-01-01T00:00:00Z");
    assertThat(model.path("lifecycle").asString()).isEqualTo("active");
    assertThat(model.propertyNames())
        .contains("capabilities", "line", "max_input_tokens", "max_tokens", "retires_at");
    assertThat(new String(DIALECT.models(List.of()).body(), UTF_8))
        .contains("\"data\":[],\"has_more\":false,\"first_id\":null");
  }

  private static Turn user(String text) {
    return new Turn(Role.USER, List.of(new Block.Text(text)));
  }

  private static Block use(String id) {
    return new Block.ToolUse(id, "f", "{}", "", "", Block.Cache.NONE, Extra.NONE);
  }

  private static Block result(String id) {
    return new Block.ToolResult(
        id, "", List.of(new Block.Text("ok")), false, Block.Cache.NONE, Extra.NONE);
  }

  private static Block media(Media.Kind kind, String mime, Media.Source source) {
    return new Media(kind, mime, source, "", Block.Cache.NONE, Extra.NONE);
  }

  private static Tool function(String name, String schema) {
    return new Tool.Function(
        name,
        "",
        (tools.jackson.databind.node.ObjectNode) Json.parse(schema),
        Optional.empty(),
        Block.Cache.NONE,
        Extra.NONE);
  }

  private static Inbound inbound(String body) {
    return new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body.getBytes(UTF_8)));
  }

  private static ReplyReader reader() {
    return DIALECT.reader(
        DIALECT.read(inbound("{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{}]}")));
  }

  private static Frame event(String json) {
    byte[] data = json.getBytes(UTF_8);
    return new Frame("anthropic", false, "", data, 0, data.length, data, 0, data.length);
  }

  private Outbound own(String body) {
    return DIALECT.write(DIALECT.read(inbound(body)), target(), new Adaptation(trail, false));
  }

  private static String text(Outbound outbound) {
    return new String(outbound.body(), UTF_8);
  }

  /** Writes for a client of another dialect. */
  private JsonNode write(Turn... turns) {
    var prompt = new Prompt(List.of(turns), tools, choice, thinking, format, settings, extra);
    Chat chat =
        Chat.read(foreign(), "fast", false, false, inbound("{}"), in -> prompt).with(prompt);
    Outbound sent = DIALECT.write(chat, target(), new Adaptation(trail, false));
    assertThat(sent.path()).isEqualTo("/v1/messages");
    assertThat(sent.headers()).containsExactly(Map.entry("anthropic-version", "2023-06-01"));
    return Json.parse(text(sent));
  }

  private static dev.lintel.Dialect foreign() {
    return (dev.lintel.Dialect)
        Proxy.newProxyInstance(
            AnthropicMessagesTest.class.getClassLoader(),
            new Class<?>[] {dev.lintel.Dialect.class},
            (proxy, method, arguments) -> "openai");
  }

  private static Target target() {
    return new Target(
        new Provider(
            "claude",
            DIALECT,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE),
        "claude");
  }
}

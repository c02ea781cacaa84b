package dev.lintel.dialect;

import dev.lintel.Body;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Reads the body of a chat completion request into the common model; one reader a body. */
final class OpenAiRequestReader {
  static final Fields.Manner MANNER = new Fields.Manner(OpenAiChat.NAME, false, false);

  private final Fields body;

  private OpenAiRequestReader(Body body) {
    this.body = Fields.of(MANNER, body.tree());
    this.body
        .ignoreEmpty()
        .ignore("model", "stream", "stream_options")
        .ignore(Fit.gatewayFields(body).toArray(String[]::new));
  }

  static Prompt read(Body body) {
    return new OpenAiRequestReader(body).read();
  }

  private Prompt read() {
    var turns = new OpenAiTurnReader().read(body.objects("messages"));
    var tools = tools();
    var choice = toolChoice();
    var thinking = thinking();
    var format = format();
    var settings = settings();
    return new Prompt(turns, tools, choice, thinking, format, settings, body.extra());
  }

  private Map<Setting, JsonNode> settings() {
    var settings = new EnumMap<Setting, JsonNode>(Setting.class);
    for (Setting setting : Setting.values()) {
      setting(setting, field(setting), settings);
    }
    if (body.any("max_completion_tokens").isPresent()) {
      setting(Setting.MAX_TOKENS, "max_completion_tokens", settings);
      // Where both are given the older one has no effect: it stays in the rest, and is reported.
      body.leave("max_tokens");
    }
    return settings;
  }

  private void setting(Setting setting, String name, Map<Setting, JsonNode> into) {
    body.any(name)
        .ifPresent(value -> into.put(setting, Settings.checked(setting, value, name, body)));
  }

  /** What OpenAI calls a plain parameter. */
  static String field(Setting setting) {
    return setting == Setting.PARALLEL_TOOLS ? "parallel_tool_calls" : setting.word();
  }

  private List<Tool> tools() {
    return body.objects("tools").stream().map(OpenAiRequestReader::tool).toList();
  }

  private static Tool tool(Fields tool) {
    if (!tool.text("type", "").equals("function")) {
      return new Tool.Native(tool.extra(tool.whole()));
    }
    Fields function = tool.neededObject("function");
    return new Tool.Function(
        function.text("name"),
        function.text("description", ""),
        function.object("parameters").map(Fields::arguments).orElseGet(Json::object),
        function.flag("strict"),
        tool.cache(),
        tool.extra());
  }

  private Optional<ToolChoice> toolChoice() {
    JsonNode given = body.any("tool_choice").orElse(Json.object());
    if (given.isString()) {
      return switch (given.asString()) {
        case "auto" -> Optional.of(new ToolChoice(ToolChoice.Mode.AUTO, ""));
        case "required" -> Optional.of(new ToolChoice(ToolChoice.Mode.ANY, ""));
        case "none" -> Optional.of(new ToolChoice(ToolChoice.Mode.NONE, ""));
        default ->
            throw body.unknown(
                "tool_choice", "auto, none, required or an object that names a tool");
      };
    }
    if (!given.path("type").asString("").equals("function")) {
      body.leave("tool_choice");
      return Optional.empty();
    }
    String name = body.neededObject("tool_choice").neededObject("function").text("name");
    return Optional.of(new ToolChoice(ToolChoice.Mode.NAMED, name));
  }

  private Optional<Thinking> thinking() {
    return body.textIfAny("reasoning_effort")
        .map(effort ->
            new Thinking(
                effort.equals("none") ? Thinking.Mode.OFF : Thinking.Mode.ON, 0, effort, true));
  }

  private Optional<Format> format() {
    Optional<Fields> given = body.object("response_format");
    if (given.isEmpty()) {
      return Optional.empty();
    }
    return switch (given.get().text("type")) {
      case "json_object" -> Optional.of(new Format.JsonObject());
      case "json_schema" -> Optional.of(schema(given.get().neededObject("json_schema")));
      case "text" -> Optional.empty();
      default -> {
        body.leave("response_format");
        yield Optional.empty();
      }
    };
  }

  private static Format schema(Fields fields) {
    return new Format.JsonSchema(
        fields.text("name", ""),
        fields.text("description", ""),
        fields.object("schema").map(Fields::whole).orElseGet(Json::object),
        fields.flag("strict"));
  }
}

package dev.lintel.dialect;

import dev.lintel.Body;
import dev.lintel.Extra;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Reads the body of a chat completion request into the common model; one reader a body. */
final class OpenAiPromptReader {
  /** What {@link OpenAiChat} has read itself, and what is the gateway's own. */
  private static final Set<String> ENVELOPE =
      Set.of("model", "messages", "stream", "stream_options", "lintel", "api_key");

  private final OpenAiField body;

  /** The top-level fields that found a place in the common model. */
  private final Set<String> known = new HashSet<>(ENVELOPE);

  OpenAiPromptReader(Body body) {
    this.body = new OpenAiField(body.tree(), "");
    if (body.isText("provider")) {
      known.add("provider");
    }
  }

  Prompt read() {
    var turns = new OpenAiTurnReader().read(body.field("messages").objects());
    var tools = tools();
    var choice = toolChoice();
    var thinking = thinking();
    var format = format();
    var settings = settings();
    return new Prompt(turns, tools, choice, thinking, format, settings, body.rest(known));
  }

  private Map<Setting, JsonNode> settings() {
    var settings = new EnumMap<Setting, JsonNode>(Setting.class);
    OpenAiSettings.FIELDS.forEach((setting, name) -> {
      OpenAiField field = known(name);
      if (!field.absent()) {
        settings.put(setting, value(setting, field));
      }
    });
    OpenAiField newer = known("max_completion_tokens");
    if (!newer.absent()) {
      settings.put(Setting.MAX_TOKENS, value(Setting.MAX_TOKENS, newer));
    }
    return settings;
  }

  private static JsonNode value(Setting setting, OpenAiField field) {
    JsonNode node = field.node();
    boolean fits =
        switch (setting) {
          case MAX_TOKENS, SEED, N, TOP_K, TOP_LOGPROBS -> node.isIntegralNumber();
          case TEMPERATURE, TOP_P, PRESENCE_PENALTY, FREQUENCY_PENALTY -> node.isNumber();
          case LOGPROBS, PARALLEL_TOOLS -> node.isBoolean();
          case LOGIT_BIAS, METADATA -> node.isObject();
          case MODALITIES -> isTexts(node);
          case STOP -> node.isString() || isTexts(node);
          case USER, SERVICE_TIER, PROMPT_CACHE_KEY, VERBOSITY -> node.isString();
        };
    if (!fits) {
      throw field.wrong(
          switch (setting) {
            case MAX_TOKENS, SEED, N, TOP_K, TOP_LOGPROBS -> "must be a whole number.";
            case TEMPERATURE, TOP_P, PRESENCE_PENALTY, FREQUENCY_PENALTY -> "must be a number.";
            case LOGPROBS, PARALLEL_TOOLS -> "must be true or false.";
            case LOGIT_BIAS, METADATA -> "must be an object.";
            case MODALITIES -> "must be an array of strings.";
            case STOP -> "must be a string or an array of strings.";
            case USER, SERVICE_TIER, PROMPT_CACHE_KEY, VERBOSITY -> "must be a string.";
          });
    }
    return setting == Setting.STOP && node.isString() ? Json.array().add(node) : node;
  }

  private static boolean isTexts(JsonNode node) {
    return node.isArray() && node.valueStream().allMatch(JsonNode::isString);
  }

  private List<Tool> tools() {
    OpenAiField field = known("tools");
    var tools = new ArrayList<Tool>();
    if (!field.absent()) {
      field.objects().forEach(tool -> tools.add(tool(tool)));
    }
    return tools;
  }

  private static Tool tool(OpenAiField tool) {
    if (!tool.field("type").textIfAny().equals("function")) {
      return new Tool.Native(new Extra(OpenAiChat.NAME, tool.object()));
    }
    OpenAiField function = tool.field("function");
    OpenAiField schema = function.field("parameters");
    return new Tool.Function(
        function.field("name").text(),
        function.field("description").textIfAny(),
        schema.absent() ? Json.object() : schema.object(),
        function.field("strict").flagIfAny(),
        OpenAiTurnReader.cache(tool),
        tool.rest(Set.of("type", "function", "cache_control")));
  }

  private Optional<ToolChoice> toolChoice() {
    OpenAiField field = body.field("tool_choice");
    if (field.node().isString()) {
      Optional<ToolChoice.Mode> mode =
          switch (field.text()) {
            case "auto" -> Optional.of(ToolChoice.Mode.AUTO);
            case "required" -> Optional.of(ToolChoice.Mode.ANY);
            case "none" -> Optional.of(ToolChoice.Mode.NONE);
            default -> Optional.empty();
          };
      if (mode.isEmpty()) {
        throw field.wrong("must be auto, none, required or an object that names a tool.");
      }
      known("tool_choice");
      return mode.map(word -> new ToolChoice(word, ""));
    }
    if (field.absent() || !field.field("type").textIfAny().equals("function")) {
      return Optional.empty();
    }
    known("tool_choice");
    return Optional.of(
        new ToolChoice(ToolChoice.Mode.NAMED, field.field("function").field("name").text()));
  }

  private Optional<Thinking> thinking() {
    OpenAiField field = known("reasoning_effort");
    if (field.absent()) {
      return Optional.empty();
    }
    String effort = field.text();
    return Optional.of(
        new Thinking(
            effort.equals("none") ? Thinking.Mode.OFF : Thinking.Mode.ON, 0, effort, true));
  }

  private Optional<Format> format() {
    OpenAiField field = body.field("response_format");
    if (field.absent()) {
      return Optional.empty();
    }
    Optional<Format> format =
        switch (field.field("type").text()) {
          case "json_object" -> Optional.of(new Format.JsonObject());
          case "json_schema" -> Optional.of(schema(field.field("json_schema")));
          default -> Optional.empty();
        };
    if (format.isPresent() || field.field("type").text().equals("text")) {
      known("response_format");
    }
    return format;
  }

  private static Format schema(OpenAiField field) {
    field.object();
    OpenAiField schema = field.field("schema");
    return new Format.JsonSchema(
        field.field("name").textIfAny(),
        field.field("description").textIfAny(),
        schema.absent() ? Json.object() : schema.object(),
        field.field("strict").flagIfAny());
  }

  private OpenAiField known(String name) {
    known.add(name);
    return body.field(name);
  }
}

package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Extra;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the body of a Responses request into the common model; one reader a body. */
final class ResponsesRequestReader {
  static final Fields.Manner MANNER = new Fields.Manner(ResponsesWords.NAME, false, false);

  /** What a caller may say of thoughts that the gateway hands on in any case. */
  private static final String SEALED_THOUGHTS = "reasoning.encrypted_content";

  private final Fields body;

  private ResponsesRequestReader(Body body) {
    this.body = Fields.of(MANNER, body.tree());
    this.body
        .ignoreEmpty()
        .ignore("model", "stream", "input")
        .ignore(Fit.gatewayFields(body).toArray(String[]::new));
  }

  static Prompt read(Body body) {
    return new ResponsesRequestReader(body).read();
  }

  private Prompt read() {
    var turns = new ArrayList<Turn>();
    body.textIfAny("instructions")
        .ifPresent(text ->
            turns.add(
                new Turn(
                    Turn.Role.SYSTEM,
                    List.of(new Block.Text(text)),
                    new Extra(ResponsesWords.INSTRUCTIONS, Json.object()))));
    JsonNode input = body.any("input").orElse(Json.array());
    if (input.isString()) {
      turns.add(new Turn(Turn.Role.USER, List.of(new Block.Text(input.asString()))));
    } else {
      turns.addAll(new ResponsesItemReader().read(body.objects("input")));
    }
    var tools = body.objects("tools").stream().map(ResponsesRequestReader::tool).toList();
    var choice = toolChoice();
    var thinking = thinking();
    var settings = settings();
    Optional<Format> format = text(settings);
    usual();
    return new Prompt(turns, tools, choice, thinking, format, settings, extra());
  }

  /** What means the same as if it were not there. */
  private void usual() {
    if (body.whole().path("truncation").asString("").equals("disabled")) {
      body.ignore("truncation");
    }
    if (!body.whole().path("background").asBoolean(false)) {
      body.ignore("background");
    }
  }

  private Extra extra() {
    ObjectNode rest = body.rest();
    if (rest.get("include") instanceof ArrayNode list) {
      ArrayNode others = Json.array();
      list.forEach(word -> {
        if (!word.asString("").equals(SEALED_THOUGHTS)) {
          others.add(word);
        }
      });
      if (others.isEmpty()) {
        rest.remove("include");
      } else {
        rest.set("include", others);
      }
    }
    return body.extra(rest);
  }

  private Map<Setting, JsonNode> settings() {
    var settings = new EnumMap<Setting, JsonNode>(Setting.class);
    for (Setting setting : Setting.values()) {
      String name = field(setting);
      if (!name.isEmpty()) {
        setting(setting, name, body, settings);
      }
    }
    if (!settings.containsKey(Setting.USER)) {
      setting(Setting.USER, "safety_identifier", body, settings);
    }
    return settings;
  }

  private static void setting(
      Setting setting, String name, Fields from, Map<Setting, JsonNode> into) {
    from.any(name)
        .ifPresent(value -> into.put(setting, Settings.checked(setting, value, name, from)));
  }

  /** What this dialect calls a plain parameter at its top level; empty where it has none. */
  static String field(Setting setting) {
    return switch (setting) {
      case MAX_TOKENS -> "max_output_tokens";
      case PARALLEL_TOOLS -> "parallel_tool_calls";
      case TEMPERATURE, TOP_P, USER, SERVICE_TIER, METADATA, PROMPT_CACHE_KEY -> setting.word();
      case TOP_K,
          STOP,
          SEED,
          PRESENCE_PENALTY,
          FREQUENCY_PENALTY,
          LOGIT_BIAS,
          LOGPROBS,
          TOP_LOGPROBS,
          N,
          MODALITIES,
          VERBOSITY ->
          "";
    };
  }

  private static Tool tool(Fields tool) {
    return switch (tool.text("type")) {
      case "function" ->
          new Tool.Function(
              tool.text("name"),
              tool.text("description", ""),
              tool.object("parameters").map(Fields::arguments).orElseGet(Json::object),
              tool.flag("strict"),
              Block.Cache.NONE,
              tool.extra());
      case "custom" -> custom(tool);
      default -> new Tool.Native(tool.extra(tool.whole()));
    };
  }

  private static Tool custom(Fields tool) {
    String name = tool.text("name");
    String description = tool.text("description", "");
    if (tool.object("format")
        .map(format -> format.text("type", "text"))
        .orElse("text")
        .equals("text")) {
      tool.ignore("format");
    } else {
      tool.leave("format");
    }
    return new Tool.Function(
        name,
        description,
        (ObjectNode) CustomInput.SCHEMA.deepCopy(),
        Optional.empty(),
        Block.Cache.NONE,
        new Extra(ResponsesWords.CUSTOM, tool.rest()));
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
    String type = given.path("type").asString("");
    if (!type.equals("function") && !type.equals("custom")) {
      body.leave("tool_choice");
      return Optional.empty();
    }
    String name = body.neededObject("tool_choice").text("name");
    return Optional.of(new ToolChoice(ToolChoice.Mode.NAMED, name));
  }

  private Optional<Thinking> thinking() {
    Optional<Fields> given = body.object("reasoning");
    if (given.isEmpty()) {
      return Optional.empty();
    }
    Fields reasoning = given.get();
    String effort = reasoning.text("effort", "");
    String summary = reasoning.text("summary", reasoning.text("generate_summary", ""));
    if (!summary.isEmpty() && !summary.equals("auto")) {
      reasoning.leave("summary");
    }
    if (!reasoning.rest().isEmpty()) {
      body.leave("reasoning");
    }
    if (effort.isEmpty() && summary.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Thinking(
            effort.equals("none") ? Thinking.Mode.OFF : Thinking.Mode.ON,
            0,
            effort,
            !summary.isEmpty()));
  }

  private Optional<Format> text(Map<Setting, JsonNode> settings) {
    Optional<Fields> given = body.object("text");
    if (given.isEmpty()) {
      return Optional.empty();
    }
    Fields text = given.get();
    setting(Setting.VERBOSITY, "verbosity", text, settings);
    Optional<Format> format = text.object("format").flatMap(wanted -> format(wanted, text));
    if (!text.rest().isEmpty()) {
      body.leave("text");
    }
    return format;
  }

  private static Optional<Format> format(Fields format, Fields text) {
    return switch (format.text("type")) {
      case "json_object" -> Optional.of(new Format.JsonObject());
      case "json_schema" ->
          Optional.of(
              new Format.JsonSchema(
                  format.text("name", ""),
                  format.text("description", ""),
                  format.object("schema").map(Fields::whole).orElseGet(Json::object),
                  format.flag("strict")));
      case "text" -> Optional.empty();
      default -> {
        text.leave("format");
        yield Optional.empty();
      }
    };
  }
}

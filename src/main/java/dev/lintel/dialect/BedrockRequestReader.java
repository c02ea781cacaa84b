package dev.lintel.dialect;

import static dev.lintel.dialect.BedrockWords.NAME;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Format;
import dev.lintel.Inbound;
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
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a client's request into the common model. */
final class BedrockRequestReader {
  /** Of {@code inferenceConfig}. */
  static final Map<Setting, String> SETTINGS =
      Map.of(
          Setting.MAX_TOKENS, "maxTokens",
          Setting.TEMPERATURE, "temperature",
          Setting.TOP_P, "topP",
          Setting.STOP, "stopSequences");

  /** The model's own parameters, in its vendor's words. */
  static final String ADDITIONAL = "additionalModelRequestFields";

  private static final Fields.Manner MANNER = new Fields.Manner(NAME, true, false);

  private final Fields top;
  private final Map<Setting, JsonNode> settings = new EnumMap<>(Setting.class);
  private final ObjectNode nested = Json.object();

  private BedrockRequestReader(Fields top) {
    this.top = top;
  }

  static Prompt read(Inbound inbound) {
    var top = Fields.of(MANNER, inbound.body().tree());
    top.ignore("modelId").ignore(Fit.gatewayFields(inbound.body()).toArray(String[]::new));
    return new BedrockRequestReader(top).prompt();
  }

  private Prompt prompt() {
    List<Turn> turns = turns();
    Optional<Fields> toolConfig = top.object("toolConfig");
    List<Tool> tools = toolConfig.map(BedrockRequestReader::tools).orElse(List.of());
    Optional<ToolChoice> choice =
        toolConfig.flatMap(config -> config.object("toolChoice")).map(BedrockRequestReader::choice);
    nest("toolConfig", toolConfig);
    Optional<Fields> output = top.object("outputConfig");
    String effort = output.map(config -> config.text("effort", "")).orElse("");
    Optional<Format> format = output.flatMap(BedrockRequestReader::format);
    nest("outputConfig", output);
    Optional<Fields> additional = top.object(ADDITIONAL);
    Optional<Thinking> thinking = thinking(additional, effort);
    additional.ifPresent(fields -> setting(Setting.TOP_K, "top_k", fields));
    nest(ADDITIONAL, additional);
    settings();

    ObjectNode rest = top.rest();
    Fit.merge(rest, nested);
    return new Prompt(turns, tools, choice, thinking, format, settings, top.extra(rest));
  }

  private List<Turn> turns() {
    var turns = new ArrayList<Turn>();
    List<Block> system = BedrockTurnReader.content(top, "system");
    if (!system.isEmpty()) {
      turns.add(new Turn(Turn.Role.SYSTEM, system));
    }
    top.needed("messages");
    for (Fields message : top.objects("messages")) {
      Turn.Role role =
          switch (message.text("role")) {
            case "user" -> Turn.Role.USER;
            case "assistant" -> Turn.Role.ASSISTANT;
            case "system" -> Turn.Role.SYSTEM;
            default -> throw message.unknown("role", "user, assistant or system");
          };
      message.needed("content");
      turns.add(new Turn(role, BedrockTurnReader.content(message, "content"), message.extra()));
    }
    return turns;
  }

  private static List<Tool> tools(Fields config) {
    var tools = new ArrayList<Tool>();
    for (Fields fields : config.objects("tools")) {
      if (fields.whole().has("cachePoint")
          && !tools.isEmpty()
          && tools.getLast() instanceof Tool.Function last) {
        tools.set(
            tools.size() - 1,
            new Tool.Function(
                last.name(),
                last.description(),
                last.schema(),
                last.strict(),
                BedrockTurnReader.cache(fields),
                last.extra()));
      } else if (fields.whole().path("toolSpec").isObject()) {
        Fields spec = fields.neededObject("toolSpec");
        tools.add(
            new Tool.Function(
                spec.text("name"),
                spec.text("description", ""),
                spec.neededObject("inputSchema").neededObject("json").arguments(),
                spec.flag("strict"),
                Block.Cache.NONE,
                spec.extra()));
      } else {
        tools.add(new Tool.Native(new Extra(NAME, fields.whole())));
      }
    }
    return tools;
  }

  private static ToolChoice choice(Fields fields) {
    Optional<Fields> named = fields.object("tool");
    if (named.isPresent()) {
      return new ToolChoice(ToolChoice.Mode.NAMED, named.get().text("name"));
    }
    return new ToolChoice(
        fields.object("any").isPresent() ? ToolChoice.Mode.ANY : ToolChoice.Mode.AUTO, "");
  }

  private static Optional<Thinking> thinking(Optional<Fields> additional, String effort) {
    Optional<Fields> given = additional.flatMap(fields -> fields.object("thinking"));
    if (given.isEmpty()) {
      // The model's own to use, and nothing is shown of it.
      return effort.isEmpty()
          ? Optional.empty()
          : Optional.of(new Thinking(Thinking.Mode.ADAPTIVE, 0, effort, false));
    }
    Optional<Thinking> thinking = AnthropicRequestReader.thinking(given.get(), effort);
    if (thinking.isEmpty() || !given.get().rest().isEmpty()) {
      additional.get().leave("thinking");
    }
    return thinking;
  }

  private static Optional<Format> format(Fields output) {
    Optional<Fields> format = output.object("textFormat");
    Optional<Fields> schema =
        format
            .flatMap(fields -> fields.object("structure"))
            .flatMap(fields -> fields.object("jsonSchema"));
    if (schema.isEmpty()) {
      output.leave("textFormat");
      return Optional.empty();
    }
    Fields given = schema.get();
    try {
      if (Json.parse(given.text("schema")) instanceof ObjectNode parsed) {
        return Optional.of(
            new Format.JsonSchema(
                given.text("name", ""), given.text("description", ""), parsed, Optional.empty()));
      }
    } catch (JacksonException broken) {
      throw given.unknown("schema", "a JSON Schema as text; it is not JSON");
    }
    throw given.unknown("schema", "a JSON Schema as text; it is no object");
  }

  private void settings() {
    Optional<Fields> inference = top.object("inferenceConfig");
    inference.ifPresent(
        fields -> SETTINGS.forEach((setting, name) -> setting(setting, name, fields)));
    nest("inferenceConfig", inference);
    setting(Setting.METADATA, "requestMetadata", top);
    Optional<Fields> tier = top.object("serviceTier");
    tier.ifPresent(fields -> setting(Setting.SERVICE_TIER, "type", fields));
    nest("serviceTier", tier);
  }

  private void setting(Setting setting, String name, Fields from) {
    from.any(name)
        .ifPresent(value -> settings.put(setting, Settings.checked(setting, value, name, from)));
  }

  /** Keeps what was not read of a top-level object. */
  private void nest(String name, Optional<Fields> fields) {
    ObjectNode rest = fields.map(Fields::rest).orElseGet(Json::object);
    if (!rest.isEmpty()) {
      nested.set(name, rest);
    }
  }
}

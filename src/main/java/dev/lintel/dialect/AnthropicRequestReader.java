package dev.lintel.dialect;

import dev.lintel.Block;
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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a client's request into the common model. */
final class AnthropicRequestReader {
  /**
   * Claude Code says with such a system block whom to bill; it differs from call to call, so it
   * would spoil the prefix that any other provider caches. It stays where the bytes stay.
   */
  private static final String BILLING = "x-anthropic-billing-header";

  private static final Map<Setting, String> SETTINGS =
      Map.of(
          Setting.MAX_TOKENS, "max_tokens",
          Setting.TEMPERATURE, "temperature",
          Setting.TOP_P, "top_p",
          Setting.TOP_K, "top_k",
          Setting.STOP, "stop_sequences",
          Setting.SERVICE_TIER, "service_tier");

  private static final Fields.Manner MANNER = new Fields.Manner(AnthropicWords.NAME, true, false);

  private final Fields top;
  private final Map<Setting, JsonNode> settings = new EnumMap<>(Setting.class);
  private final ObjectNode nested = Json.object();

  private AnthropicRequestReader(Fields top) {
    this.top = top;
  }

  static Prompt read(Inbound inbound) {
    var top = Fields.of(MANNER, inbound.body().tree());
    top.ignore("model", "stream").ignore(Fit.gatewayFields(inbound.body()).toArray(String[]::new));
    return new AnthropicRequestReader(top).prompt();
  }

  private Prompt prompt() {
    List<Turn> turns = turns();
    List<Tool> tools = tools();
    Optional<ToolChoice> choice = top.object("tool_choice").map(this::choice);
    Optional<Fields> config = top.object("output_config");
    Optional<Thinking> thinking =
        thinking(config.map(fields -> fields.text("effort", "")).orElse(""));
    Optional<Format> format =
        config.flatMap(fields -> format(fields, "format")).or(() -> format(top, "output_format"));
    config.ifPresent(fields -> nest("output_config", fields));
    settings();

    ObjectNode rest = top.rest();
    Fit.merge(rest, nested);
    return new Prompt(turns, tools, choice, thinking, format, settings, top.extra(rest));
  }

  private List<Turn> turns() {
    var turns = new ArrayList<Turn>();
    if (top.any("system").isPresent()) {
      var system = new ArrayList<>(AnthropicTurnReader.content(top, "system"));
      system.removeIf(AnthropicRequestReader::billing);
      if (!system.isEmpty()) {
        turns.add(new Turn(Turn.Role.SYSTEM, system));
      }
    }
    for (Fields message : top.objects("messages")) {
      Turn.Role role =
          switch (message.text("role")) {
            case "user" -> Turn.Role.USER;
            case "assistant" -> Turn.Role.ASSISTANT;
            case "system" -> Turn.Role.SYSTEM;
            default -> throw message.unknown("role", "user, assistant or system");
          };
      List<Block> blocks = AnthropicTurnReader.content(message, "content");
      turns.add(new Turn(role, blocks, message.extra()));
    }
    return turns;
  }

  private static boolean billing(Block block) {
    return block instanceof Block.Text text && text.text().startsWith(BILLING);
  }

  private List<Tool> tools() {
    var tools = new ArrayList<Tool>();
    for (Fields fields : top.objects("tools")) {
      tools.add(
          fields.text("type", "custom").equals("custom")
              ? new Tool.Function(
                  fields.text("name"),
                  fields.text("description", ""),
                  fields.neededObject("input_schema").arguments(),
                  fields.flag("strict"),
                  fields.cache(),
                  fields.extra())
              : new Tool.Native(fields.extra(fields.whole())));
    }
    return tools;
  }

  private ToolChoice choice(Fields fields) {
    fields
        .flag("disable_parallel_tool_use")
        .ifPresent(off -> settings.put(Setting.PARALLEL_TOOLS, Json.MAPPER.valueToTree(!off)));
    ToolChoice.Mode mode =
        switch (fields.text("type")) {
          case "auto" -> ToolChoice.Mode.AUTO;
          case "any" -> ToolChoice.Mode.ANY;
          case "none" -> ToolChoice.Mode.NONE;
          case "tool" -> ToolChoice.Mode.NAMED;
          default -> throw fields.unknown("type", "auto, any, tool or none");
        };
    var choice = new ToolChoice(mode, mode == ToolChoice.Mode.NAMED ? fields.text("name") : "");
    nest("tool_choice", fields);
    return choice;
  }

  /** An effort without {@code thinking} is the model's own to use, and nothing is shown of it. */
  private Optional<Thinking> thinking(String effort) {
    Optional<Fields> given = top.object("thinking");
    if (given.isEmpty()) {
      return effort.isEmpty()
          ? Optional.empty()
          : Optional.of(new Thinking(Thinking.Mode.ADAPTIVE, 0, effort, false));
    }
    Fields fields = given.get();
    Optional<Thinking> thinking = thinking(fields, effort);
    if (thinking.isEmpty()) {
      top.leave("thinking");
    } else {
      nest("thinking", fields);
    }
    return thinking;
  }

  /**
   * What a {@code thinking} object asks for, wherever it stands; empty where it is of a newer kind.
   *
   * @param effort that stands beside it; empty where none does
   */
  static Optional<Thinking> thinking(Fields fields, String effort) {
    boolean shown = !fields.whole().path("display").asString("").equals("omitted");
    return switch (fields.text("type")) {
      case "enabled" ->
          Optional.of(
              new Thinking(
                  Thinking.Mode.ON,
                  fields
                      .integer("budget_tokens")
                      .orElseThrow(() -> fields.missing("budget_tokens")),
                  effort,
                  shown));
      case "adaptive" -> Optional.of(new Thinking(Thinking.Mode.ADAPTIVE, 0, effort, shown));
      case "disabled" -> Optional.of(new Thinking(Thinking.Mode.OFF, 0, effort, false));
      default -> Optional.empty();
    };
  }

  private Optional<Format> format(Fields holder, String name) {
    JsonNode given = holder.whole().path(name);
    if (!given.isObject() || !given.path("schema").isObject()) {
      return Optional.empty();
    }
    Fields fields = holder.object(name).orElseThrow();
    fields.ignore("type");
    var schema =
        new Format.JsonSchema(
            fields.text("name", ""), "", fields.neededObject("schema").whole(), Optional.empty());
    ObjectNode rest = fields.rest();
    if (!rest.isEmpty()) {
      nested.withObject("/output_config").set("format", rest);
    }
    return Optional.of(schema);
  }

  private void settings() {
    SETTINGS.forEach((setting, name) -> setting(setting, name, top));
    top.object("metadata")
        .ifPresent(metadata -> {
          setting(Setting.USER, "user_id", metadata);
          nest("metadata", metadata);
        });
  }

  private void setting(Setting setting, String name, Fields from) {
    from.any(name)
        .ifPresent(value -> settings.put(setting, Settings.checked(setting, value, name, from)));
  }

  /** Keeps what was not read of a top-level object. */
  private void nest(String name, Fields fields) {
    ObjectNode rest = fields.rest();
    if (!rest.isEmpty()) {
      Fit.merge(nested.withObject("/" + name), rest);
    }
  }
}

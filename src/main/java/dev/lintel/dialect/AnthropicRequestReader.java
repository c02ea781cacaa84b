package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Failure;
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

  private final AnthropicFields top;
  private final Map<Setting, JsonNode> settings = new EnumMap<>(Setting.class);
  private final ObjectNode nested = Json.object();

  private AnthropicRequestReader(AnthropicFields top) {
    this.top = top;
  }

  static Prompt read(Inbound inbound) {
    var top = new AnthropicFields(inbound.body().tree(), "");
    top.ignore("model", "stream").ignore(AnthropicMessages.own(inbound.body()));
    return new AnthropicRequestReader(top).prompt();
  }

  private Prompt prompt() {
    List<Turn> turns = turns();
    List<Tool> tools = tools();
    Optional<ToolChoice> choice = top.object("tool_choice").map(this::choice);
    Optional<AnthropicFields> config = top.object("output_config");
    Optional<Thinking> thinking =
        thinking(config.map(fields -> fields.text("effort", "")).orElse(""));
    Optional<Format> format =
        config.flatMap(fields -> format(fields, "format")).or(() -> format(top, "output_format"));
    config.ifPresent(fields -> nest("output_config", fields));
    settings();

    ObjectNode rest = top.rest();
    AnthropicJson.merge(rest, nested);
    return new Prompt(
        turns,
        tools,
        choice,
        thinking,
        format,
        settings,
        rest.isEmpty() ? Extra.NONE : new Extra(AnthropicWords.NAME, rest));
  }

  private List<Turn> turns() {
    var turns = new ArrayList<Turn>();
    top.any("system")
        .map(system -> AnthropicBlockReader.content(system, "system"))
        .map(blocks -> blocks.stream().filter(block -> !billing(block)).toList())
        .filter(blocks -> !blocks.isEmpty())
        .ifPresent(blocks -> turns.add(new Turn(Turn.Role.SYSTEM, blocks)));
    JsonNode messages = top.needed("messages");
    for (int i = 0; i < messages.size(); i++) {
      var message = new AnthropicFields(messages.get(i), "messages." + i);
      Turn.Role role =
          switch (message.text("role")) {
            case "user" -> Turn.Role.USER;
            case "assistant" -> Turn.Role.ASSISTANT;
            case "system" -> Turn.Role.SYSTEM;
            default ->
                throw Failure.invalid(
                        "'" + message.place("role") + "' must be user, assistant or system.")
                    .at(message.place("role"));
          };
      List<Block> blocks =
          AnthropicBlockReader.content(message.needed("content"), message.place("content"));
      turns.add(new Turn(role, blocks, message.extra()));
    }
    return turns;
  }

  private static boolean billing(Block block) {
    return block instanceof Block.Text text && text.text().startsWith(BILLING);
  }

  private List<Tool> tools() {
    Optional<JsonNode> given = top.array("tools");
    if (given.isEmpty()) {
      return List.of();
    }
    var tools = new ArrayList<Tool>();
    for (int i = 0; i < given.get().size(); i++) {
      var fields = new AnthropicFields(given.get().get(i), "tools." + i);
      if (fields.text("type", "custom").equals("custom")) {
        JsonNode schema = fields.needed("input_schema");
        if (!schema.isObject()) {
          throw AnthropicFields.wrong(fields.place("input_schema"), "an object", schema);
        }
        tools.add(
            new Tool.Function(
                fields.text("name"),
                fields.text("description", ""),
                (ObjectNode) schema,
                fields.flag("strict"),
                AnthropicBlockReader.cache(fields),
                fields.extra()));
      } else {
        tools.add(new Tool.Native(new Extra(AnthropicWords.NAME, (ObjectNode) fields.whole())));
      }
    }
    return tools;
  }

  private ToolChoice choice(AnthropicFields fields) {
    fields
        .flag("disable_parallel_tool_use")
        .ifPresent(off -> settings.put(Setting.PARALLEL_TOOLS, Json.MAPPER.valueToTree(!off)));
    ToolChoice.Mode mode =
        switch (fields.text("type")) {
          case "auto" -> ToolChoice.Mode.AUTO;
          case "any" -> ToolChoice.Mode.ANY;
          case "none" -> ToolChoice.Mode.NONE;
          case "tool" -> ToolChoice.Mode.NAMED;
          default ->
              throw Failure.invalid(
                      "'" + fields.place("type") + "' must be auto, any, tool or none.")
                  .at(fields.place("type"));
        };
    var choice = new ToolChoice(mode, mode == ToolChoice.Mode.NAMED ? fields.text("name") : "");
    nest("tool_choice", fields);
    return choice;
  }

  /** An effort without {@code thinking} is the model's own to use, and nothing is shown of it. */
  private Optional<Thinking> thinking(String effort) {
    Optional<AnthropicFields> given = top.object("thinking");
    if (given.isEmpty()) {
      return effort.isEmpty()
          ? Optional.empty()
          : Optional.of(new Thinking(Thinking.Mode.ADAPTIVE, 0, effort, false));
    }
    AnthropicFields fields = given.get();
    boolean shown = !fields.whole().path("display").asString("").equals("omitted");
    Optional<Thinking> thinking =
        switch (fields.text("type")) {
          case "enabled" ->
              Optional.of(
                  new Thinking(Thinking.Mode.ON, fields.integer("budget_tokens"), effort, shown));
          case "adaptive" -> Optional.of(new Thinking(Thinking.Mode.ADAPTIVE, 0, effort, shown));
          case "disabled" -> Optional.of(new Thinking(Thinking.Mode.OFF, 0, effort, false));
          default -> Optional.empty();
        };
    if (thinking.isEmpty()) {
      top.leave("thinking");
    } else {
      nest("thinking", fields);
    }
    return thinking;
  }

  private Optional<Format> format(AnthropicFields holder, String name) {
    JsonNode given = holder.whole().path(name);
    if (!given.isObject() || !given.path("schema").isObject()) {
      return Optional.empty();
    }
    AnthropicFields fields = holder.object(name).orElseThrow();
    fields.ignore("type");
    var schema =
        new Format.JsonSchema(
            fields.text("name", ""), "", (ObjectNode) fields.needed("schema"), Optional.empty());
    ObjectNode rest = fields.rest();
    if (!rest.isEmpty()) {
      nested.withObject("/output_config").set("format", rest);
    }
    return Optional.of(schema);
  }

  private void settings() {
    settings.put(Setting.MAX_TOKENS, top.needed("max_tokens"));
    top.number("temperature").ifPresent(value -> settings.put(Setting.TEMPERATURE, value));
    top.number("top_p").ifPresent(value -> settings.put(Setting.TOP_P, value));
    top.number("top_k").ifPresent(value -> settings.put(Setting.TOP_K, value));
    top.array("stop_sequences").ifPresent(value -> settings.put(Setting.STOP, value));
    if (top.any("service_tier").isPresent()) {
      top.text("service_tier");
      settings.put(Setting.SERVICE_TIER, top.needed("service_tier"));
    }
    top.object("metadata")
        .ifPresent(metadata -> {
          if (metadata.any("user_id").isPresent()) {
            metadata.text("user_id");
            settings.put(Setting.USER, metadata.needed("user_id"));
          }
          nest("metadata", metadata);
        });
  }

  /** Keeps what was not read of a top-level object. */
  private void nest(String name, AnthropicFields fields) {
    ObjectNode rest = fields.rest();
    if (!rest.isEmpty()) {
      AnthropicJson.merge(nested.withObject("/" + name), rest);
    }
  }
}

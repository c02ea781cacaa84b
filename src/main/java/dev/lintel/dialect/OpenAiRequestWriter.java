package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Chat;
import dev.lintel.Extra;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Target;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import dev.lintel.Traits;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a conversation of the common model as a chat completion request. What a caller of this
 * dialect wrote goes out again as it was; what a caller of another one wrote goes out as OpenAI
 * itself takes it.
 */
final class OpenAiRequestWriter {
  private static final int MOST_STOPS = 4;
  private static final int LONGEST_USER = 64;
  private static final Set<String> TIERS = Set.of("auto", "default", "flex", "scale", "priority");

  private final Chat chat;
  private final Prompt prompt;
  private final Target target;
  private final Adaptation adaptation;
  private final boolean own;
  private final ObjectNode body = Json.object();

  OpenAiRequestWriter(Chat chat, Target target, Adaptation adaptation) {
    this.chat = chat;
    this.prompt = chat.prompt();
    this.target = target;
    this.adaptation = adaptation;
    this.own = OpenAiChat.speaks(chat);
  }

  ObjectNode write() {
    Capabilities.check(prompt, target);
    body.put("model", Paths.model(target));
    body.set("messages", new OpenAiTurnWriter(own, adaptation).write(prompt.turns()));
    tools();
    prompt.toolChoice().ifPresent(this::toolChoice);
    prompt.thinking().ifPresent(this::thinking);
    prompt.format().ifPresent(this::format);
    prompt.settings().forEach(this::setting);
    extra(prompt.extra(), body, adaptation);
    Fit.written(body, prompt.extra().fields()::has, Capabilities.quirks(target), adaptation);
    if (chat.stream()) {
      body.put("stream", true);
      if (target.provider().quirks().streamUsage()) {
        body.putObject("stream_options").put("include_usage", true);
      }
    }
    return body;
  }

  /** Puts the fields back where they are of this dialect, and reports them else. */
  static void extra(Extra extra, ObjectNode into, Adaptation adaptation) {
    Fit.putBack(extra, OpenAiChat.NAME, into, "", adaptation);
  }

  private void tools() {
    ArrayNode tools = Fit.tools(prompt, OpenAiChat.NAME, this::function, adaptation);
    if (!tools.isEmpty()) {
      body.set("tools", tools);
    }
  }

  private ObjectNode function(Tool.Function tool, String place) {
    ObjectNode node = Json.object().put("type", "function");
    String name = own ? tool.name() : ToolNames.OPENAI.out(tool.name());
    if (!name.equals(tool.name())) {
      adaptation.rename(place + ".name", name);
    }
    ObjectNode function = node.putObject("function").put("name", name);
    if (!tool.description().isEmpty()) {
      function.put("description", tool.description());
    }
    if (!own || !tool.schema().isEmpty()) {
      function.set("parameters", tool.schema());
    }
    tool.strict().ifPresent(strict -> function.put("strict", strict));
    OpenAiTurnWriter.cache(tool.cache(), node, own, adaptation);
    extra(tool.extra(), node, adaptation);
    return node;
  }

  private void toolChoice(ToolChoice choice) {
    switch (choice.mode()) {
      case AUTO -> body.put("tool_choice", "auto");
      case ANY -> body.put("tool_choice", "required");
      case NONE -> body.put("tool_choice", "none");
      case NAMED ->
          body.putObject("tool_choice")
              .put("type", "function")
              .putObject("function")
              .put("name", own ? choice.name() : ToolNames.OPENAI.out(choice.name()));
    }
  }

  private void thinking(Thinking thinking) {
    String effort = own ? thinking.effort() : effort(thinking, target.traits(), adaptation);
    if (own || !effort.isEmpty()) {
      body.put("reasoning_effort", effort);
    }
  }

  /**
   * OpenAI's word for how much another dialect's caller lets a model think; empty where nothing is
   * asked. The steps of LiteLLM, "Messages to Responses mapping", which callers have come to
   * expect.
   */
  static String effort(Thinking thinking, Traits traits, Adaptation adaptation) {
    boolean off = thinking.mode() == Thinking.Mode.OFF || thinking.effort().equals("none");
    if (traits.cannot(Traits.Ability.THINKING)) {
      if (!off) {
        adaptation.drop("thinking");
      }
      return "";
    }
    String effort = off ? "none" : thinking.effort();
    if (off && !Efforts.taken(traits, effort)) {
      // Most models have no word for it, and think no more than they are told to.
      return "";
    }
    if (effort.isEmpty()) {
      effort = thinking.budget() == 0 ? "medium" : ofBudget(thinking.budget());
      if (thinking.budget() != 0) {
        adaptation.change("thinking", "reasoning_effort");
      }
    }
    // Not every reasoning model takes more than high.
    boolean more = effort.equals("xhigh") || effort.equals("max");
    if (Efforts.refused(traits, effort) || (more && !Efforts.taken(traits, effort))) {
      effort = Efforts.nearest(traits, effort);
      adaptation.change("effort", effort);
    }
    return effort;
  }

  private static String ofBudget(int budget) {
    if (budget >= 10_000) {
      return "high";
    }
    if (budget >= 5_000) {
      return "medium";
    }
    return budget >= 2_000 ? "low" : "minimal";
  }

  private void format(Format format) {
    ObjectNode node = body.putObject("response_format");
    switch (format) {
      case Format.JsonObject any -> node.put("type", "json_object");
      case Format.JsonSchema wanted -> {
        ObjectNode schema = node.put("type", "json_schema").putObject("json_schema");
        // OpenAI wants a name, the other dialects have none.
        schema.put("name", wanted.name().isEmpty() ? "answer" : wanted.name());
        if (!wanted.description().isEmpty()) {
          schema.put("description", wanted.description());
        }
        schema.set("schema", wanted.schema());
        wanted.strict().ifPresent(strict -> schema.put("strict", strict));
      }
    }
  }

  private void setting(Setting setting, JsonNode value) {
    JsonNode sent = own ? value : fitted(setting, value);
    if (sent.isNull()) {
      adaptation.drop(setting.word());
    } else {
      // Where a caller of this dialect gave two limits, the other one is among the extras.
      boolean both =
          setting == Setting.MAX_TOKENS && own && prompt.extra().fields().has("max_tokens");
      body.set(both ? "max_completion_tokens" : OpenAiRequestReader.field(setting), sent);
    }
  }

  /** What OpenAI takes of another dialect's value; null where nothing. */
  private JsonNode fitted(Setting setting, JsonNode value) {
    return switch (setting) {
      case TOP_K -> body.nullNode();
      case STOP -> Settings.stops(value, MOST_STOPS, adaptation);
      case USER -> user(value, adaptation);
      case SERVICE_TIER -> isTier(value) ? value : body.nullNode();
      case PARALLEL_TOOLS -> {
        // OpenAI refuses it without tools.
        yield prompt.tools().isEmpty() ? body.nullNode() : value;
      }
      case MAX_TOKENS -> body.numberNode(Capabilities.limit(value.asLong(), target, adaptation));
      case TEMPERATURE,
          TOP_P,
          SEED,
          PRESENCE_PENALTY,
          FREQUENCY_PENALTY,
          LOGIT_BIAS,
          LOGPROBS,
          TOP_LOGPROBS,
          N,
          METADATA,
          MODALITIES,
          PROMPT_CACHE_KEY,
          VERBOSITY ->
          value;
    };
  }

  /** What OpenAI takes of another dialect's name of a user. */
  static JsonNode user(JsonNode value, Adaptation adaptation) {
    if (value.asString().length() <= LONGEST_USER) {
      return value;
    }
    adaptation.change(Setting.USER.word(), "sha256");
    return Json.object().stringNode(ToolNames.hex(value.asString(), LONGEST_USER));
  }

  static boolean isTier(JsonNode value) {
    return TIERS.contains(value.asString());
  }

  /** The text of several blocks as one, for places that take a single string. */
  static String joined(List<Block> blocks, String between) {
    var text = new StringBuilder();
    for (Block block : blocks) {
      if (block instanceof Block.Text part) {
        text.append(text.isEmpty() ? "" : between).append(part.text());
      }
    }
    return text.toString();
  }
}

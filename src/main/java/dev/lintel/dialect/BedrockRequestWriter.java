package dev.lintel.dialect;

import static dev.lintel.dialect.BedrockRequestReader.ADDITIONAL;
import static dev.lintel.dialect.BedrockWords.ANSWER;
import static dev.lintel.dialect.BedrockWords.NAME;

import dev.lintel.Adaptation;
import dev.lintel.Chat;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import dev.lintel.Traits;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a conversation as a request to a provider. */
final class BedrockRequestWriter {
  private static final int MOST_BREAKPOINTS = 4;

  private static final Map<String, String> TIERS =
      Map.of(
          "auto", "default",
          "default", "default",
          "standard_only", "default",
          "priority", "priority",
          "flex", "flex",
          "reserved", "reserved");

  private final Prompt prompt;
  private final Traits traits;
  private final Adaptation adaptation;
  private final boolean own;
  private final BedrockBlockWriter writer;
  private final BedrockTurnWriter turns;
  private final ObjectNode body = Json.object();

  private BedrockRequestWriter(Chat chat, Traits traits, Adaptation adaptation) {
    this.prompt = chat.prompt();
    this.traits = traits;
    this.adaptation = adaptation;
    this.own = chat.dialect().name().equals(NAME);
    this.writer = new BedrockBlockWriter(adaptation, own, traits);
    this.turns = new BedrockTurnWriter(writer, adaptation, own);
  }

  static ObjectNode write(Chat chat, Traits traits, Adaptation adaptation) {
    return new BedrockRequestWriter(chat, traits, adaptation).write();
  }

  private ObjectNode write() {
    turns.add(prompt.turns());
    if (!turns.system().isEmpty()) {
      body.set("system", turns.system());
    }
    body.set("messages", turns.messages());
    thinking();
    tools();
    prompt.format().ifPresent(this::format);
    prompt.settings().forEach(this::setting);
    Fit.putBack(prompt.extra(), NAME, body, "", adaptation);
    limitBreakpoints();
    return body;
  }

  private void thinking() {
    Thinking thinking = prompt.thinking().orElse(null);
    if (thinking == null) {
      return;
    }
    boolean effort = AnthropicRequestWriter.EFFORTS.contains(thinking.effort());
    if (thinking.mode() == Thinking.Mode.OFF || thinking.effort().equals("none")) {
      // Only a model that knows the word takes it.
      if (own || traits.can(Traits.Ability.THINKING)) {
        thinkingOf("disabled");
        effort(effort, thinking);
      }
      return;
    }
    boolean adaptive = thinking.mode() == Thinking.Mode.ADAPTIVE;
    if (traits.cannot(Traits.Ability.THINKING) || (turns.thoughtless() && !adaptive)) {
      adaptation.drop("thinking");
      effort(effort && own, thinking);
      return;
    }
    if (!adaptive && !own && traits.cannot(Traits.Ability.BUDGET_THINKING)) {
      adaptive = true;
      if (thinking.budget() > 0) {
        adaptation.change("thinking.budget_tokens", "adaptive");
      }
    }
    if (!adaptive) {
      effort &= thinking.budget() > 0;
      thinkingOf("enabled").put("budget_tokens", budget(thinking));
    } else if (!effort || thinking.shown()) {
      thinkingOf("adaptive");
    }
    effort(effort, thinking);
  }

  private void effort(boolean asked, Thinking thinking) {
    if (asked) {
      body.withObject("/outputConfig").put("effort", thinking.effort());
    }
  }

  private ObjectNode thinkingOf(String type) {
    return body.withObject("/" + ADDITIONAL).putObject("thinking").put("type", type);
  }

  private long budget(Thinking thinking) {
    if (thinking.budget() == 0) {
      return AnthropicThinking.budget(thinking.effort());
    }
    if (!own && thinking.budget() < AnthropicThinking.LEAST_BUDGET) {
      adaptation.change("thinking.budget_tokens", Long.toString(AnthropicThinking.LEAST_BUDGET));
      return AnthropicThinking.LEAST_BUDGET;
    }
    return thinking.budget();
  }

  private JsonNode thought() {
    return body.path(ADDITIONAL).path("thinking");
  }

  /**
   * Whether other fields have to give way to thinking. Where the caller speaks this dialect they
   * are sent as they came.
   */
  private boolean restrained() {
    String type = thought().path("type").asString("");
    return !own && (type.equals("enabled") || type.equals("adaptive"));
  }

  private void tools() {
    ToolChoice choice = prompt.toolChoice().orElse(null);
    boolean none = choice != null && choice.mode() == ToolChoice.Mode.NONE;
    Set<String> called = turns.called();
    if (none && called.isEmpty() && !prompt.tools().isEmpty()) {
      // Bedrock has no word for it, and a model that knows no tools calls none.
      adaptation.rename("tool_choice", "no tools");
      return;
    }
    ArrayNode tools = Json.array();
    for (int i = 0; i < prompt.tools().size(); i++) {
      tool(prompt.tools().get(i), "tools[" + i + "]", tools);
    }
    if (tools.isEmpty() && !called.isEmpty()) {
      // Calls in the conversation are refused where no tool is defined.
      adaptation.mend("tools");
      for (String name : called) {
        schema(tools.addObject().putObject("toolSpec").put("name", name), Json.object());
      }
    }
    if (tools.isEmpty()) {
      if (choice != null && forced(choice)) {
        adaptation.drop("tool_choice");
      }
      return;
    }
    ObjectNode config = body.putObject("toolConfig");
    config.set("tools", tools);
    if (choice != null) {
      choose(choice, config);
    }
  }

  private void choose(ToolChoice choice, ObjectNode config) {
    boolean free = choice.mode() == ToolChoice.Mode.AUTO;
    if (traits.cannot(Traits.Ability.TOOL_CHOICE) && free) {
      return;
    }
    boolean unforced =
        restrained()
            || traits.cannot(Traits.Ability.FORCED_TOOL)
            || traits.cannot(Traits.Ability.TOOL_CHOICE);
    if (forced(choice) && unforced) {
      adaptation.drop("tool_choice");
      return;
    }
    switch (choice.mode()) {
      case AUTO -> config.putObject("toolChoice").putObject("auto");
      case ANY -> config.putObject("toolChoice").putObject("any");
      case NAMED ->
          config.putObject("toolChoice").putObject("tool").put("name", writer.name(choice.name()));
      case NONE -> adaptation.change("tool_choice", "auto");
    }
  }

  private static boolean forced(ToolChoice choice) {
    return choice.mode() == ToolChoice.Mode.ANY || choice.mode() == ToolChoice.Mode.NAMED;
  }

  private void tool(Tool tool, String place, ArrayNode into) {
    switch (tool) {
      case Tool.Function function -> {
        String name = writer.name(function.name());
        if (!name.equals(function.name())) {
          adaptation.rename(place + ".name", name);
        }
        ObjectNode spec = into.addObject().putObject("toolSpec").put("name", name);
        if (!function.description().isBlank()) {
          spec.put("description", function.description());
        }
        schema(spec, function.schema());
        function
            .strict()
            .filter(strict -> strict || own)
            .ifPresent(strict -> spec.put("strict", strict));
        writer.extra(spec, function.extra(), place);
        writer.cache(function.cache(), into);
      }
      case Tool.Native alien -> {
        if (alien.extra().of(NAME)) {
          into.add(alien.extra().fields().deepCopy());
        } else {
          adaptation.drop(place);
        }
      }
    }
  }

  private static void schema(ObjectNode spec, ObjectNode schema) {
    spec.putObject("inputSchema")
        .set("json", schema.isEmpty() ? Json.object().put("type", "object") : schema);
  }

  private void format(Format format) {
    switch (format) {
      case Format.JsonObject any -> answer(Json.object().put("type", "object"), "");
      case Format.JsonSchema wanted -> {
        if (!own
            && (traits.cannot(Traits.Ability.JSON_SCHEMA)
                || traits.cannot(Traits.Ability.NATIVE_SCHEMA))) {
          answer(wanted.schema(), wanted.description());
        } else {
          ObjectNode node = body.withObject("/outputConfig").putObject("textFormat");
          ObjectNode schema =
              node.put("type", "json_schema").putObject("structure").putObject("jsonSchema");
          schema.put("schema", Json.text(wanted.schema()));
          if (!wanted.name().isEmpty()) {
            schema.put("name", wanted.name());
          }
          if (!wanted.description().isEmpty()) {
            schema.put("description", wanted.description());
          }
        }
      }
    }
  }

  /**
   * A tool that has to be called in the answer's place; its call is shown as text. The caller's own
   * tools may be called instead; where one of them must be, no answer is due.
   */
  private void answer(ObjectNode schema, String description) {
    boolean due = prompt.toolChoice().filter(BedrockRequestWriter::forced).isEmpty();
    if (!due) {
      return;
    }
    if (restrained()
        || traits.cannot(Traits.Ability.FORCED_TOOL)
        || traits.cannot(Traits.Ability.TOOL_CHOICE)
        || traits.cannot(Traits.Ability.TOOLS)) {
      adaptation.drop("response_format");
      return;
    }
    adaptation.rename("response_format", "tool");
    ObjectNode config = body.withObject("/toolConfig");
    boolean others = config.path("tools").size() > 0;
    ObjectNode spec = config.withArray("/tools").addObject().putObject("toolSpec");
    spec.put("name", ANSWER)
        .put("description", description.isBlank() ? "Gives the answer." : description);
    schema(spec, schema);
    ObjectNode choice = config.putObject("toolChoice");
    if (others) {
      choice.putObject("any");
    } else {
      choice.putObject("tool").put("name", ANSWER);
    }
  }

  private void setting(Setting setting, JsonNode value) {
    switch (setting) {
      case MAX_TOKENS -> maxTokens(value);
      case TEMPERATURE -> {
        if (!unsampled(setting, value.asDouble() == 1, false)) {
          boolean hot = !own && value.asDouble() > 1;
          if (hot) {
            adaptation.change("temperature", "1");
          }
          inference().set("temperature", hot ? body.numberNode(BigDecimal.ONE) : value);
        }
      }
      case TOP_P -> {
        if (!unsampled(setting, false, value.asDouble() >= 0.95)) {
          inference().set("topP", value);
        }
      }
      case TOP_K -> {
        if (!unsampled(setting, false, false)) {
          body.withObject("/" + ADDITIONAL).set("top_k", value);
        }
      }
      case STOP -> stop(value);
      case METADATA -> {
        if (!value.isEmpty()) {
          body.set("requestMetadata", value);
        }
      }
      case SERVICE_TIER -> {
        String tier = own ? value.asString() : TIERS.get(value.asString());
        if (tier == null) {
          adaptation.drop(setting.word());
        } else if (own || !tier.equals("default")) {
          body.putObject("serviceTier").put("type", tier);
        }
      }
      case PARALLEL_TOOLS -> dropUnless(setting, value.asBoolean() || prompt.tools().isEmpty());
      case N -> dropUnless(setting, value.asInt(0) == 1);
      case SEED, LOGIT_BIAS, PROMPT_CACHE_KEY, VERBOSITY, USER ->
          dropUnless(setting, value.isObject() && value.isEmpty());
      case PRESENCE_PENALTY, FREQUENCY_PENALTY, LOGPROBS, TOP_LOGPROBS ->
          dropUnless(setting, value.isNumber() ? value.asDouble() == 0 : !value.asBoolean(true));
      case MODALITIES ->
          dropUnless(setting, value.size() == 1 && value.path(0).asString("").equals("text"));
    }
  }

  private ObjectNode inference() {
    return body.withObject("/inferenceConfig");
  }

  /**
   * Whether the model takes no such value, which is reported where it asks for more than the usual.
   *
   * @param usual it asks for what holds anyway
   * @param thinks a model that thinks takes it, too
   */
  private boolean unsampled(Setting setting, boolean usual, boolean thinks) {
    boolean taken = !traits.cannot(Traits.Ability.SAMPLING) && (thinks || !restrained());
    if (!taken && !usual) {
      adaptation.drop(setting.word());
    }
    return !taken;
  }

  /** The limit has room for the thoughts, which count in it. */
  private void maxTokens(JsonNode value) {
    long budget = thought().path("budget_tokens").asLong(0);
    if (!own && budget >= value.asLong()) {
      long raised = value.asLong() + budget;
      adaptation.change("max_tokens", Long.toString(raised));
      inference().put("maxTokens", raised);
    } else {
      inference().set("maxTokens", value);
    }
  }

  /** Sequences of white space alone are refused. */
  private void stop(JsonNode given) {
    ArrayNode kept = Json.array();
    for (JsonNode word : given) {
      if (!own && word.asString("").isBlank()) {
        adaptation.drop("stop");
      } else {
        kept.add(word);
      }
    }
    if (!kept.isEmpty()) {
      inference().set("stopSequences", kept);
    }
  }

  /** What asks for nothing more than every model does anyway is left out in silence. */
  private void dropUnless(Setting setting, boolean usual) {
    if (!usual) {
      adaptation.drop(setting.word());
    }
  }

  /** A place to cache at, and the array it stands in. */
  private record Mark(ArrayNode array, JsonNode point) {
    void remove() {
      for (int i = 0; i < array.size(); i++) {
        if (array.get(i) == point) {
          array.remove(i);
          return;
        }
      }
    }
  }

  /**
   * Claude takes four places to cache at. The first one is kept, which most calls share, and the
   * last three, which hold most of this conversation.
   */
  private void limitBreakpoints() {
    if (own) {
      return;
    }
    List<Mark> marks = new ArrayList<>();
    marks(body.path("toolConfig").path("tools"), marks);
    marks(body.path("system"), marks);
    body.path("messages").forEach(message -> marks(message.path("content"), marks));
    if (marks.size() > MOST_BREAKPOINTS) {
      adaptation.drop("cache_control");
      marks.subList(1, marks.size() - MOST_BREAKPOINTS + 1).forEach(Mark::remove);
    }
  }

  private static void marks(JsonNode holder, List<Mark> into) {
    if (holder instanceof ArrayNode array) {
      for (JsonNode block : array) {
        if (block.has("cachePoint")) {
          into.add(new Mark(array, block));
        }
      }
    }
  }

  /**
   * Whether a reply to such a request may show its answer as a call of {@link BedrockWords#ANSWER}.
   */
  static boolean answersByTool(Prompt prompt) {
    return prompt.format().isPresent()
        && prompt.tools().stream()
            .noneMatch(
                tool -> tool instanceof Tool.Function function && function.name().equals(ANSWER));
  }
}

package dev.lintel.dialect;

import static dev.lintel.dialect.AnthropicWords.NAME;

import dev.lintel.Adaptation;
import dev.lintel.Chat;
import dev.lintel.Failure;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Target;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.ToolChoice;
import dev.lintel.Traits;
import dev.lintel.Traits.Ability;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a conversation as a request to a provider. */
final class AnthropicRequestWriter {
  /**
   * The API wants a limit on every call. Where the caller gave none it is what the smallest model
   * still on offer can write, and reported as a mend; thinking comes on top.
   */
  static final long MAX_TOKENS = 4096;

  static final Set<String> EFFORTS = Set.of("low", "medium", "high", "xhigh", "max");

  private static final Map<String, String> TIERS =
      Map.of("auto", "auto", "default", "standard_only", "standard_only", "standard_only");

  private final Chat chat;
  private final Target target;
  private final Traits traits;
  private final Prompt prompt;
  private final Adaptation adaptation;
  private final boolean own;
  private final AnthropicBlockWriter writer;
  private final AnthropicTurnWriter turns;
  private final ObjectNode body = Json.object();
  private boolean answering;

  private AnthropicRequestWriter(Chat chat, Target target, Adaptation adaptation) {
    this.chat = chat;
    this.target = target;
    this.traits = target.traits();
    this.prompt = chat.prompt();
    this.adaptation = adaptation;
    this.own = chat.dialect().name().equals(NAME);
    this.writer = new AnthropicBlockWriter(adaptation, own);
    this.turns = new AnthropicTurnWriter(adaptation, own);
  }

  static ObjectNode write(Chat chat, Target target, Adaptation adaptation) {
    return new AnthropicRequestWriter(chat, target, adaptation).write();
  }

  private ObjectNode write() {
    Capabilities.check(prompt, target);
    turns.add(prompt.turns());
    body.put("model", target.model());
    long budget = thinkingBudget();
    maxTokens(budget);
    if (chat.stream()) {
      body.put("stream", true);
    }
    if (!turns.system().isEmpty()) {
      body.set("system", turns.system());
    }
    body.set("messages", turns.messages());
    prefill();
    tools();
    thinking(budget);
    AnthropicThinking.fit(body, traits, adaptation);
    prompt.format().ifPresent(this::format);
    settings();
    toolChoice();
    Fit.putBack(prompt.extra(), NAME, body, "", adaptation);
    AnthropicBreakpoints.limit(body, adaptation);
    return body;
  }

  /** 0 where the model does not think by a budget. */
  private long thinkingBudget() {
    Thinking thinking = prompt.thinking().orElse(null);
    if (thinking == null
        || thinking.mode() != Thinking.Mode.ON
        || traits.cannot(Ability.BUDGET_THINKING)
        || (thinking.budget() == 0 && thinking.effort().equals("none"))) {
      return 0;
    }
    if (turns.thoughtless()) {
      adaptation.drop("thinking");
      return 0;
    }
    if (thinking.budget() == 0) {
      return AnthropicThinking.budget(thinking.effort());
    }
    if (!own && thinking.budget() < AnthropicThinking.LEAST_BUDGET) {
      adaptation.change("thinking.budget_tokens", Long.toString(AnthropicThinking.LEAST_BUDGET));
      return AnthropicThinking.LEAST_BUDGET;
    }
    return thinking.budget();
  }

  /** The limit has room for the thoughts, which count in it. */
  private void maxTokens(long budget) {
    Optional<Long> given = prompt.setting(Setting.MAX_TOKENS).map(JsonNode::asLong);
    if (given.isEmpty()) {
      adaptation.mend("max_tokens");
      body.put("max_tokens", room(budget));
    } else if (!own && given.get() <= budget) {
      long raised = given.get() + budget;
      adaptation.change("max_tokens", Long.toString(raised));
      body.put("max_tokens", raised);
    } else {
      body.put(
          "max_tokens", own ? given.get() : Capabilities.limit(given.get(), target, adaptation));
    }
  }

  /**
   * The limit of a caller who gave none: all that the model can write, where that is known and the
   * context has room for it beside the prompt.
   */
  private long room(long budget) {
    long most = traits.maxOutput();
    if (most == 0) {
      return MAX_TOKENS + budget;
    }
    long left = traits.context() == 0 ? most : traits.context() - chat.estimatedTokens() * 5 / 4;
    return Math.min(most, Math.max(left, MAX_TOKENS + budget));
  }

  /** Whoever writes the beginning of the answer means it to be gone on with, and nothing else. */
  private void prefill() {
    JsonNode messages = body.path("messages");
    boolean begun =
        messages.path(messages.size() - 1).path("role").asString("").equals("assistant");
    if (begun && !own && traits.cannot(Ability.PREFILL)) {
      throw Failure.invalid(
              "The model '"
                  + target.name()
                  + "' cannot go on with an answer: the last message must not be the assistant's.")
          .at("messages")
          .code("unsupported_by_model")
          .again(Failure.Again.ELSEWHERE);
    }
  }

  private void thinking(long budget) {
    Thinking thinking = prompt.thinking().orElse(null);
    if (thinking == null) {
      return;
    }
    boolean effort = EFFORTS.contains(thinking.effort());
    switch (thinking.mode()) {
      case OFF -> body.putObject("thinking").put("type", "disabled");
      case ON -> {
        if (traits.cannot(Ability.BUDGET_THINKING)) {
          adaptive(thinking);
          return;
        }
        effort &= thinking.budget() > 0;
        if (budget > 0) {
          body.putObject("thinking").put("type", "enabled").put("budget_tokens", budget);
        } else if (thinking.effort().equals("none")) {
          body.putObject("thinking").put("type", "disabled");
        }
      }
      case ADAPTIVE -> {
        // An effort alone was read from a caller who left thinking to the model's own default.
        boolean told = prompt.extra().of(NAME) && prompt.extra().fields().has("thinking");
        if (!effort || thinking.shown() || told) {
          body.putObject("thinking").put("type", "adaptive");
        }
      }
    }
    if (effort) {
      body.withObject("/output_config").put("effort", thinking.effort());
    }
  }

  /** For a model that finds out by itself how long to think. */
  private void adaptive(Thinking thinking) {
    if (thinking.effort().equals("none")) {
      body.putObject("thinking").put("type", "disabled");
      return;
    }
    body.putObject("thinking").put("type", "adaptive");
    String effort = thinking.effort();
    if (thinking.budget() > 0 && effort.isEmpty()) {
      effort = AnthropicThinking.effort(thinking.budget());
      adaptation.change("thinking", "adaptive");
    } else if (!effort.isEmpty() && !EFFORTS.contains(effort)) {
      effort = "low";
      adaptation.change("effort", effort);
    }
    if (!effort.isEmpty()) {
      body.withObject("/output_config").put("effort", effort);
    }
  }

  /**
   * Whether other fields have to give way to thinking. Where the caller speaks this dialect they
   * are sent as they came, as they would be with the caller's own bytes.
   */
  private boolean restrained() {
    String type = body.path("thinking").path("type").asString("");
    return !own && (type.equals("enabled") || type.equals("adaptive"));
  }

  private void format(Format format) {
    switch (format) {
      // There is no mode that promises JSON without a schema, and none is pretended.
      case Format.JsonObject any -> adaptation.drop("response_format");
      case Format.JsonSchema schema when !own && traits.cannot(Ability.NATIVE_SCHEMA) ->
          answer(schema);
      case Format.JsonSchema schema -> {
        ObjectNode node =
            body.withObject("/output_config").putObject("format").put("type", "json_schema");
        node.set("schema", schema.schema());
        if (own && !schema.name().isEmpty()) {
          node.put("name", schema.name());
        }
      }
    }
  }

  /**
   * A tool that has to be called in the answer's place. The caller's own tools may be called
   * instead; where one of them must be, no answer is due.
   */
  private void answer(Format.JsonSchema wanted) {
    if (prompt.toolChoice().filter(AnthropicRequestWriter::forced).isPresent()) {
      return;
    }
    if (restrained()
        || traits.cannot(Ability.FORCED_TOOL)
        || !wanted.schema().path("type").asString("").equals("object")) {
      adaptation.drop("response_format");
      return;
    }
    adaptation.rename("response_format", "tool");
    answering = true;
    ObjectNode tool = body.withArray("/tools").addObject().put("name", AnthropicWords.ANSWER);
    tool.put(
        "description", wanted.description().isBlank() ? "Gives the answer." : wanted.description());
    tool.set("input_schema", wanted.schema());
  }

  private void tools() {
    if (prompt.tools().isEmpty()) {
      return;
    }
    ArrayNode tools = Json.array();
    for (int i = 0; i < prompt.tools().size(); i++) {
      String place = "tools[" + i + "]";
      switch (prompt.tools().get(i)) {
        case Tool.Function function -> {
          String name = writer.name(function.name());
          if (!name.equals(function.name())) {
            adaptation.rename(place + ".name", name);
          }
          ObjectNode node = tools.addObject().put("name", name);
          if (!function.description().isEmpty()) {
            node.put("description", function.description());
          }
          node.set(
              "input_schema",
              function.schema().isEmpty()
                  ? Json.object().put("type", "object")
                  : function.schema());
          function.strict().filter(strict -> strict).ifPresent(s -> node.put("strict", true));
          AnthropicBlockWriter.cache(node, function.cache());
          writer.extra(node, function.extra(), place + ".");
        }
        case Tool.Native alien -> {
          if (alien.extra().of(NAME)) {
            tools.add(alien.extra().fields().deepCopy());
          } else {
            adaptation.drop(place);
          }
        }
      }
    }
    if (!tools.isEmpty()) {
      body.set("tools", tools);
    }
  }

  private void toolChoice() {
    boolean one =
        prompt.setting(Setting.PARALLEL_TOOLS).map(allowed -> !allowed.asBoolean()).orElse(false);
    ToolChoice choice = prompt.toolChoice().orElse(null);
    if (answering) {
      ObjectNode node = body.putObject("tool_choice");
      if (body.path("tools").size() > 1) {
        node.put("type", "any");
      } else {
        node.put("type", "tool").put("name", AnthropicWords.ANSWER);
      }
      node.put("disable_parallel_tool_use", true);
      return;
    }
    if (!body.has("tools")) {
      if (choice != null && forced(choice)) {
        adaptation.drop("tool_choice");
      }
      return;
    }
    if (choice == null && !one) {
      return;
    }
    if (choice == null) {
      choice = new ToolChoice(ToolChoice.Mode.AUTO, "");
    } else if (forced(choice) && (restrained() || traits.cannot(Ability.FORCED_TOOL))) {
      adaptation.drop("tool_choice");
      choice = new ToolChoice(ToolChoice.Mode.AUTO, "");
    }
    ObjectNode node = body.putObject("tool_choice");
    switch (choice.mode()) {
      case AUTO -> node.put("type", "auto");
      case ANY -> node.put("type", "any");
      case NONE -> node.put("type", "none");
      case NAMED -> node.put("type", "tool").put("name", writer.name(choice.name()));
    }
    if (one && choice.mode() != ToolChoice.Mode.NONE) {
      node.put("disable_parallel_tool_use", true);
    }
  }

  private static boolean forced(ToolChoice choice) {
    return choice.mode() == ToolChoice.Mode.ANY || choice.mode() == ToolChoice.Mode.NAMED;
  }

  private void settings() {
    for (var entry : prompt.settings().entrySet()) {
      setting(entry.getKey(), entry.getValue());
    }
  }

  private void setting(Setting setting, JsonNode value) {
    switch (setting) {
      case MAX_TOKENS, PARALLEL_TOOLS -> {}
      case TEMPERATURE -> temperature(value);
      case TOP_P -> {
        if (restrained() && value.asDouble() < 0.95) {
          adaptation.drop("top_p");
        } else {
          body.set("top_p", value);
        }
      }
      case TOP_K -> {
        if (restrained()) {
          adaptation.drop("top_k");
        } else {
          body.set("top_k", value);
        }
      }
      case STOP -> stop(value);
      case USER -> body.withObject("/metadata").set("user_id", value);
      case SERVICE_TIER -> {
        String tier = own ? value.asString() : TIERS.get(value.asString());
        if (tier == null) {
          adaptation.drop(setting.word());
        } else {
          body.put("service_tier", tier);
        }
      }
      case N,
          SEED,
          LOGIT_BIAS,
          METADATA,
          PROMPT_CACHE_KEY,
          VERBOSITY,
          PRESENCE_PENALTY,
          FREQUENCY_PENALTY,
          LOGPROBS,
          TOP_LOGPROBS,
          MODALITIES -> {
        if (!Settings.usual(setting, value)) {
          adaptation.drop(setting.word());
        }
      }
    }
  }

  private void temperature(JsonNode value) {
    if (restrained()) {
      if (value.asDouble() != 1) {
        adaptation.drop("temperature");
      }
    } else if (!own && value.asDouble() > 1) {
      adaptation.change("temperature", "1");
      body.put("temperature", BigDecimal.ONE);
    } else {
      body.set("temperature", value);
    }
  }

  /** Sequences of white space alone are refused by the API. */
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
      body.set("stop_sequences", kept);
    }
  }
}

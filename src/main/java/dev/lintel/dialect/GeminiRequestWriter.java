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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Builds the body of a {@code generateContent} request from the common model. */
final class GeminiRequestWriter {
  /**
   * Google's own table for OpenAI's efforts (https://ai.google.dev/gemini-api/docs/openai, November
   * 2025). A budget is taken by every thinking model, a level only since Gemini 3.
   */
  private static final Map<String, Integer> BUDGETS =
      Map.of(
          "minimal", 1024, "low", 1024, "medium", 8192, "high", 24576, "xhigh", 24576, "max",
          24576);

  /** Where a request says something else by another name than its setting's. */
  private static final Map<Setting, String> WORDS =
      Map.of(Setting.PARALLEL_TOOLS, "parallel_tool_calls");

  private static final int MOST_STOPS = 5;

  private final Prompt prompt;
  private final Target target;
  private final boolean own;
  private final Adaptation adaptation;
  private final ObjectNode body = Json.object();
  private final ObjectNode config = Json.object();

  private GeminiRequestWriter(Chat chat, Target target, Adaptation adaptation) {
    this.prompt = chat.prompt();
    this.target = target;
    this.own = chat.dialect().name().equals(Gemini.NAME);
    this.adaptation = adaptation;
  }

  static ObjectNode write(Chat chat, Target target, Adaptation adaptation) {
    return new GeminiRequestWriter(chat, target, adaptation).build();
  }

  private ObjectNode build() {
    Capabilities.check(prompt, target);
    new GeminiTurnWriter(prompt, own, adaptation).write(body);
    tools();
    prompt.toolChoice().ifPresent(this::toolChoice);
    prompt.settings().forEach(this::setting);
    prompt.format().ifPresent(this::format);
    prompt.thinking().ifPresent(this::thinking);
    if (!config.isEmpty()) {
      body.set("generationConfig", config);
    }
    put(prompt.extra(), body, "", adaptation);
    return body;
  }

  /**
   * Puts fields of this dialect back; reports those of another one.
   *
   * @param prefix what stands before a field's name in a report, its dot included
   */
  static void put(Extra extra, ObjectNode node, String prefix, Adaptation adaptation) {
    Fit.putBack(extra, Gemini.NAME, node, prefix, adaptation);
  }

  private void tools() {
    var functions = Json.array();
    var entries = Json.array();
    List<Tool> tools = prompt.tools();
    for (int i = 0; i < tools.size(); i++) {
      String place = "tools[" + i + "]";
      switch (tools.get(i)) {
        case Tool.Function function -> functions.add(function(function, place));
        case Tool.Native vendors -> {
          if (vendors.extra().of(Gemini.NAME)) {
            entries.add(vendors.extra().fields());
          } else {
            adaptation.drop(place);
          }
        }
      }
    }
    if (!functions.isEmpty()) {
      entries.insert(0, Json.object().set("functionDeclarations", functions));
    }
    if (!entries.isEmpty()) {
      body.set("tools", entries);
    }
  }

  private ObjectNode function(Tool.Function function, String place) {
    String name = ToolNames.GEMINI.out(function.name());
    if (!name.equals(function.name())) {
      adaptation.rename(place + ".name", name);
    }
    ObjectNode node = Json.object().put("name", name);
    if (!function.description().isEmpty()) {
      node.put("description", function.description());
    }
    if (!function.schema().isEmpty()) {
      node.set("parametersJsonSchema", function.schema());
    }
    if (function.strict().orElse(false)) {
      adaptation.drop(place + ".strict");
    }
    if (function.cache() != Block.Cache.NONE) {
      adaptation.drop("cache_control");
    }
    put(function.extra(), node, place + ".", adaptation);
    return node;
  }

  private void toolChoice(ToolChoice choice) {
    ObjectNode calling = Json.object();
    switch (choice.mode()) {
      case AUTO -> calling.put("mode", "AUTO");
      case ANY -> calling.put("mode", "ANY");
      case NONE -> calling.put("mode", "NONE");
      case NAMED -> {
        calling.put("mode", "ANY");
        calling.putArray("allowedFunctionNames").add(ToolNames.GEMINI.out(choice.name()));
      }
    }
    body.putObject("toolConfig").set("functionCallingConfig", calling);
  }

  private void setting(Setting setting, JsonNode value) {
    String name = GeminiRequestReader.SETTINGS.get(setting);
    if (name == null) {
      // What Gemini does anyway is no loss.
      if (setting != Setting.PARALLEL_TOOLS || !value.asBoolean(true)) {
        adaptation.drop(WORDS.getOrDefault(setting, setting.word()));
      }
      return;
    }
    JsonNode sent = value;
    if (setting == Setting.MODALITIES) {
      var upper = Json.array();
      value.forEach(word -> upper.add(word.asString("").toUpperCase(Locale.ROOT)));
      sent = upper;
    }
    if (setting == Setting.STOP) {
      sent = Settings.stops(value, MOST_STOPS, adaptation);
    }
    if (setting == Setting.MAX_TOKENS && !own) {
      sent = config.numberNode(Capabilities.limit(value.asLong(), target, adaptation));
    }
    config.set(name, sent);
  }

  private void format(Format format) {
    config.put("responseMimeType", "application/json");
    switch (format) {
      case Format.JsonObject any -> {}
      case Format.JsonSchema schema -> config.set("responseJsonSchema", schema.schema());
    }
  }

  private void thinking(Thinking thinking) {
    ObjectNode node = Json.object();
    boolean off = thinking.mode() == Thinking.Mode.OFF || thinking.effort().equals("none");
    if (off && Efforts.refused(target.traits(), "none")) {
      adaptation.drop("thinking");
    } else if (off) {
      node.put("thinkingBudget", 0);
    } else if (thinking.budget() > 0) {
      node.put("thinkingBudget", thinking.budget());
    } else if (own && !thinking.effort().isEmpty()) {
      node.put("thinkingLevel", thinking.effort().toUpperCase(Locale.ROOT));
    } else if (!thinking.effort().isEmpty()) {
      node.put("thinkingBudget", budget(thinking.effort()));
    } else if (thinking.mode() == Thinking.Mode.ADAPTIVE) {
      node.put("thinkingBudget", -1);
    }
    if (thinking.shown()) {
      node.put("includeThoughts", true);
    }
    if (!node.isEmpty()) {
      config.set("thinkingConfig", node);
    }
  }

  private int budget(String effort) {
    Integer known = BUDGETS.get(effort);
    int budget = known == null ? -1 : known;
    if (known == null || effort.equals("xhigh") || effort.equals("max")) {
      adaptation.change("reasoning_effort", String.valueOf(budget));
    }
    return budget;
  }
}

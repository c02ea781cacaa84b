package dev.lintel.dialect;

import dev.lintel.Adaptation;
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
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a conversation of the common model as a Cohere chat. */
final class CohereRequestWriter {
  private static final int MOST_STOPS = 5;
  private static final int MOST_K = 500;
  private static final BigDecimal LEAST_P = new BigDecimal("0.01");
  private static final BigDecimal MOST_P = new BigDecimal("0.99");

  /** Tokens to think for an effort; what is not here thinks as long as it wants. */
  private static final Map<String, Integer> BUDGETS =
      Map.of("minimal", 512, "low", 1024, "medium", 4096);

  private final Chat chat;
  private final Prompt prompt;
  private final Target target;
  private final Adaptation adaptation;
  private final boolean own;
  private final ObjectNode body = Json.object();

  CohereRequestWriter(Chat chat, Target target, Adaptation adaptation) {
    this.chat = chat;
    this.prompt = chat.prompt();
    this.target = target;
    this.adaptation = adaptation;
    this.own = chat.dialect().name().equals(CohereChat.NAME);
  }

  ObjectNode write() {
    body.put("model", target.model());
    tools();
    prompt.toolChoice().ifPresent(this::toolChoice);
    prompt.format().ifPresent(this::format);
    // The API takes documents neither beside tools nor beside a format.
    boolean apart = own || !(body.has("tools") || body.has("response_format"));
    var turns = new CohereTurnWriter(own, apart, adaptation);
    body.set("messages", turns.write(prompt.turns()));
    if (!turns.documents().isEmpty()) {
      body.set("documents", turns.documents());
    }
    prompt.thinking().ifPresent(this::thinking);
    prompt.settings().forEach(this::setting);
    extra(prompt.extra(), body, "", adaptation);
    if (chat.stream()) {
      body.put("stream", true);
    }
    return body;
  }

  static void extra(Extra extra, ObjectNode into, String prefix, Adaptation adaptation) {
    Fit.putBack(extra, CohereChat.NAME, into, prefix, adaptation);
  }

  private void tools() {
    ArrayNode tools = Json.array();
    List<Tool> given = prompt.tools();
    boolean strict = !given.isEmpty() && given.stream().allMatch(CohereRequestWriter::strict);
    for (int i = 0; i < given.size(); i++) {
      String place = "tools[" + i + "]";
      switch (given.get(i)) {
        case Tool.Function function -> {
          if (strict(function) && !strict) {
            adaptation.drop(place + ".strict");
          }
          if (asked(function)) {
            tools.add(function(function, place));
          }
        }
        case Tool.Native vendors -> {
          if (vendors.extra().of(CohereChat.NAME)) {
            tools.add(vendors.extra().fields());
          } else {
            adaptation.drop(place);
          }
        }
      }
    }
    if (!tools.isEmpty()) {
      body.set("tools", tools);
    }
    if (strict) {
      body.put("strict_tools", true);
    }
  }

  private static boolean strict(Tool tool) {
    return tool instanceof Tool.Function function && function.strict().orElse(false);
  }

  /** There is no word for a certain tool that must be called, so it is the only one on offer. */
  private boolean asked(Tool.Function function) {
    return prompt
        .toolChoice()
        .filter(choice -> choice.mode() == ToolChoice.Mode.NAMED)
        .map(choice -> choice.name().equals(function.name()))
        .orElse(true);
  }

  private ObjectNode function(Tool.Function tool, String place) {
    ObjectNode node = Json.object().put("type", "function");
    String name = own ? tool.name() : ToolNames.COHERE.out(tool.name());
    if (!name.equals(tool.name())) {
      adaptation.rename(place + ".name", name);
    }
    ObjectNode function = node.putObject("function").put("name", name);
    if (!tool.description().isEmpty()) {
      function.put("description", tool.description());
    }
    ObjectNode schema = tool.schema();
    if (schema.isEmpty() && !own) {
      schema = Json.object().put("type", "object");
      schema.putObject("properties");
    }
    function.set("parameters", schema);
    CohereTurnWriter.cache(tool.cache(), adaptation);
    extra(tool.extra(), node, place + ".", adaptation);
    return node;
  }

  private void toolChoice(ToolChoice choice) {
    if (!body.has("tools")) {
      if (choice.mode() == ToolChoice.Mode.ANY || choice.mode() == ToolChoice.Mode.NAMED) {
        adaptation.drop("tool_choice");
      }
      return;
    }
    switch (choice.mode()) {
      case AUTO -> {}
      case ANY -> body.put("tool_choice", "REQUIRED");
      case NONE -> body.put("tool_choice", "NONE");
      case NAMED -> {
        body.put("tool_choice", "REQUIRED");
        adaptation.rename("tool_choice", "REQUIRED");
      }
    }
  }

  private void format(Format format) {
    if (!own && body.has("tools")) {
      // "Not supported in combination with tools": reference of response_format, August 2026.
      adaptation.drop("response_format");
      return;
    }
    ObjectNode node = body.putObject("response_format").put("type", "json_object");
    switch (format) {
      case Format.JsonObject any -> {}
      case Format.JsonSchema wanted -> node.set("json_schema", wanted.schema());
    }
  }

  private void thinking(Thinking thinking) {
    if (!own && target.traits().cannot(Traits.Ability.THINKING)) {
      if (thinking.mode() == Thinking.Mode.ON && !thinking.effort().equals("none")) {
        adaptation.drop("thinking");
      }
      return;
    }
    if (thinking.mode() == Thinking.Mode.OFF || thinking.effort().equals("none")) {
      body.putObject("thinking").put("type", "disabled");
      return;
    }
    ObjectNode node = body.putObject("thinking").put("type", "enabled");
    int budget =
        thinking.budget() > 0 ? thinking.budget() : BUDGETS.getOrDefault(thinking.effort(), 0);
    if (budget > 0) {
      node.put("token_budget", budget);
    }
  }

  private void setting(Setting setting, JsonNode value) {
    String name = CohereRequestReader.SETTINGS.get(setting);
    Optional<JsonNode> sent =
        name == null ? Optional.empty() : own ? Optional.of(value) : fitted(setting, value);
    if (name != null && sent.isPresent()) {
      body.set(name, sent.get());
    } else if (!Settings.usual(setting, value)) {
      adaptation.drop(setting.word());
    }
  }

  /** What Cohere takes of another dialect's value; empty where nothing. */
  private Optional<JsonNode> fitted(Setting setting, JsonNode value) {
    return switch (setting) {
      case STOP -> Optional.of(Settings.stops(value, MOST_STOPS, adaptation));
      case SEED -> Optional.of(value).filter(seed -> seed.decimalValue().signum() >= 0);
      case TEMPERATURE -> within(BigDecimal.ZERO, BigDecimal.ONE, setting, value);
      case TOP_P -> within(LEAST_P, MOST_P, setting, value);
      case TOP_K -> within(BigDecimal.ZERO, BigDecimal.valueOf(MOST_K), setting, value);
      case FREQUENCY_PENALTY, PRESENCE_PENALTY ->
          value.decimalValue().signum() < 0
              ? Optional.empty()
              : within(BigDecimal.ZERO, BigDecimal.ONE, setting, value);
      case MAX_TOKENS,
          LOGPROBS,
          LOGIT_BIAS,
          TOP_LOGPROBS,
          N,
          USER,
          PARALLEL_TOOLS,
          SERVICE_TIER,
          METADATA,
          MODALITIES,
          PROMPT_CACHE_KEY,
          VERBOSITY ->
          Optional.of(value);
    };
  }

  private Optional<JsonNode> within(
      BigDecimal least, BigDecimal most, Setting setting, JsonNode value) {
    BigDecimal given = value.decimalValue();
    BigDecimal fits = given.max(least).min(most);
    if (fits.compareTo(given) == 0) {
      return Optional.of(value);
    }
    adaptation.change(setting.word(), fits.toPlainString());
    return Optional.of(body.numberNode(fits));
  }
}

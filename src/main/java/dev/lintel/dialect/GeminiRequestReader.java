package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Body;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a client's {@code generateContent} request into the common model. */
final class GeminiRequestReader {
  /** The fields of {@code generationConfig} that are settings, by Google's names. */
  static final Map<Setting, String> SETTINGS =
      new EnumMap<>(
          Map.ofEntries(
              Map.entry(Setting.MAX_TOKENS, "maxOutputTokens"),
              Map.entry(Setting.TEMPERATURE, "temperature"),
              Map.entry(Setting.TOP_P, "topP"),
              Map.entry(Setting.TOP_K, "topK"),
              Map.entry(Setting.STOP, "stopSequences"),
              Map.entry(Setting.SEED, "seed"),
              Map.entry(Setting.PRESENCE_PENALTY, "presencePenalty"),
              Map.entry(Setting.FREQUENCY_PENALTY, "frequencyPenalty"),
              Map.entry(Setting.N, "candidateCount"),
              Map.entry(Setting.LOGPROBS, "responseLogprobs"),
              Map.entry(Setting.TOP_LOGPROBS, "logprobs"),
              Map.entry(Setting.MODALITIES, "responseModalities")));

  private static final Fields.Manner MANNER = new Fields.Manner(Gemini.NAME, false, true);

  private final Fields request;
  private final GeminiTurnReader parts = new GeminiTurnReader();
  private final Map<Setting, JsonNode> settings = new EnumMap<>(Setting.class);
  private final ObjectNode extra = Json.object();
  private Optional<Format> format = Optional.empty();
  private Optional<Thinking> thinking = Optional.empty();
  private Optional<ToolChoice> choice = Optional.empty();

  private GeminiRequestReader(Body body) {
    request = Fields.of(MANNER, body.tree());
    Fit.gatewayFields(body).forEach(request::ignore);
  }

  /** Throws a {@link dev.lintel.Failure} naming the field whose shape is wrong. */
  static Prompt read(Body body) {
    return new GeminiRequestReader(body).prompt();
  }

  private Prompt prompt() {
    var turns = new ArrayList<Turn>();
    request
        .object("systemInstruction")
        .ifPresent(system -> {
          system.ignore("role");
          List<Block> blocks = parts.read(system.objects("parts"));
          turns.add(new Turn(Turn.Role.SYSTEM, blocks, system.extra()));
        });
    for (Fields content : request.objects("contents")) {
      Turn.Role role = role(content);
      List<Block> blocks = parts.read(content.objects("parts"));
      turns.add(new Turn(role, blocks, content.extra()));
    }
    List<Tool> tools = tools();
    request.object("toolConfig").ifPresent(this::toolConfig);
    request.object("generationConfig").ifPresent(this::generationConfig);
    request.ignore("model");
    extra.setAll(request.rest());
    return new Prompt(turns, tools, choice, thinking, format, settings, request.extra(extra));
  }

  private static Turn.Role role(Fields content) {
    String role = content.text("role", "user");
    return switch (role) {
      case "user", "function", "" -> Turn.Role.USER;
      case "model" -> Turn.Role.ASSISTANT;
      default -> throw content.unknown("role", "'user' or 'model'");
    };
  }

  private List<Tool> tools() {
    var tools = new ArrayList<Tool>();
    for (Fields entry : request.objects("tools")) {
      for (Fields declared : entry.objects("functionDeclarations")) {
        tools.add(function(declared));
      }
      ObjectNode rest = entry.rest();
      if (!rest.isEmpty()) {
        tools.add(new Tool.Native(entry.extra(rest)));
      }
    }
    return tools;
  }

  private static Tool function(Fields declared) {
    Optional<Fields> open = declared.object("parameters");
    Optional<Fields> schema = declared.object("parametersJsonSchema");
    ObjectNode arguments =
        schema
            .map(Fields::arguments)
            .or(() -> open.map(google -> GeminiSchema.json(google.arguments())))
            .orElseGet(Json::object);
    return new Tool.Function(
        declared.text("name"),
        declared.text("description", ""),
        arguments,
        Optional.empty(),
        Block.Cache.NONE,
        declared.extra());
  }

  private void toolConfig(Fields config) {
    ObjectNode left = Json.object();
    config
        .object("functionCallingConfig")
        .ifPresent(calling -> {
          String mode = calling.text("mode", "").toUpperCase(Locale.ROOT);
          List<String> allowed = calling.texts("allowedFunctionNames");
          ObjectNode more = calling.rest();
          choice = choice(mode, allowed);
          if (choice.isEmpty() && !mode.isEmpty()) {
            more.put("mode", mode);
          }
          boolean named = choice.filter(c -> c.mode() == ToolChoice.Mode.NAMED).isPresent();
          if (!allowed.isEmpty() && !named) {
            var names = more.putArray("allowedFunctionNames");
            allowed.forEach(names::add);
          }
          if (!more.isEmpty()) {
            left.set("functionCallingConfig", more);
          }
        });
    left.setAll(config.rest());
    if (!left.isEmpty()) {
      extra.set("toolConfig", left);
    }
  }

  private static Optional<ToolChoice> choice(String mode, List<String> allowed) {
    return switch (mode) {
      case "AUTO" -> Optional.of(new ToolChoice(ToolChoice.Mode.AUTO, ""));
      case "NONE" -> Optional.of(new ToolChoice(ToolChoice.Mode.NONE, ""));
      case "ANY" ->
          Optional.of(
              allowed.size() == 1
                  ? new ToolChoice(ToolChoice.Mode.NAMED, allowed.getFirst())
                  : new ToolChoice(ToolChoice.Mode.ANY, ""));
      default -> Optional.empty();
    };
  }

  private void generationConfig(Fields config) {
    SETTINGS.forEach((setting, name) ->
        config
            .any(name)
            .ifPresent(
                value -> settings.put(setting, Settings.checked(setting, value, name, config))));
    JsonNode modalities = settings.get(Setting.MODALITIES);
    if (modalities != null) {
      var lower = Json.array();
      modalities.forEach(word -> lower.add(word.asString("").toLowerCase(Locale.ROOT)));
      settings.put(Setting.MODALITIES, lower);
    }
    ObjectNode left = Json.object();
    String mime = config.text("responseMimeType", "");
    Optional<Fields> google = config.object("responseSchema");
    Optional<Fields> schema = config.object("responseJsonSchema");
    if (mime.equals("application/json")) {
      format =
          Optional.of(
              schema
                  .map(Fields::whole)
                  .or(() -> google.map(s -> GeminiSchema.json(s.whole())))
                  .<Format>map(s -> new Format.JsonSchema("", "", s, Optional.empty()))
                  .orElseGet(Format.JsonObject::new));
    } else {
      // Such as text/x.enum, which Google alone knows.
      if (!mime.isEmpty() && !mime.equals("text/plain")) {
        left.put("responseMimeType", mime);
      }
      google.ifPresent(s -> left.set("responseSchema", s.whole()));
      schema.ifPresent(s -> left.set("responseJsonSchema", s.whole()));
    }
    config
        .object("thinkingConfig")
        .ifPresent(thoughts -> {
          thinking = thinking(thoughts);
          ObjectNode rest = thoughts.rest();
          if (!rest.isEmpty()) {
            left.set("thinkingConfig", rest);
          }
        });
    left.setAll(config.rest());
    if (!left.isEmpty()) {
      extra.set("generationConfig", left);
    }
  }

  private static Optional<Thinking> thinking(Fields config) {
    Optional<Integer> budget = config.integer("thinkingBudget");
    String level = config.text("thinkingLevel", "").toLowerCase(Locale.ROOT);
    boolean shown = config.flag("includeThoughts").orElse(false);
    if (level.equals("thinking_level_unspecified")) {
      level = "";
    }
    if (budget.isPresent() && budget.get() == 0) {
      return Optional.of(new Thinking(Thinking.Mode.OFF, 0, level, shown));
    }
    if (budget.isPresent() && budget.get() > 0) {
      return Optional.of(new Thinking(Thinking.Mode.ON, budget.get(), level, shown));
    }
    if (!level.isEmpty()) {
      return Optional.of(new Thinking(Thinking.Mode.ON, 0, level, shown));
    }
    // A budget of -1 leaves it to the model.
    return budget.isPresent() || shown
        ? Optional.of(new Thinking(Thinking.Mode.ADAPTIVE, 0, "", shown))
        : Optional.empty();
  }
}

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

  private final GeminiObject request;
  private final GeminiParts parts = new GeminiParts();
  private final Map<Setting, JsonNode> settings = new EnumMap<>(Setting.class);
  private final ObjectNode extra = Json.object();
  private Optional<Format> format = Optional.empty();
  private Optional<Thinking> thinking = Optional.empty();
  private Optional<ToolChoice> choice = Optional.empty();

  private GeminiRequestReader(Body body) {
    request = new GeminiObject(body.tree(), "");
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
          system.text("role");
          List<Block> blocks = parts.read(system.objects("parts"));
          turns.add(new Turn(Turn.Role.SYSTEM, blocks, system.extra()));
        });
    for (GeminiObject content : request.objects("contents")) {
      Turn.Role role = role(content);
      List<Block> blocks = parts.read(content.objects("parts"));
      turns.add(new Turn(role, blocks, content.extra()));
    }
    List<Tool> tools = tools();
    request.object("toolConfig").ifPresent(this::toolConfig);
    request.object("generationConfig").ifPresent(this::generationConfig);
    request.take("model");
    request.take("lintel");
    for (String own : List.of("provider", "api_key")) {
      if (request.node().path(own).isString()) {
        request.take(own);
      }
    }
    extra.setAll(request.rest());
    return new Prompt(turns, tools, choice, thinking, format, settings, GeminiObject.extra(extra));
  }

  private static Turn.Role role(GeminiObject content) {
    String role = content.text("role").orElse("user");
    return switch (role) {
      case "user", "function", "" -> Turn.Role.USER;
      case "model" -> Turn.Role.ASSISTANT;
      default -> throw GeminiObject.wrong(content.at("role"), "'user' or 'model'");
    };
  }

  private List<Tool> tools() {
    var tools = new ArrayList<Tool>();
    for (GeminiObject entry : request.objects("tools")) {
      for (GeminiObject declared : entry.objects("functionDeclarations")) {
        tools.add(function(declared));
      }
      ObjectNode rest = entry.rest();
      if (!rest.isEmpty()) {
        tools.add(new Tool.Native(GeminiObject.extra(rest)));
      }
    }
    return tools;
  }

  private static Tool function(GeminiObject declared) {
    String name =
        declared
            .text("name")
            .orElseThrow(() -> GeminiObject.wrong(declared.at("name"), "the function's name"));
    Optional<GeminiObject> open = declared.object("parameters");
    Optional<GeminiObject> schema = declared.object("parametersJsonSchema");
    ObjectNode arguments =
        schema
            .map(GeminiObject::node)
            .or(() -> open.map(google -> GeminiSchema.json(google.node())))
            .orElseGet(Json::object);
    return new Tool.Function(
        name,
        declared.text("description").orElse(""),
        arguments,
        Optional.empty(),
        Block.Cache.NONE,
        declared.extra());
  }

  private void toolConfig(GeminiObject config) {
    ObjectNode left = Json.object();
    config
        .object("functionCallingConfig")
        .ifPresent(calling -> {
          String mode = calling.text("mode").orElse("").toUpperCase(Locale.ROOT);
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

  private void generationConfig(GeminiObject config) {
    SETTINGS.forEach((setting, name) ->
        config
            .take(name)
            .ifPresent(value -> settings.put(setting, checked(setting, value, config.at(name)))));
    JsonNode modalities = settings.get(Setting.MODALITIES);
    if (modalities != null) {
      var lower = Json.array();
      modalities.forEach(word -> lower.add(word.asString("").toLowerCase(Locale.ROOT)));
      settings.put(Setting.MODALITIES, lower);
    }
    ObjectNode left = Json.object();
    String mime = config.text("responseMimeType").orElse("");
    Optional<GeminiObject> google = config.object("responseSchema");
    Optional<GeminiObject> schema = config.object("responseJsonSchema");
    if (mime.equals("application/json")) {
      format =
          Optional.of(
              schema
                  .map(GeminiObject::node)
                  .or(() -> google.map(s -> GeminiSchema.json(s.node())))
                  .<Format>map(s -> new Format.JsonSchema("", "", s, Optional.empty()))
                  .orElseGet(Format.JsonObject::new));
    } else {
      // Such as text/x.enum, which Google alone knows.
      if (!mime.isEmpty() && !mime.equals("text/plain")) {
        left.put("responseMimeType", mime);
      }
      google.ifPresent(s -> left.set("responseSchema", s.node()));
      schema.ifPresent(s -> left.set("responseJsonSchema", s.node()));
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

  private static JsonNode checked(Setting setting, JsonNode value, String place) {
    return switch (setting) {
      case STOP, MODALITIES -> {
        if (!value.isArray() || !value.valueStream().allMatch(JsonNode::isString)) {
          throw GeminiObject.wrong(place, "an array of strings");
        }
        yield value;
      }
      case LOGPROBS -> {
        if (!value.isBoolean()) {
          throw GeminiObject.wrong(place, "true or false");
        }
        yield value;
      }
      default -> {
        if (!value.isNumber()) {
          throw GeminiObject.wrong(place, "a number");
        }
        yield value;
      }
    };
  }

  private static Optional<Thinking> thinking(GeminiObject config) {
    Optional<Integer> budget = config.integer("thinkingBudget");
    String level = config.text("thinkingLevel").orElse("").toLowerCase(Locale.ROOT);
    boolean shown = config.flag("includeThoughts");
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

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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the body of a Cohere chat into the common model; one reader a body. */
final class CohereRequestReader {
  /** What Cohere calls a plain parameter; what is not here it does not have. */
  static final Map<Setting, String> SETTINGS =
      Map.of(
          Setting.MAX_TOKENS, "max_tokens",
          Setting.TEMPERATURE, "temperature",
          Setting.TOP_P, "p",
          Setting.TOP_K, "k",
          Setting.STOP, "stop_sequences",
          Setting.SEED, "seed",
          Setting.FREQUENCY_PENALTY, "frequency_penalty",
          Setting.PRESENCE_PENALTY, "presence_penalty",
          Setting.LOGPROBS, "logprobs");

  private static final Fields.Manner MANNER = new Fields.Manner(CohereChat.NAME, false, false);

  private final Fields body;

  private CohereRequestReader(Body body) {
    this.body = Fields.of(MANNER, body.tree());
    this.body
        .ignoreEmpty()
        .ignore("model", "stream")
        .ignore(Fit.gatewayFields(body).toArray(String[]::new));
  }

  static Prompt read(Body body) {
    return new CohereRequestReader(body).read();
  }

  private Prompt read() {
    List<Turn> turns = withDocuments(new CohereTurnReader().read(body.objects("messages")));
    List<Tool> tools = tools();
    Optional<ToolChoice> choice = body.textIfAny("tool_choice").map(this::choice);
    Optional<Thinking> thinking = body.object("thinking").map(this::thinking);
    Optional<Format> format = format();
    var settings = new EnumMap<Setting, JsonNode>(Setting.class);
    SETTINGS.forEach((setting, name) ->
        body.any(name)
            .ifPresent(
                value -> settings.put(setting, Settings.checked(setting, value, name, body))));
    return new Prompt(turns, tools, choice, thinking, format, settings, body.extra());
  }

  /** Documents stand beside the conversation here, and with the last question everywhere else. */
  private List<Turn> withDocuments(List<Turn> turns) {
    List<Block> documents = documents();
    int last = turns.size() - 1;
    while (last >= 0 && turns.get(last).role() != Turn.Role.USER) {
      last--;
    }
    if (documents.isEmpty()) {
      return turns;
    }
    var all = new ArrayList<>(turns);
    if (last < 0) {
      all.add(new Turn(Turn.Role.USER, documents));
    } else {
      Turn question = turns.get(last);
      var blocks = new ArrayList<Block>();
      // A tool's results come first wherever they are sent.
      question.blocks().stream().filter(Block.ToolResult.class::isInstance).forEach(blocks::add);
      blocks.addAll(documents);
      question.blocks().stream().filter(b -> !(b instanceof Block.ToolResult)).forEach(blocks::add);
      all.set(last, new Turn(question.role(), blocks, question.extra()));
    }
    return all;
  }

  private List<Block> documents() {
    JsonNode given = body.any("documents").orElse(Json.array());
    if (!given.isArray()) {
      throw body.wrong("documents", "an array");
    }
    var blocks = new ArrayList<Block>();
    for (JsonNode document : given) {
      if (document instanceof ObjectNode object) {
        blocks.add(CohereTurnReader.document(object));
      } else if (document.isString()) {
        blocks.add(CohereTurnReader.document(document.asString()));
      } else {
        throw body.wrong("documents", "an array of strings and objects");
      }
    }
    return blocks;
  }

  private List<Tool> tools() {
    List<Fields> given = body.objects("tools");
    boolean strict = body.flag("strict_tools").orElse(false);
    boolean closed = given.stream().allMatch(tool -> closed(tool.whole()));
    if (strict && !closed) {
      // Elsewhere a strict tool needs a schema that leaves nothing open.
      body.leave("strict_tools");
    }
    var tools = new ArrayList<Tool>();
    for (Fields tool : given) {
      if (!tool.text("type", "function").equals("function")) {
        tools.add(new Tool.Native(tool.extra(tool.whole())));
        continue;
      }
      Fields function = tool.neededObject("function");
      tools.add(
          new Tool.Function(
              function.text("name"),
              function.text("description", ""),
              function.object("parameters").map(Fields::arguments).orElseGet(Json::object),
              strict && closed ? Optional.of(true) : Optional.empty(),
              Block.Cache.NONE,
              tool.extra()));
    }
    return tools;
  }

  /** Whether a schema allows no more than it names, and asks for all of that. */
  private static boolean closed(ObjectNode tool) {
    JsonNode schema = tool.path("function").path("parameters");
    Set<String> required = new HashSet<>();
    schema.path("required").forEach(name -> required.add(name.asString("")));
    JsonNode more = schema.path("additionalProperties");
    return more.isBoolean()
        && !more.asBoolean()
        && required.containsAll(schema.path("properties").propertyNames());
  }

  private ToolChoice choice(String word) {
    return switch (word) {
      case "REQUIRED" -> new ToolChoice(ToolChoice.Mode.ANY, "");
      case "NONE" -> new ToolChoice(ToolChoice.Mode.NONE, "");
      default -> throw body.unknown("tool_choice", "REQUIRED or NONE");
    };
  }

  private Thinking thinking(Fields fields) {
    int budget = fields.integer("token_budget").orElse(0);
    String type = fields.text("type", "enabled");
    if (!fields.rest().isEmpty()) {
      body.leave("thinking");
    }
    return switch (type) {
      case "enabled" -> new Thinking(Thinking.Mode.ON, budget, "", true);
      case "disabled" -> new Thinking(Thinking.Mode.OFF, 0, "", false);
      default -> throw fields.unknown("type", "enabled or disabled");
    };
  }

  private Optional<Format> format() {
    Optional<Fields> given = body.object("response_format");
    if (given.isEmpty()) {
      return Optional.empty();
    }
    Fields format = given.get();
    return switch (format.text("type")) {
      case "text" -> Optional.empty();
      case "json_object" -> {
        // The first version of the API called it schema, and the second one still takes that.
        Optional<Fields> schema = format.object("json_schema").or(() -> format.object("schema"));
        yield Optional.of(
            schema
                .<Format>map(
                    fields -> new Format.JsonSchema("", "", fields.whole(), Optional.empty()))
                .orElseGet(Format.JsonObject::new));
      }
      default -> {
        body.leave("response_format");
        yield Optional.empty();
      }
    };
  }
}

package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the messages of a Cohere chat; one reader a conversation. */
final class CohereTurnReader {
  /** Marks a document's own fields, all of which are in its text, too. */
  static final String DOCUMENT = CohereChat.NAME + Fit.WHOLE;

  private final List<Turn> turns = new ArrayList<>();

  /** Results that still belong to the same turn. */
  private final List<Block> results = new ArrayList<>();

  private final Map<String, String> toolNames = new HashMap<>();

  List<Turn> read(List<Fields> messages) {
    for (Fields message : messages) {
      switch (message.text("role")) {
        case "tool" -> results.add(result(message));
        case "system" -> add(Turn.Role.SYSTEM, content(message), message);
        case "user" -> add(Turn.Role.USER, content(message), message);
        case "assistant" -> add(Turn.Role.ASSISTANT, assistant(message), message);
        default -> throw message.unknown("role", "system, user, assistant or tool");
      }
    }
    closeResults();
    return turns;
  }

  private void add(Turn.Role role, List<Block> blocks, Fields message) {
    closeResults();
    turns.add(new Turn(role, blocks, message.ignoreEmpty().extra()));
  }

  private void closeResults() {
    if (!results.isEmpty()) {
      turns.add(new Turn(Turn.Role.USER, results));
      results.clear();
    }
  }

  private Block result(Fields message) {
    String id = ToolId.of(message.text("tool_call_id")).id();
    return new Block.ToolResult(
        id,
        toolNames.getOrDefault(id, ""),
        content(message).stream().map(CohereTurnReader::plain).toList(),
        false,
        Block.Cache.NONE,
        message.extra());
  }

  /** A document that a tool gave is its answer, which is text everywhere else. */
  private static Block plain(Block block) {
    if (block instanceof Block.Media media && media.extra().of(DOCUMENT)) {
      JsonNode data = media.extra().fields().path("data");
      return new Block.Text(
          data.isString() ? data.asString() : Json.text(data), Block.Cache.NONE, media.extra());
    }
    return block;
  }

  /** Thoughts, then what is said, then calls; the plan is the text beside calls. */
  private List<Block> assistant(Fields message) {
    var blocks = new ArrayList<Block>();
    var calls = new ArrayList<Block>();
    var proven = new ArrayList<Block>();
    message.objects("tool_calls").forEach(call -> call(call, proven, calls));
    List<Block> content = message.any("content").isPresent() ? content(message) : List.of();
    if (proven.isEmpty()) {
      content.stream().filter(Block.Thought.class::isInstance).forEach(blocks::add);
    } else {
      // The calls carry the same thoughts with their proofs.
      blocks.addAll(proven);
    }
    String plan = message.text("tool_plan", "");
    if (!plan.isEmpty()) {
      blocks.add(new Block.Text(plan));
    }
    content.stream().filter(block -> !(block instanceof Block.Thought)).forEach(blocks::add);
    blocks.addAll(calls);
    return blocks;
  }

  private void call(Fields call, List<Block> thoughts, List<Block> calls) {
    Fields function = call.neededObject("function");
    String name = function.text("name");
    ToolId shown = ToolId.of(call.text("id"));
    thoughts.addAll(shown.thoughts());
    toolNames.put(shown.id(), name);
    String arguments = function.text("arguments", "");
    call.ignore("type");
    calls.add(
        new Block.ToolUse(
            shown.id(),
            name,
            arguments.isBlank() ? "{}" : arguments,
            shown.signature(),
            shown.vendor(),
            Block.Cache.NONE,
            call.extra()));
  }

  private static List<Block> content(Fields message) {
    JsonNode content = message.needed("content");
    if (content.isString()) {
      return List.of(new Block.Text(content.asString()));
    }
    if (!content.isArray()) {
      throw message.wrong("content", "a string or an array of parts");
    }
    return message.objects("content").stream().map(CohereTurnReader::part).toList();
  }

  private static Block part(Fields part) {
    return switch (part.text("type")) {
      case "text" -> new Block.Text(part.text("text"), Block.Cache.NONE, part.extra());
      case "thinking" -> new Block.Thought(part.text("thinking"), "", CohereChat.NAME, false);
      case "image_url" -> image(part.neededObject("image_url"));
      case "document" -> document(part.neededObject("document").whole());
      default -> new Block.Native(part.extra(part.whole()));
    };
  }

  private static Block image(Fields place) {
    String url = place.text("url");
    Optional<MediaData> data = MediaData.parse(url, place.place("url"));
    return new Block.Media(
        Block.Media.Kind.IMAGE,
        data.map(MediaData::mime).orElse(""),
        data.<Block.Media.Source>map(inline -> new Block.Media.Source.Inline(inline.base64()))
            .orElseGet(() -> new Block.Media.Source.Link(url)),
        "",
        Block.Cache.NONE,
        detail(place.rest()));
  }

  /** How closely an image is looked at is OpenAI's word, which Cohere took over. */
  private static Extra detail(ObjectNode rest) {
    boolean theirs = rest.size() == 1 && rest.has("detail");
    return rest.isEmpty()
        ? Extra.NONE
        : new Extra(theirs ? OpenAiChat.NAME : CohereChat.NAME, rest);
  }

  /** A document of fields, which is kept whole beside its text. */
  static Block document(ObjectNode document) {
    JsonNode data = document.path("data");
    String title = data.path("title").asString(document.path("id").asString(""));
    return document(text(data), title, document);
  }

  static Block document(String text) {
    return document(text, "", Json.object());
  }

  private static Block document(String text, String name, ObjectNode whole) {
    return new Block.Media(
        Block.Media.Kind.DOCUMENT,
        "text/plain",
        new Block.Media.Source.Plain(text),
        name,
        Block.Cache.NONE,
        whole.isEmpty() ? Extra.NONE : new Extra(DOCUMENT, whole));
  }

  /** The text of a document that has no more than that and a title; else all of its fields. */
  private static String text(JsonNode data) {
    if (!data.isObject()) {
      return data.asString("");
    }
    var fields = new ArrayList<Map.Entry<String, JsonNode>>(data.properties());
    fields.removeIf(field -> field.getKey().equals("title"));
    return fields.size() == 1
        ? plain(fields.getFirst().getValue())
        : fields.stream()
            .map(field -> field.getKey() + ": " + plain(field.getValue()))
            .collect(Collectors.joining("\n"));
  }

  private static String plain(JsonNode value) {
    return value.isString() ? value.asString() : Json.text(value);
  }
}

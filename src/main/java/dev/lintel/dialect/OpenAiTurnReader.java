package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Reads the messages of a chat completion request; one reader a conversation. */
final class OpenAiTurnReader {
  /** Marks a turn that came with the role {@code developer} instead of {@code system}. */
  static final String DEVELOPER = OpenAiChat.NAME + "/developer";

  /** Marks calls and results in the words of before 2023-11: {@code function_call}. */
  static final String LEGACY = OpenAiChat.NAME + "/function";

  /** Marks a call that has its signature where Google's own OpenAI endpoint wants it. */
  static final String SIGNED = OpenAiChat.NAME + "/signed";

  private static final Set<String> CALL =
      Set.of("id", "type", "function", "index", "cache_control");
  private static final Set<String> SIGNED_CALL =
      Set.of("id", "type", "function", "index", "cache_control", OpenAiThoughts.TOOL);
  private static final Set<String> MESSAGE = Set.of("role", "content");
  private static final Set<String> RESULT =
      Set.of("role", "content", "tool_call_id", "name", "cache_control");
  private static final Set<String> ASSISTANT =
      Set.of(
          "role",
          "content",
          "refusal",
          "tool_calls",
          "function_call",
          "reasoning_content",
          "reasoning",
          "images");
  private static final Set<String> THOUGHTFUL =
      Stream.concat(ASSISTANT.stream(), Stream.of(OpenAiThoughts.BLOCKS))
          .collect(Collectors.toUnmodifiableSet());

  private final List<Turn> turns = new ArrayList<>();

  /** Results that still belong to the same turn. */
  private final List<Block> results = new ArrayList<>();

  private final Map<String, String> toolNames = new HashMap<>();

  /** Calls that nobody has answered yet: some clients leave the ids out. */
  private final Set<String> unanswered = new LinkedHashSet<>();

  List<Turn> read(List<OpenAiField> messages) {
    for (OpenAiField message : messages) {
      String role = message.field("role").text();
      switch (role) {
        case "tool" -> results.add(result(message, message.field("tool_call_id").textIfAny()));
        case "function" -> results.add(legacyResult(message));
        case "system", "developer" -> {
          Extra rest = message.rest(MESSAGE);
          add(
              Turn.Role.SYSTEM,
              content(message.field("content")),
              role.equals("system") ? rest : new Extra(DEVELOPER, rest.fields()));
        }
        case "user" ->
            add(Turn.Role.USER, content(message.field("content")), message.rest(MESSAGE));
        case "assistant" ->
            add(
                Turn.Role.ASSISTANT,
                assistant(message),
                message.rest(ownThoughts(message) ? THOUGHTFUL : ASSISTANT));
        default ->
            throw message
                .field("role")
                .wrong("must be system, developer, user, assistant or tool.");
      }
    }
    closeResults();
    return turns;
  }

  private void add(Turn.Role role, List<Block> blocks, Extra extra) {
    closeResults();
    turns.add(new Turn(role, blocks, extra));
  }

  private void closeResults() {
    if (!results.isEmpty()) {
      turns.add(new Turn(Turn.Role.USER, results));
      results.clear();
    }
  }

  private Block result(OpenAiField message, String given) {
    String id = ToolId.of(given).id();
    if (id.isEmpty()) {
      id =
          unanswered.stream()
              .findFirst()
              .orElseThrow(() ->
                  message
                      .field("tool_call_id")
                      .wrong("is missing, and no call is left to be answered."));
    }
    unanswered.remove(id);
    String name = message.field("name").textIfAny();
    return new Block.ToolResult(
        id,
        name.isEmpty() ? toolNames.getOrDefault(id, "") : name,
        content(message.field("content")),
        false,
        cache(message),
        message.rest(RESULT));
  }

  private Block legacyResult(OpenAiField message) {
    String name = message.field("name").text();
    return new Block.ToolResult(
        legacyId(name),
        name,
        content(message.field("content")),
        false,
        Block.Cache.NONE,
        new Extra(LEGACY, Json.object()));
  }

  private static String legacyId(String name) {
    return "function_" + name;
  }

  private List<Block> assistant(OpenAiField message) {
    var made = calls(message);
    var blocks = new ArrayList<Block>();
    if (made.stream().noneMatch(block -> block instanceof Block.Thought)) {
      thoughts(message, blocks);
    }
    // Thinking comes before what is said, and vendors insist on that order.
    while (!made.isEmpty() && made.getFirst() instanceof Block.Thought) {
      blocks.add(made.removeFirst());
    }
    blocks.addAll(content(message.field("content")));
    String refusal = message.field("refusal").textIfAny();
    if (!refusal.isEmpty()) {
      blocks.add(new Block.Refusal(refusal));
    }
    OpenAiField images = message.field("images");
    if (!images.absent()) {
      images.objects().forEach(image -> blocks.add(part(image)));
    }
    blocks.addAll(made);
    OpenAiField legacy = message.field("function_call");
    if (!legacy.absent()) {
      String name = legacy.field("name").text();
      blocks.add(
          new Block.ToolUse(
              legacyId(name),
              name,
              arguments(legacy),
              "",
              "",
              Block.Cache.NONE,
              new Extra(LEGACY, Json.object())));
    }
    return blocks;
  }

  /** The blocks with their proofs where the client kept them, else the plain text. */
  private static void thoughts(OpenAiField message, List<Block> blocks) {
    for (JsonNode block : message.field(OpenAiThoughts.BLOCKS).node()) {
      OpenAiThoughts.thought(block).ifPresent(blocks::add);
    }
    if (blocks.isEmpty()) {
      OpenAiField plain = message.field("reasoning_content");
      String text =
          (plain.absent() && message.field("reasoning").node().isString()
                  ? message.field("reasoning")
                  : plain)
              .textIfAny();
      if (!text.isEmpty()) {
        blocks.add(new Block.Thought(text, "", "", false));
      }
    }
  }

  /** Other gateways use the field, too: what is theirs stays as it is. */
  private static boolean ownThoughts(OpenAiField message) {
    return message
        .field(OpenAiThoughts.BLOCKS)
        .node()
        .valueStream()
        .anyMatch(block -> OpenAiThoughts.thought(block).isPresent());
  }

  /** The calls, each with the thoughts before it that its id carries. */
  private List<Block> calls(OpenAiField message) {
    var blocks = new ArrayList<Block>();
    OpenAiField calls = message.field("tool_calls");
    if (!calls.absent()) {
      calls.objects().forEach(call -> call(call, blocks));
    }
    return blocks;
  }

  private void call(OpenAiField call, List<Block> blocks) {
    OpenAiField function = call.field("function");
    if (function.absent()) {
      blocks.add(
          new Block.Native(
              new Extra(OpenAiChat.NAME, Json.object().set("tool_call", call.object()))));
      return;
    }
    String name = function.field("name").text();
    ToolId shown = ToolId.of(call.field("id").textIfAny());
    Optional<GeminiSignature> proofs = OpenAiThoughts.proofs(shown);
    proofs.ifPresent(proof -> blocks.addAll(proof.thoughts()));
    String id =
        shown.id().isEmpty() ? "call_" + turns.size() + "_" + unanswered.size() : shown.id();
    toolNames.put(id, name);
    unanswered.add(id);
    String google = OpenAiThoughts.signatureOfTool(call.field(OpenAiThoughts.TOOL).node());
    Extra rest = call.rest(google.isEmpty() ? CALL : SIGNED_CALL);
    blocks.add(
        new Block.ToolUse(
            id,
            name,
            arguments(function),
            proofs.map(GeminiSignature::call).orElse(google),
            proofs.map(GeminiSignature::vendor).orElse(google.isEmpty() ? "" : "gemini"),
            cache(call),
            google.isEmpty() ? rest : new Extra(SIGNED, rest.fields())));
  }

  private static String arguments(OpenAiField function) {
    String arguments = function.field("arguments").textIfAny();
    return arguments.isBlank() ? "{}" : arguments;
  }

  private static List<Block> content(OpenAiField content) {
    if (content.absent()) {
      return List.of();
    }
    if (content.node().isString()) {
      return List.of(new Block.Text(content.text()));
    }
    if (!content.node().isArray()) {
      throw content.wrong("must be a string or an array of parts.");
    }
    var blocks = new ArrayList<Block>();
    content.objects().forEach(part -> blocks.add(part(part)));
    return blocks;
  }

  private static Block part(OpenAiField part) {
    return switch (part.field("type").text()) {
      case "text" ->
          new Block.Text(
              part.field("text").text(),
              cache(part),
              part.rest(Set.of("type", "text", "cache_control")));
      case "refusal" -> new Block.Refusal(part.field("refusal").text());
      case "image_url" -> link(part, "image_url", Block.Media.Kind.IMAGE);
      case "video_url" -> link(part, "video_url", Block.Media.Kind.VIDEO);
      case "input_audio" -> audio(part);
      case "file" -> file(part);
      default -> new Block.Native(new Extra(OpenAiChat.NAME, part.object()));
    };
  }

  private static Block link(OpenAiField part, String name, Block.Media.Kind kind) {
    OpenAiField place = part.field(name);
    place.object();
    OpenAiField field = place.field("url");
    String url = field.text();
    Optional<MediaData> data = MediaData.parse(url, field.path());
    return new Block.Media(
        kind,
        data.map(MediaData::mime).orElse(""),
        data.<Block.Media.Source>map(inline -> new Block.Media.Source.Inline(inline.base64()))
            .orElseGet(() -> new Block.Media.Source.Link(url)),
        "",
        cache(part),
        place.rest(Set.of("url")));
  }

  private static Block audio(OpenAiField part) {
    OpenAiField audio = part.field("input_audio");
    audio.object();
    String data = audio.field("data").text();
    String format = audio.field("format").textIfAny().toLowerCase(Locale.ROOT);
    return new Block.Media(
        Block.Media.Kind.AUDIO,
        format.isEmpty() ? MediaData.of("audio/wav", data).mime() : "audio/" + format,
        new Block.Media.Source.Inline(data),
        "",
        cache(part),
        audio.rest(Set.of("data", "format")));
  }

  private static Block file(OpenAiField part) {
    OpenAiField file = part.field("file");
    file.object();
    String id = file.field("file_id").textIfAny();
    String mime = "";
    Block.Media.Source source;
    if (!id.isEmpty()) {
      source = new Block.Media.Source.Stored(id);
    } else {
      OpenAiField field = file.field("file_data");
      String text = field.text();
      MediaData data = MediaData.parse(text, field.path()).orElseGet(() -> MediaData.of("", text));
      mime = data.mime();
      source = new Block.Media.Source.Inline(data.base64());
    }
    return new Block.Media(
        Block.Media.Kind.DOCUMENT,
        mime,
        source,
        file.field("filename").textIfAny(),
        cache(part),
        file.rest(Set.of("file_id", "file_data", "filename")));
  }

  /** Anthropic's {@code cache_control}, which gateways take in OpenAI's dialect too. */
  static Block.Cache cache(OpenAiField at) {
    OpenAiField control = at.field("cache_control");
    if (control.absent()) {
      return Block.Cache.NONE;
    }
    return control.field("ttl").textIfAny().equals("1h") ? Block.Cache.LONG : Block.Cache.SHORT;
  }
}

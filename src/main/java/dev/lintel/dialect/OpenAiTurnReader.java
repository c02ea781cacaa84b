package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Turn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Reads the messages of a chat completion request; one reader a conversation. */
final class OpenAiTurnReader {
  /** Marks a turn that came with the role {@code developer} instead of {@code system}. */
  static final String DEVELOPER = OpenAiChat.NAME + "/developer";

  /** Marks calls and results in the words of before 2023-11: {@code function_call}. */
  static final String LEGACY = OpenAiChat.NAME + "/function";

  /** Marks a call that has its signature where Google's own OpenAI endpoint wants it. */
  static final String SIGNED = OpenAiChat.NAME + "/signed";

  private final List<Turn> turns = new ArrayList<>();

  /** Results that still belong to the same turn. */
  private final List<Block> results = new ArrayList<>();

  private final Map<String, String> toolNames = new HashMap<>();

  /** Calls that nobody has answered yet: some clients leave the ids out. */
  private final Set<String> unanswered = new LinkedHashSet<>();

  List<Turn> read(List<Fields> messages) {
    for (Fields message : messages) {
      String role = message.text("role");
      switch (role) {
        case "tool" -> results.add(result(message));
        case "function" -> results.add(legacyResult(message));
        case "system", "developer" -> {
          List<Block> blocks = content(message);
          Extra rest = message.extra();
          add(
              Turn.Role.SYSTEM,
              blocks,
              role.equals("system") ? rest : new Extra(DEVELOPER, rest.fields()));
        }
        case "user" -> add(Turn.Role.USER, content(message), message.extra());
        case "assistant" ->
            add(Turn.Role.ASSISTANT, assistant(message), message.ignoreEmpty().extra());
        default -> throw message.unknown("role", "system, developer, user, assistant or tool");
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

  private Block result(Fields message) {
    String id = ToolId.of(message.text("tool_call_id", "")).id();
    if (id.isEmpty()) {
      id =
          unanswered.stream()
              .findFirst()
              .orElseThrow(() ->
                  Failure.invalid(
                          "'"
                              + message.place("tool_call_id")
                              + "' is missing, and no call is left to be answered.")
                      .at(message.place("tool_call_id")));
    }
    unanswered.remove(id);
    String name = message.text("name", "");
    return new Block.ToolResult(
        id,
        name.isEmpty() ? toolNames.getOrDefault(id, "") : name,
        content(message),
        false,
        message.cache(),
        message.extra());
  }

  private Block legacyResult(Fields message) {
    String name = message.text("name");
    return new Block.ToolResult(
        legacyId(name),
        name,
        content(message),
        false,
        Block.Cache.NONE,
        new Extra(LEGACY, Json.object()));
  }

  private static String legacyId(String name) {
    return "function_" + name;
  }

  private List<Block> assistant(Fields message) {
    var made = calls(message);
    var blocks = new ArrayList<Block>();
    List<Block.Thought> kept = thoughts(message);
    if (made.stream().noneMatch(block -> block instanceof Block.Thought)) {
      blocks.addAll(kept);
    }
    // Thinking comes before what is said, and vendors insist on that order.
    while (!made.isEmpty() && made.getFirst() instanceof Block.Thought) {
      blocks.add(made.removeFirst());
    }
    blocks.addAll(content(message));
    String refusal = message.text("refusal", "");
    if (!refusal.isEmpty()) {
      blocks.add(new Block.Refusal(refusal));
    }
    message.objects("images").forEach(image -> blocks.add(part(image)));
    blocks.addAll(signed(made, message));
    message
        .object("function_call")
        .ifPresent(legacy -> {
          String name = legacy.text("name");
          blocks.add(
              new Block.ToolUse(
                  legacyId(name),
                  name,
                  arguments(legacy),
                  "",
                  "",
                  Block.Cache.NONE,
                  new Extra(LEGACY, Json.object())));
        });
    return blocks;
  }

  /** The calls with the signatures that their ids had no room for. */
  private static List<Block> signed(List<Block> calls, Fields message) {
    var proofs = new ArrayDeque<Proofs>();
    for (JsonNode block : message.whole().path(OpenAiThoughts.BLOCKS)) {
      OpenAiThoughts.ofCall(block).ifPresent(proofs::add);
    }
    if (proofs.isEmpty()) {
      return calls;
    }
    message.ignore(OpenAiThoughts.BLOCKS);
    var blocks = new ArrayList<Block>(calls.size());
    for (Block block : calls) {
      boolean waits =
          !proofs.isEmpty()
              && block instanceof Block.ToolUse use
              && use.signature().isEmpty()
              && use.vendor().equals(proofs.getFirst().vendor());
      blocks.add(waits ? proofs.removeFirst().on((Block.ToolUse) block) : block);
    }
    return blocks;
  }

  /** The blocks with their proofs where the client kept them, else the plain text. */
  private static List<Block.Thought> thoughts(Fields message) {
    message.ignore("reasoning_content", "reasoning");
    List<Block.Thought> signed =
        message
            .whole()
            .path(OpenAiThoughts.BLOCKS)
            .valueStream()
            .flatMap(block -> OpenAiThoughts.thought(block).stream())
            .toList();
    if (!signed.isEmpty()) {
      // Other gateways use the field, too: what is theirs stays as it is.
      message.ignore(OpenAiThoughts.BLOCKS);
      return signed;
    }
    String text =
        message
            .textIfAny("reasoning_content")
            .orElseGet(() -> message.whole().path("reasoning").asString(""));
    return text.isEmpty() ? List.of() : List.of(new Block.Thought(text, "", "", false));
  }

  /** The calls, each with the thoughts before it that its id carries. */
  private List<Block> calls(Fields message) {
    var blocks = new ArrayList<Block>();
    message.objects("tool_calls").forEach(call -> call(call, blocks));
    return blocks;
  }

  private void call(Fields call, List<Block> blocks) {
    Fields function = call.object("function").orElse(null);
    if (function == null) {
      blocks.add(new Block.Native(call.extra(Json.object().set("tool_call", call.whole()))));
      return;
    }
    String name = function.text("name");
    ToolId shown = ToolId.of(call.text("id", ""));
    blocks.addAll(shown.thoughts());
    String id =
        shown.id().isEmpty() ? "call_" + turns.size() + "_" + unanswered.size() : shown.id();
    toolNames.put(id, name);
    unanswered.add(id);
    String google = OpenAiThoughts.signatureOfTool(call.whole().path(OpenAiThoughts.TOOL));
    Block.Cache cache = call.cache();
    call.ignore("type", "index");
    if (!google.isEmpty()) {
      call.ignore(OpenAiThoughts.TOOL);
    }
    Extra rest = call.extra();
    blocks.add(
        new Block.ToolUse(
            id,
            name,
            arguments(function),
            shown.proofs().isPresent() ? shown.signature() : google,
            shown.proofs().isPresent() || google.isEmpty() ? shown.vendor() : Gemini.NAME,
            cache,
            google.isEmpty() ? rest : new Extra(SIGNED, rest.fields())));
  }

  private static String arguments(Fields function) {
    String arguments = function.text("arguments", "");
    return arguments.isBlank() ? "{}" : arguments;
  }

  private static List<Block> content(Fields message) {
    JsonNode content = message.any("content").orElse(Json.array());
    if (content.isString()) {
      return List.of(new Block.Text(content.asString()));
    }
    if (!content.isArray()) {
      throw message.wrong("content", "a string or an array of parts");
    }
    return message.objects("content").stream().map(OpenAiTurnReader::part).toList();
  }

  private static Block part(Fields part) {
    return switch (part.text("type")) {
      case "text" -> new Block.Text(part.text("text"), part.cache(), part.extra());
      case "refusal" -> new Block.Refusal(part.text("refusal"));
      case "image_url" -> link(part, "image_url", Block.Media.Kind.IMAGE);
      case "video_url" -> link(part, "video_url", Block.Media.Kind.VIDEO);
      case "input_audio" -> audio(part);
      case "file" -> file(part);
      default -> new Block.Native(part.extra(part.whole()));
    };
  }

  private static Block link(Fields part, String name, Block.Media.Kind kind) {
    Fields place = part.neededObject(name);
    String url = place.text("url");
    Optional<MediaData> data = MediaData.parse(url, place.place("url"));
    return new Block.Media(
        kind,
        data.map(MediaData::mime).orElse(""),
        data.<Block.Media.Source>map(inline -> new Block.Media.Source.Inline(inline.base64()))
            .orElseGet(() -> new Block.Media.Source.Link(url)),
        "",
        part.cache(),
        place.extra());
  }

  private static Block audio(Fields part) {
    Fields audio = part.neededObject("input_audio");
    String data = audio.text("data");
    String format = audio.text("format", "").toLowerCase(Locale.ROOT);
    if (format.equals("wav") && !MediaData.of("", data).mime().equals("audio/wav")) {
      throw Failure.invalid(
              "'"
                  + audio.place("data")
                  + "' is declared to be a WAV and does not begin as one does.")
          .at(audio.place("data"));
    }
    return new Block.Media(
        Block.Media.Kind.AUDIO,
        format.isEmpty() ? MediaData.of("audio/wav", data).mime() : "audio/" + format,
        new Block.Media.Source.Inline(data),
        "",
        part.cache(),
        audio.extra());
  }

  private static Block file(Fields part) {
    Fields file = part.neededObject("file");
    String id = file.text("file_id", "");
    file.ignore("file_data");
    String mime = "";
    Block.Media.Source source;
    if (!id.isEmpty()) {
      source = new Block.Media.Source.Stored(id);
    } else {
      String text = file.text("file_data");
      MediaData data =
          MediaData.parse(text, file.place("file_data")).orElseGet(() -> MediaData.of("", text));
      mime = data.mime();
      source = new Block.Media.Source.Inline(data.base64());
    }
    String name = file.text("filename", "");
    return new Block.Media(
        Block.Media.Kind.DOCUMENT, mime, source, name, part.cache(), file.extra());
  }
}

package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Media.Source;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a conversation as Google's {@code contents}: {@code user} and {@code model} alternate, the
 * answers to the calls of one turn stand together, in the order of the calls, directly after it.
 *
 * <p>A signature of Gemini's goes back on its call, its thought or the part that follows it. The
 * first call of a step without one gets the documented {@link GeminiSignature#SKIP}, because Gemini
 * 3 refuses the step else. Thoughts of other vendors are left out without a word: no other model
 * may be shown them, and none misses them.
 */
final class GeminiContents {
  private static final Map<String, String> EXTENSIONS =
      Map.ofEntries(
          Map.entry("png", "image/png"),
          Map.entry("jpg", "image/jpeg"),
          Map.entry("jpeg", "image/jpeg"),
          Map.entry("webp", "image/webp"),
          Map.entry("gif", "image/gif"),
          Map.entry("heic", "image/heic"),
          Map.entry("heif", "image/heif"),
          Map.entry("pdf", "application/pdf"),
          Map.entry("txt", "text/plain"),
          Map.entry("mp3", "audio/mp3"),
          Map.entry("wav", "audio/wav"),
          Map.entry("mp4", "video/mp4"),
          Map.entry("webm", "video/webm"),
          Map.entry("mov", "video/mov"));

  private record Answered(int order, ObjectNode part, List<ObjectNode> media) {}

  /** One entry of {@code contents} under way. */
  private static final class Content {
    final boolean model;
    final ObjectNode extra = Json.object();
    final List<String> calls = new ArrayList<>();
    final List<Answered> answers = new ArrayList<>();
    final ArrayNode parts = Json.array();

    Content(boolean model) {
      this.model = model;
    }
  }

  private final Prompt prompt;
  private final boolean own;
  private final Adaptation adaptation;
  private final List<Content> contents = new ArrayList<>();
  private final Map<String, String> names = new HashMap<>();
  private final Content system = new Content(false);
  private String signature = "";

  /**
   * @param own whether the caller speaks Gemini's dialect, and so may name what only Vertex takes
   */
  GeminiContents(Prompt prompt, boolean own, Adaptation adaptation) {
    this.prompt = prompt;
    this.own = own;
    this.adaptation = adaptation;
  }

  /** Sets {@code systemInstruction} and {@code contents}. */
  void write(ObjectNode body) {
    for (Turn turn : prompt.turns()) {
      Content content =
          switch (turn.role()) {
            case SYSTEM -> system;
            case USER -> next(false);
            case ASSISTANT -> next(true);
          };
      GeminiRequestWriter.put(turn.extra(), content.extra, adaptation);
      for (Block block : turn.blocks()) {
        block(block, content);
      }
      loose(content);
    }
    if (!system.parts.isEmpty()) {
      body.putObject("systemInstruction").setAll(system.extra).set("parts", system.parts);
    }
    if (contents.isEmpty()) {
      contents.add(new Content(false));
    }
    ArrayNode array = body.putArray("contents");
    contents.forEach(content -> array.add(finish(content)));
  }

  private Content next(boolean model) {
    if (contents.isEmpty() || contents.getLast().model != model) {
      contents.add(new Content(model));
    }
    return contents.getLast();
  }

  private ObjectNode finish(Content content) {
    ArrayNode parts = Json.array();
    content.answers.sort((a, b) -> Integer.compare(a.order, b.order));
    content.answers.forEach(answer -> parts.add(answer.part));
    content.answers.forEach(answer -> answer.media.forEach(parts::add));
    parts.addAll(content.parts);
    boolean said = content.model ? !parts.isEmpty() : !content.answers.isEmpty();
    for (JsonNode part : content.parts) {
      // A part of a kind that the gateway does not know says something as well.
      said |= !part.has("inlineData") && !part.has("fileData");
    }
    if (!said) {
      parts.add(Json.object().put("text", " "));
      adaptation.mend("contents.parts");
    }
    ObjectNode node = Json.object().put("role", content.model ? "model" : "user");
    node.setAll(content.extra);
    node.set("parts", parts);
    return node;
  }

  private void block(Block block, Content content) {
    switch (block) {
      case Block.Text text -> {
        if (!text.text().isEmpty()) {
          cached(text.cache());
          ObjectNode part = Json.object().put("text", text.text());
          GeminiRequestWriter.put(text.extra(), part, adaptation);
          content.parts.add(signed(part));
        }
      }
      case Block.Refusal refusal -> content.parts.add(Json.object().put("text", refusal.text()));
      case Block.Media media -> {
        cached(media.cache());
        media(media).ifPresent(part -> content.parts.add(signed(part)));
      }
      case Block.Thought thought -> thought(thought, content);
      case Block.ToolUse use -> content.parts.add(call(use, content));
      case Block.ToolResult result -> answer(result);
      case Block.Native vendors -> {
        if (vendors.extra().of(Gemini.NAME)) {
          content.parts.add(vendors.extra().fields());
        } else {
          adaptation.drop(vendors.extra().fields().path("type").asString("block"));
        }
      }
    }
  }

  private void thought(Block.Thought thought, Content content) {
    if (!thought.vendor().equals(Gemini.NAME) || thought.sealed()) {
      return;
    }
    if (thought.text().isEmpty()) {
      loose(content);
      signature = thought.signature();
      return;
    }
    ObjectNode part = Json.object().put("text", thought.text()).put("thought", true);
    if (!thought.signature().isEmpty()) {
      part.put("thoughtSignature", thought.signature());
    }
    content.parts.add(part);
  }

  /** Puts a signature that came before the part onto it. */
  private ObjectNode signed(ObjectNode part) {
    if (!signature.isEmpty()) {
      part.put("thoughtSignature", signature);
      signature = "";
    }
    return part;
  }

  /** A signature that nothing follows stands on an empty text, as Gemini itself sends it. */
  private void loose(Content content) {
    if (!signature.isEmpty()) {
      content.parts.add(signed(Json.object().put("text", "")));
    }
  }

  private ObjectNode call(Block.ToolUse use, Content content) {
    cached(use.cache());
    ObjectNode call = Json.object();
    if (!use.id().isEmpty() && !GeminiNames.made(use.id())) {
      call.put("id", use.id());
    }
    call.put("name", GeminiNames.safe(use.name()));
    call.set("args", arguments(use));
    ObjectNode part = Json.object();
    part.set("functionCall", call);
    if (use.vendor().equals(Gemini.NAME) && !use.signature().isEmpty()) {
      part.put("thoughtSignature", use.signature());
      signature = "";
    } else if (!signature.isEmpty()) {
      signed(part);
    } else if (content.calls.isEmpty()) {
      part.put("thoughtSignature", GeminiSignature.SKIP);
    }
    GeminiRequestWriter.put(use.extra(), part, adaptation);
    content.calls.add(use.id());
    names.put(use.id(), use.name());
    return part;
  }

  private JsonNode arguments(Block.ToolUse use) {
    Optional<JsonNode> object = object(use.arguments());
    if (object.isEmpty() && !use.arguments().isBlank()) {
      adaptation.change("arguments of " + use.name(), "object");
      return Json.object().put("arguments", use.arguments());
    }
    return object.orElseGet(Json::object);
  }

  private void answer(Block.ToolResult result) {
    cached(result.cache());
    var text = new StringBuilder();
    var media = new ArrayList<ObjectNode>();
    for (Block block : result.content()) {
      switch (block) {
        case Block.Text said -> text.append(text.isEmpty() ? "" : "\n").append(said.text());
        case Block.Refusal said -> text.append(text.isEmpty() ? "" : "\n").append(said.text());
        case Block.Media picture -> media(picture).ifPresent(media::add);
        case Block.Thought t -> adaptation.drop("thinking in a tool result");
        case Block.ToolUse t -> adaptation.drop("tool call in a tool result");
        case Block.ToolResult t -> adaptation.drop("tool result in a tool result");
        case Block.Native vendors ->
            adaptation.drop(vendors.extra().fields().path("type").asString("block"));
      }
    }
    ObjectNode response = Json.object();
    if (!result.id().isEmpty() && !GeminiNames.made(result.id())) {
      response.put("id", result.id());
    }
    String name = names.getOrDefault(result.id(), result.name());
    response.put("name", GeminiNames.safe(name.isEmpty() ? result.id() : name));
    Optional<JsonNode> object = object(text.toString());
    if (result.error()) {
      ObjectNode error = response.putObject("response");
      object.ifPresentOrElse(
          value -> error.set("error", value), () -> error.put("error", text.toString()));
    } else {
      response.set(
          "response", object.orElseGet(() -> Json.object().put("result", text.toString())));
    }
    ObjectNode part = Json.object();
    part.set("functionResponse", response);
    GeminiRequestWriter.put(result.extra(), part, adaptation);

    // The turn after the one that called, wherever the caller put the answer.
    for (int i = contents.size() - 1; i >= 0; i--) {
      int order = contents.get(i).calls.indexOf(result.id());
      if (order >= 0) {
        if (i + 1 == contents.size()) {
          contents.add(new Content(false));
        }
        contents.get(i + 1).answers.add(new Answered(order, part, media));
        return;
      }
    }
    next(false).answers.add(new Answered(Integer.MAX_VALUE, part, media));
  }

  private static Optional<JsonNode> object(String text) {
    if (!text.stripLeading().startsWith("{")) {
      return Optional.empty();
    }
    try {
      return Optional.of(Json.parse(text));
    } catch (JacksonException plainText) {
      return Optional.empty();
    }
  }

  private Optional<ObjectNode> media(Block.Media media) {
    String word = media.kind().name().toLowerCase(Locale.ROOT);
    ObjectNode part = Json.object();
    switch (media.source()) {
      case Source.Inline bytes -> {
        MediaData data =
            media.mime().isEmpty()
                ? MediaData.of("", bytes.base64())
                : new MediaData(media.mime(), bytes.base64());
        if (data.mime().isEmpty()) {
          adaptation.drop(word);
          return Optional.empty();
        }
        inline(part, data.mime(), data.base64(), media.name());
      }
      case Source.Plain plain ->
          inline(
              part,
              media.mime().isEmpty() ? "text/plain" : media.mime(),
              Base64.getEncoder().encodeToString(plain.text().getBytes(UTF_8)),
              media.name());
      case Source.Link link -> {
        String mime = media.mime().isEmpty() ? typeOf(link.url()) : media.mime();
        // A film at YouTube needs no type, and only Gemini's clients ask for one.
        if (mime.isEmpty() && !own) {
          adaptation.drop(word + " url without a known type");
          return Optional.empty();
        }
        file(part, mime, link.url(), media.name());
      }
      case Source.Stored stored -> {
        // Another vendor's file id means nothing here; Google's are URIs.
        if (!stored.id().contains("://") && !stored.id().startsWith("files/")) {
          adaptation.drop(word + " file");
          return Optional.empty();
        }
        file(part, media.mime(), stored.id(), media.name());
      }
    }
    GeminiRequestWriter.put(media.extra(), part, adaptation);
    return Optional.of(part);
  }

  private void inline(ObjectNode part, String mime, String base64, String name) {
    ObjectNode data = part.putObject("inlineData").put("mimeType", mime).put("data", base64);
    if (own && !name.isEmpty()) {
      data.put("displayName", name);
    }
  }

  private void file(ObjectNode part, String mime, String uri, String name) {
    ObjectNode data = part.putObject("fileData");
    if (!mime.isEmpty()) {
      data.put("mimeType", mime);
    }
    data.put("fileUri", uri);
    if (own && !name.isEmpty()) {
      data.put("displayName", name);
    }
  }

  /** The type that the path's extension says; empty where it has none that is known. */
  private static String typeOf(String url) {
    int end = url.length();
    for (char mark : new char[] {'?', '#'}) {
      int at = url.indexOf(mark);
      end = at >= 0 && at < end ? at : end;
    }
    String path = url.substring(0, end);
    String extension = path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return EXTENSIONS.getOrDefault(extension, "");
  }

  private void cached(Block.Cache cache) {
    if (cache != Block.Cache.NONE) {
      adaptation.drop("cache_control");
    }
  }
}

package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.Turn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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
 * first call of a step without one gets the documented {@link Gemini#SKIP}, because Gemini 3
 * refuses the step else. Thoughts of other vendors are left out without a word: no other model may
 * be shown them, and none misses them.
 */
final class GeminiTurnWriter {
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
  private final GeminiMedia media;
  private final Adaptation adaptation;
  private final List<Content> contents = new ArrayList<>();
  private final Map<String, String> names = new HashMap<>();
  private final Content system = new Content(false);
  private String signature = "";
  private boolean waived;

  /**
   * @param own whether the caller speaks Gemini's dialect, and so may name what only Vertex takes
   */
  GeminiTurnWriter(Prompt prompt, boolean own, Adaptation adaptation) {
    this.prompt = prompt;
    this.media = new GeminiMedia(own, adaptation);
    this.adaptation = adaptation;
  }

  /** Sets {@code systemInstruction} and {@code contents}. */
  void write(ObjectNode body) {
    List<Turn> turns = prompt.turns();
    for (int i = 0; i < turns.size(); i++) {
      Turn turn = turns.get(i);
      String place = "messages[" + i + "]";
      Content content =
          switch (turn.role()) {
            case SYSTEM -> {
              if (!contents.isEmpty() && !media.own()) {
                adaptation.rename(place, "systemInstruction");
              }
              yield system;
            }
            case USER -> {
              // Google checks the steps after the user's last words alone.
              waived &= turn.blocks().stream().anyMatch(Block.ToolResult.class::isInstance);
              yield next(false);
            }
            case ASSISTANT -> next(true);
          };
      GeminiRequestWriter.put(turn.extra(), content.extra, place + ".", adaptation);
      for (int j = 0; j < turn.blocks().size(); j++) {
        block(turn.blocks().get(j), content, place + ".content[" + j + "]");
      }
      loose(content);
    }
    if (!system.parts.isEmpty()) {
      body.putObject("systemInstruction").setAll(system.extra).set("parts", system.parts);
    }
    if (contents.isEmpty()) {
      contents.add(new Content(false));
    }
    if (!media.own()) {
      answerAll();
    }
    if (waived) {
      adaptation.mend("thought_signature");
    }
    ArrayNode array = body.putArray("contents");
    contents.forEach(content -> array.add(finish(content)));
  }

  /** Google refuses a turn that leaves one of the calls before it without an answer. */
  private void answerAll() {
    for (int i = 0; i + 1 < contents.size(); i++) {
      List<String> calls = contents.get(i).calls;
      List<Answered> answers = contents.get(i + 1).answers;
      for (int order = 0; order < calls.size(); order++) {
        int wanted = order;
        if (answers.stream().noneMatch(answer -> answer.order == wanted)) {
          String id = calls.get(order);
          adaptation.mend("tool_use " + id);
          ObjectNode response = response(id, "");
          response.putObject("response").put("error", "The tool gave no result.");
          ObjectNode part = Json.object();
          answers.add(new Answered(order, part.set("functionResponse", response), List.of()));
        }
      }
    }
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

  private void block(Block block, Content content, String place) {
    switch (block) {
      case Block.Text text -> {
        if (!text.text().isEmpty()) {
          cached(text.cache());
          ObjectNode part = Json.object().put("text", text.text());
          GeminiRequestWriter.put(text.extra(), part, place + ".", adaptation);
          content.parts.add(signed(part));
        }
      }
      case Block.Refusal refusal -> content.parts.add(Json.object().put("text", refusal.text()));
      case Block.Media picture -> {
        cached(picture.cache());
        media.write(picture, place).ifPresent(part -> content.parts.add(signed(part)));
      }
      case Block.Thought thought -> thought(thought, content);
      case Block.ToolUse use -> content.parts.add(call(use, content, place));
      case Block.ToolResult result -> answer(result, place);
      case Block.Native vendors -> {
        if (vendors.extra().of(Gemini.NAME)) {
          content.parts.add(vendors.extra().fields());
        } else {
          adaptation.drop(place);
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

  private ObjectNode call(Block.ToolUse use, Content content, String place) {
    cached(use.cache());
    ObjectNode call = Json.object();
    if (!use.id().isEmpty() && !GeminiIds.made(use.id())) {
      call.put("id", use.id());
    }
    call.put("name", ToolNames.GEMINI.out(use.name()));
    call.set("args", arguments(use, place));
    ObjectNode part = Json.object();
    part.set("functionCall", call);
    if (use.vendor().equals(Gemini.NAME) && !use.signature().isEmpty()) {
      part.put("thoughtSignature", use.signature());
      signature = "";
    } else if (!signature.isEmpty()) {
      signed(part);
    } else if (content.calls.isEmpty()) {
      part.put("thoughtSignature", Gemini.SKIP);
      waived = true;
    }
    GeminiRequestWriter.put(use.extra(), part, place + ".", adaptation);
    content.calls.add(use.id());
    names.put(use.id(), use.name());
    return part;
  }

  private JsonNode arguments(Block.ToolUse use, String place) {
    Optional<JsonNode> object = object(use.arguments());
    if (object.isEmpty() && !use.arguments().isBlank()) {
      adaptation.change(place + ".arguments", "object");
      return Json.object().put("arguments", use.arguments());
    }
    return object.orElseGet(Json::object);
  }

  private void answer(Block.ToolResult result, String place) {
    cached(result.cache());
    var text = new StringBuilder();
    var pictures = new ArrayList<ObjectNode>();
    for (int k = 0; k < result.content().size(); k++) {
      String inner = place + ".content[" + k + "]";
      switch (result.content().get(k)) {
        case Block.Text said -> text.append(text.isEmpty() ? "" : "\n").append(said.text());
        case Block.Refusal said -> text.append(text.isEmpty() ? "" : "\n").append(said.text());
        case Block.Media picture -> media.write(picture, inner).ifPresent(pictures::add);
        case Block.Thought t -> adaptation.drop(inner);
        case Block.ToolUse t -> adaptation.drop(inner);
        case Block.ToolResult t -> adaptation.drop(inner);
        case Block.Native t -> adaptation.drop(inner);
      }
    }
    ObjectNode response = response(result.id(), result.name());
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
    GeminiRequestWriter.put(result.extra(), part, place + ".", adaptation);

    // The turn after the one that called, wherever the caller put the answer.
    for (int i = contents.size() - 1; i >= 0; i--) {
      int order = contents.get(i).calls.indexOf(result.id());
      if (order >= 0) {
        if (i + 1 == contents.size()) {
          contents.add(new Content(false));
        }
        contents.get(i + 1).answers.add(new Answered(order, part, pictures));
        return;
      }
    }
    Content last = next(false);
    if (media.own() || names.containsKey(result.id())) {
      last.answers.add(new Answered(Integer.MAX_VALUE, part, pictures));
    } else {
      // An answer to a call that nobody made is refused; what it says is not lost.
      adaptation.mend("tool_result " + result.id());
      last.parts.add(Json.object().put("text", text.isEmpty() ? " " : text.toString()));
      last.parts.addAll(pictures);
    }
  }

  private ObjectNode response(String id, String usual) {
    ObjectNode response = Json.object();
    if (!id.isEmpty() && !GeminiIds.made(id)) {
      response.put("id", id);
    }
    String name = names.getOrDefault(id, usual);
    return response.put("name", ToolNames.GEMINI.out(name.isEmpty() ? id : name));
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

  private void cached(Block.Cache cache) {
    if (cache != Block.Cache.NONE) {
      adaptation.drop("cache_control");
    }
  }
}

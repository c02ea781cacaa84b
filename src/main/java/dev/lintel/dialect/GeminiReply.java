package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A reply in Google's words, put together from parts of any vendor.
 *
 * <p>Gemini knows no pieces of a call's arguments, so calls wait until the reply is complete and
 * then follow in their order. What another vendor signed travels in the {@code thoughtSignature} of
 * what follows it, see {@link Proofs}: on the text after it, on the first call, whose signature
 * clients may not lose, or on an empty text where nothing follows.
 */
final class GeminiReply {
  private static final class Call {
    String id = "";
    String name = "";
    String signature = "";
    String vendor = "";
    final StringBuilder arguments = new StringBuilder();
  }

  private final Map<Integer, Call> calls = new TreeMap<>();
  private final List<Block.Thought> thoughts = new ArrayList<>();
  private final StringBuilder thought = new StringBuilder();
  private final StringBuilder refusal = new StringBuilder();
  private final ObjectNode ofCandidate = Json.object();
  private final ObjectNode ofReply = Json.object();
  private ArrayNode parts = Json.array();
  private String id = "";
  private String model;
  private int carried;
  private String signature = "";
  private String thinker = "";
  private boolean truncated;
  private Usage usage = Usage.UNKNOWN;
  private Part.@Nullable Stop stop;

  /**
   * @param model the name to show where the provider says none
   */
  GeminiReply(String model) {
    this.model = model;
  }

  void add(Part part) {
    switch (part) {
      case Part.Start start -> {
        id = start.id();
        model = start.model().isEmpty() ? model : start.model();
      }
      case Part.Text text -> text(text.text());
      case Part.Thought piece -> thought(piece);
      case Part.ToolUse use -> call(use);
      case Part.Media media -> {
        ObjectNode node = Json.object();
        node.putObject("inlineData").put("mimeType", media.mime()).put("data", media.base64());
        parts.add(sign(node));
      }
      case Part.Refusal words -> {
        refusal.append(words.text());
        text(words.text());
      }
      case Usage figures -> usage = figures;
      case Part.Stop end -> stop = end;
      case Part.Piece foreign -> throw new IllegalStateException("no part of a chat: " + foreign);
      case Part.Native vendors -> {
        if (vendors.extra().of(Gemini.NAME)) {
          own(vendors.extra().fields());
        }
      }
    }
  }

  /** Whether nothing waits to go with the next text. */
  boolean plain() {
    return thought.isEmpty()
        && parts.isEmpty()
        && signature.isEmpty()
        && carried == thoughts.size()
        && ofCandidate.isEmpty()
        && ofReply.isEmpty();
  }

  /** What follows the text of an event that says nothing else, up to its end. */
  String tail() {
    String ids = Json.text(identified(Json.object()));
    return "}],\"role\":\"model\"},\"index\":0}]," + ids.substring(1) + "\n\n";
  }

  /** What was added since the last event; empty where that is nothing a client could see. */
  ObjectNode event() {
    if (parts.isEmpty()) {
      return Json.object();
    }
    ObjectNode root = root();
    candidate(root);
    return identified(root);
  }

  /** The rest of the reply, and why it ended; of a whole reply, all of it. */
  ObjectNode finished() {
    calls();
    if (waiting() || !signature.isEmpty() || parts.isEmpty()) {
      parts.add(sign(Json.object().put("text", "")));
    }
    ObjectNode root = root();
    ObjectNode candidate = candidate(root);
    if (stop != null) {
      finish(stop, candidate);
    }
    if (usage.source() != Usage.Source.NONE) {
      root.set("usageMetadata", GeminiUsage.write(usage));
    }
    return identified(root);
  }

  private static ObjectNode root() {
    ObjectNode root = Json.object();
    root.putArray("candidates");
    return root;
  }

  private ObjectNode candidate(ObjectNode root) {
    ObjectNode candidate = ((ArrayNode) root.get("candidates")).addObject();
    ObjectNode content = candidate.putObject("content");
    content.set("parts", parts);
    content.put("role", "model");
    candidate.put("index", 0);
    candidate.setAll(ofCandidate);
    ofCandidate.removeAll();
    parts = Json.array();
    return candidate;
  }

  private ObjectNode identified(ObjectNode root) {
    root.put("modelVersion", model);
    if (id.isEmpty()) {
      id = UUID.randomUUID().toString();
    }
    root.put("responseId", id);
    root.setAll(ofReply);
    ofReply.removeAll();
    return root;
  }

  private void text(String text) {
    if (text.isEmpty()) {
      return;
    }
    endThought();
    ObjectNode node = sign(Json.object().put("text", text));
    if (!node.has("thoughtSignature") && joins(false)) {
      ObjectNode last = (ObjectNode) parts.get(parts.size() - 1);
      last.put("text", last.get("text").asString() + text);
    } else {
      parts.add(node);
    }
  }

  /** Whether the last part is text of that sort that may go on. */
  private boolean joins(boolean thoughts) {
    JsonNode last = parts.path(parts.size() - 1);
    boolean open = thoughts ? !last.has("thoughtSignature") : true;
    return open && last.path("text").isString() && last.has("thought") == thoughts;
  }

  private void thought(Part.Thought piece) {
    boolean own = piece.vendor().equals(Gemini.NAME);
    if (!piece.text().isEmpty()) {
      if (!own) {
        thought.append(piece.text());
        thinker = piece.vendor();
      }
      if (joins(true)) {
        ObjectNode last = (ObjectNode) parts.get(parts.size() - 1);
        last.put("text", last.get("text").asString() + piece.text());
      } else {
        parts.add(Json.object().put("text", piece.text()).put("thought", true));
      }
    }
    if (piece.signature().isEmpty()) {
      return;
    }
    if (!own) {
      thoughts.add(
          new Block.Thought(thought.toString(), piece.signature(), piece.vendor(), piece.sealed()));
      thought.setLength(0);
    } else if (!piece.text().isEmpty()) {
      ((ObjectNode) parts.get(parts.size() - 1)).put("thoughtSignature", piece.signature());
    } else {
      if (!signature.isEmpty()) {
        parts.add(sign(Json.object().put("text", "")));
      }
      signature = piece.signature();
    }
  }

  /** A thought that nobody signed is of use within a tool loop only, so calls alone carry it. */
  private void endThought() {
    if (!thought.isEmpty()) {
      thoughts.add(new Block.Thought(thought.toString(), "", thinker, false));
      thought.setLength(0);
    }
  }

  /** Puts what was signed before the part onto it. */
  private ObjectNode sign(ObjectNode node) {
    if (!signature.isEmpty()) {
      node.put("thoughtSignature", signature);
      signature = "";
    } else if (waiting()) {
      var fresh = new Proofs(thoughts.subList(carried, thoughts.size()), "", "");
      node.put("thoughtSignature", fresh.encode());
    }
    carried = thoughts.size();
    return node;
  }

  /** Whether a signed thought has found no part that carries it. */
  private boolean waiting() {
    return thoughts.stream().skip(carried).anyMatch(known -> !known.signature().isEmpty());
  }

  private void call(Part.ToolUse piece) {
    Call call = calls.computeIfAbsent(piece.index(), index -> new Call());
    call.id = piece.id().isEmpty() ? call.id : piece.id();
    call.name = piece.name().isEmpty() ? call.name : piece.name();
    call.vendor = piece.vendor().isEmpty() ? call.vendor : piece.vendor();
    call.arguments.append(piece.arguments());
    if (!piece.signature().isEmpty()) {
      call.signature = piece.signature();
    }
  }

  private void calls() {
    endThought();
    boolean first = true;
    for (Call call : calls.values()) {
      Optional<JsonNode> arguments = arguments(call.arguments.toString());
      if (arguments.isEmpty()) {
        truncated = true;
        continue;
      }
      ObjectNode part = Json.object();
      ObjectNode node = part.putObject("functionCall");
      if (!GeminiIds.made(call.id)) {
        node.put("id", call.id);
      }
      node.put("name", call.name).set("args", arguments.get());
      signCall(part, call, first);
      parts.add(part);
      first = false;
    }
    calls.clear();
  }

  private void signCall(ObjectNode part, Call call, boolean first) {
    List<Block.Thought> step = first ? thoughts : List.of();
    if (!call.signature.isEmpty() && call.vendor.equals(Gemini.NAME)) {
      part.put("thoughtSignature", call.signature);
    } else if (!step.isEmpty() || !call.signature.isEmpty()) {
      part.put("thoughtSignature", new Proofs(step, call.signature, call.vendor).encode());
      carried = thoughts.size();
    } else if (first && signature.isEmpty() && !call.vendor.equals(Gemini.NAME)) {
      // Gemini refuses the step without a signature, so it has to be known for another model's.
      part.put("thoughtSignature", new Proofs(List.of(), "", call.vendor).encode());
    } else {
      sign(part);
    }
  }

  /** Empty where the text is not one JSON object: the model was cut off in the middle of it. */
  private static Optional<JsonNode> arguments(String text) {
    if (text.isBlank()) {
      return Optional.of(Json.object());
    }
    try {
      return Optional.of(Json.parse(text)).filter(JsonNode::isObject);
    } catch (JacksonException cutOff) {
      return Optional.empty();
    }
  }

  private void own(ObjectNode fields) {
    if (fields.has("part")) {
      parts.add(fields.get("part"));
    }
    if (fields.get("candidate") instanceof ObjectNode more) {
      ofCandidate.setAll(more);
    }
    if (fields.get("reply") instanceof ObjectNode more) {
      ofReply.setAll(more);
    }
  }

  private void finish(Part.Stop end, ObjectNode candidate) {
    String word;
    String message = "";
    boolean refused = !refusal.isEmpty();
    if (refused) {
      word = "SAFETY";
      message = refusal.toString();
    } else if (end.vendor().equals(Gemini.NAME) && !end.word().isEmpty()) {
      word = end.word();
      message = end.detail();
    } else {
      word =
          switch (end.reason()) {
            case END, STOP_SEQUENCE, PAUSE -> "STOP";
            case TOOL_USE -> truncated ? "MALFORMED_FUNCTION_CALL" : "STOP";
            case LENGTH, CONTEXT_EXCEEDED -> "MAX_TOKENS";
            case REFUSAL, CONTENT_FILTER -> "SAFETY";
          };
      message =
          switch (end.reason()) {
            case REFUSAL, CONTENT_FILTER -> end.detail();
            // Google has no such reasons; whoever wants to go on needs the provider's word.
            case PAUSE, CONTEXT_EXCEEDED -> end.word();
            case END, STOP_SEQUENCE, TOOL_USE, LENGTH -> "";
          };
    }
    candidate.put("finishReason", word);
    if (!message.isEmpty()) {
      candidate.put("finishMessage", message);
    }
  }
}

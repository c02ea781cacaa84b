package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Json;
import dev.lintel.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The assistant's message as it grows: gives the delta that each part adds, and the whole of them
 * in the end.
 */
final class OpenAiReply {
  private static final class Call {
    String id = "";
    String name = "";
    final StringBuilder arguments = new StringBuilder();
  }

  private final StringBuilder text = new StringBuilder();
  private final StringBuilder refusal = new StringBuilder();
  private final StringBuilder reasoning = new StringBuilder();

  /** Where the thought under way begins in the reasoning. */
  private int thought;

  private final ArrayNode blocks = Json.array();

  /** Signed thoughts that the next call carries. */
  private final List<Block.Thought> unsent = new ArrayList<>();

  private final ArrayNode images = Json.array();
  private final Map<Integer, Call> calls = new TreeMap<>();
  private final ObjectNode others = Json.object();

  /** The delta for a part, empty where it says nothing in this dialect. */
  ObjectNode delta(Part part) {
    ObjectNode delta = Json.object();
    switch (part) {
      case Part.Text piece -> put(delta, "content", piece.text(), text);
      case Part.Refusal piece -> put(delta, "refusal", piece.text(), refusal);
      case Part.Thought piece -> thought(piece, delta);
      case Part.ToolUse piece -> call(piece, delta);
      case Part.Media media -> media(media, delta);
      case Part.Piece foreign -> throw new IllegalStateException("no part of a chat: " + foreign);
      case Part.Native piece -> {
        if (piece.extra().of(OpenAiChat.NAME)) {
          delta.setAll(piece.extra().fields());
          others.setAll(piece.extra().fields());
        }
      }
      case Part.Start start -> {}
      case Part.Stop stop -> {}
      case dev.lintel.Usage usage -> {}
    }
    return delta;
  }

  private static void put(ObjectNode delta, String name, String piece, StringBuilder all) {
    if (!piece.isEmpty()) {
      delta.put(name, piece);
      all.append(piece);
    }
  }

  private void thought(Part.Thought piece, ObjectNode delta) {
    put(delta, "reasoning_content", piece.text(), reasoning);
    if (!piece.signature().isEmpty()) {
      var signed =
          new Block.Thought(
              piece.sealed() ? "" : reasoning.substring(thought),
              piece.signature(),
              piece.vendor(),
              piece.sealed());
      ObjectNode block = OpenAiThoughts.block(blocks.size(), signed);
      unsent.add(signed);
      thought = reasoning.length();
      blocks.add(block);
      delta.putArray(OpenAiThoughts.BLOCKS).add(block);
    }
  }

  private void call(Part.ToolUse piece, ObjectNode delta) {
    Call known = calls.get(piece.index());
    Call call = known == null ? new Call() : known;
    ObjectNode node = Json.object().put("index", piece.index());
    if (known == null) {
      calls.put(piece.index(), call);
      var proofs = new Proofs(unsent, piece.signature(), piece.vendor());
      call.id = ToolId.shown(piece.id(), proofs);
      if (!piece.signature().isEmpty() && !ToolId.carries(piece.id(), proofs)) {
        ObjectNode block = OpenAiThoughts.block(blocks.size(), piece.signature(), piece.vendor());
        blocks.add(block);
        delta.putArray(OpenAiThoughts.BLOCKS).add(block);
      }
      unsent.clear();
      call.name = piece.name();
      node.put("id", call.id).put("type", "function");
    }
    ObjectNode function = node.putObject("function");
    if (known == null) {
      function.put("name", call.name);
    }
    function.put("arguments", piece.arguments());
    call.arguments.append(piece.arguments());
    delta.putArray("tool_calls").add(node);
  }

  /** Images stand where OpenRouter puts them. */
  private void media(Part.Media media, ObjectNode delta) {
    if (media.mime().startsWith("audio/")) {
      ObjectNode audio = Json.object().put("data", media.base64());
      delta.set("audio", audio);
      others.set("audio", audio);
      return;
    }
    ObjectNode image = Json.object().put("index", images.size()).put("type", "image_url");
    image.putObject("image_url").put("url", new MediaData(media.mime(), media.base64()).url());
    images.add(image);
    delta.putArray("images").add(image);
  }

  /**
   * What must stand before the finish reason: arguments of calls that have none, and the words of a
   * refusal that came with the stop alone.
   */
  List<ObjectNode> closing(Part.Stop stop) {
    var deltas = new ArrayList<ObjectNode>();
    for (var entry : calls.entrySet()) {
      if (entry.getValue().arguments.isEmpty()) {
        deltas.add(delta(new Part.ToolUse(entry.getKey(), "", "", "{}", "", "")));
      }
    }
    if (stop.reason() == Part.Stop.Reason.REFUSAL
        && refusal.isEmpty()
        && !stop.detail().isEmpty()) {
      deltas.add(delta(new Part.Refusal(stop.detail())));
    }
    return deltas;
  }

  /** The finish reason, with the provider's own word where it speaks another dialect. */
  void finish(Part.Stop stop, ObjectNode choice) {
    Part.Stop.Reason reason =
        refusal.isEmpty() || stop.reason() != Part.Stop.Reason.END
            ? stop.reason()
            : Part.Stop.Reason.REFUSAL;
    choice.put("finish_reason", OpenAiStops.write(reason));
    if (!stop.vendor().equals(OpenAiChat.NAME) && !stop.word().isEmpty()) {
      choice.put("native_finish_reason", stop.word());
    }
  }

  ObjectNode whole() {
    ObjectNode message = Json.object().put("role", "assistant");
    if (text.isEmpty() && (!calls.isEmpty() || !refusal.isEmpty())) {
      message.putNull("content");
    } else {
      message.put("content", text.toString());
    }
    message.put("refusal", refusal.isEmpty() ? null : refusal.toString());
    if (!reasoning.isEmpty()) {
      message.put("reasoning_content", reasoning.toString());
    }
    if (!blocks.isEmpty()) {
      message.set(OpenAiThoughts.BLOCKS, blocks);
    }
    if (!images.isEmpty()) {
      message.set("images", images);
    }
    if (!calls.isEmpty()) {
      ArrayNode list = message.putArray("tool_calls");
      for (Call call : calls.values()) {
        ObjectNode node = list.addObject().put("id", call.id).put("type", "function");
        node.putObject("function")
            .put("name", call.name)
            .put("arguments", call.arguments.toString());
      }
    }
    message.setAll(others);
    return message;
  }
}

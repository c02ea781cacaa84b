package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Usage;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Puts the parts of a reply into items that follow one another, and tells each as it grows.
 *
 * <p>A thought of another vendor's is a reasoning item whose {@code encrypted_content} is {@link
 * Proofs} or a {@link Proof}, and a signature that belongs to a call travels in its {@link ToolId},
 * or in such an item before it.
 */
final class ResponsesReply {
  private enum Kind {
    NOTHING,
    MESSAGE,
    REASONING,
    FUNCTION,
    CUSTOM
  }

  private static final ObjectNode NOTHING_MORE = Json.object();

  private final ResponsesOut out;
  private final Supplier<Set<String>> customTools;
  private final Sequence sequence = new Sequence(this::tell);
  private final Supplier<String> reply;
  private String seed = "";
  private final ArrayNode output = Json.array();
  private int place;
  private Kind open = Kind.NOTHING;
  private ObjectNode item = Json.object();
  private String id = "";

  /** The type of the part under way; empty where there is none. */
  private String part = "";

  private final StringBuilder text = new StringBuilder();
  private CustomInput input = new CustomInput();
  private String vendor = "";
  private int calling = -1;
  private boolean refused;
  private @Nullable Set<String> custom;

  /**
   * @param reply its id, from which those of its items are made
   * @param customTools the names of the caller's tools that take free text; asked for at the first
   *     call
   */
  ResponsesReply(ResponsesOut out, Supplier<String> reply, Supplier<Set<String>> customTools) {
    this.out = out;
    this.reply = reply;
    this.customTools = customTools;
  }

  void add(Part more) {
    sequence.add(more);
  }

  /** The items so far. */
  ArrayNode output() {
    return output;
  }

  boolean refused() {
    return refused;
  }

  /** So many of the provider's own items were passed on before. */
  void skip(int items) {
    place = items;
  }

  /**
   * Everything has been said.
   *
   * @param complete false where the reply was cut short
   */
  void finish(boolean complete) {
    sequence.finish();
    close(complete ? "completed" : "incomplete");
  }

  private void tell(Part more) {
    switch (more) {
      case Part.Text piece -> said("output_text", piece.text());
      case Part.Refusal piece -> {
        refused |= !piece.text().isEmpty();
        said("refusal", piece.text());
      }
      case Part.Thought thought -> thought(thought);
      case Part.ToolUse use -> call(use);
      case Part.Media media -> media(media);
      case Part.Native alien -> {
        if (alien.extra().of(ResponsesWords.NAME)) {
          whole(alien.extra().fields().deepCopy());
        }
      }
      case Part.Piece foreign -> throw new IllegalStateException("no part of a chat: " + foreign);
      case Part.Start start -> {}
      case Usage usage -> {}
      case Part.Stop stop -> {}
    }
  }

  private void begin(Kind kind, String prefix, ObjectNode started) {
    close("completed");
    open = kind;
    id = prefix + seed() + Integer.toHexString(place);
    item = Json.object().put("id", id);
    item.setAll(started);
    out.event("response.output_item.added", place, "item", item);
  }

  private String seed() {
    if (seed.isEmpty()) {
      seed = ToolNames.hex(reply.get(), 32);
    }
    return seed;
  }

  private static ObjectNode typed(String type) {
    return Json.object().put("type", type).put("status", "in_progress");
  }

  private void close(String status) {
    switch (open) {
      case NOTHING -> {
        return;
      }
      case MESSAGE -> {
        endPart();
        item.put("status", status);
      }
      case REASONING -> {
        endSummary();
        if (!item.has("encrypted_content") && !vendor.equals(ResponsesWords.NAME)) {
          item.put("encrypted_content", new Proof(vendor, "").encode());
        }
      }
      case FUNCTION -> {
        String arguments = text.isEmpty() ? "{}" : text.toString();
        if (text.isEmpty()) {
          out.delta("response.function_call_arguments.delta", id, place, "", 0, arguments);
        }
        out.item(
            "response.function_call_arguments.done",
            id,
            place,
            Json.object().put("arguments", arguments).put("name", item.path("name").asString()));
        item.put("arguments", arguments).put("status", status);
      }
      case CUSTOM -> {
        free(input.end());
        out.item(
            "response.custom_tool_call_input.done",
            id,
            place,
            Json.object().put("input", text.toString()));
        item.put("input", text.toString()).put("status", status);
      }
    }
    done();
  }

  private void done() {
    out.event("response.output_item.done", place, "item", item);
    output.add(item);
    open = Kind.NOTHING;
    text.setLength(0);
    part = "";
    place++;
  }

  private void said(String type, String piece) {
    if (piece.isEmpty()) {
      // Says nothing, and so ends nothing.
      return;
    }
    if (open != Kind.MESSAGE) {
      ObjectNode message = typed("message").put("role", "assistant");
      message.putArray("content");
      begin(Kind.MESSAGE, "msg_", message);
    }
    if (!part.equals(type)) {
      endPart();
      part = type;
      out.item("response.content_part.added", id, place, indexed().set("part", content("")));
    }
    text.append(piece);
    String event = part.equals("refusal") ? "response.refusal.delta" : "response.output_text.delta";
    out.delta(event, id, place, "content_index", item.path("content").size(), piece);
  }

  private ObjectNode indexed() {
    return Json.object().put("content_index", item.path("content").size());
  }

  private ObjectNode content(String words) {
    ObjectNode content = Json.object().put("type", part);
    if (part.equals("refusal")) {
      return content.put("refusal", words);
    }
    content.put("text", words).putArray("annotations");
    content.putArray("logprobs");
    return content;
  }

  private void endPart() {
    if (part.isEmpty()) {
      return;
    }
    ObjectNode whole = content(text.toString());
    ObjectNode said = indexed();
    if (part.equals("refusal")) {
      out.item("response.refusal.done", id, place, said.put("refusal", text.toString()));
    } else {
      said.put("text", text.toString()).putArray("logprobs");
      out.item("response.output_text.done", id, place, said);
    }
    out.item("response.content_part.done", id, place, indexed().set("part", whole));
    item.withArray("/content").add(whole);
    text.setLength(0);
    part = "";
  }

  private void thought(Part.Thought thought) {
    if (thought.text().isEmpty() && thought.signature().isEmpty()) {
      return;
    }
    // A signature alone proves the words before it: only it shows whose they are at Bedrock.
    boolean proof = thought.text().isEmpty() && !thought.sealed();
    if (open != Kind.REASONING || !(proof || vendor.equals(thought.vendor()))) {
      ObjectNode reasoning = Json.object().put("type", "reasoning");
      reasoning.putArray("summary");
      begin(Kind.REASONING, "rs_", reasoning);
    }
    // At Bedrock the text is its own and the signature Claude's.
    vendor = thought.vendor();
    if (!thought.text().isEmpty()) {
      if (part.isEmpty()) {
        part = "summary_text";
        out.item("response.reasoning_summary_part.added", id, place, summary(""));
      }
      text.append(thought.text());
      out.delta(
          "response.reasoning_summary_text.delta", id, place, "summary_index", 0, thought.text());
    }
    if (!thought.signature().isEmpty()) {
      String words = text.toString();
      endSummary();
      item.put("encrypted_content", sealed(thought, words));
      close("completed");
    }
  }

  private static String sealed(Part.Thought thought, String words) {
    if (thought.vendor().equals(ResponsesWords.NAME)) {
      return thought.signature();
    }
    var block =
        new Block.Thought(
            thought.sealed() ? "" : words, thought.signature(), thought.vendor(), thought.sealed());
    return new Proofs(List.of(block), "", "").encode();
  }

  private static ObjectNode summary(String words) {
    ObjectNode fields = Json.object().put("summary_index", 0);
    fields.putObject("part").put("type", "summary_text").put("text", words);
    return fields;
  }

  private void endSummary() {
    if (part.isEmpty()) {
      return;
    }
    String words = text.toString();
    out.item(
        "response.reasoning_summary_text.done",
        id,
        place,
        Json.object().put("summary_index", 0).put("text", words));
    out.item("response.reasoning_summary_part.done", id, place, summary(words));
    item.withArray("/summary").addObject().put("type", "summary_text").put("text", words);
    text.setLength(0);
    part = "";
  }

  private void call(Part.ToolUse use) {
    boolean calls = open == Kind.FUNCTION || open == Kind.CUSTOM;
    if (!calls || calling != use.index()) {
      begin(use);
      calling = use.index();
    }
    if (open == Kind.CUSTOM) {
      free(input.add(use.arguments()));
    } else if (!use.arguments().isEmpty()) {
      text.append(use.arguments());
      out.delta("response.function_call_arguments.delta", id, place, "", 0, use.arguments());
    }
  }

  private void begin(Part.ToolUse use) {
    Set<String> names = custom;
    if (names == null) {
      names = customTools.get();
      custom = names;
    }
    var proofs = new Proofs(List.of(), use.signature(), use.vendor());
    String callId =
        use.id().isEmpty() && use.signature().isEmpty()
            ? "call_" + seed() + Integer.toHexString(use.index())
            : ToolId.shown(use.id(), proofs);
    if (!proofs.none() && !ToolId.carries(use.id(), proofs)) {
      ObjectNode sealed = Json.object().put("type", "reasoning");
      sealed.putArray("summary");
      begin(Kind.NOTHING, "rs_", sealed);
      item.put("encrypted_content", proofs.encode());
      done();
    }
    if (names.contains(use.name())) {
      input = new CustomInput();
      begin(
          Kind.CUSTOM,
          "ctc_",
          typed("custom_tool_call")
              .put("call_id", callId)
              .put("name", use.name())
              .put("input", ""));
    } else {
      begin(
          Kind.FUNCTION,
          "fc_",
          typed("function_call")
              .put("call_id", callId)
              .put("name", use.name())
              .put("arguments", ""));
    }
  }

  private void free(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      out.delta("response.custom_tool_call_input.delta", id, place, "", 0, piece);
    }
  }

  /** An image is what the API's own tool would have made; sounds have no place but a link. */
  private void media(Part.Media media) {
    if (!media.mime().startsWith("image/")) {
      said("output_text", "![](" + new MediaData(media.mime(), media.base64()).url() + ")");
      return;
    }
    begin(Kind.NOTHING, "ig_", typed("image_generation_call").putNull("result"));
    out.item("response.image_generation_call.completed", id, place, NOTHING_MORE);
    item.put("status", "completed")
        .put("output_format", media.mime().substring("image/".length()))
        .put("result", media.base64());
    done();
  }

  private void whole(ObjectNode made) {
    close("completed");
    item = made;
    out.event("response.output_item.added", place, "item", item);
    done();
  }
}

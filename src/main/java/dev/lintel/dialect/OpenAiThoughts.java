package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Json;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How proofs of thinking travel through OpenAI's dialect, which has no place of its own for them,
 * so that a client gives them back with the assistant's message.
 *
 * <p>A signed thought is an entry of the message's {@code thinking_blocks}: {@code {index, type:
 * thinking, thinking, signature}} or {@code {index, type: redacted_thinking, data}}, with a {@link
 * Proof}; the signature of a call whose id cannot carry it is one of the latter with {@link
 * Proofs}. In a stream an entry comes whole in one delta; its {@code index} is what the SDKs merge
 * list deltas by. Many clients keep nothing of a message but its text and its tool calls, so the id
 * of a call carries what was signed before it, too.
 */
final class OpenAiThoughts {
  static final String BLOCKS = "thinking_blocks";

  /** Where Google's own OpenAI endpoint puts the signature of a call. */
  static final String TOOL = "extra_content";

  private OpenAiThoughts() {}

  static ObjectNode block(int index, Block.Thought thought) {
    ObjectNode node = Json.object().put("index", index);
    String proof = new Proof(thought.vendor(), thought.signature()).encode();
    return thought.sealed()
        ? node.put("type", "redacted_thinking").put("data", proof)
        : node.put("type", "thinking").put("thinking", thought.text()).put("signature", proof);
  }

  /** The signature of a call whose id cannot carry it. */
  static ObjectNode block(int index, String signature, String vendor) {
    return Json.object()
        .put("index", index)
        .put("type", "redacted_thinking")
        .put("data", new Proofs(List.of(), signature, vendor).encode());
  }

  /** The same as it comes back; empty where the entry is another one. */
  static Optional<Proofs> ofCall(JsonNode block) {
    return Proofs.decode(block.path("data").asString(""));
  }

  /** Empty where the entry is not of this gateway. */
  static Optional<Block.Thought> thought(JsonNode block) {
    boolean sealed = block.path("type").asString("").equals("redacted_thinking");
    return Proof.decode(block.path(sealed ? "data" : "signature").asString(""))
        .map(proof ->
            new Block.Thought(
                block.path("thinking").asString(""), proof.signature(), proof.vendor(), sealed));
  }

  /** The value of a call's {@code extra_content}. */
  static ObjectNode ofTool(String signature) {
    ObjectNode node = Json.object();
    node.putObject("google").put("thought_signature", signature);
    return node;
  }

  /** The signature in a call's {@code extra_content}, always Gemini's; empty where none. */
  static String signatureOfTool(JsonNode extra) {
    return extra.path("google").path("thought_signature").asString("");
  }
}

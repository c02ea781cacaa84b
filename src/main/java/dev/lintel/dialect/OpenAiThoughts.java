package dev.lintel.dialect;

import dev.lintel.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How proofs of thinking travel through OpenAI's dialect, which has no place of its own for them,
 * so that a client that echoes the assistant's message gives them back.
 *
 * <p>A thought that has a signature is an entry of the message's {@code thinking_blocks}, a field
 * that other gateways use too: {@code {index, type: thinking, thinking, signature, vendor}} or
 * {@code {index, type: redacted_thinking, data, vendor}}. In a stream an entry comes whole in one
 * delta; its {@code index} is what the SDKs merge list deltas by. The signature of a tool call
 * stands where Google's own OpenAI endpoint puts it: {@code
 * extra_content.google.thought_signature}.
 */
final class OpenAiThoughts {
  static final String BLOCKS = "thinking_blocks";
  static final String TOOL = "extra_content";
  private static final String SIGNATURE = "thought_signature";

  private OpenAiThoughts() {}

  static ObjectNode block(int index, String text, String signature, String vendor, boolean sealed) {
    ObjectNode node = Json.object().put("index", index);
    if (sealed) {
      node.put("type", "redacted_thinking").put("data", signature);
    } else {
      node.put("type", "thinking").put("thinking", text).put("signature", signature);
    }
    return node.put("vendor", vendor);
  }

  /** The value of a tool call's {@code extra_content}. */
  static ObjectNode ofTool(String signature, String vendor) {
    ObjectNode node = Json.object();
    node.putObject(vendor.equals("gemini") ? "google" : vendor).put(SIGNATURE, signature);
    return node;
  }

  /** The dialect whose provider signed a tool call; empty where nobody did. */
  static String vendorOfTool(JsonNode extra) {
    for (var member : extra.properties()) {
      if (member.getValue().path(SIGNATURE).isString()) {
        return member.getKey().equals("google") ? "gemini" : member.getKey();
      }
    }
    return "";
  }

  /** A tool call's signature; empty where there is none. */
  static String signatureOfTool(JsonNode extra) {
    for (var member : extra.properties()) {
      if (member.getValue().path(SIGNATURE).isString()) {
        return member.getValue().get(SIGNATURE).asString();
      }
    }
    return "";
  }
}

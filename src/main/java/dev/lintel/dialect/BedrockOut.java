package dev.lintel.dialect;

import dev.lintel.AwsEvent;
import dev.lintel.Block;
import dev.lintel.Bytes;
import dev.lintel.Json;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Anthropic's blocks in Bedrock's words: as events of a stream, or as a message's content. */
final class BedrockOut implements AnthropicOut {
  private static final AwsEvent MESSAGE_START = AwsEvent.named("messageStart");
  private static final AwsEvent MESSAGE_STOP = AwsEvent.named("messageStop");
  private static final AwsEvent METADATA = AwsEvent.named("metadata");
  private static final AwsEvent START = AwsEvent.named("contentBlockStart");
  private static final AwsEvent DELTA = AwsEvent.named("contentBlockDelta");
  private static final AwsEvent STOP = AwsEvent.named("contentBlockStop");

  /** What stands before and behind a delta's text, by the delta's type. */
  private static final Map<String, List<String>> FORMS =
      Map.of(
          "text_delta", List.of("{\"text\":", "}"),
          "thinking_delta", List.of("{\"reasoningContent\":{\"text\":", "}}"),
          "signature_delta", List.of("{\"reasoningContent\":{\"signature\":", "}}"),
          "input_json_delta", List.of("{\"toolUse\":{\"input\":", "}}"));

  private Bytes bytes;

  /** Whether a call is open of whose input nothing was told: SDKs parse the whole of it as JSON. */
  private boolean unfed;

  BedrockOut(Bytes bytes) {
    this.bytes = bytes;
  }

  /** What follows goes there. */
  BedrockOut to(Bytes other) {
    bytes = other;
    return this;
  }

  void messageStart() {
    MESSAGE_START.write(Json.bytes(Json.object().put("role", "assistant")), bytes);
  }

  void messageStop(String reason) {
    MESSAGE_STOP.write(Json.bytes(Json.object().put("stopReason", reason)), bytes);
  }

  void metadata(ObjectNode metadata) {
    METADATA.write(Json.bytes(metadata), bytes);
  }

  @Override
  public void start(int index, ObjectNode block) {
    switch (block.path("type").asString("")) {
      case "tool_use" -> {
        unfed = true;
        ObjectNode event = Json.object();
        event.putObject("start").set("toolUse", call(block));
        START.write(Json.bytes(event.put("contentBlockIndex", index)), bytes);
      }
      case "redacted_thinking" -> {
        ObjectNode delta = Json.object();
        delta
            .putObject("reasoningContent")
            .put("redactedContent", sealed(block.path("data").asString("")));
        delta(index, delta);
      }
      case "text", "thinking" -> {}
      default -> {
        // A start that one provider of this dialect knows.
        if (block.path("start").isObject()) {
          START.write(Json.bytes(block.deepCopy().put("contentBlockIndex", index)), bytes);
        }
      }
    }
  }

  @Override
  public void delta(int index, String type, String field, String text) {
    List<String> form = FORMS.get(type);
    if (form == null) {
      throw new IllegalArgumentException("no delta of a block: " + type);
    }
    unfed &= !type.equals("input_json_delta");
    var payload = new Bytes(64 + text.length());
    payload
        .add("{\"contentBlockIndex\":" + index + ",\"delta\":" + form.getFirst())
        .add(Json.string(text))
        .add(form.getLast())
        .add("}");
    DELTA.write(payload.take(), bytes);
  }

  @Override
  public void delta(int index, ObjectNode delta) {
    ObjectNode event = Json.object().put("contentBlockIndex", index);
    event.set("delta", delta);
    DELTA.write(Json.bytes(event), bytes);
  }

  @Override
  public void stop(int index) {
    if (unfed) {
      delta(index, "input_json_delta", "", "{}");
    }
    STOP.write(Json.bytes(Json.object().put("contentBlockIndex", index)), bytes);
  }

  /** Anthropic's content as Bedrock's. */
  static ArrayNode content(ArrayNode blocks) {
    ArrayNode content = Json.array();
    for (JsonNode block : blocks) {
      switch (block.path("type").asString("")) {
        case "text" -> content.addObject().put("text", block.path("text").asString(""));
        case "tool_use" -> {
          ObjectNode call = call(block);
          call.set("input", block.path("input"));
          content.addObject().set("toolUse", call);
        }
        case "thinking" -> {
          ObjectNode thought =
              content
                  .addObject()
                  .putObject("reasoningContent")
                  .putObject("reasoningText")
                  .put("text", block.path("thinking").asString(""));
          String signature = block.path("signature").asString("");
          if (!signature.isEmpty()) {
            thought.put("signature", signature);
          }
        }
        case "redacted_thinking" ->
            content
                .addObject()
                .putObject("reasoningContent")
                .put("redactedContent", sealed(block.path("data").asString("")));
        default -> content.add(block);
      }
    }
    return content;
  }

  private static ObjectNode call(JsonNode block) {
    return Json.object()
        .put("toolUseId", block.path("id").asString(""))
        .put("name", block.path("name").asString(""));
  }

  /** SDKs decode it, so another vendor's has to be base64, too. */
  private static String sealed(String data) {
    return Proof.decode(data)
        .map(proof -> new Block.Thought("", proof.signature(), proof.vendor(), true))
        .map(thought -> new Proofs(List.of(thought), "", "").encode())
        .orElse(data);
  }
}

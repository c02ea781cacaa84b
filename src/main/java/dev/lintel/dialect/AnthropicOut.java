package dev.lintel.dialect;

import dev.lintel.Bytes;
import dev.lintel.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Where the blocks of a reply go, one after the other. */
sealed interface AnthropicOut permits AnthropicOut.Events, AnthropicOut.Folded, BedrockOut {
  void start(int index, ObjectNode block);

  /**
   * A piece of the open block's text.
   *
   * @param type such as {@code text_delta}
   * @param field in which the text stands
   */
  void delta(int index, String type, String field, String text);

  /** Anything else that is said of the open block. */
  void delta(int index, ObjectNode delta);

  void stop(int index);

  /** Onto the wire, as events. */
  record Events(Bytes bytes) implements AnthropicOut {
    /** Adds one event. */
    void event(String name, ObjectNode data) {
      bytes.add("event: ").add(name).add("\ndata: ").add(Json.bytes(data)).add("\n\n");
    }

    private static ObjectNode event(String type, int index) {
      return Json.object().put("type", type).put("index", index);
    }

    @Override
    public void start(int index, ObjectNode block) {
      ObjectNode event = event("content_block_start", index);
      event.set("content_block", block);
      event("content_block_start", event);
    }

    @Override
    public void delta(int index, String type, String field, String text) {
      bytes
          .add(
              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"
                  + index
                  + ",\"delta\":{\"type\":\""
                  + type
                  + "\",\""
                  + field
                  + "\":")
          .add(Json.string(text))
          .add("}}\n\n");
    }

    @Override
    public void delta(int index, ObjectNode delta) {
      ObjectNode event = event("content_block_delta", index);
      event.set("delta", delta);
      event("content_block_delta", event);
    }

    @Override
    public void stop(int index) {
      event("content_block_stop", event("content_block_stop", index));
    }
  }

  /** Into a whole message's content, as an SDK would. */
  final class Folded implements AnthropicOut {
    private final ArrayNode content = Json.array();
    private final StringBuilder text = new StringBuilder();
    private ObjectNode block = Json.object();
    private String field = "";

    ArrayNode content() {
      return content;
    }

    @Override
    public void start(int index, ObjectNode started) {
      block = started;
      content.add(started);
    }

    @Override
    public void delta(int index, String type, String name, String piece) {
      if (!name.equals(field)) {
        settle();
        field = name;
      }
      text.append(piece);
    }

    @Override
    public void delta(int index, ObjectNode delta) {
      if (delta.has("citation")) {
        block.withArray("/citations").add(delta.get("citation"));
      } else if (delta.path("partial_json").isString()) {
        delta(index, "", "partial_json", delta.path("partial_json").asString());
      }
    }

    @Override
    public void stop(int index) {
      settle();
    }

    private void settle() {
      if (field.equals("partial_json")) {
        block.set("input", input(text.toString()));
      } else if (!field.isEmpty()) {
        block.put(field, block.path(field).asString("") + text);
      }
      field = "";
      text.setLength(0);
    }

    /** A call that was cut short has no object for its input; its text is shown instead. */
    private static JsonNode input(String json) {
      try {
        JsonNode input = Json.parse(json);
        if (input.isObject()) {
          return input;
        }
      } catch (JacksonException cut) {
        return Json.object().put("arguments", json);
      }
      return Json.object().put("arguments", json);
    }
  }
}

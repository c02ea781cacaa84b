package dev.lintel.dialect;

import dev.lintel.Json;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Puts the events of a stream together into the message of a whole reply, as an SDK would. */
final class CohereFold implements Consumer<ObjectNode> {
  private final StringBuilder plan = new StringBuilder();
  private final ArrayNode content = Json.array();
  private final ArrayNode calls = Json.array();
  private final ArrayNode citations = Json.array();
  private final StringBuilder text = new StringBuilder();
  private ObjectNode item = Json.object();

  @Override
  public void accept(ObjectNode event) {
    JsonNode message = event.path("delta").path("message");
    switch (event.path("type").asString("")) {
      case "content-start" ->
          item = content.addObject().setAll((ObjectNode) message.path("content"));
      case "content-delta" -> text.append(message.path("content").path(field()).asString(""));
      case "content-end" -> item.put(field(), taken());
      case "tool-plan-delta" -> plan.append(message.path("tool_plan").asString(""));
      case "tool-call-start" ->
          item = calls.addObject().setAll((ObjectNode) message.path("tool_calls"));
      case "tool-call-delta" ->
          text.append(message.path("tool_calls").path("function").path("arguments").asString(""));
      case "tool-call-end" -> item.withObject("/function").put("arguments", taken());
      case "citation-start" -> citations.add(message.path("citations"));
      default -> {}
    }
  }

  private String field() {
    return item.path("type").asString("");
  }

  private String taken() {
    String all = text.toString();
    text.setLength(0);
    return all;
  }

  /** The text beside calls is their plan. */
  ObjectNode message() {
    ObjectNode message = Json.object().put("role", "assistant");
    if (calls.isEmpty()) {
      if (content.isEmpty()) {
        content.addObject().put("type", "text").put("text", "");
      }
      message.set("content", content);
    } else {
      ArrayNode thoughts = Json.array();
      for (JsonNode part : content) {
        if (part.path("type").asString("").equals("text")) {
          plan.append(part.path("text").asString(""));
        } else {
          thoughts.add(part);
        }
      }
      if (!thoughts.isEmpty()) {
        message.set("content", thoughts);
      }
      if (!plan.isEmpty()) {
        message.put("tool_plan", plan.toString());
      }
      message.set("tool_calls", calls);
    }
    if (!citations.isEmpty()) {
      message.set("citations", citations);
    }
    return message;
  }
}

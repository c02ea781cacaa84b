package dev.lintel.dialect;

import dev.lintel.Bytes;
import dev.lintel.Json;
import tools.jackson.databind.node.ObjectNode;

/**
 * Events on their way to a client, numbered in their order. A whole reply is made without any: it
 * is written by one that has nowhere to put them.
 */
final class ResponsesOut {
  private Bytes bytes = new Bytes(0);
  private boolean silent = true;
  private long next;

  /** Where the events go from now on. */
  ResponsesOut to(Bytes out) {
    bytes = out;
    silent = false;
    return this;
  }

  /** The provider's own events had the numbers before this one. */
  void goOn(long number) {
    next = number;
  }

  /** An event of an item, which says no more than its type, the item and these fields. */
  void item(String type, String id, int output, ObjectNode fields) {
    if (!silent) {
      ObjectNode data = head(type).put("item_id", id).put("output_index", output);
      event(type, data.setAll(fields));
    }
  }

  void event(String type, int output, String name, ObjectNode value) {
    if (!silent) {
      ObjectNode data = head(type).put("output_index", output);
      data.set(name, value);
      event(type, data);
    }
  }

  private ObjectNode head(String type) {
    return Json.object().put("type", type).put("sequence_number", next++);
  }

  private void event(String type, ObjectNode data) {
    bytes.add("event: ").add(type).add("\ndata: ").add(Json.bytes(data)).add("\n\n");
  }

  /**
   * A piece of text: what most of a stream is made of.
   *
   * @param index {@code content_index} or {@code summary_index}; empty where the item has none
   */
  void delta(String type, String id, int output, String index, int part, String text) {
    if (silent) {
      return;
    }
    bytes
        .add("event: " + type + "\ndata: {\"type\":\"" + type + "\",\"sequence_number\":" + next++)
        .add(",\"item_id\":\"" + id + "\",\"output_index\":" + output)
        .add(index.isEmpty() ? "" : ",\"" + index + "\":" + part)
        .add(",\"delta\":")
        .add(Json.string(text))
        .add(type.equals("response.output_text.delta") ? ",\"logprobs\":[]}\n\n" : "}\n\n");
  }

  /**
   * An event that holds the whole response.
   *
   * @param response its JSON
   */
  void response(String type, byte[] response) {
    bytes
        .add("event: " + type + "\ndata: {\"type\":\"" + type + "\",\"sequence_number\":" + next++)
        .add(",\"response\":")
        .add(response)
        .add("}\n\n");
  }

  /** The event that ends a broken stream. */
  void error(ObjectNode fields) {
    event("error", head("error").setAll(fields));
  }
}

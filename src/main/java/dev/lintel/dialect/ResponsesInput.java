package dev.lintel.dialect;

import dev.lintel.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A request's input items as they stand on the wire, changed without the common model. */
final class ResponsesInput {
  private ResponsesInput() {}

  /**
   * The items without what the gateway wrote into them: ids of calls as they were issued, and no
   * thought of another vendor's.
   */
  static JsonNode unproved(JsonNode input) {
    if (!input.isArray()) {
      return input;
    }
    ArrayNode items = Json.array();
    for (JsonNode item : input) {
      String proof = item.path("encrypted_content").asString("");
      if (Proof.decode(proof).isPresent() || Proofs.decode(proof).isPresent()) {
        continue;
      }
      String id = item.path("call_id").asString("");
      boolean shown = id.startsWith(ToolId.MARK) && item.isObject();
      items.add(
          shown ? ((ObjectNode) item.deepCopy()).put("call_id", ToolId.of(id).id()) : item);
    }
    return items;
  }
}

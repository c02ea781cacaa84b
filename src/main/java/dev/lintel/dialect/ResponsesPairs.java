package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Mends the items of another dialect's caller for OpenAI, which refuses a call's output without the
 * call before it and a call without an output after it.
 */
record ResponsesPairs(Adaptation adaptation) {
  private static final String OUTPUT = "_output";

  ArrayNode mended(ArrayNode items) {
    ArrayNode mended = Json.array();
    Map<String, String> open = new LinkedHashMap<>();
    for (JsonNode item : items) {
      String type = item.path("type").asString("");
      String id = item.path("call_id").asString("");
      switch (type) {
        case "function_call", "custom_tool_call" -> {
          open.put(id, type);
          mended.add(item);
        }
        case "function_call_output", "custom_tool_call_output" -> {
          if (open.remove(id) != null) {
            mended.add(item);
          } else {
            adaptation.mend("tool_result " + id);
            said(item.path("output"), mended);
          }
        }
        default -> {
          if (item.path("role").asString("").equals("user")) {
            close(open, mended);
          }
          mended.add(item);
        }
      }
    }
    close(open, mended);
    return mended;
  }

  private static void said(JsonNode output, ArrayNode into) {
    ObjectNode message = into.addObject().put("type", "message").put("role", "user");
    message.set("content", output);
  }

  private void close(Map<String, String> open, ArrayNode into) {
    open.forEach((id, type) -> {
      adaptation.mend("tool_use " + id);
      into.addObject()
          .put("type", type + OUTPUT)
          .put("call_id", id)
          .put("output", AlternatingTurns.NO_RESULT);
    });
    open.clear();
  }
}

package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Json;
import java.util.LinkedHashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Mends a conversation of another dialect's caller for OpenAI, which refuses a tool's message
 * without the call before it and a call without the tool's message after it.
 */
record OpenAiPairs(Adaptation adaptation) {
  ArrayNode mended(ArrayNode messages) {
    ArrayNode mended = Json.array();
    Set<String> open = new LinkedHashSet<>();
    for (JsonNode message : messages) {
      String role = message.path("role").asString("");
      String id = message.path("tool_call_id").asString("");
      if (!role.equals("tool")) {
        close(open, mended);
        mended.add(message);
      } else if (open.remove(id)) {
        mended.add(message);
      } else {
        adaptation.mend("tool_result " + id);
        mended.addObject().put("role", "user").set("content", message.path("content"));
      }
      for (JsonNode call : message.path("tool_calls")) {
        open.add(call.path("id").asString(""));
      }
    }
    close(open, mended);
    return mended;
  }

  private void close(Set<String> open, ArrayNode into) {
    for (String id : open) {
      adaptation.mend("tool_use " + id);
      ObjectNode answer = into.addObject().put("role", "tool").put("tool_call_id", id);
      answer.put("content", "The tool gave no result.");
    }
    open.clear();
  }
}

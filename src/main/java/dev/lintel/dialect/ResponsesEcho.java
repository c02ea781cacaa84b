package dev.lintel.dialect;

import dev.lintel.Chat;
import dev.lintel.Inbound;
import dev.lintel.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What every response repeats of its request, with what the API takes where nothing was said. */
final class ResponsesEcho {
  private static final ObjectNode USUAL =
      (ObjectNode)
          Json.parse(
              """
              {"background":false,"instructions":null,"max_output_tokens":null,\
              "max_tool_calls":null,"parallel_tool_calls":true,"previous_response_id":null,\
              "prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},\
              "safety_identifier":null,"service_tier":"default","store":true,"temperature":1.0,\
              "text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],\
              "top_logprobs":0,"top_p":1.0,"truncation":"disabled","user":null,"metadata":{}}\
              """);

  private ResponsesEcho() {}

  static ObjectNode of(Chat chat) {
    ObjectNode given = chat.original().map(Inbound::body).map(body -> body.tree()).orElse(USUAL);
    ObjectNode echo = Json.object();
    for (var field : USUAL.properties()) {
      JsonNode value = given.path(field.getKey());
      boolean said = !value.isMissingNode() && !value.isNull();
      echo.set(field.getKey(), said ? value : field.getValue());
    }
    if (!echo.path("text").has("format")) {
      ObjectNode text = (ObjectNode) echo.path("text").deepCopy();
      text.putObject("format").put("type", "text");
      echo.set("text", text);
    }
    echo.set("tools", tools(echo.path("tools")));
    if (echo.path("service_tier").asString("").equals("auto")) {
      echo.put("service_tier", "default");
    }
    return echo;
  }

  /** SDKs want to see what may be left out of a request. */
  private static ArrayNode tools(JsonNode given) {
    ArrayNode tools = Json.array();
    for (JsonNode tool : given) {
      if (tool.path("type").asString("").equals("function")
          && tool instanceof ObjectNode function) {
        ObjectNode whole = function.deepCopy();
        if (!whole.has("parameters")) {
          whole.putNull("parameters");
        }
        if (!whole.has("strict")) {
          whole.put("strict", false);
        }
        tools.add(whole);
      } else {
        tools.add(tool);
      }
    }
    return tools;
  }
}

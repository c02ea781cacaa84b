package dev.lintel.matrix;

import dev.lintel.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A conversation of many turns, which its client sends whole each time, as SDKs do. */
public final class Talk {
  private final Client client;
  private final ArrayNode history = Json.array();

  public Talk(Client client) {
    this.client = client;
  }

  /** As it would be sent, for a test to change as a careless client does. */
  public ArrayNode history() {
    return history;
  }

  public void ask(String text) {
    switch (client.name()) {
      case "gemini" ->
          history.addObject().put("role", "user").putArray("parts").addObject().put("text", text);
      case "bedrock" ->
          history.addObject().put("role", "user").putArray("content").addObject().put("text", text);
      default -> history.addObject().put("role", "user").put("content", text);
    }
  }

  /** What the model said, and then what the tools answered that it called. */
  public void add(Said said) {
    switch (client.name()) {
      case "responses" -> said.echo().forEach(history::add);
      case "messages", "bedrock" ->
          history.addObject().put("role", "assistant").set("content", said.echo());
      case "gemini" -> history.addObject().put("role", "model").set("parts", said.echo());
      default -> history.add(said.echo());
    }
    if (said.calls().isEmpty()) {
      return;
    }
    ArrayNode together = Json.array();
    for (Said.Call call : said.calls()) {
      JsonNode result = result(call);
      switch (client.name()) {
        case "messages", "bedrock", "gemini" -> together.add(result);
        default -> history.add(result);
      }
    }
    if (!together.isEmpty()) {
      history
          .addObject()
          .put("role", "user")
          .set(client.name().equals("gemini") ? "parts" : "content", together);
    }
  }

  private ObjectNode result(Said.Call call) {
    ObjectNode result = Json.object();
    switch (client.name()) {
      case "responses" ->
          result
              .put("type", "function_call_output")
              .put("call_id", call.id())
              .put("output", Ask.RESULT);
      case "messages" ->
          result
              .put("type", "tool_result")
              .put("tool_use_id", call.id())
              .put("content", Ask.RESULT);
      case "bedrock" ->
          result
              .putObject("toolResult")
              .put("toolUseId", call.id())
              .putArray("content")
              .addObject()
              .put("text", Ask.RESULT);
      case "gemini" -> {
        ObjectNode response = result.putObject("functionResponse").put("name", call.name());
        if (!call.id().isEmpty()) {
          response.put("id", call.id());
        }
        response.putObject("response").put("result", Ask.RESULT);
      }
      default ->
          result.put("role", "tool").put("tool_call_id", call.id()).put("content", Ask.RESULT);
    }
    return result;
  }

  /**
   * The whole conversation as a request.
   *
   * @param terms tools and settings; its text is not sent
   */
  public ObjectNode body(Ask terms, String model, boolean stream) {
    ObjectNode body = client.body(terms, model, stream);
    String field =
        switch (client.name()) {
          case "responses" -> "input";
          case "gemini" -> "contents";
          default -> "messages";
        };
    body.set(field, history.deepCopy());
    return body;
  }
}

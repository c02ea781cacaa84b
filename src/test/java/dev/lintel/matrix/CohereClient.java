package dev.lintel.matrix;

import dev.lintel.Json;
import java.util.ArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Cohere's chat, version 2. */
public final class CohereClient implements Client {
  @Override
  public String name() {
    return "cohere";
  }

  @Override
  public String own() {
    return "cohere";
  }

  @Override
  public String path(String model, boolean stream) {
    return "/v2/chat";
  }

  @Override
  public Stops stops() {
    return new Stops("COMPLETE", "MAX_TOKENS", "TOOL_CALL", "STOP_SEQUENCE", "COMPLETE");
  }

  @Override
  public boolean cachedInside() {
    return true;
  }

  @Override
  public ObjectNode body(Ask ask, String model, boolean stream) {
    ObjectNode body = Json.object().put("model", model);
    ArrayNode messages = body.putArray("messages");
    ObjectNode user = messages.addObject().put("role", "user");
    ArrayNode content = user.putArray("content");
    content.addObject().put("type", "text").put("text", ask.text());
    ask.media()
        .ifPresent(media -> {
          if (media.image()) {
            String url = "data:" + media.mime() + ";base64," + media.base64();
            content.addObject().put("type", "image_url").putObject("image_url").put("url", url);
          } else {
            content
                .addObject()
                .put("type", "document")
                .putObject("document")
                .putObject("data")
                .put("text", media.base64());
          }
        });
    ask.before()
        .ifPresent(said -> {
          messages.add(said.echo());
          for (Said.Call call : said.calls()) {
            messages
                .addObject()
                .put("role", "tool")
                .put("tool_call_id", call.id())
                .put("content", Ask.RESULT);
          }
        });
    for (Ask.Tool tool : ask.tools()) {
      body.withArray("tools")
          .addObject()
          .put("type", "function")
          .putObject("function")
          .put("name", tool.name())
          .put("description", "A tool.")
          .set("parameters", tool.schema());
    }
    if (ask.thinking()) {
      body.putObject("thinking").put("type", "enabled").put("token_budget", 2000);
    }
    ask.schema()
        .ifPresent(schema ->
            body.putObject("response_format")
                .put("type", "json_object")
                .set("json_schema", schema));
    if (ask.maxTokens() > 0) {
      body.put("max_tokens", ask.maxTokens());
    }
    ask.stop().ifPresent(stop -> body.putArray("stop_sequences").add(stop));
    if (ask.unknown()) {
      body.put(Ask.UNKNOWN, 1);
    }
    return body.put("stream", stream);
  }

  @Override
  public Said whole(byte[] reply) {
    JsonNode json = Client.json(reply);
    return said(json.path("message"), json.path("finish_reason"), json.path("usage"));
  }

  private static Said said(JsonNode message, JsonNode stop, JsonNode usage) {
    var text = new StringBuilder(message.path("tool_plan").asString(""));
    var thought = new StringBuilder();
    for (JsonNode part : message.path("content")) {
      text.append(part.path("text").asString(""));
      thought.append(part.path("thinking").asString(""));
    }
    var calls = new ArrayList<Said.Call>();
    for (JsonNode call : message.path("tool_calls")) {
      calls.add(
          new Said.Call(
              call.path("id").asString(""),
              call.path("function").path("name").asString(""),
              call.path("function").path("arguments").asString("")));
    }
    return new Said(
        text.toString(),
        thought.toString(),
        text.toString(),
        calls,
        stop.asString(""),
        usage.path("billed_units").path("input_tokens").asLong(0),
        usage.path("cached_tokens").asLong(0),
        usage.path("billed_units").path("output_tokens").asLong(0),
        message);
  }

  @Override
  public Said streamed(byte[] reply) {
    ObjectNode message = Json.object().put("role", "assistant");
    ArrayNode content = Json.array();
    ArrayNode calls = Json.array();
    var plan = new StringBuilder();
    JsonNode end = Json.MAPPER.missingNode();
    boolean open = false;
    for (JsonNode event : Client.events(reply)) {
      JsonNode said = event.path("delta").path("message");
      switch (event.path("type").asString("")) {
        case "content-start" -> {
          Client.check(!open, "contents follow one another");
          open = true;
          Client.check(event.path("index").asInt(-1) == content.size(), "indexes are contiguous");
          content.add(said.path("content").deepCopy());
        }
        case "content-delta" -> {
          Client.check(open, "a delta belongs to an open content");
          ObjectNode part = (ObjectNode) content.get(content.size() - 1);
          for (String field : new String[] {"text", "thinking"}) {
            JsonNode more = said.path("content").path(field);
            if (more.isString()) {
              part.put(field, part.path(field).asString("") + more.asString());
            }
          }
        }
        case "content-end", "tool-call-end" -> open = false;
        case "tool-plan-delta" -> plan.append(said.path("tool_plan").asString(""));
        case "tool-call-start" -> {
          Client.check(!open, "calls follow one another");
          open = true;
          calls.add(said.path("tool_calls").deepCopy());
        }
        case "tool-call-delta" -> {
          Client.check(open, "a delta belongs to an open call");
          ObjectNode function = (ObjectNode) calls.get(calls.size() - 1).path("function");
          function.put(
              "arguments",
              function.path("arguments").asString("")
                  + said.path("tool_calls").path("function").path("arguments").asString(""));
        }
        case "message-end" -> end = event.path("delta");
        default -> {}
      }
    }
    Client.check(end.isObject(), "a stream ends with message-end");
    if (!content.isEmpty()) {
      message.set("content", content);
    }
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
    }
    if (!plan.isEmpty()) {
      message.put("tool_plan", plan.toString());
    }
    return said(message, end.path("finish_reason"), end.path("usage"));
  }
}

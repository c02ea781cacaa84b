package dev.lintel.matrix;

import dev.lintel.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Anthropic's messages. */
public final class MessagesClient implements Client {
  @Override
  public String name() {
    return "messages";
  }

  @Override
  public String own() {
    return "anthropic";
  }

  @Override
  public String path(String model, boolean stream) {
    return "/v1/messages";
  }

  @Override
  public Stops stops() {
    return new Stops("end_turn", "max_tokens", "tool_use", "stop_sequence", "refusal");
  }

  @Override
  public boolean cachedInside() {
    return false;
  }

  @Override
  public ObjectNode body(Ask ask, String model, boolean stream) {
    ObjectNode body = Json.object().put("model", model);
    body.put("max_tokens", ask.maxTokens() > 0 ? ask.maxTokens() : 4000);
    ArrayNode messages = body.putArray("messages");
    ArrayNode content = messages.addObject().put("role", "user").putArray("content");
    ask.media()
        .ifPresent(media ->
            content
                .addObject()
                .put("type", media.image() ? "image" : "document")
                .putObject("source")
                .put("type", "base64")
                .put("media_type", media.mime())
                .put("data", media.base64()));
    content.addObject().put("type", "text").put("text", ask.text());
    ask.before()
        .ifPresent(said -> {
          messages.addObject().put("role", "assistant").set("content", said.echo());
          ArrayNode results = messages.addObject().put("role", "user").putArray("content");
          for (Said.Call call : said.calls()) {
            results
                .addObject()
                .put("type", "tool_result")
                .put("tool_use_id", call.id())
                .put("content", Ask.RESULT);
          }
        });
    for (Ask.Tool tool : ask.tools()) {
      body.withArray("tools")
          .addObject()
          .put("name", tool.name())
          .put("description", "A tool.")
          .set("input_schema", tool.schema());
    }
    if (ask.thinking()) {
      body.putObject("thinking").put("type", "enabled").put("budget_tokens", 2000);
    }
    ask.schema()
        .ifPresent(schema ->
            body.putObject("output_config")
                .putObject("format")
                .put("type", "json_schema")
                .set("schema", schema));
    ask.stop().ifPresent(stop -> body.putArray("stop_sequences").add(stop));
    if (ask.unknown()) {
      body.put(Ask.UNKNOWN, 1);
    }
    if (stream) {
      body.put("stream", true);
    }
    return body;
  }

  @Override
  public Said whole(byte[] reply) {
    JsonNode json = Client.json(reply);
    return said(json.path("content"), json.path("stop_reason"), json.path("usage"));
  }

  private Said said(JsonNode content, JsonNode stop, JsonNode usage) {
    var text = new StringBuilder();
    var thought = new StringBuilder();
    var calls = new ArrayList<Said.Call>();
    for (JsonNode block : content) {
      switch (block.path("type").asString("")) {
        case "text" -> text.append(block.path("text").asString(""));
        case "thinking" -> thought.append(block.path("thinking").asString(""));
        case "tool_use" ->
            calls.add(
                new Said.Call(
                    block.path("id").asString(""),
                    block.path("name").asString(""),
                    block.path("input").toString()));
        default -> {}
      }
    }
    boolean refused = stop.asString("").equals(stops().refusal());
    return new Said(
        text.toString(),
        thought.toString(),
        refused ? text.toString() : "",
        calls,
        stop.asString(""),
        usage.path("input_tokens").asLong(0),
        usage.path("cache_read_input_tokens").asLong(0),
        usage.path("output_tokens").asLong(0),
        content);
  }

  @Override
  public Said streamed(byte[] reply) {
    ArrayNode content = Json.array();
    var partial = new StringBuilder();
    JsonNode stop = Json.MAPPER.missingNode();
    ObjectNode usage = Json.object();
    boolean open = false;
    boolean done = false;
    for (JsonNode event : Client.events(reply)) {
      switch (event.path("type").asString("")) {
        case "message_start" -> {
          JsonNode begun = event.path("message").path("usage");
          Client.check(begun.path("input_tokens").asLong(0) > 0, "message_start has input tokens");
          usage.setAll((ObjectNode) begun);
        }
        case "content_block_start" -> {
          Client.check(!open, "blocks follow one another");
          Client.check(event.path("index").asInt() == content.size(), "indexes are contiguous");
          open = true;
          partial.setLength(0);
          content.add(event.path("content_block").deepCopy());
        }
        case "content_block_delta" -> {
          Client.check(open, "a delta belongs to an open block");
          delta((ObjectNode) content.get(content.size() - 1), event.path("delta"), partial);
        }
        case "content_block_stop" -> {
          open = false;
          ObjectNode block = (ObjectNode) content.get(content.size() - 1);
          if (block.path("type").asString("").equals("tool_use") && !partial.isEmpty()) {
            block.set("input", Json.parse(partial.toString()));
          }
        }
        case "message_delta" -> {
          stop = event.path("delta").path("stop_reason");
          usage.setAll((ObjectNode) event.path("usage"));
        }
        case "message_stop" -> done = true;
        default -> {}
      }
    }
    Client.check(done, "a stream ends with message_stop");
    return said(content, stop, usage);
  }

  private static void delta(ObjectNode block, JsonNode delta, StringBuilder partial) {
    for (String field : List.of("text", "thinking", "signature")) {
      if (delta.path(field).isString()) {
        block.put(field, block.path(field).asString("") + delta.path(field).asString());
      }
    }
    partial.append(delta.path("partial_json").asString(""));
  }
}

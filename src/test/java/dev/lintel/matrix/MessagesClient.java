package dev.lintel.matrix;

import dev.lintel.Json;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    return new Stops("end_turn", "max_tokens", "tool_use", "stop_sequence", List.of("refusal"));
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
        .ifPresent(media -> {
          boolean text = media.kind() == Ask.Media.Kind.TEXT;
          content
              .addObject()
              .put("type", media.image() ? "image" : "document")
              .putObject("source")
              .put("type", text ? "text" : "base64")
              .put("media_type", media.mime())
              .put("data", text ? media.text() : media.base64());
        });
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
    message(json);
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
                    Client.text(block, "id"),
                    Client.text(block, "name"),
                    block.path("input").toString()));
        default -> {}
      }
    }
    boolean refused = stops().refusals().contains(stop.asString(""));
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

  private static void message(JsonNode message) {
    Client.text(message, "id");
    Client.check(message.path("type").asString("").equals("message"), "the type");
    Client.check(message.path("role").asString("").equals("assistant"), "the role");
    Client.check(message.has("stop_sequence"), "stop_sequence may be null but is there");
  }

  /** What may be added to a block of that type. */
  private static final Map<String, Set<String>> DELTAS =
      Map.of(
          "text", Set.of("text_delta"),
          "thinking", Set.of("thinking_delta", "signature_delta"),
          "redacted_thinking", Set.of(),
          "tool_use", Set.of("input_json_delta"));

  @Override
  public Said streamed(byte[] reply) {
    ArrayNode content = Json.array();
    var partial = new StringBuilder();
    JsonNode stop = Json.MAPPER.missingNode();
    ObjectNode usage = Json.object();
    boolean open = false;
    List<Event> events = Client.events(reply, true, false);
    for (Event event : events) {
      JsonNode data = event.data();
      int last = content.size() - 1;
      switch (event.type()) {
        case "message_start" -> {
          Client.check(event == events.getFirst(), "message_start comes first");
          message(data.path("message"));
          Client.check(data.path("message").path("content").isEmpty(), "and has no content");
          JsonNode begun = data.path("message").path("usage");
          Client.check(begun.path("input_tokens").asLong(0) > 0, "message_start has input tokens");
          usage.setAll((ObjectNode) begun);
        }
        case "content_block_start" -> {
          Client.check(!open, "blocks follow one another");
          Client.check(data.path("index").asInt(-1) == content.size(), "indexes are contiguous");
          open = true;
          partial.setLength(0);
          content.add(data.path("content_block").deepCopy());
        }
        case "content_block_delta" -> {
          Client.check(open, "a delta belongs to an open block");
          Client.check(data.path("index").asInt(-1) == last, "and has its index");
          delta((ObjectNode) content.get(last), data.path("delta"), partial);
        }
        case "content_block_stop" -> {
          Client.check(open && data.path("index").asInt(-1) == last, "a block ends that is open");
          open = false;
          ObjectNode block = (ObjectNode) content.get(last);
          if (block.path("type").asString("").equals("tool_use") && !partial.isEmpty()) {
            block.set("input", Json.parse(partial.toString()));
          }
        }
        case "message_delta" -> {
          Client.check(!open && stop.isMissingNode(), "one message_delta follows the blocks");
          stop = data.path("delta").path("stop_reason");
          usage.setAll((ObjectNode) data.path("usage"));
        }
        case "message_stop" -> Client.check(event == events.getLast(), "message_stop comes last");
        case "ping" -> {}
        default -> throw new AssertionError("there is no event " + event.type());
      }
    }
    Client.check(events.getLast().type().equals("message_stop"), "message_stop comes");
    Client.check(stop.isString(), "message_delta comes before");
    return said(content, stop, usage);
  }

  private static void delta(ObjectNode block, JsonNode delta, StringBuilder partial) {
    String type = block.path("type").asString("");
    Client.check(
        DELTAS.getOrDefault(type, Set.of()).contains(delta.path("type").asString("")),
        delta + " belongs to no " + type);
    for (String field : List.of("text", "thinking", "signature")) {
      if (delta.path(field).isString()) {
        block.put(field, block.path(field).asString("") + delta.path(field).asString());
      }
    }
    partial.append(delta.path("partial_json").asString(""));
  }

  private static final Map<Integer, String> ERRORS =
      Map.of(
          400, "invalid_request_error",
          404, "not_found_error",
          429, "rate_limit_error");

  @Override
  public JsonNode refused(int status, HttpHeaders headers, byte[] body) {
    JsonNode json = Client.json(body);
    Client.text(json, "request_id");
    JsonNode lintel = error(json);
    String type = json.path("error").path("type").asString();
    Client.check(type.equals(ERRORS.getOrDefault(status, type)), type + " is not " + status);
    return lintel;
  }

  private static JsonNode error(JsonNode json) {
    Client.check(json.path("type").asString("").equals("error"), "an error's type");
    Client.text(json.path("error"), "type");
    Client.text(json.path("error"), "message");
    return json.path("error").path("lintel");
  }

  @Override
  public JsonNode broken(byte[] stream) {
    List<Event> events = Client.events(stream, true, false);
    for (Event event : events) {
      Client.check(!event.type().equals("message_stop"), "there is no end");
    }
    return error(events.getLast().data());
  }
}

package dev.lintel.matrix;

import dev.lintel.Json;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
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
    return new Stops("COMPLETE", "MAX_TOKENS", "TOOL_CALL", "STOP_SEQUENCE", List.of("COMPLETE"));
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
            content
                .addObject()
                .put("type", "image_url")
                .putObject("image_url")
                .put("url", media.url());
          } else {
            body.putArray("documents")
                .addObject()
                .put("id", "paper")
                .putObject("data")
                .put("text", media.text());
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
    Client.text(json, "id");
    return said(json.path("message"), json.path("finish_reason"), json.path("usage"));
  }

  private static Said said(JsonNode message, JsonNode stop, JsonNode usage) {
    Client.check(message.path("role").asString("").equals("assistant"), "the role");
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
              Client.text(call, "id"),
              Client.text(call.path("function"), "name"),
              Client.text(call.path("function"), "arguments")));
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
    ObjectNode message = Json.object();
    ArrayNode content = Json.array();
    ArrayNode calls = Json.array();
    var plan = new StringBuilder();
    String open = "";
    List<Event> events = Client.events(reply, true, true);
    for (Event event : events) {
      JsonNode said = event.data().path("delta").path("message");
      int index = event.data().path("index").asInt(-1);
      switch (event.type()) {
        case "message-start" -> {
          Client.check(event == events.getFirst(), "message-start comes first");
          Client.text(event.data(), "id");
          message.set("role", said.path("role"));
        }
        case "content-start" -> {
          Client.check(open.isEmpty(), "contents follow one another");
          open = "content";
          Client.check(index == content.size(), "indexes are contiguous");
          content.add(said.path("content").deepCopy());
        }
        case "content-delta" -> {
          Client.check(open.equals("content"), "a delta belongs to an open content");
          Client.check(index == content.size() - 1, "and has its index");
          ObjectNode part = (ObjectNode) content.get(index);
          String field = Client.text(part, "type");
          Client.check(said.path("content").has(field), "and adds to its " + field);
          part.put(
              field, part.path(field).asString("") + said.path("content").path(field).asString(""));
        }
        case "content-end" -> {
          Client.check(open.equals("content") && index == content.size() - 1, "a content ends");
          open = "";
        }
        case "tool-plan-delta" -> {
          Client.check(open.isEmpty() && calls.isEmpty(), "a plan comes before its calls");
          plan.append(said.path("tool_plan").asString(""));
        }
        case "tool-call-start" -> {
          Client.check(open.isEmpty(), "calls follow one another");
          open = "call";
          Client.check(index == calls.size(), "indexes are contiguous");
          calls.add(said.path("tool_calls").deepCopy());
        }
        case "tool-call-delta" -> {
          Client.check(open.equals("call"), "a delta belongs to an open call");
          Client.check(index == calls.size() - 1, "and has its index");
          ObjectNode function = (ObjectNode) calls.get(index).path("function");
          function.put(
              "arguments",
              function.path("arguments").asString("")
                  + said.path("tool_calls").path("function").path("arguments").asString(""));
        }
        case "tool-call-end" -> {
          Client.check(open.equals("call") && index == calls.size() - 1, "a call ends");
          open = "";
        }
        case "message-end" -> {
          Client.check(open.isEmpty(), "everything has ended before");
          Client.check(event == events.getLast(), "message-end comes last");
        }
        default -> throw new AssertionError("there is no event " + event.type());
      }
    }
    Client.check(events.getLast().type().equals("message-end"), "message-end comes");
    if (!content.isEmpty()) {
      message.set("content", content);
    }
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
    }
    if (!plan.isEmpty()) {
      message.put("tool_plan", plan.toString());
    }
    JsonNode end = events.getLast().data().path("delta");
    return said(message, end.path("finish_reason"), end.path("usage"));
  }

  @Override
  public JsonNode refused(int status, HttpHeaders headers, byte[] body) {
    JsonNode json = Client.json(body);
    Client.text(json, "message");
    Client.text(json, "id");
    return json.path("lintel");
  }

  @Override
  public JsonNode broken(byte[] stream) {
    JsonNode last = Client.events(stream, true, false).getLast().data();
    Client.check(last.path("type").asString("").equals("message-end"), "the last event");
    Client.check(last.path("delta").path("finish_reason").asString("").equals("ERROR"), "the end");
    Client.text(last.path("delta"), "error");
    return last.path("lintel");
  }
}

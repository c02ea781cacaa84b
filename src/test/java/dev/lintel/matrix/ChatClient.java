package dev.lintel.matrix;

import dev.lintel.Json;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's chat completions. */
public final class ChatClient implements Client {
  @Override
  public String name() {
    return "chat";
  }

  @Override
  public String own() {
    return "openai";
  }

  @Override
  public String path(String model, boolean stream) {
    return "/v1/chat/completions";
  }

  @Override
  public Stops stops() {
    return new Stops("stop", "length", "tool_calls", "stop", List.of("stop", "content_filter"));
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
    if (ask.media().isPresent()) {
      ArrayNode content = user.putArray("content");
      content.addObject().put("type", "text").put("text", ask.text());
      Ask.Media media = ask.media().get();
      if (media.image()) {
        content.addObject().put("type", "image_url").putObject("image_url").put("url", media.url());
      } else {
        content
            .addObject()
            .put("type", "file")
            .putObject("file")
            .put("filename", media.file())
            .put("file_data", media.url());
      }
    } else {
      user.put("content", ask.text());
    }
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
      body.put("reasoning_effort", "high");
    }
    ask.schema()
        .ifPresent(schema ->
            body.putObject("response_format")
                .put("type", "json_schema")
                .putObject("json_schema")
                .put("name", "answer")
                .put("strict", true)
                .set("schema", schema));
    if (ask.maxTokens() > 0) {
      body.put("max_completion_tokens", ask.maxTokens());
    }
    ask.stop().ifPresent(stop -> body.put("stop", stop));
    if (ask.unknown()) {
      body.put(Ask.UNKNOWN, 1);
    }
    if (stream) {
      body.put("stream", true).putObject("stream_options").put("include_usage", true);
    }
    return body;
  }

  @Override
  public Said whole(byte[] reply) {
    JsonNode json = Client.json(reply);
    Client.text(json, "id");
    Client.check(json.path("object").asString("").equals("chat.completion"), "object");
    Client.check(json.path("choices").size() == 1, "one choice");
    JsonNode choice = json.path("choices").path(0);
    return said(choice.path("message"), choice.path("finish_reason"), json.path("usage"));
  }

  private static Said said(JsonNode message, JsonNode stop, JsonNode usage) {
    Client.check(message.path("role").asString("").equals("assistant"), "the role");
    var calls = new ArrayList<Said.Call>();
    for (JsonNode call : message.path("tool_calls")) {
      Client.check(call.path("type").asString("").equals("function"), "a call's type");
      JsonNode function = call.path("function");
      calls.add(
          new Said.Call(
              Client.text(call, "id"),
              Client.text(function, "name"),
              Client.text(function, "arguments")));
    }
    long input = usage.path("prompt_tokens").asLong(-1);
    long output = usage.path("completion_tokens").asLong(-1);
    Client.check(usage.path("total_tokens").asLong(-1) == input + output, "the total of tokens");
    String content = message.path("content").asString("");
    String refusal = message.path("refusal").asString("");
    return new Said(
        content,
        message.path("reasoning_content").asString(""),
        refusal.isEmpty() && stop.asString("").equals("content_filter") ? content : refusal,
        calls,
        stop.asString(""),
        input,
        usage.path("prompt_tokens_details").path("cached_tokens").asLong(0),
        output,
        message);
  }

  @Override
  public Said streamed(byte[] reply) {
    var message = Json.object();
    var words = new TreeMap<String, StringBuilder>();
    var calls = new ArrayList<ObjectNode>();
    var ids = new TreeSet<String>();
    JsonNode stop = Json.MAPPER.missingNode();
    JsonNode usage = Json.MAPPER.missingNode();
    for (Event event : Client.events(reply, false, true)) {
      JsonNode chunk = event.data();
      ids.add(Client.text(chunk, "id"));
      Client.check(chunk.path("object").asString("").equals("chat.completion.chunk"), "object");
      Client.check(chunk.path("choices").isArray(), "every chunk has choices");
      Client.check(usage.isMissingNode(), "nothing follows the usage");
      JsonNode choice = chunk.path("choices").path(0);
      if (chunk.path("usage").isObject()) {
        Client.check(choice.isMissingNode(), "usage comes in a chunk without choices");
        usage = chunk.get("usage");
        continue;
      }
      Client.check(stop.isMissingNode(), "no choice follows the finish_reason");
      JsonNode delta = choice.path("delta");
      if (delta.hasNonNull("role")) {
        message.set("role", delta.get("role"));
      }
      for (String field : List.of("content", "reasoning_content", "refusal")) {
        words
            .computeIfAbsent(field, first -> new StringBuilder())
            .append(delta.path(field).asString(""));
      }
      // What the SDK does not know it keeps: entries of a list by their index.
      for (JsonNode block : delta.path("thinking_blocks")) {
        message.withArray("/thinking_blocks").add(block);
      }
      delta.path("tool_calls").forEach(piece -> call(calls, piece));
      if (choice.hasNonNull("finish_reason")) {
        stop = choice.get("finish_reason");
      }
    }
    Client.check(ids.size() == 1, "every chunk has the same id");
    Client.check(usage.isObject(), "usage comes when it is asked for");
    words.forEach((field, text) -> {
      if (!text.isEmpty()) {
        message.put(field, text.toString());
      }
    });
    if (!calls.isEmpty()) {
      calls.forEach(message.putArray("tool_calls")::add);
    }
    return said(message, stop, usage);
  }

  private static void call(List<ObjectNode> calls, JsonNode piece) {
    int index = piece.path("index").asInt(-1);
    JsonNode function = piece.path("function");
    if (index == calls.size()) {
      ObjectNode call = Json.object().put("id", Client.text(piece, "id"));
      call.set("type", piece.path("type"));
      call.putObject("function").put("name", Client.text(function, "name")).put("arguments", "");
      calls.add(call);
    } else {
      Client.check(index >= 0 && index < calls.size(), "indexes of calls are contiguous");
      Client.check(!piece.hasNonNull("id"), "an id comes once");
    }
    ObjectNode so = (ObjectNode) calls.get(index).get("function");
    so.put("arguments", so.path("arguments").asString() + function.path("arguments").asString(""));
  }

  @Override
  public JsonNode refused(int status, HttpHeaders headers, byte[] body) {
    return error(Client.json(body).path("error"));
  }

  private static JsonNode error(JsonNode error) {
    Client.text(error, "message");
    Client.text(error, "type");
    Client.check(error.has("param") && error.has("code"), "an error has param and code");
    return error.path("lintel");
  }

  @Override
  public JsonNode broken(byte[] stream) {
    List<Event> events = Client.events(stream, false, false);
    for (Event event : events) {
      Client.check(
          !event.data().path("choices").path(0).hasNonNull("finish_reason"), "there is no end");
    }
    return error(events.getLast().data().path("error"));
  }
}

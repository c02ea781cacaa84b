package dev.lintel.matrix;

import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
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
    return new Stops("stop", "length", "tool_calls", "stop", "content_filter");
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
      String url = "data:" + media.mime() + ";base64," + media.base64();
      if (media.image()) {
        content.addObject().put("type", "image_url").putObject("image_url").put("url", url);
      } else {
        content
            .addObject()
            .put("type", "file")
            .putObject("file")
            .put("filename", "paper.pdf")
            .put("file_data", url);
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
    JsonNode choice = json.path("choices").path(0);
    return said(choice.path("message"), choice.path("finish_reason"), json.path("usage"));
  }

  private static Said said(JsonNode message, JsonNode stop, JsonNode usage) {
    var calls = new ArrayList<Said.Call>();
    for (JsonNode call : message.path("tool_calls")) {
      JsonNode function = call.path("function");
      calls.add(
          new Said.Call(
              call.path("id").asString(""),
              function.path("name").asString(""),
              function.path("arguments").asString("")));
    }
    String content = message.path("content").asString("");
    String refusal = message.path("refusal").asString("");
    return new Said(
        content,
        message.path("reasoning_content").asString(""),
        refusal.isEmpty() && stop.asString("").equals("content_filter") ? content : refusal,
        calls,
        stop.asString(""),
        usage.path("prompt_tokens").asLong(0),
        usage.path("prompt_tokens_details").path("cached_tokens").asLong(0),
        usage.path("completion_tokens").asLong(0),
        message);
  }

  @Override
  public Said streamed(byte[] reply) {
    Client.check(
        new String(reply, StandardCharsets.UTF_8).strip().endsWith("data: [DONE]"),
        "a stream ends with [DONE]");
    var message = Json.object().put("role", "assistant");
    var words = new TreeMap<String, StringBuilder>();
    var calls = new TreeMap<Integer, ObjectNode>();
    JsonNode stop = Json.MAPPER.missingNode();
    JsonNode usage = Json.MAPPER.missingNode();
    for (JsonNode event : Client.events(reply)) {
      JsonNode choice = event.path("choices").path(0);
      JsonNode delta = choice.path("delta");
      for (String field : List.of("content", "reasoning_content", "refusal")) {
        words
            .computeIfAbsent(field, first -> new StringBuilder())
            .append(delta.path(field).asString(""));
      }
      for (JsonNode piece : delta.path("tool_calls")) {
        ObjectNode call =
            calls.computeIfAbsent(piece.path("index").asInt(), first -> Json.object());
        if (piece.hasNonNull("id")) {
          call.put("id", piece.path("id").asString()).put("type", "function");
          call.putObject("function")
              .put("name", piece.path("function").path("name").asString())
              .put("arguments", "");
        }
        ObjectNode function = (ObjectNode) call.get("function");
        function.put(
            "arguments",
            function.path("arguments").asString("")
                + piece.path("function").path("arguments").asString(""));
      }
      if (choice.hasNonNull("finish_reason")) {
        stop = choice.get("finish_reason");
      }
      if (event.path("usage").isObject()) {
        usage = event.get("usage");
      }
    }
    words.forEach((field, text) -> {
      if (!text.isEmpty()) {
        message.put(field, text.toString());
      }
    });
    if (!calls.isEmpty()) {
      calls.values().forEach(message.putArray("tool_calls")::add);
    }
    return said(message, stop, usage);
  }
}

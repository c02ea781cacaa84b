package dev.lintel.matrix;

import dev.lintel.Json;
import java.util.ArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's responses. */
public final class ResponsesClient implements Client {
  @Override
  public String name() {
    return "responses";
  }

  @Override
  public String own() {
    return "responses";
  }

  @Override
  public String path(String model, boolean stream) {
    return "/v1/responses";
  }

  @Override
  public Stops stops() {
    return new Stops("completed", "max_output_tokens", "completed", "completed", "completed");
  }

  @Override
  public boolean cachedInside() {
    return true;
  }

  @Override
  public ObjectNode body(Ask ask, String model, boolean stream) {
    ObjectNode body = Json.object().put("model", model).put("store", false);
    body.putArray("include").add("reasoning.encrypted_content");
    ArrayNode input = body.putArray("input");
    ArrayNode content = input.addObject().put("role", "user").putArray("content");
    content.addObject().put("type", "input_text").put("text", ask.text());
    ask.media()
        .ifPresent(media -> {
          String url = "data:" + media.mime() + ";base64," + media.base64();
          if (media.image()) {
            content.addObject().put("type", "input_image").put("image_url", url);
          } else {
            content
                .addObject()
                .put("type", "input_file")
                .put("filename", "paper.pdf")
                .put("file_data", url);
          }
        });
    ask.before()
        .ifPresent(said -> {
          said.echo().forEach(input::add);
          for (Said.Call call : said.calls()) {
            input
                .addObject()
                .put("type", "function_call_output")
                .put("call_id", call.id())
                .put("output", Ask.RESULT);
          }
        });
    for (Ask.Tool tool : ask.tools()) {
      body.withArray("tools")
          .addObject()
          .put("type", "function")
          .put("name", tool.name())
          .put("description", "A tool.")
          .put("strict", false)
          .set("parameters", tool.schema());
    }
    if (ask.thinking()) {
      body.putObject("reasoning").put("effort", "high").put("summary", "auto");
    }
    ask.schema()
        .ifPresent(schema ->
            body.putObject("text")
                .putObject("format")
                .put("type", "json_schema")
                .put("name", "answer")
                .put("strict", true)
                .set("schema", schema));
    if (ask.maxTokens() > 0) {
      body.put("max_output_tokens", ask.maxTokens());
    }
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
    return said(Client.json(reply));
  }

  private static Said said(JsonNode response) {
    var text = new StringBuilder();
    var thought = new StringBuilder();
    var refusal = new StringBuilder();
    var calls = new ArrayList<Said.Call>();
    for (JsonNode item : response.path("output")) {
      switch (item.path("type").asString("")) {
        case "message" -> {
          for (JsonNode part : item.path("content")) {
            text.append(part.path("text").asString(""));
            refusal.append(part.path("refusal").asString(""));
          }
        }
        case "reasoning" -> {
          item.path("summary").forEach(part -> thought.append(part.path("text").asString("")));
          item.path("content").forEach(part -> thought.append(part.path("text").asString("")));
        }
        case "function_call" ->
            calls.add(
                new Said.Call(
                    item.path("call_id").asString(""),
                    item.path("name").asString(""),
                    item.path("arguments").asString("")));
        default -> {}
      }
    }
    JsonNode usage = response.path("usage");
    String reason = response.path("incomplete_details").path("reason").asString("");
    return new Said(
        text.toString(),
        thought.toString(),
        refusal.toString(),
        calls,
        reason.isEmpty() ? response.path("status").asString("") : reason,
        usage.path("input_tokens").asLong(0),
        usage.path("input_tokens_details").path("cached_tokens").asLong(0),
        usage.path("output_tokens").asLong(0),
        response.path("output"));
  }

  @Override
  public Said streamed(byte[] reply) {
    JsonNode last = Json.MAPPER.missingNode();
    var text = new StringBuilder();
    var arguments = new StringBuilder();
    long number = 0;
    int open = -1;
    int items = 0;
    for (JsonNode event : Client.events(reply)) {
      Client.check(event.path("sequence_number").asLong(-1) == number++, "sequence numbers count");
      String type = event.path("type").asString("");
      int index = event.path("output_index").asInt(-1);
      switch (type) {
        case "response.output_item.added" -> {
          Client.check(open < 0, "items follow one another");
          Client.check(index == items++, "indexes of items are contiguous");
          open = index;
        }
        case "response.output_item.done" -> {
          Client.check(open == index, "an item ends that is open");
          open = -1;
        }
        case "response.output_text.delta" -> text.append(event.path("delta").asString(""));
        case "response.function_call_arguments.delta" ->
            arguments.append(event.path("delta").asString(""));
        case "response.completed", "response.incomplete" -> last = event.path("response");
        default -> {}
      }
      if (type.endsWith(".delta")) {
        Client.check(open == index, "a delta belongs to the open item");
      }
    }
    Client.check(last.isObject(), "a stream ends with response.completed or response.incomplete");
    Said said = said(last);
    Client.check(said.text().contentEquals(text), "deltas make the text");
    var whole = new StringBuilder();
    said.calls().forEach(call -> whole.append(call.arguments()));
    Client.check(
        whole.toString().contentEquals(arguments) || arguments.isEmpty(), "deltas make arguments");
    return said;
  }
}

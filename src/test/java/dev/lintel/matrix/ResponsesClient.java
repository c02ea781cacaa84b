package dev.lintel.matrix;

import dev.lintel.Json;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
    return new Stops(
        "completed",
        "max_output_tokens",
        "completed",
        "completed",
        List.of("completed", "content_filter"));
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
          if (media.image()) {
            content.addObject().put("type", "input_image").put("image_url", media.url());
          } else {
            content
                .addObject()
                .put("type", "input_file")
                .put("filename", media.file())
                .put("file_data", media.url());
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
    Client.text(response, "id");
    Client.check(response.path("object").asString("").equals("response"), "object");
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
                    Client.text(item, "call_id"),
                    Client.text(item, "name"),
                    Client.text(item, "arguments")));
        default -> {}
      }
    }
    JsonNode usage = response.path("usage");
    long input = usage.path("input_tokens").asLong(-1);
    long output = usage.path("output_tokens").asLong(-1);
    Client.check(usage.path("total_tokens").asLong(-1) == input + output, "the total of tokens");
    String reason = response.path("incomplete_details").path("reason").asString("");
    return new Said(
        text.toString(),
        thought.toString(),
        reason.equals("content_filter") && refusal.isEmpty() ? text.toString() : refusal.toString(),
        calls,
        reason.isEmpty() ? response.path("status").asString("") : reason,
        input,
        usage.path("input_tokens_details").path("cached_tokens").asLong(0),
        output,
        response.path("output"));
  }

  @Override
  public Said streamed(byte[] reply) {
    List<Event> events = Client.events(reply, true, false);
    var items = new Items();
    long number = 0;
    for (Event event : events) {
      Client.check(
          event.data().path("sequence_number").asLong(-1) == number++, "sequence numbers count");
      items.take(event);
      Client.check(
          !ENDS.contains(event.type()) || event == events.getLast(), "a stream has one end");
    }
    Client.check(
        events.getFirst().type().equals("response.created"),
        "a stream begins with response.created");
    Client.check(ENDS.contains(events.getLast().type()), "a stream ends with one of " + ENDS);
    Client.check(items.open.isEmpty(), "no item is left open");
    JsonNode response = events.getLast().data().path("response");
    Client.check(response.path("output").equals(items.done), "the output is the items that ended");
    return said(response);
  }

  private static final Set<String> ENDS = Set.of("response.completed", "response.incomplete");

  /** The items of a stream, each of which ends before the next begins. */
  private static final class Items {
    private final ArrayNode done = Json.array();
    private final Set<String> ids = new HashSet<>();
    private final StringBuilder words = new StringBuilder();

    /** The id of the item under way. */
    private String open = "";

    /** Whether a part of it is under way. */
    private boolean part;

    void take(Event event) {
      JsonNode data = event.data();
      int index = data.path("output_index").asInt(-1);
      String type = event.type();
      switch (type) {
        case "response.output_item.added" -> {
          Client.check(open.isEmpty(), "items follow one another");
          Client.check(index == done.size(), "indexes of items are contiguous");
          open = Client.text(data.path("item"), "id");
          Client.check(ids.add(open), "an item has an id of its own");
          words.setLength(0);
        }
        case "response.output_item.done" -> {
          Client.check(index == done.size(), "an item ends that is open");
          Client.check(Client.text(data.path("item"), "id").equals(open), "and has its id");
          Client.check(!part, "its parts have ended");
          done.add(data.path("item"));
          open = "";
        }
        case "response.content_part.added", "response.reasoning_summary_part.added" -> {
          Client.check(!part, "parts follow one another");
          part = true;
          words.setLength(0);
        }
        case "response.content_part.done", "response.reasoning_summary_part.done" -> {
          Client.check(part, "a part ends that is open");
          part = false;
        }
        case "response.output_text.done", "response.reasoning_summary_text.done" ->
            whole(data, "text");
        case "response.refusal.done" -> whole(data, "refusal");
        case "response.function_call_arguments.done" -> whole(data, "arguments");
        default -> {}
      }
      if (type.endsWith(".delta")) {
        Client.check(index == done.size(), "a delta belongs to the open item");
        Client.check(Client.text(data, "item_id").equals(open), "and has its id");
        words.append(data.path("delta").asString(""));
      }
    }

    private void whole(JsonNode data, String field) {
      Client.check(data.path(field).asString("").contentEquals(words), "deltas make the " + field);
    }
  }

  @Override
  public JsonNode refused(int status, HttpHeaders headers, byte[] body) {
    return new ChatClient().refused(status, headers, body);
  }

  @Override
  public JsonNode broken(byte[] stream) {
    List<Event> events = Client.events(stream, true, false);
    for (Event event : events) {
      Client.check(!ENDS.contains(event.type()), "there is no end");
    }
    JsonNode error = events.getLast().data();
    Client.check(error.path("type").asString("").equals("error"), "the last event is an error");
    Client.text(error, "message");
    Client.check(error.has("code") && error.has("param"), "an error has code and param");
    return error.path("error").path("lintel");
  }
}

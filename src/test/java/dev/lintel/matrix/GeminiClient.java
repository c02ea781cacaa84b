package dev.lintel.matrix;

import dev.lintel.Json;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Gemini's generateContent. */
public final class GeminiClient implements Client {
  @Override
  public String name() {
    return "gemini";
  }

  @Override
  public String own() {
    return "gemini";
  }

  @Override
  public String path(String model, boolean stream) {
    return "/v1beta/models/"
        + model
        + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
  }

  @Override
  public Stops stops() {
    return new Stops("STOP", "MAX_TOKENS", "STOP", "STOP", List.of("SAFETY"));
  }

  @Override
  public boolean cachedInside() {
    return true;
  }

  @Override
  public ObjectNode body(Ask ask, String model, boolean stream) {
    ObjectNode body = Json.object();
    ArrayNode contents = body.putArray("contents");
    ArrayNode parts = contents.addObject().put("role", "user").putArray("parts");
    parts.addObject().put("text", ask.text());
    ask.media()
        .ifPresent(media ->
            parts
                .addObject()
                .putObject("inlineData")
                .put("mimeType", media.mime())
                .put("data", media.base64()));
    ask.before()
        .ifPresent(said -> {
          contents.addObject().put("role", "model").set("parts", said.echo());
          ArrayNode results = contents.addObject().put("role", "user").putArray("parts");
          for (Said.Call call : said.calls()) {
            ObjectNode response =
                results.addObject().putObject("functionResponse").put("name", call.name());
            if (!call.id().isEmpty()) {
              response.put("id", call.id());
            }
            response.putObject("response").put("result", Ask.RESULT);
          }
        });
    if (!ask.tools().isEmpty()) {
      ArrayNode functions = body.putArray("tools").addObject().putArray("functionDeclarations");
      for (Ask.Tool tool : ask.tools()) {
        functions
            .addObject()
            .put("name", tool.name())
            .put("description", "A tool.")
            .set("parameters", tool.schema());
      }
    }
    ObjectNode settings = body.putObject("generationConfig");
    if (ask.thinking()) {
      settings.putObject("thinkingConfig").put("thinkingBudget", 2000).put("includeThoughts", true);
    }
    ask.schema()
        .ifPresent(schema ->
            settings.put("responseMimeType", "application/json").set("responseJsonSchema", schema));
    if (ask.maxTokens() > 0) {
      settings.put("maxOutputTokens", ask.maxTokens());
    }
    ask.stop().ifPresent(stop -> settings.putArray("stopSequences").add(stop));
    if (ask.unknown()) {
      body.put(Ask.UNKNOWN, 1);
    }
    return body;
  }

  @Override
  public Said whole(byte[] reply) {
    return said(List.of(Client.json(reply)));
  }

  @Override
  public Said streamed(byte[] reply) {
    return said(Client.events(reply, false, false).stream().map(Event::data).toList());
  }

  private Said said(List<JsonNode> events) {
    var text = new StringBuilder();
    var thought = new StringBuilder();
    var calls = new ArrayList<Said.Call>();
    ArrayNode echo = Json.array();
    String stop = "";
    String words = "";
    var ids = new TreeSet<String>();
    JsonNode usage = Json.MAPPER.missingNode();
    for (JsonNode event : events) {
      if (event.has("responseId")) {
        ids.add(event.get("responseId").asString());
      }
      JsonNode candidate = event.path("candidates").path(0);
      Client.check(stop.isEmpty() || candidate.isMissingNode(), "nothing follows the finishReason");
      JsonNode content = candidate.path("content");
      Client.check(
          content.path("parts").isEmpty() || content.path("role").asString("").equals("model"),
          "the role");
      for (JsonNode part : content.path("parts")) {
        echo.add(part);
        if (part.path("functionCall").isObject()) {
          JsonNode call = part.get("functionCall");
          JsonNode arguments = call.path("args");
          calls.add(
              new Said.Call(
                  call.path("id").asString(""),
                  Client.text(call, "name"),
                  arguments.isMissingNode() ? "{}" : arguments.toString()));
        } else if (part.path("thought").asBoolean(false)) {
          thought.append(part.path("text").asString(""));
        } else {
          Client.check(part.has("text"), "a part has its kind: " + part);
          text.append(part.path("text").asString(""));
        }
      }
      if (candidate.hasNonNull("finishReason")) {
        stop = candidate.get("finishReason").asString();
        words = candidate.path("finishMessage").asString("");
      }
      if (event.path("usageMetadata").isObject()) {
        usage = event.get("usageMetadata");
      }
    }
    Client.check(!stop.isEmpty(), "a reply ends with a finishReason");
    Client.check(ids.size() == 1, "a reply has one responseId");
    long input = usage.path("promptTokenCount").asLong(-1);
    long output =
        usage.path("candidatesTokenCount").asLong(0) + usage.path("thoughtsTokenCount").asLong(0);
    Client.check(usage.path("totalTokenCount").asLong(-1) == input + output, "the total of tokens");
    return new Said(
        text.toString(),
        thought.toString(),
        !stops().refusals().contains(stop) ? "" : text.isEmpty() ? words : text.toString(),
        calls,
        stop,
        input,
        usage.path("cachedContentTokenCount").asLong(0),
        output,
        echo);
  }

  private static final Map<Integer, String> STATUSES =
      Map.of(400, "INVALID_ARGUMENT", 404, "NOT_FOUND", 429, "RESOURCE_EXHAUSTED");

  @Override
  public JsonNode refused(int status, HttpHeaders headers, byte[] body) {
    JsonNode error = Client.json(body).path("error");
    Client.check(error.path("code").asInt(0) == status, "the code is the status");
    String word = Client.text(error, "status");
    Client.check(word.equals(STATUSES.getOrDefault(status, word)), word + " is not " + status);
    Client.text(error, "message");
    return error.path("lintel");
  }

  @Override
  public JsonNode broken(byte[] stream) {
    List<Event> events = Client.events(stream, false, false);
    for (Event event : events) {
      Client.check(
          !event.data().path("candidates").path(0).hasNonNull("finishReason"), "there is no end");
    }
    JsonNode error = events.getLast().data().path("error");
    Client.text(error, "message");
    Client.text(error, "status");
    return error.path("lintel");
  }
}

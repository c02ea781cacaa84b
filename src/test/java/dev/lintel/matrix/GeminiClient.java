package dev.lintel.matrix;

import dev.lintel.Json;
import java.util.ArrayList;
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
    return new Stops("STOP", "MAX_TOKENS", "STOP", "STOP", "SAFETY");
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
    return said(Json.array().add(Client.json(reply)));
  }

  @Override
  public Said streamed(byte[] reply) {
    ArrayNode events = Json.array();
    Client.events(reply).forEach(events::add);
    Said said = said(events);
    Client.check(!said.stop().isEmpty(), "a stream ends with a finishReason");
    return said;
  }

  private static Said said(JsonNode events) {
    var text = new StringBuilder();
    var thought = new StringBuilder();
    var calls = new ArrayList<Said.Call>();
    ArrayNode echo = Json.array();
    String stop = "";
    String words = "";
    JsonNode usage = Json.MAPPER.missingNode();
    for (JsonNode event : events) {
      JsonNode candidate = event.path("candidates").path(0);
      for (JsonNode part : candidate.path("content").path("parts")) {
        echo.add(part);
        if (part.path("functionCall").isObject()) {
          JsonNode call = part.get("functionCall");
          JsonNode arguments = call.path("args");
          calls.add(
              new Said.Call(
                  call.path("id").asString(""),
                  call.path("name").asString(""),
                  arguments.isMissingNode() ? "{}" : arguments.toString()));
        } else if (part.path("thought").asBoolean(false)) {
          thought.append(part.path("text").asString(""));
        } else {
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
    return new Said(
        text.toString(),
        thought.toString(),
        stop.equals("SAFETY") ? text + words : "",
        calls,
        stop,
        usage.path("promptTokenCount").asLong(0),
        usage.path("cachedContentTokenCount").asLong(0),
        usage.path("candidatesTokenCount").asLong(0) + usage.path("thoughtsTokenCount").asLong(0),
        echo);
  }
}

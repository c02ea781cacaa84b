package dev.lintel.dialect;

import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a response, whole or as events. Deltas are pulled out of the bytes token by token, and of a
 * response that repeats all of its output only the figures are looked at.
 */
final class ResponsesReplyReader implements ReplyReader {
  /** Reads one value and leaves the parser at its end. */
  private static final ObjectReader TREES =
      Json.MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** What is known of an item that is under way. */
  private static final class Open {
    final int call;
    boolean told;
    boolean thought;

    Open(int call) {
      this.call = call;
    }
  }

  /** One event's fields that matter. */
  private static final class Event {
    String type = "";
    String delta = "";
    int output;
    JsonNode item = Json.object();
    JsonNode rest = Json.object();
    ObjectNode response = Json.object();
  }

  private final ToolNames.Back names;
  private final Map<Integer, Open> items = new HashMap<>();
  private int calls;
  private int searches;
  private boolean started;
  private boolean answered;
  private boolean refused;
  private boolean finished;
  private boolean done;

  ResponsesReplyReader(Chat chat) {
    this.names = new ToolNames.Back(ToolNames.OPENAI, chat, Responses.speaks(chat));
  }

  @Override
  public Chunk whole(byte[] body) {
    JsonNode response = Garbled.object(body, 0, body.length);
    failed(response);
    if (!response.path("output").isArray()) {
      throw Garbled.reply("a reply without output");
    }
    var parts = new ArrayList<Part>(4);
    start(response, parts);
    int place = 0;
    for (JsonNode item : response.path("output")) {
      item(place++, item, parts);
    }
    finish(response, parts);
    return new Chunk(parts, Frame.whole(ResponsesWords.NAME, body));
  }

  @Override
  public Chunk event(Frame frame) {
    byte[] data = frame.data();
    if (frame.dataLength() > 0 && data[frame.dataOffset()] == '[') {
      done = true;
      return new Chunk(List.of(), frame);
    }
    var parts = new ArrayList<Part>(2);
    event(parsed(frame), parts);
    if (!answered) {
      for (Part part : parts) {
        answered |= part.content();
      }
    }
    return new Chunk(parts, frame);
  }

  private static Event parsed(Frame frame) {
    var event = new Event();
    event.type = frame.event();
    try (JsonParser parser =
        Json.MAPPER
            .tokenStreamFactory()
            .createParser(
                ObjectReadContext.empty(), frame.data(), frame.dataOffset(), frame.dataLength())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw Garbled.reply("an event that is no JSON object");
      }
      fields(parser, event);
      if (parser.currentToken() != JsonToken.END_OBJECT) {
        throw Garbled.reply("an event that is cut off");
      }
    } catch (JacksonException broken) {
      throw Garbled.reply("an event that is not valid JSON", broken);
    }
    return event;
  }

  private static void fields(JsonParser parser, Event event) {
    ObjectNode rest = null;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "type" -> event.type = parser.getString();
        case "delta" -> event.delta = value == JsonToken.VALUE_STRING ? parser.getString() : "";
        case "output_index" ->
            event.output = value == JsonToken.VALUE_NUMBER_INT ? parser.getIntValue() : 0;
        case "item" -> event.item = TREES.readTree(parser);
        case "response" -> {
          if (value == JsonToken.START_OBJECT) {
            event.response = figures(parser);
          }
        }
        case "error",
            "code",
            "message",
            "param",
            "status",
            "arguments",
            "input",
            "summary_index" -> {
          rest = rest == null ? Json.object() : rest;
          rest.set(name, TREES.readTree(parser));
        }
        default -> parser.skipChildren();
      }
    }
    event.rest = rest == null ? event.rest : rest;
  }

  /** A response without its output, which was told before, and without what it echoes. */
  private static ObjectNode figures(JsonParser parser) {
    ObjectNode kept = Json.object();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      parser.nextToken();
      switch (name) {
        case "id", "model", "status", "error", "incomplete_details", "usage", "service_tier" ->
            kept.set(name, TREES.readTree(parser));
        default -> parser.skipChildren();
      }
    }
    return kept;
  }

  private void event(Event event, List<Part> parts) {
    switch (event.type) {
      case "response.created", "response.in_progress", "response.queued" ->
          start(event.response, parts);
      case "response.output_item.added" -> added(event, parts);
      case "response.output_text.delta" -> {
        open(event.output).told = true;
        if (!event.delta.isEmpty()) {
          parts.add(new Part.Text(event.delta));
        }
      }
      case "response.refusal.delta" -> {
        open(event.output).told = true;
        refusal(event.delta, parts);
      }
      case "response.reasoning_summary_text.delta", "response.reasoning_text.delta" ->
          thought(open(event.output), event.delta, parts);
      case "response.reasoning_summary_part.added" -> {
        if (event.rest.path("summary_index").asInt(0) > 0) {
          thought(open(event.output), "\n\n", parts);
        }
      }
      case "response.function_call_arguments.delta" ->
          arguments(open(event.output), event.delta, parts);
      case "response.custom_tool_call_input.delta" ->
          arguments(open(event.output), CustomInput.quoted(event.delta), parts);
      case "response.output_item.done" -> {
        item(event.output, event.item, parts);
        items.remove(event.output);
      }
      case "response.completed", "response.incomplete", "response.failed", "response.cancelled" -> {
        failed(event.response);
        start(event.response, parts);
        finish(event.response, parts);
        done = true;
      }
      case "error" -> throw error(event.rest);
      default -> {
        if (event.rest.path("error").isObject()) {
          throw error(event.rest);
        }
      }
    }
  }

  private Open open(int output) {
    return items.computeIfAbsent(output, place -> new Open(-1));
  }

  private void start(JsonNode response, List<Part> parts) {
    if (!started) {
      started = true;
      parts.add(
          new Part.Start(response.path("id").asString(""), response.path("model").asString("")));
    }
  }

  private void added(Event event, List<Part> parts) {
    String type = event.item.path("type").asString("");
    if (type.equals("function_call") || type.equals("custom_tool_call")) {
      begin(event.output, event.item, parts);
    } else {
      items.put(event.output, new Open(-1));
    }
  }

  private Open begin(int output, JsonNode item, List<Part> parts) {
    var open = new Open(calls++);
    items.put(output, open);
    boolean custom = item.path("type").asString("").equals("custom_tool_call");
    String id = item.path("call_id").asString(item.path("id").asString(""));
    parts.add(
        new Part.ToolUse(
            open.call,
            id,
            names.of(item.path("name").asString("")),
            custom ? CustomInput.OPENING : "",
            "",
            ResponsesWords.NAME));
    return open;
  }

  private static void arguments(Open open, String piece, List<Part> parts) {
    if (open.call >= 0 && !piece.isEmpty()) {
      open.told = true;
      parts.add(new Part.ToolUse(open.call, "", "", piece, "", ResponsesWords.NAME));
    }
  }

  private static void thought(Open open, String piece, List<Part> parts) {
    if (!piece.isEmpty()) {
      open.thought = true;
      open.told = true;
      parts.add(new Part.Thought(piece, "", ResponsesWords.NAME, false));
    }
  }

  private void refusal(String piece, List<Part> parts) {
    if (!piece.isEmpty()) {
      refused = true;
      parts.add(new Part.Refusal(piece));
    }
  }

  /** An item that is complete: what of it has not been told yet. */
  private void item(int output, JsonNode item, List<Part> parts) {
    switch (item.path("type").asString("")) {
      case "message" -> {
        if (!open(output).told) {
          item.path("content").forEach(part -> content(part, parts));
        }
      }
      case "reasoning" -> reasoning(open(output), item, parts);
      case "function_call" -> {
        Open open = called(output, item, parts);
        if (!open.told) {
          String arguments = item.path("arguments").asString("");
          arguments(open, arguments.isBlank() ? "{}" : arguments, parts);
        }
      }
      case "custom_tool_call" -> {
        Open open = called(output, item, parts);
        if (!open.told) {
          arguments(open, CustomInput.quoted(item.path("input").asString("")), parts);
        }
        arguments(open, CustomInput.CLOSING, parts);
      }
      case "image_generation_call" -> {
        String image = item.path("result").asString("");
        if (!image.isEmpty()) {
          MediaData data =
              MediaData.of("image/" + item.path("output_format").asString("png"), image);
          parts.add(new Part.Media(data.mime(), data.base64()));
        }
      }
      case "web_search_call" -> {
        searches++;
        parts.add(new Part.Native(new Extra(ResponsesWords.NAME, (ObjectNode) object(item))));
      }
      default ->
          parts.add(new Part.Native(new Extra(ResponsesWords.NAME, (ObjectNode) object(item))));
    }
  }

  private Open called(int output, JsonNode item, List<Part> parts) {
    Open open = items.get(output);
    return open == null || open.call < 0 ? begin(output, item, parts) : open;
  }

  private static JsonNode object(JsonNode item) {
    return item.isObject() ? item : Json.object();
  }

  private void content(JsonNode part, List<Part> parts) {
    switch (part.path("type").asString("")) {
      case "output_text", "text" -> {
        String text = part.path("text").asString("");
        if (!text.isEmpty()) {
          parts.add(new Part.Text(text));
        }
      }
      case "refusal" -> refusal(part.path("refusal").asString(""), parts);
      default -> {}
    }
  }

  private void reasoning(Open open, JsonNode item, List<Part> parts) {
    if (!open.told) {
      JsonNode said = item.path("summary").isEmpty() ? item.path("content") : item.path("summary");
      String between = "";
      for (JsonNode part : said) {
        thought(open, between + part.path("text").asString(""), parts);
        between = "\n\n";
      }
    }
    String sealed = item.path("encrypted_content").asString("");
    if (!sealed.isEmpty()) {
      parts.add(new Part.Thought("", sealed, ResponsesWords.NAME, !open.thought));
    }
  }

  private void finish(JsonNode response, List<Part> parts) {
    if (response.path("usage").isObject()) {
      String tier = response.path("service_tier").asString("");
      Usage usage =
          ResponsesWords.usage(response.path("usage"))
              .tier(tier.equals("default") || tier.equals("auto") ? "" : tier);
      parts.add(
          searches == 0
              ? usage
              : usage.units(Map.of(Usage.Unit.SEARCH, BigDecimal.valueOf(searches))));
    }
    String incomplete =
        response.path("status").asString("").equals("incomplete")
            ? response.path("incomplete_details").path("reason").asString("max_output_tokens")
            : "";
    Part.Stop.Reason reason = ResponsesWords.reason(incomplete, calls > 0, refused);
    String word = incomplete.isEmpty() ? response.path("status").asString("") : incomplete;
    parts.add(new Part.Stop(reason, ResponsesWords.NAME, word, ""));
    finished = true;
  }

  /** A response that says of itself that it failed, or an error in its place. */
  private static void failed(JsonNode response) {
    JsonNode error = response.path("error");
    String status = response.path("status").asString("");
    if (error.isObject() || error.isString()) {
      throw OpenAiErrors.read(200, Headers.NONE, response);
    }
    if (status.equals("failed") || status.equals("cancelled")) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider's response ended as '" + status + "'.");
    }
  }

  private static Failure error(JsonNode event) {
    int status = event.path("status").asInt(200);
    return OpenAiErrors.read(status, Headers.NONE, event);
  }

  @Override
  public boolean done() {
    return done;
  }

  @Override
  public void end() {
    if (!finished) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR,
          answered
              ? "The provider's stream ended before the reply was complete."
              : "The provider's stream ended without an answer.");
    }
  }
}

package dev.lintel.dialect;

import static dev.lintel.dialect.CohereChat.NAME;

import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a reply of Cohere's, whole or event by event. */
final class CohereReplyReader implements ReplyReader {
  private final OpenAiCalls calls;
  private boolean complete;

  CohereReplyReader(Chat chat) {
    this.calls =
        new OpenAiCalls(
            new ToolNames.Back(ToolNames.COHERE, chat, chat.dialect().name().equals(NAME)));
  }

  @Override
  public Chunk whole(byte[] body) {
    JsonNode reply = Garbled.object(body, 0, body.length);
    JsonNode message = reply.path("message");
    if (!message.isObject()) {
      // An error's message is a text.
      throw message.isString()
          ? CohereChat.failure(200, Headers.NONE, reply)
          : Garbled.reply("a reply without a message");
    }
    var parts = new ArrayList<Part>();
    parts.add(new Part.Start(text(reply, "id"), ""));
    message.path("content").forEach(item -> content(item, parts));
    plan(message, parts);
    int index = 0;
    for (JsonNode call : message.path("tool_calls")) {
      call(call, index++, parts);
    }
    for (String own : List.of("citations", "logprobs")) {
      JsonNode value = own.equals("logprobs") ? reply.path(own) : message.path(own);
      if (value.isArray() && !value.isEmpty()) {
        parts.add(alien(Json.object().set(own, value)));
      }
    }
    finish(reply, parts);
    return new Chunk(List.copyOf(parts), Frame.whole(NAME, body));
  }

  @Override
  public Chunk event(Frame frame) {
    if (frame.data()[frame.dataOffset()] == '[') {
      return new Chunk(List.of(), frame);
    }
    JsonNode event = Garbled.object(frame.data(), frame.dataOffset(), frame.dataLength());
    JsonNode delta = event.path("delta");
    JsonNode message = delta.path("message");
    var parts = new ArrayList<Part>(2);
    switch (event.path("type").asString(frame.event())) {
      case "message-start" -> parts.add(new Part.Start(text(event, "id"), ""));
      case "content-start", "content-delta" -> {
        content(message.path("content"), parts);
        if (event.path("logprobs").isObject()) {
          parts.add(alien(event));
        }
      }
      case "tool-plan-delta" -> plan(message, parts);
      case "tool-call-start", "tool-call-delta" ->
          call(message.path("tool_calls"), event.path("index").asInt(-1), parts);
      case "citation-start", "citation-end" -> parts.add(alien(event));
      case "message-end" -> finish(delta, parts);
      default -> {
        if (event.path("message").isString()) {
          throw CohereChat.failure(200, Headers.NONE, event);
        }
      }
    }
    return new Chunk(parts, frame);
  }

  private static void content(JsonNode item, List<Part> parts) {
    String thought = text(item, "thinking");
    if (!thought.isEmpty()) {
      parts.add(new Part.Thought(thought, "", NAME, false));
    }
    String text = text(item, "text");
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text));
    }
  }

  private static void plan(JsonNode message, List<Part> parts) {
    String plan = text(message, "tool_plan");
    if (!plan.isEmpty()) {
      parts.add(new Part.Text(plan));
    }
  }

  private void call(JsonNode call, int index, List<Part> parts) {
    JsonNode function = call.path("function");
    calls.piece(
        0,
        index,
        text(call, "id"),
        text(function, "name"),
        text(function, "arguments"),
        "",
        "",
        parts);
  }

  /**
   * @param end holds {@code finish_reason} and {@code usage}
   */
  private void finish(JsonNode end, List<Part> parts) {
    String word = text(end, "finish_reason");
    Part.Stop.Reason reason = CohereWords.reason(word, text(end, "error"));
    calls.end(parts);
    if (reason == Part.Stop.Reason.END && !calls.isEmpty()) {
      reason = Part.Stop.Reason.TOOL_USE;
    }
    if (reason == Part.Stop.Reason.TOOL_USE && !calls.sound()) {
      // Half a call must not be taken for a whole one and run.
      reason = Part.Stop.Reason.LENGTH;
    }
    if (end.path("usage").isObject()) {
      parts.add(CohereWords.usage(end.path("usage")));
    }
    parts.add(new Part.Stop(reason, NAME, word, ""));
    complete = true;
  }

  @Override
  public boolean done() {
    return complete;
  }

  @Override
  public void end() {
    if (!complete) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider's stream ended before its reply did.");
    }
  }

  private static Part alien(JsonNode fields) {
    return new Part.Native(new Extra(NAME, (ObjectNode) fields));
  }

  private static String text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    return value.isString() ? value.asString() : "";
  }
}

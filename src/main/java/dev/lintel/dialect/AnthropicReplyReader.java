package dev.lintel.dialect;

import static dev.lintel.dialect.AnthropicWords.NAME;

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
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a provider's message, whole or event by event. Blocks that only Anthropic has, and what
 * belongs to them, are told as {@code Native} parts that hold the event; in a whole message, the
 * block.
 */
final class AnthropicReplyReader implements ReplyReader {
  /** What the block that is open now consists of. */
  private enum Open {
    NOTHING,
    TEXT,
    THOUGHT,
    TOOL,
    /** A call of {@link AnthropicWords#ANSWER}, which is the answer's text. */
    ANSWER,
    ALIEN
  }

  private final Chat chat;
  private final ToolNames.Back names;
  private final ObjectNode usage = Json.object();
  private Open open = Open.NOTHING;
  private Open last = Open.NOTHING;
  private int tool = -1;
  private boolean answered;

  /** The open call's input as its first event gave it; empty once a piece of it came. */
  private String input = "";

  private boolean complete;
  private boolean done;

  AnthropicReplyReader(Chat chat) {
    this.chat = chat;
    this.names = new ToolNames.Back(ToolNames.ANTHROPIC, chat, chat.dialect().name().equals(NAME));
  }

  @Override
  public Chunk whole(byte[] body) {
    JsonNode message = Garbled.object(body, 0, body.length);
    if (isError(message)) {
      throw AnthropicMessages.failure(200, Headers.NONE, message);
    }
    if (!message.path("content").isArray()) {
      throw Garbled.reply("a reply without content");
    }
    var parts = new ArrayList<Part>();
    parts.add(new Part.Start(message.path("id").asString(""), message.path("model").asString("")));
    for (JsonNode block : message.path("content")) {
      block(block, parts);
      close(parts);
    }
    addUsage(message.path("usage"), parts);
    AnthropicWords.stop(message).map(this::shown).ifPresent(parts::add);
    complete = true;
    return new Chunk(List.copyOf(parts), Frame.whole(NAME, body));
  }

  @Override
  public Chunk event(Frame frame) {
    if (frame.event().equals("content_block_delta") || frame.event().isEmpty()) {
      Chunk chunk = delta(frame);
      if (chunk != null) {
        return chunk;
      }
    }
    if (BedrockChunk.is(frame)) {
      return event(unwrapped(frame));
    }
    BedrockErrors.check(frame);
    JsonNode event = Garbled.object(frame.data(), frame.dataOffset(), frame.dataLength());
    if (isError(event)) {
      throw AnthropicMessages.failure(200, Headers.NONE, event);
    }
    var parts = new ArrayList<Part>(2);
    switch (event.path("type").asString("")) {
      case "message_start" -> {
        JsonNode message = event.path("message");
        parts.add(
            new Part.Start(message.path("id").asString(""), message.path("model").asString("")));
        addUsage(message.path("usage"), parts);
      }
      case "content_block_start" -> {
        JsonNode block = event.path("content_block");
        if (isAlien(block)) {
          open = Open.ALIEN;
          parts.add(alien(event));
        } else {
          block(block, parts);
        }
      }
      case "content_block_delta" -> parts.add(alien(event));
      case "content_block_stop" -> {
        if (open == Open.ALIEN) {
          parts.add(alien(event));
        }
        close(parts);
      }
      case "message_delta" -> {
        addUsage(event.path("usage"), parts);
        AnthropicWords.stop(event.path("delta"))
            .ifPresent(stop -> {
              complete = true;
              parts.add(shown(stop));
            });
      }
      case "message_stop" -> {
        complete = true;
        done = true;
      }
      // A ping, or an event that is newer than this: nothing that another dialect could say.
      default -> {}
    }
    return new Chunk(List.copyOf(parts), frame);
  }

  @Override
  public boolean done() {
    return done;
  }

  @Override
  public void end() {
    if (!complete) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider's stream ended before its reply did.");
    }
  }

  /**
   * Reads the usual event without a tree, because a reply consists of little else; {@code null}
   * where it is another one.
   */
  private @Nullable Chunk delta(Frame frame) {
    if (open == Open.ALIEN) {
      return null;
    }
    String event = "";
    String type = "";
    @Nullable String text = null;
    try (JsonParser parser =
        Json.MAPPER.createParser(frame.data(), frame.dataOffset(), frame.dataLength())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        if (name.equals("type") && value == JsonToken.VALUE_STRING) {
          event = parser.getString();
        } else if (name.equals("delta") && value == JsonToken.START_OBJECT) {
          for (name = parser.nextName(); name != null; name = parser.nextName()) {
            if (parser.nextToken() == JsonToken.VALUE_STRING) {
              switch (name) {
                case "type" -> type = parser.getString();
                case "text", "thinking", "signature", "partial_json" -> text = parser.getString();
                default -> {}
              }
            } else {
              parser.skipChildren();
            }
          }
        } else {
          parser.skipChildren();
        }
      }
      if (parser.currentToken() != JsonToken.END_OBJECT) {
        throw Garbled.reply("an event that is cut off");
      }
    } catch (JacksonException broken) {
      throw Garbled.reply("an event that is not JSON", broken);
    }
    if (!event.equals("content_block_delta") || text == null) {
      return null;
    }
    return switch (type) {
      case "text_delta" -> new Chunk(List.of(new Part.Text(text)), frame);
      case "thinking_delta" -> new Chunk(List.of(new Part.Thought(text, "", NAME, false)), frame);
      case "signature_delta" -> new Chunk(List.of(new Part.Thought("", text, NAME, false)), frame);
      case "input_json_delta" -> new Chunk(arguments(text), frame);
      default -> null;
    };
  }

  private List<Part> arguments(String text) {
    if (text.isEmpty() || (tool < 0 && open != Open.ANSWER)) {
      return List.of();
    }
    input = "";
    if (open == Open.ANSWER) {
      return List.of(new Part.Text(text));
    }
    return List.of(new Part.ToolUse(tool, "", "", text, "", ""));
  }

  private static boolean isAlien(JsonNode block) {
    return switch (block.path("type").asString("")) {
      case "text", "thinking", "redacted_thinking", "tool_use" -> false;
      default -> true;
    };
  }

  /** A block's beginning, which in a whole message is all of it. */
  private void block(JsonNode block, List<Part> parts) {
    switch (block.path("type").asString("")) {
      case "text" -> {
        if (last == Open.TEXT) {
          parts.add(newText());
        }
        open = Open.TEXT;
        addText(block.path("text").asString(""), parts);
        for (JsonNode citation : block.path("citations")) {
          parts.add(alien(citation(citation)));
        }
      }
      case "thinking" -> {
        open = Open.THOUGHT;
        String text = block.path("thinking").asString("");
        if (!text.isEmpty()) {
          parts.add(new Part.Thought(text, "", NAME, false));
        }
        String signature = block.path("signature").asString("");
        if (!signature.isEmpty()) {
          parts.add(new Part.Thought("", signature, NAME, false));
        }
      }
      case "redacted_thinking" -> {
        open = Open.THOUGHT;
        parts.add(new Part.Thought("", block.path("data").asString(""), NAME, true));
      }
      case "tool_use" -> {
        input = block.path("input").isObject() ? Json.text(block.path("input")) : "{}";
        if (isAnswer(block)) {
          open = Open.ANSWER;
          answered = true;
          return;
        }
        open = Open.TOOL;
        tool++;
        parts.add(
            new Part.ToolUse(
                tool,
                block.path("id").asString(""),
                names.of(block.path("name").asString("")),
                "",
                "",
                NAME));
      }
      default -> {
        open = Open.ALIEN;
        parts.add(alien(block));
      }
    }
  }

  private void close(List<Part> parts) {
    if (open == Open.TOOL && !input.isEmpty()) {
      parts.add(new Part.ToolUse(tool, "", "", input, "", ""));
      input = "";
    } else if (open == Open.ANSWER && !input.isEmpty()) {
      parts.add(new Part.Text(input));
      input = "";
    }
    last = open;
    open = Open.NOTHING;
  }

  private boolean isAnswer(JsonNode block) {
    return block.path("name").asString("").equals(AnthropicWords.ANSWER)
        && !chat.dialect().name().equals(NAME)
        && AnthropicWords.answersByTool(chat.prompt());
  }

  /** A call that was the answer is no call to anybody else. */
  private Part.Stop shown(Part.Stop stop) {
    return answered && tool < 0 && stop.reason() == Part.Stop.Reason.TOOL_USE
        ? new Part.Stop(Part.Stop.Reason.END, NAME, "end_turn", "")
        : stop;
  }

  private static void addText(String text, List<Part> parts) {
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text));
    }
  }

  /** Two texts in a row are two blocks to Anthropic, and one text to everybody else. */
  private static Part newText() {
    ObjectNode event = Json.object().put("type", "content_block_start");
    event.putObject("content_block").put("type", "text").put("text", "");
    return alien(event);
  }

  private static ObjectNode citation(JsonNode citation) {
    ObjectNode event = Json.object().put("type", "content_block_delta");
    event.putObject("delta").put("type", "citations_delta").set("citation", citation);
    return event;
  }

  private static Part alien(JsonNode fields) {
    return new Part.Native(new Extra(NAME, (ObjectNode) fields));
  }

  /**
   * Counts are of the whole reply so far, and an event may leave out what an earlier one gave, so
   * the highest of each is what holds.
   */
  private void addUsage(JsonNode more, List<Part> parts) {
    if (!more.isObject()) {
      return;
    }
    highest(usage, (ObjectNode) more);
    parts.add(AnthropicWords.usage(usage));
  }

  private static void highest(ObjectNode known, ObjectNode more) {
    for (var field : more.properties()) {
      JsonNode before = known.path(field.getKey());
      if (field.getValue() instanceof ObjectNode inner) {
        highest(known.withObject("/" + field.getKey()), inner);
      } else if (field.getValue().isString()
          || (field.getValue().isNumber() && field.getValue().asLong(0) >= before.asLong(0))) {
        known.set(field.getKey(), field.getValue());
      }
    }
  }

  private static boolean isError(JsonNode node) {
    return node.path("type").asString("").equals("error") || node.path("error").isObject();
  }

  private static Frame unwrapped(Frame frame) {
    try {
      return BedrockChunk.unwrapped(frame);
    } catch (JacksonException | IllegalArgumentException broken) {
      throw Garbled.reply("a chunk that holds no event", broken);
    }
  }
}

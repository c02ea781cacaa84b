package dev.lintel.dialect;

import static dev.lintel.dialect.BedrockWords.NAME;

import dev.lintel.Block.Media.Kind;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads a provider's reply, whole or event by event. */
final class BedrockReplyReader implements ReplyReader {
  /** A call under way. */
  private static final class Call {
    final int number;

    /** Whether it is the answer itself: {@link BedrockWords#ANSWER}. */
    final boolean answer;

    boolean fed;

    Call(int number, boolean answer) {
      this.number = number;
      this.answer = answer;
    }
  }

  private final Chat chat;
  private final boolean own;
  private final ToolNames.Back names;

  /** By the index of their block. */
  private final Map<Integer, Call> calls = new HashMap<>();

  private int called;
  private boolean answered;
  private @Nullable Boolean answersByTool;
  private boolean started;
  private boolean complete;
  private boolean done;

  BedrockReplyReader(Chat chat) {
    this.chat = chat;
    this.own = chat.dialect().name().equals(NAME);
    this.names = new ToolNames.Back(ToolNames.BEDROCK, chat, own);
  }

  @Override
  public Chunk whole(byte[] body) {
    JsonNode reply = Garbled.object(body, 0, body.length);
    JsonNode content = reply.path("output").path("message").path("content");
    if (!content.isArray()) {
      if (reply.has("message") || reply.has("__type")) {
        throw BedrockErrors.read(200, Headers.NONE, reply);
      }
      throw Garbled.reply("a reply without content");
    }
    var parts = new ArrayList<Part>();
    parts.add(new Part.Start("", ""));
    for (int i = 0; i < content.size(); i++) {
      block(i, content.get(i), parts);
    }
    parts.add(BedrockWords.usage(reply));
    stop(reply, parts);
    complete = true;
    return new Chunk(List.copyOf(parts), Frame.whole(NAME, body));
  }

  private void block(int index, JsonNode block, List<Part> parts) {
    if (block.path("text").isString()) {
      text(block.path("text").asString(), parts);
    } else if (block.path("toolUse").isObject()) {
      JsonNode call = block.path("toolUse");
      call(index, call, parts);
      JsonNode input = call.path("input");
      input(index, input.isMissingNode() ? "" : Json.text(input), parts);
      close(index, parts);
    } else if (block.path("reasoningContent").isObject()) {
      JsonNode thought = block.path("reasoningContent");
      thought(thought.path("reasoningText"), parts);
      thought(thought, parts);
    } else if (block.path("image").path("source").path("bytes").isString()) {
      media(block.path("image").path("format"), block.path("image"), parts);
    } else if (block.path("citationsContent").isObject() && !own) {
      for (JsonNode piece : block.path("citationsContent").path("content")) {
        text(piece.path("text").asString(""), parts);
      }
    } else {
      alien((ObjectNode) block, parts);
    }
  }

  @Override
  public Chunk event(Frame frame) {
    if (frame.event().equals("contentBlockDelta")) {
      Chunk chunk = delta(frame);
      if (chunk != null) {
        return chunk;
      }
    }
    BedrockErrors.check(frame);
    JsonNode event = Garbled.object(frame.data(), frame.dataOffset(), frame.dataLength());
    var parts = new ArrayList<Part>(2);
    int index = event.path("contentBlockIndex").asInt(0);
    switch (frame.event()) {
      case "messageStart" -> start(parts);
      case "contentBlockStart" -> {
        JsonNode start = event.path("start");
        if (start.path("toolUse").isObject()) {
          call(index, start.path("toolUse"), parts);
        } else {
          alien("content_block_start", "content_block", alienStart(start), parts);
        }
      }
      case "contentBlockDelta" -> delta(index, event.path("delta"), parts);
      case "contentBlockStop" -> close(index, parts);
      case "messageStop" -> {
        stop(event, parts);
        complete = true;
      }
      case "metadata" -> {
        parts.add(BedrockWords.usage(event));
        done = complete;
      }
      // An event that is newer than this: nothing that another dialect could say.
      default -> {}
    }
    return new Chunk(List.copyOf(parts), frame);
  }

  /**
   * Reads the usual event without a tree, because a reply consists of little else; {@code null}
   * where it is another one.
   */
  private @Nullable Chunk delta(Frame frame) {
    int index = -1;
    String kind = "";
    @Nullable String value = null;
    try (JsonParser parser =
        Json.MAPPER.createParser(frame.data(), frame.dataOffset(), frame.dataLength())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken token = parser.nextToken();
        if (name.equals("contentBlockIndex") && token == JsonToken.VALUE_NUMBER_INT) {
          index = parser.getIntValue();
        } else if (name.equals("delta") && token == JsonToken.START_OBJECT) {
          String field = parser.nextName();
          if (field == null) {
            return null;
          }
          kind = field;
          JsonToken inner = parser.nextToken();
          if (inner == JsonToken.START_OBJECT) {
            kind = kind + "." + parser.nextName();
            inner = parser.nextToken();
            value = inner == JsonToken.VALUE_STRING ? parser.getString() : null;
            inner = parser.nextToken();
          } else if (inner == JsonToken.VALUE_STRING) {
            value = parser.getString();
          }
          // One member each: a union has no second one.
          if (value == null || parser.nextToken() != JsonToken.END_OBJECT) {
            return null;
          }
        } else {
          parser.skipChildren();
        }
      }
    } catch (JacksonException broken) {
      return null;
    }
    return value == null || index < 0 ? null : chunk(index, kind, value, frame);
  }

  private @Nullable Chunk chunk(int index, String kind, String value, Frame frame) {
    var parts = new ArrayList<Part>(1);
    switch (kind) {
      case "text" -> text(value, parts);
      case "toolUse.input" -> input(index, value, parts);
      case "reasoningContent.text" -> {
        if (!value.isEmpty()) {
          parts.add(open(value));
        }
      }
      default -> {
        return null;
      }
    }
    return new Chunk(List.copyOf(parts), frame);
  }

  private static ObjectNode alienStart(JsonNode start) {
    ObjectNode block = Json.object();
    block.set("start", start);
    return block;
  }

  private void delta(int index, JsonNode delta, List<Part> parts) {
    if (delta.path("text").isString()) {
      text(delta.path("text").asString(), parts);
    } else if (delta.path("toolUse").isObject()) {
      input(index, delta.path("toolUse").path("input").asString(""), parts);
    } else if (delta.path("reasoningContent").isObject()) {
      thought(delta.path("reasoningContent"), parts);
    } else if (delta.path("image").path("source").path("bytes").isString()) {
      media(delta.path("image").path("format"), delta.path("image"), parts);
    } else {
      alien("content_block_delta", "delta", delta, parts);
    }
  }

  private void start(List<Part> parts) {
    if (!started) {
      started = true;
      parts.add(new Part.Start("", ""));
    }
  }

  private static void text(String text, List<Part> parts) {
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text));
    }
  }

  /** Both of a whole thought and of a piece: what is not there is not told. */
  private static void thought(JsonNode fields, List<Part> parts) {
    String text = fields.path("text").asString("");
    if (!text.isEmpty()) {
      parts.add(open(text));
    }
    String signature = fields.path("signature").asString("");
    if (!signature.isEmpty()) {
      parts.add(new Part.Thought("", signature, BedrockWords.SIGNER, false));
    }
    String sealed = fields.path("redactedContent").asString("");
    if (!sealed.isEmpty()) {
      parts.add(new Part.Thought("", sealed, NAME, true));
    }
  }

  /** Whose a thought is shows with its signature, which open models do not give. */
  private static Part.Thought open(String text) {
    return new Part.Thought(text, "", NAME, false);
  }

  private static void media(JsonNode format, JsonNode image, List<Part> parts) {
    parts.add(
        new Part.Media(
            BedrockMedia.mime(Kind.IMAGE, format.asString("png")),
            image.path("source").path("bytes").asString("")));
  }

  private void call(int index, JsonNode start, List<Part> parts) {
    String name = start.path("name").asString("");
    if (name.equals(BedrockWords.ANSWER) && answersByTool()) {
      answered = true;
      calls.put(index, new Call(-1, true));
      return;
    }
    var call = new Call(called++, false);
    calls.put(index, call);
    parts.add(
        new Part.ToolUse(
            call.number, start.path("toolUseId").asString(""), names.of(name), "", "", NAME));
  }

  private boolean answersByTool() {
    Boolean known = answersByTool;
    if (known == null) {
      known = !own && BedrockRequestWriter.answersByTool(chat.prompt());
      answersByTool = known;
    }
    return known;
  }

  private void input(int index, String json, List<Part> parts) {
    Call call = calls.get(index);
    if (call == null || json.isEmpty()) {
      return;
    }
    call.fed = true;
    if (call.answer) {
      parts.add(new Part.Text(json));
    } else {
      parts.add(new Part.ToolUse(call.number, "", "", json, "", ""));
    }
  }

  private void close(int index, List<Part> parts) {
    Call call = calls.get(index);
    if (call != null && !call.fed) {
      input(index, "{}", parts);
    }
    calls.remove(index);
  }

  private void stop(JsonNode fields, List<Part> parts) {
    Optional<Part.Stop> stop = BedrockWords.stop(fields);
    if (stop.isEmpty()) {
      throw Garbled.reply("a reply that does not say why it ended");
    }
    String word = stop.get().word();
    if (!own && BedrockWords.failed(word)) {
      throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The model broke its reply off: " + word + ".")
          .code(word);
    }
    parts.add(
        answered && called == 0 && stop.get().reason() == Part.Stop.Reason.TOOL_USE
            ? new Part.Stop(Part.Stop.Reason.END, NAME, "end_turn", "")
            : stop.get());
  }

  /** Blocks that Bedrock alone has, in the form of which {@link AnthropicReply} knows. */
  private static void alien(String type, String field, JsonNode value, List<Part> parts) {
    ObjectNode event = Json.object().put("type", type);
    event.set(field, value);
    alien(event, parts);
  }

  private static void alien(ObjectNode fields, List<Part> parts) {
    parts.add(new Part.Native(new Extra(NAME, fields)));
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
}

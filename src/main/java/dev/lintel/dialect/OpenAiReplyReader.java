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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a chat completion, whole or in chunks. What every event has is pulled out of the bytes
 * token by token; a tree is built for what is rare.
 */
final class OpenAiReplyReader implements ReplyReader {
  /** Reads one value and leaves the parser at its end. */
  private static final ObjectReader TREES =
      Json.MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final Set<String> SILENT = Set.of("role", "reasoning_details");

  private final OpenAiCalls calls;
  private String tier = "";
  private final String dialect;

  /** The event has a list of pieces, which OpenAI's own clients do not expect in a reply. */
  private boolean listed;

  private boolean streamed;
  private boolean started;
  private boolean finished;
  private boolean answered;
  private boolean refused;
  private boolean done;

  OpenAiReplyReader(Chat chat) {
    this(chat, OpenAiChat.NAME);
  }

  /**
   * @param dialect whose words the reply's bytes are: legacy completions are the same but for where
   *     a choice has its text
   */
  OpenAiReplyReader(Chat chat, String dialect) {
    this.calls = new OpenAiCalls(chat);
    this.dialect = dialect;
  }

  @Override
  public Chunk whole(byte[] body) {
    Frame frame = Frame.whole(dialect, body);
    var parts = new ArrayList<Part>(4);
    read(frame, "a reply", parts);
    if (!finished) {
      throw Garbled.reply("a reply without choices");
    }
    return new Chunk(parts, listed ? Frame.NONE : frame);
  }

  private void known(int choice, JsonNode message, List<Part> parts) {
    content(message.path("content"), parts);
    refusal(text(message.path("refusal")), parts);
    for (JsonNode image : message.path("images")) {
      media(image, parts);
    }
    audio(message.path("audio"), parts);
    JsonNode made = message.path("tool_calls");
    for (int i = 0; i < made.size(); i++) {
      // In a whole message the place is the index; in a delta it says nothing.
      call(choice, made.get(i), made.get(i).path("index").asInt(streamed ? -1 : i), parts);
    }
    JsonNode legacy = message.path("function_call");
    if (legacy.isObject()) {
      calls.piece(
          choice, -1, "", text(legacy.path("name")), text(legacy.path("arguments")), "", "", parts);
    }
  }

  private void thought(String text, List<Part> parts) {
    if (!text.isEmpty()) {
      parts.add(new Part.Thought(text, "", OpenAiChat.NAME, false));
    }
  }

  private void refusal(String text, List<Part> parts) {
    if (!text.isEmpty()) {
      refused = true;
      parts.add(new Part.Refusal(text));
    }
  }

  /** Text, or Mistral's list of text and thinking. */
  private void content(JsonNode content, List<Part> parts) {
    if (content.isString()) {
      if (!content.asString().isEmpty()) {
        parts.add(new Part.Text(content.asString()));
      }
      return;
    }
    listed |= content.isArray();
    for (JsonNode piece : content) {
      switch (text(piece.path("type"))) {
        case "text" -> content(piece.path("text"), parts);
        case "refusal" -> refusal(text(piece.path("refusal")), parts);
        case "thinking" -> {
          for (JsonNode thought : piece.path("thinking")) {
            thought(text(thought.path("text")), parts);
          }
        }
        case "image_url" -> media(piece, parts);
        default -> parts.add(nativePart(Json.object().set("content", Json.array().add(piece))));
      }
    }
  }

  private static void media(JsonNode image, List<Part> parts) {
    String url = text(image.path("image_url").path("url"));
    if (url.startsWith("data:") && url.contains(";base64,")) {
      MediaData.parse(url, "image_url.url")
          .ifPresent(data -> parts.add(new Part.Media(data.mime(), data.base64())));
    } else {
      parts.add(nativePart(Json.object().set("images", Json.array().add(image))));
    }
  }

  /** A sound comes with its words. */
  private static void audio(JsonNode audio, List<Part> parts) {
    if (audio.isObject()) {
      String words = text(audio.path("transcript"));
      if (!words.isEmpty()) {
        parts.add(new Part.Text(words));
      }
      String data = text(audio.path("data"));
      if (!data.isEmpty()) {
        MediaData sound = MediaData.of("audio/pcm", data);
        parts.add(new Part.Media(sound.mime(), sound.base64()));
      }
    }
  }

  private void call(int choice, JsonNode call, int index, List<Part> parts) {
    JsonNode proof = call.path(OpenAiThoughts.TOOL);
    JsonNode function = call.path("function");
    calls.piece(
        choice,
        index,
        text(call.path("id")),
        text(function.path("name")),
        text(function.path("arguments")),
        OpenAiThoughts.signatureOfTool(proof),
        // Google's own OpenAI endpoint is the only one that signs calls.
        "gemini",
        parts);
  }

  private void finish(String word, List<Part> parts) {
    Part.Stop.Reason reason = OpenAiStops.read(word);
    calls.end(parts);
    if (reason == Part.Stop.Reason.END && !calls.isEmpty()) {
      // Some servers say "stop" after a call, too.
      reason = Part.Stop.Reason.TOOL_USE;
    }
    if (reason == Part.Stop.Reason.TOOL_USE && !calls.sound()) {
      // Half a call must not be taken for a whole one and run.
      reason = Part.Stop.Reason.LENGTH;
    }
    if (refused && reason != Part.Stop.Reason.LENGTH) {
      reason = Part.Stop.Reason.REFUSAL;
    }
    parts.add(new Part.Stop(reason, OpenAiChat.NAME, word, ""));
    finished = true;
  }

  @Override
  public Chunk event(Frame frame) {
    byte[] data = frame.data();
    int from = frame.dataOffset();
    if (isDone(data, from, frame.dataLength())) {
      done = true;
      return new Chunk(List.of(), frame);
    }
    streamed = true;
    listed = false;
    var parts = new ArrayList<Part>(2);
    read(frame, "an event", parts);
    if (!answered) {
      for (Part part : parts) {
        answered |= part.content();
      }
    }
    return new Chunk(parts, listed ? Frame.NONE : frame);
  }

  private void read(Frame frame, String what, List<Part> parts) {
    try (JsonParser parser =
        Json.MAPPER
            .tokenStreamFactory()
            .createParser(
                ObjectReadContext.empty(), frame.data(), frame.dataOffset(), frame.dataLength())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw Garbled.reply(what + " that is no JSON object");
      }
      object(parser, frame, parts);
      if (parser.currentToken() != JsonToken.END_OBJECT) {
        throw Garbled.reply(what + " that is cut off");
      }
    } catch (JacksonException broken) {
      throw Garbled.reply(what + " that is not valid JSON", broken);
    }
  }

  private static boolean isDone(byte[] data, int from, int length) {
    return length >= 6 && data[from] == '[' && data[from + 1] == 'D' && data[from + 2] == 'O';
  }

  private void object(JsonParser parser, Frame frame, List<Part> parts) {
    String id = "";
    String model = "";
    Usage usage = null;
    @Nullable String word = null;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "choices" -> {
          if (value == JsonToken.START_ARRAY) {
            String last = choices(parser, parts);
            word = last == null ? word : last;
          }
        }
        case "id" -> id = started || value != JsonToken.VALUE_STRING ? "" : parser.getString();
        case "model" ->
            model = started || value != JsonToken.VALUE_STRING ? "" : parser.getString();
        case "usage" -> {
          if (value == JsonToken.START_OBJECT) {
            usage = OpenAiUsage.read(parser);
          }
        }
        case "service_tier" -> {
          // In every event of a stream, and the same in all.
          if (tier.isEmpty() && value == JsonToken.VALUE_STRING) {
            tier = parser.getString();
          }
        }
        case "error" -> {
          if (value != JsonToken.VALUE_NULL) {
            throw OpenAiErrors.read(200, Headers.NONE, Json.parse(frame.text()));
          }
        }
        default -> parser.skipChildren();
      }
    }
    if (word != null) {
      finish(word, parts);
    }
    if (usage != null) {
      parts.add(tier.isEmpty() || tier.equals("default") ? usage : usage.tier(tier));
    }
    // Azure's first event has neither (seen 2025-09): the next one names the reply.
    if (!started && !(id.isEmpty() && model.isEmpty() && parts.isEmpty())) {
      started = true;
      parts.addFirst(new Part.Start(id, model));
    }
  }

  /** The finish reason, which must wait until the error beside it has been looked for. */
  private @Nullable String choices(JsonParser parser, List<Part> parts) {
    String word = null;
    int position = 0;
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      int choice = position++;
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        switch (name) {
          case "index" ->
              choice = value == JsonToken.VALUE_NUMBER_INT ? parser.getIntValue() : choice;
          case "delta", "message" -> {
            if (value == JsonToken.START_OBJECT) {
              delta(choice, parser, parts);
            }
          }
          case "text" -> {
            if (value == JsonToken.VALUE_STRING && parser.getStringLength() > 0) {
              parts.add(new Part.Text(parser.getString()));
            }
          }
          case "finish_reason" -> {
            if (value == JsonToken.VALUE_STRING && parser.getStringLength() > 0) {
              word = parser.getString();
            }
          }
          default -> parser.skipChildren();
        }
      }
      if (!streamed) {
        // A whole reply is complete as it stands, whatever its server calls that.
        finish(word == null ? "stop" : word, parts);
        word = null;
      }
    }
    return word;
  }

  /** The fields of a message, in an order of their own: thoughts come before what they led to. */
  private void delta(int choice, JsonParser parser, List<Part> parts) {
    String thought = "";
    String content = "";
    ObjectNode rare = null;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      if (value == JsonToken.VALUE_NULL || SILENT.contains(name)) {
        parser.skipChildren();
        continue;
      }
      boolean text = value == JsonToken.VALUE_STRING;
      if (text && name.equals("content")) {
        content = parser.getString();
      } else if (text && (name.equals("reasoning_content") || name.equals("reasoning"))) {
        // Some servers give the same thought under both names.
        thought = thought.isEmpty() ? parser.getString() : thought;
      } else {
        rare = rare == null ? Json.object() : rare;
        rare.set(name, TREES.readTree(parser));
      }
    }
    thought(thought, parts);
    if (!content.isEmpty()) {
      parts.add(new Part.Text(content));
    }
    if (rare != null) {
      rare(choice, rare, parts);
    }
  }

  private void rare(int choice, ObjectNode message, List<Part> parts) {
    JsonNode audio = message.get("audio");
    if (streamed && audio != null) {
      // Pieces of sound are no sound of their own.
      message.remove("audio");
      parts.add(nativePart(Json.object().set("audio", audio)));
    }
    known(choice, message, parts);
    if (!streamed) {
      return;
    }
    message.remove(List.of("content", "refusal", "images", "tool_calls", "function_call"));
    message.removeIf(value -> value.isNull() || (value.isContainer() && value.isEmpty()));
    if (!message.isEmpty()) {
      parts.add(nativePart(message));
    }
  }

  private static Part nativePart(ObjectNode fields) {
    return new Part.Native(new Extra(OpenAiChat.NAME, fields));
  }

  @Override
  public boolean done() {
    return done;
  }

  @Override
  public void end() {
    if (finished) {
      return;
    }
    throw Failure.of(
        Failure.Kind.UPSTREAM_ERROR,
        answered
            ? "The provider's stream ended before the reply was complete."
            : "The provider's stream ended without an answer.");
  }

  private static String text(JsonNode node) {
    return node.isString() ? node.asString() : "";
  }
}

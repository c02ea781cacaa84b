package dev.lintel.capture;

import dev.lintel.Block;
import dev.lintel.Capture;
import dev.lintel.Captured;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Embed;
import dev.lintel.Failure;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Live;
import dev.lintel.Part;
import dev.lintel.Prompt;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Service;
import dev.lintel.Stored;
import dev.lintel.Tool;
import dev.lintel.Turn;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Words what a call said and was answered as one JSON document, as far as its level goes. */
final class Wording {
  /** The most bytes of a request that are kept. */
  private static final int LONGEST = 1 << 20;

  /** What is longer and has no blank in it is no text: a picture, a sound, a vector. */
  private static final int LONGEST_WORD = 512;

  private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

  private final UnaryOperator<String> redaction;

  Wording(UnaryOperator<String> redaction) {
    this.redaction = redaction;
  }

  /**
   * {@code {request_id, level, endpoint, dialect, stream, request, reply, error}}. What merely
   * passes through is told by its size alone, whatever the level.
   */
  ObjectNode of(Captured captured) {
    Request request = captured.request();
    Optional<Inbound> original = original(request);
    boolean shapes = captured.level() == Capture.Level.METADATA || original.isEmpty();
    ObjectNode all = Json.object();
    all.put("request_id", captured.trail().id());
    all.put("level", (shapes ? Capture.Level.METADATA : captured.level()).word());
    all.put("endpoint", Service.of(request).word());
    all.put("dialect", request.dialect().name());
    all.put("stream", request.stream());
    if (captured.trail().optedOut()) {
      all.put("training", "opted_out");
    }
    if (shapes) {
      all.set("request", shape(request, original));
      all.set("reply", shape(captured.chunks()));
      captured.failure().ifPresent(failure -> all.put("error", failure.kind().word()));
      return all;
    }
    boolean redacted = captured.level() == Capture.Level.REDACTED;
    JsonNode asked = request(original.get());
    all.set("request", redacted ? redacted(asked) : asked);
    if (!captured.chunks().isEmpty()) {
      JsonNode reply = reply(captured);
      all.set("reply", redacted ? redacted(reply) : reply);
    }
    if (captured.cut()) {
      all.put("reply_cut", true);
    }
    captured
        .failure()
        .ifPresent(failure -> {
          String told = failure.message();
          ObjectNode error = all.putObject("error").put("kind", failure.kind().word());
          error.put("message", redacted ? redaction.apply(told) : told);
        });
    return all;
  }

  /** What its caller sent; empty for what merely passes through. */
  static Optional<Inbound> original(Request request) {
    return switch (request) {
      case Chat chat -> chat.original();
      case Embed embed -> embed.original();
      case Rerank rerank -> rerank.original();
      case Request.Count count -> count.chat().original();
      case Relay relay -> Optional.empty();
      case Live live -> Optional.empty();
      case Stored stored -> Optional.empty();
      case Request.Unread unread -> Optional.empty();
    };
  }

  /** As it came, without a provider's key that its caller may have put there. */
  private static JsonNode request(Inbound original) {
    byte[] body = original.body().bytes();
    if (body.length > LONGEST) {
      return Json.object()
          .put("bytes", body.length)
          .put("cut", new String(Arrays.copyOf(body, LONGEST), StandardCharsets.UTF_8));
    }
    JsonNode whole = json(body);
    if (whole instanceof ObjectNode object) {
      object.remove("api_key");
    }
    return whole;
  }

  /** A stream as the whole reply that it came to. */
  private static JsonNode reply(Captured captured) {
    Request request = captured.request();
    try {
      return json(request.dialect().writer(request, captured.trail()).whole(captured.chunks()));
    } catch (Failure noWhole) {
      return shape(captured.chunks());
    }
  }

  private static JsonNode json(byte[] body) {
    try {
      return Json.parse(body);
    } catch (JacksonException noJson) {
      return MAKE.stringNode(new String(body, StandardCharsets.UTF_8));
    }
  }

  private JsonNode redacted(JsonNode node) {
    if (node.isString()) {
      String text = node.asString();
      return text.length() > LONGEST_WORD && text.indexOf(' ') < 0
          ? MAKE.stringNode("[" + text.length() + " characters]")
          : MAKE.stringNode(redaction.apply(text));
    }
    if (node instanceof ObjectNode object) {
      ObjectNode left = Json.object();
      for (var one : object.properties()) {
        left.set(one.getKey(), redacted(one.getValue()));
      }
      return left;
    }
    if (node instanceof ArrayNode array) {
      ArrayNode left = Json.array();
      array.forEach(one -> left.add(redacted(one)));
      return left;
    }
    return node;
  }

  private static JsonNode shape(Request request, Optional<Inbound> original) {
    ObjectNode shape = Json.object();
    original.ifPresent(known -> shape.put("bytes", known.body().bytes().length));
    if (!(request instanceof Chat chat)) {
      return shape;
    }
    Prompt prompt;
    try {
      prompt = chat.prompt();
    } catch (Failure unreadable) {
      return shape;
    }
    ArrayNode turns = shape.putArray("turns");
    for (Turn turn : prompt.turns()) {
      ObjectNode one = turns.addObject().put("role", turn.role().name().toLowerCase(Locale.ROOT));
      shape(turn.blocks(), one.putArray("blocks"));
    }
    ArrayNode tools = shape.putArray("tools");
    for (Tool tool : prompt.tools()) {
      if (tool instanceof Tool.Function function) {
        tools.add(function.name());
      }
    }
    return shape;
  }

  private static void shape(List<Block> blocks, ArrayNode all) {
    for (Block block : blocks) {
      ObjectNode one = all.addObject();
      switch (block) {
        case Block.Text text -> one.put("type", "text").put("length", text.text().length());
        case Block.Refusal no -> one.put("type", "refusal").put("length", no.text().length());
        case Block.Thought thought ->
            one.put("type", "thought").put("length", thought.text().length());
        case Block.ToolUse use ->
            one.put("type", "tool_use")
                .put("name", use.name())
                .put("length", use.arguments().length());
        case Block.ToolResult result ->
            shape(result.content(), one.put("type", "tool_result").putArray("blocks"));
        case Block.Media media ->
            one.put("type", media.kind().name().toLowerCase(Locale.ROOT)).put("mime", media.mime());
        case Block.Native other -> one.put("type", "other");
      }
    }
  }

  private static JsonNode shape(List<Chunk> chunks) {
    long text = 0;
    long thought = 0;
    long bytes = 0;
    String stop = "";
    ObjectNode shape = Json.object();
    ArrayNode tools = Json.array();
    for (Chunk chunk : chunks) {
      bytes += chunk.frame().dataLength();
      for (Part part : chunk.parts()) {
        switch (part) {
          case Part.Text piece -> text += piece.text().length();
          case Part.Refusal piece -> text += piece.text().length();
          case Part.Thought piece -> thought += piece.text().length();
          case Part.ToolUse use -> {
            if (!use.name().isEmpty()) {
              tools.add(use.name());
            }
          }
          case Part.Stop last -> stop = last.reason().name().toLowerCase(Locale.ROOT);
          case Part.Data data -> bytes += data.bytes().length;
          case dev.lintel.Usage used -> {}
          case Part.Start start -> {}
          case Part.Media media -> {}
          case Part.Native other -> {}
          case Part.Vector vector -> {}
          case Part.Score score -> {}
          case Part.Count count -> {}
          case Part.Head head -> {}
        }
      }
    }
    shape.put("bytes", bytes).put("text_length", text).put("thought_length", thought);
    shape.put("stop", stop);
    shape.set("tools", tools);
    return shape;
  }
}

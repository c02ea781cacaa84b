package dev.lintel.dialect;

import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Relay;
import dev.lintel.ReplyReader;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Reads a reply that is handed on: whole, event by event, or a sound as its bytes come. Looks for
 * errors, for the end, and for what was used.
 */
final class OpenAiRelayReader implements ReplyReader {
  private static final String EVENTS = "text/event-stream";
  private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.UTF_8);

  private final OpenAiService service;
  private final Relay request;
  private String type = "";
  private boolean opaque;
  private boolean begun;
  private boolean complete;

  OpenAiRelayReader(OpenAiService service, Relay request) {
    this.service = service;
    this.request = request;
  }

  @Override
  public Optional<Chunk> opaque(int status, Headers headers) {
    head(headers);
    opaque = service.sound() && status == 200 && !type.startsWith(EVENTS) && !isJson();
    return opaque ? Optional.of(Chunk.EMPTY) : Optional.empty();
  }

  @Override
  public void head(Headers headers) {
    type = headers.get("content-type").orElse("application/octet-stream");
  }

  private boolean isJson() {
    return type.toLowerCase(Locale.ROOT).startsWith("application/json");
  }

  @Override
  public Chunk whole(byte[] body) {
    complete = true;
    var parts = new ArrayList<Part>(2);
    parts.add(new Part.Data(type, body));
    if (isJson()) {
      JsonNode tree = parsed(body, 0, body.length);
      if (tree.path("error").isObject()) {
        throw OpenAiErrors.read(200, Headers.NONE, tree);
      }
      usage(tree).ifPresent(parts::add);
    } else if (body.length == 0) {
      throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider's reply was empty.");
    } else {
      asked().ifPresent(parts::add);
    }
    return new Chunk(parts, Frame.NONE);
  }

  @Override
  public Chunk event(Frame frame) {
    if (opaque) {
      return piece(frame);
    }
    if (frame.dataLength() == DONE.length
        && Arrays.equals(
            frame.data(),
            frame.dataOffset(),
            frame.dataOffset() + frame.dataLength(),
            DONE,
            0,
            DONE.length)) {
      complete = true;
      return Chunk.of(sent(frame));
    }
    JsonNode tree = parsed(frame.data(), frame.dataOffset(), frame.dataLength());
    String kind = tree.path("type").asString(frame.event());
    if (kind.equals("error") || tree.path("error").isObject()) {
      throw OpenAiErrors.read(200, Headers.NONE, tree);
    }
    complete |= kind.endsWith(".completed") || kind.endsWith(".done");
    var parts = new ArrayList<Part>(2);
    parts.add(sent(frame));
    usage(tree).ifPresent(parts::add);
    return new Chunk(parts, Frame.NONE);
  }

  private Chunk piece(Frame frame) {
    if (frame.isEmpty()) {
      complete = true;
      return begun
          ? new Chunk(asked().<List<Part>>map(List::of).orElse(List.of()), Frame.NONE)
          : Chunk.EMPTY;
    }
    begun = true;
    return Chunk.of(
        new Part.Data(type, bytes(frame.data(), frame.dataOffset(), frame.dataLength())));
  }

  /** The event with its framing; one that ended without its blank line gets it. */
  private static Part sent(Frame frame) {
    byte[] bytes =
        frame.rawLength() > 0
            ? bytes(frame.raw(), frame.rawOffset(), frame.rawLength())
            : ("data: " + frame.text() + "\n\n").getBytes(StandardCharsets.UTF_8);
    return new Part.Data(EVENTS, bytes);
  }

  private static byte[] bytes(byte[] array, int offset, int length) {
    return offset == 0 && length == array.length
        ? array
        : Arrays.copyOfRange(array, offset, offset + length);
  }

  private static JsonNode parsed(byte[] bytes, int offset, int length) {
    try {
      return Json.parse(bytes, offset, length);
    } catch (JacksonException broken) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider's reply is not valid JSON.", broken);
    }
  }

  /** What the reply says of what was used, else what the request says. */
  private Optional<Usage> usage(JsonNode reply) {
    Optional<Usage> told = OpenAiRelayUsage.read(reply, service.pictures());
    boolean last = complete && told.isEmpty();
    return last ? counted(reply).or(this::asked) : told;
  }

  /** Pictures, and seconds of sound. */
  private Optional<Usage> counted(JsonNode reply) {
    if (service.pictures() && reply.path("data").isArray()) {
      return Optional.of(
          units(
              Usage.Unit.IMAGE,
              BigDecimal.valueOf(reply.get("data").size()),
              Usage.Source.PROVIDER));
    }
    // A number from OpenAI, a string from older servers.
    JsonNode duration = reply.path("duration");
    Optional<BigDecimal> seconds =
        duration.isNumber() ? Optional.of(duration.decimalValue()) : Optional.empty();
    return seconds.map(known -> units(Usage.Unit.SECOND, known, Usage.Source.PROVIDER));
  }

  private Optional<Usage> asked() {
    return request.asked().isEmpty()
        ? Optional.empty()
        : Optional.of(Usage.of(0, 0, Usage.Source.ESTIMATE).units(request.asked()));
  }

  private static Usage units(Usage.Unit unit, BigDecimal count, Usage.Source source) {
    return Usage.of(0, 0, source).units(Map.of(unit, count));
  }

  @Override
  public void end() {
    if (!complete) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR,
          "The provider's stream ended before its reply was complete.");
    }
  }
}

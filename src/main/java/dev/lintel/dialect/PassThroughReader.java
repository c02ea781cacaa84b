package dev.lintel.dialect;

import dev.lintel.AwsEvent;
import dev.lintel.Bytes;
import dev.lintel.Chunk;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.Usage;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Hands on a reply of which nothing is known. Its usage is looked for at its two ends, where the
 * vendors put it, and only there.
 */
final class PassThroughReader implements ReplyReader {
  /** A whole reply that is longer is not looked into. */
  private static final int WHOLE = 1 << 20;

  /** Anthropic counts what it reads in the first event, everybody else in one of the last. */
  private static final int HEAD = 8 << 10;

  private static final int TAIL = 16 << 10;

  /** Of the provider's own site rather than of its reply. */
  private static final Set<String> NOT_PASSED =
      Set.of("set-cookie", "set-cookie2", "alt-svc", "strict-transport-security");

  private final Bytes head = new Bytes(0);
  private byte[] tail = {};
  private boolean events;
  private boolean json;

  /** Bedrock's, whose frames are read by their ends alone. */
  private boolean frames;

  private Optional<Usage> ahead = Optional.empty();
  private String type = "";

  @Override
  public Optional<Chunk> opaque(int status, Headers headers) {
    Map<String, String> passed = PassThrough.endToEnd(headers);
    passed.keySet().removeIf(name -> NOT_PASSED.contains(name) || name.startsWith("x-lintel-"));
    type = passed.getOrDefault("content-type", "");
    String plain = type.toLowerCase(Locale.ROOT);
    boolean packed = passed.containsKey("content-encoding");
    events = plain.startsWith("text/event-stream") && !packed;
    json = plain.startsWith("application/json") && !packed;
    frames = plain.startsWith(AwsEvent.STREAM) && !packed;
    ahead = PassedUsage.told(headers);
    return Optional.of(Chunk.of(new Part.Head(status, passed)));
  }

  @Override
  public Chunk event(Frame frame) {
    if (frame.isEmpty()) {
      return usage().map(Chunk::of).orElse(Chunk.EMPTY);
    }
    byte[] bytes =
        Arrays.copyOfRange(
            frame.data(), frame.dataOffset(), frame.dataOffset() + frame.dataLength());
    if (json || events || frames) {
      int room = (json ? WHOLE : HEAD) - head.length();
      int first = Math.min(room, bytes.length);
      head.add(bytes, 0, first);
      if (first < bytes.length) {
        remember(bytes, first);
      }
    }
    return Chunk.of(new Part.Data(type, bytes));
  }

  private void remember(byte[] bytes, int from) {
    int kept = Math.min(tail.length, Math.max(0, TAIL - (bytes.length - from)));
    int more = Math.min(bytes.length - from, TAIL);
    byte[] next = Arrays.copyOfRange(tail, tail.length - kept, tail.length + more);
    System.arraycopy(bytes, bytes.length - more, next, kept, more);
    tail = next;
  }

  private Optional<Usage> usage() {
    return (events ? inEvents() : json || frames ? inWhole() : Optional.<Usage>empty())
        .or(() -> ahead);
  }

  private Optional<Usage> inWhole() {
    byte[] body = head.take();
    if (json && tail.length == 0) {
      return parsed(body).flatMap(PassedUsage::told);
    }
    byte[] end = Arrays.copyOfRange(body, Math.max(0, body.length - TAIL), body.length);
    return PassedUsage.last(text(end) + text(tail));
  }

  private Optional<Usage> inEvents() {
    Optional<Usage> first = Optional.empty();
    Optional<Usage> last = Optional.empty();
    String text = text(head.take()) + text(tail);
    for (String line : text.split("[\r\n]+", -1)) {
      if (line.startsWith("data:") && (line.contains("usage") || line.contains("Usage"))) {
        Optional<Usage> found =
            parsed(line.substring(5).getBytes(StandardCharsets.UTF_8)).flatMap(PassedUsage::told);
        first = first.isPresent() ? first : found;
        last = found.isPresent() ? found : last;
      }
    }
    return last.isEmpty() ? first : Optional.of(both(first.orElseThrow(), last.get()));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** What an earlier event said of the prompt holds where the last says nothing of it. */
  private static Usage both(Usage first, Usage last) {
    return last.prompt() > 0
        ? last
        : new Usage(
            first.input(),
            first.cacheRead(),
            first.cacheWrite(),
            first.cacheWriteHour(),
            last.output(),
            last.reasoning(),
            first.audioInput(),
            last.audioOutput(),
            Usage.Source.PROVIDER);
  }

  private static Optional<JsonNode> parsed(byte[] bytes) {
    try {
      return Optional.of(Json.parse(bytes, 0, bytes.length));
    } catch (JacksonException notJson) {
      return Optional.empty();
    }
  }

  @Override
  public Chunk whole(byte[] body) {
    throw new IllegalStateException("what is passed through is never read whole");
  }

  @Override
  public void end() {}
}

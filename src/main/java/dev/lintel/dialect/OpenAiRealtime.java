package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Live;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * OpenAI's realtime API: messages go through as they are, and what they used is added up
 * (https://platform.openai.com/docs/api-reference/realtime-server-events, 2026-11).
 */
public final class OpenAiRealtime implements Beside {
  static final String NAME = "realtime";

  private final OpenAiChat openai = new OpenAiChat();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Live;
  }

  @Override
  public Request read(Inbound inbound) {
    throw new IllegalStateException("a live conversation has no body to read");
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    if (!(request instanceof Live live)) {
      throw new IllegalArgumentException("no live conversation: " + request);
    }
    var query = new TreeMap<>(live.query());
    var path = new StringBuilder(Paths.openAi(target, "/realtime"));
    boolean versioned = path.indexOf("?") >= 0;
    // Azure's dated versions call it otherwise, and the caller's version is not its provider's.
    query.remove("deployment");
    query.remove("api-version");
    query.put(versioned ? "deployment" : "model", Paths.model(target));
    char separator = versioned ? '&' : '?';
    for (var entry : query.entrySet()) {
      path.append(separator)
          .append(encoded(entry.getKey()))
          .append('=')
          .append(encoded(entry.getValue()));
      separator = '&';
    }
    var headers = new TreeMap<String, String>();
    live.headers().get("openai-beta").ifPresent(beta -> headers.put("openai-beta", beta));
    return new Outbound(path.toString(), headers, new byte[0]);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public ReplyReader reader(Request request) {
    return new Meter();
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    throw new IllegalStateException("a live conversation writes its messages itself");
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    // As an event it names its type; as the answer to a refused upgrade that does no harm.
    var event = OpenAiErrors.write(failure, trail);
    return Answer.json(
        failure.status(), event.put("type", "error").put("status", failure.status()));
  }

  @Override
  public Dialect chat() {
    return openai;
  }

  /** Adds up what a session uses: every report is of one answer, or of one transcription. */
  private static final class Meter implements ReplyReader {
    private Usage sum = Usage.of(0, 0, Usage.Source.PROVIDER);

    @Override
    public Chunk whole(byte[] body) {
      throw new IllegalStateException("a live conversation has no whole reply");
    }

    @Override
    public Chunk event(Frame frame) {
      String text = frame.text();
      if (!text.contains("\"usage\"")) {
        return Chunk.EMPTY;
      }
      JsonNode usage = usage(text);
      if (!usage.isObject()) {
        return Chunk.EMPTY;
      }
      sum = plus(sum, usage);
      return Chunk.of((Part) sum);
    }

    /** What no JSON is, is the two sides' own affair. */
    private static JsonNode usage(String text) {
      try {
        JsonNode event = Json.parse(text);
        return switch (event.path("type").asString("")) {
          case "response.done" -> event.path("response").path("usage");
          case "conversation.item.input_audio_transcription.completed" -> event.path("usage");
          default -> Json.MAPPER.missingNode();
        };
      } catch (JacksonException noJson) {
        return Json.MAPPER.missingNode();
      }
    }

    /** Either side may end a session at any time: there is no incomplete one. */
    @Override
    public void end() {}

    private static Usage plus(Usage sum, JsonNode more) {
      JsonNode in = more.path("input_token_details");
      JsonNode out = more.path("output_token_details");
      long cached = in.path("cached_tokens").asLong(0);
      var added =
          new Usage(
              sum.input() + Math.max(0, more.path("input_tokens").asLong(0) - cached),
              sum.cacheRead() + cached,
              0,
              0,
              sum.output() + more.path("output_tokens").asLong(0),
              0,
              sum.audioInput() + in.path("audio_tokens").asLong(0),
              sum.audioOutput() + out.path("audio_tokens").asLong(0),
              Usage.Source.PROVIDER);
      BigDecimal seconds =
          sum.units()
              .getOrDefault(Unit.SECOND, BigDecimal.ZERO)
              .add(more.path("seconds").decimalValue(BigDecimal.ZERO));
      return added
          .images(sum.imageInput() + in.path("image_tokens").asLong(0), 0)
          .units(seconds.signum() == 0 ? Map.of() : Map.of(Unit.SECOND, seconds));
    }
  }
}

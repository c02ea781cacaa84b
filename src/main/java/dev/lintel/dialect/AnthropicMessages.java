package dev.lintel.dialect;

import static dev.lintel.dialect.AnthropicWords.NAME;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Outbound;
import dev.lintel.Platform;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Anthropic's Messages API: https://docs.anthropic.com/en/api/messages. A provider's URL is {@code
 * http://host}, as for its own SDK.
 */
public final class AnthropicMessages implements Dialect {
  private static final String VERSION = "anthropic-version";
  private static final String BETA = "anthropic-beta";

  /** Spoken where the client names none. */
  private static final String USUAL_VERSION = "2023-06-01";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    String model = inbound.path().getOrDefault("model", "");
    if (model.isEmpty()) {
      model = body.text("model").orElse("");
    }
    if (model.isEmpty()) {
      throw Failure.invalid("'model' is missing.").at("model");
    }
    body.requireObjects("messages");
    JsonNode limit = body.value("max_tokens").filter(value -> !value.isNull()).orElse(null);
    if (limit == null) {
      throw Failure.invalid("'max_tokens' is missing.").at("max_tokens");
    }
    if (!limit.isIntegralNumber() || !limit.canConvertToInt() || limit.asInt() < 1) {
      throw Failure.invalid("'max_tokens' must be a whole number above 0.").at("max_tokens");
    }
    return Chat.read(this, model, body.flag("stream"), true, inbound, AnthropicRequestReader::read);
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Chat chat = Chat.of(request);
    Body body = chat.original().map(Inbound::body).orElse(null);
    boolean own = chat.dialect().name().equals(NAME);
    var changes = new HashMap<String, Optional<byte[]>>();
    String path = Paths.messages(target, chat.stream());
    Map<String, String> headers;
    AnthropicPlatform platform = AnthropicPlatform.of(target.provider().platform()).orElse(null);
    if (platform == null) {
      headers = headers(chat, own);
      path = own && !chat.query().isEmpty() ? path + query(chat.query()) : path;
    } else {
      platform.change(changes);
      headers = new HashMap<>(platform.headers(chat.stream()));
      headers.putAll(betas(chat, own, platform, changes, adaptation));
    }
    byte[] bytes;
    if (own && body != null && !Proofs.within(body.bytes())) {
      if (platform == null && !body.text("model").orElse("").equals(target.model())) {
        changes.put("model", Optional.of(Json.string(target.model())));
      }
      AnthropicThinking.patch(body, target.traits(), changes, adaptation);
      bytes = Fit.patched(body, changes, Capabilities.quirks(target), adaptation);
    } else {
      ObjectNode written = AnthropicRequestWriter.write(chat, target, adaptation);
      changes.forEach((field, value) -> change(written, field, value));
      Fit.written(written, field -> true, Capabilities.quirks(target), adaptation);
      bytes = Json.bytes(written);
    }
    return new Outbound(path, headers, bytes);
  }

  private static void change(ObjectNode body, String field, Optional<byte[]> value) {
    if (value.isPresent()) {
      body.set(field, Json.parse(value.get(), 0, value.get().length));
    } else {
      body.remove(field);
    }
  }

  private static Map<String, String> betas(
      Chat chat,
      boolean own,
      AnthropicPlatform platform,
      Map<String, Optional<byte[]>> body,
      Adaptation adaptation) {
    return (own ? chat.headers() : Headers.NONE)
        .get(BETA)
        .map(header -> platform.place(platform.betas(header, adaptation), body))
        .orElse(Map.of());
  }

  private static String query(Map<String, String> query) {
    var path = new StringBuilder();
    char mark = '?';
    for (var entry : new TreeMap<>(query).entrySet()) {
      path.append(mark)
          .append(URLEncoder.encode(entry.getKey(), StandardCharsets.UTF_8))
          .append('=')
          .append(URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8));
      mark = '&';
    }
    return path.toString();
  }

  private static Map<String, String> headers(Chat chat, boolean own) {
    Headers given = own ? chat.headers() : Headers.NONE;
    String version = given.get(VERSION).orElse(USUAL_VERSION);
    return given
        .get(BETA)
        .map(beta -> Map.of(VERSION, version, BETA, beta))
        .orElseGet(() -> Map.of(VERSION, version));
  }

  @Override
  public Optional<Outbound> listing(Platform platform) {
    return Paths.listing(platform, "/v1/models?limit=1", Map.of(VERSION, USUAL_VERSION));
  }

  @Override
  public ReplyReader reader(Request request) {
    return new AnthropicReplyReader(Chat.of(request));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new AnthropicReplyWriter(Chat.of(request), trail);
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return ProviderErrors.read(status, headers, body, tree -> failure(status, headers, tree));
  }

  /**
   * What an error envelope means, Anthropic's or a cloud's, wherever it stands; 200 as its status
   * means none is known.
   */
  static Failure failure(int status, Headers headers, JsonNode envelope) {
    JsonNode error = envelope.path("error");
    if (error.isMissingNode()) {
      return BedrockErrors.read(status, headers, envelope);
    }
    // Google's code is the status once more.
    JsonNode code = error.path(error.path("code").isNumber() ? "status" : "code");
    return ProviderErrors.of(
        status,
        headers,
        code.asString(""),
        error.path("type").asString(""),
        error.isString() ? error.asString() : error.path("message").asString(""));
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    return Answer.json(AnthropicWords.errorStatus(failure), AnthropicWords.error(failure, trail));
  }

  @Override
  public Answer models(List<Listing> models) {
    ObjectNode list = Json.object();
    var data = list.putArray("data");
    for (Listing model : models) {
      ObjectNode entry = data.addObject();
      entry
          .put("type", "model")
          .put("id", model.name())
          .put("display_name", model.name())
          // Nobody knows when a configured name was released; SDKs want a time.
          .put("created_at", "1970-01-01T00:00:00Z")
          .put("lifecycle", "active")
          .putNull("capabilities")
          .putNull("deprecated_at")
          .putNull("line")
          .put("max_input_tokens", known(model.context()))
          .put("max_tokens", known(model.maxOutput()))
          .putNull("retires_at");
      model.show(entry);
    }
    list.put("has_more", false);
    if (models.isEmpty()) {
      list.putNull("first_id").putNull("last_id");
    } else {
      list.put("first_id", models.getFirst().name()).put("last_id", models.getLast().name());
    }
    return Answer.json(200, list);
  }

  private static @Nullable Long known(long tokens) {
    return tokens == 0 ? null : tokens;
  }
}

package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.Block;
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
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Google's {@code generateContent} and {@code streamGenerateContent}. */
public final class Gemini implements Dialect {
  static final String NAME = "gemini";

  /**
   * Documented by Google as accepted in the place of a signature that is not there:
   * https://ai.google.dev/gemini-api/docs/thought-signatures (FAQ, November 2025).
   */
  static final String SKIP = "skip_thought_signature_validator";

  private final GeminiCount counter = new GeminiCount(this);

  /** How the client wants its stream: as one JSON array, else as server-sent events. */
  private final boolean array;

  public Gemini() {
    this(false);
  }

  private Gemini(boolean array) {
    this.array = array;
  }

  @Override
  public String name() {
    return NAME;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The path gives {@code model} and {@code method}; the query's {@code alt=sse} asks for
   * server-sent events instead of an array. As at Google, {@code contents} may be one object alone.
   */
  @Override
  public String bound() {
    return "generationConfig.maxOutputTokens";
  }

  @Override
  public Request read(Inbound inbound) {
    String method = inbound.path().getOrDefault("method", "generateContent");
    if (method.equals(GeminiCount.METHOD)) {
      return counter.read(inbound);
    }
    boolean stream =
        switch (method) {
          case "generateContent" -> false;
          case "streamGenerateContent" -> true;
          default ->
              throw Failure.of(Failure.Kind.NOT_FOUND, "There is no method '" + method + "'.");
        };
    String model = inbound.path().getOrDefault("model", "");
    if (model.isEmpty()) {
      throw Failure.invalid("The path names no model.").at("model");
    }
    String alt = inbound.query().getOrDefault("alt", "json");
    if (!alt.equals("json") && !alt.equals("sse")) {
      throw Failure.invalid("'alt' must be 'sse' or 'json'.").at("alt");
    }
    Body body = inbound.body();
    try {
      body.requireObjects("contents");
    } catch (Failure notAnArray) {
      // Looked at afterwards only, because it parses the member.
      if (body.value("contents").filter(JsonNode::isObject).isEmpty()) {
        throw notAnArray;
      }
    }
    Dialect dialect = stream && !alt.equals("sse") ? new Gemini(true) : this;
    return Chat.read(
        dialect, model, stream, true, inbound, read -> GeminiRequestReader.read(read.body()));
  }

  @Override
  public boolean follows(Block.Media media) {
    return GeminiMedia.isTyped(media);
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Chat chat = Chat.of(request);
    Provider.Quirks quirks = target.provider().quirks();
    Optional<Body> asItIs = asItIs(chat);
    byte[] body;
    if (asItIs.isPresent()) {
      var changes = new HashMap<String, Optional<byte[]>>();
      // The path names the target's model; another one here would contradict it.
      if (asItIs.get().has("model")) {
        changes.put("model", Fit.GONE);
      }
      body = Fit.patched(asItIs.get(), changes, quirks, adaptation);
    } else {
      ObjectNode written = GeminiRequestWriter.write(chat, target, adaptation);
      Fit.written(written, field -> true, quirks, adaptation);
      body = Json.bytes(written);
    }
    String method = chat.stream() ? "streamGenerateContent?alt=sse" : "generateContent";
    return new Outbound(Paths.gemini(target, method), Map.of(), body);
  }

  /** What the client sent, where Google may get it so. */
  static Optional<Body> asItIs(Chat chat) {
    return chat.original()
        .filter(inbound -> chat.dialect().name().equals(NAME))
        .map(Inbound::body)
        .filter(body -> !Proofs.within(body.bytes()));
  }

  @Override
  public Optional<Outbound> listing(Platform platform) {
    return Paths.listing(platform, "/v1beta/models?pageSize=1", Map.of());
  }

  @Override
  public ReplyReader reader(Request request) {
    return new GeminiReplyReader(Chat.of(request));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    boolean asArray = request.dialect() instanceof Gemini asked && asked.array;
    return new GeminiReplyWriter(Chat.of(request), asArray, trail);
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return GeminiErrors.failure(status, headers, body);
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    return Answer.json(failure.status(), GeminiErrors.envelope(failure, trail));
  }

  @Override
  public Answer models(List<Listing> models) {
    ObjectNode list = Json.object();
    var entries = list.putArray("models");
    for (Listing model : models) {
      ObjectNode entry =
          entries
              .addObject()
              .put("name", "models/" + model.name())
              .put("displayName", model.name());
      if (model.context() > 0) {
        entry.put("inputTokenLimit", model.context());
      }
      if (model.maxOutput() > 0) {
        entry.put("outputTokenLimit", model.maxOutput());
      }
      entry
          .putArray("supportedGenerationMethods")
          .add("generateContent")
          .add("streamGenerateContent")
          .add(GeminiCount.METHOD);
      model.show(entry);
    }
    return Answer.json(200, list);
  }
}

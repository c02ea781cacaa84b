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
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's chat completions, as its API reference describes them and others copy them. */
public final class OpenAiChat implements Dialect {
  static final String NAME = "openai";

  private static final String PATH = "/chat/completions";
  private final long started = Instant.now().getEpochSecond();
  private static final Optional<byte[]> WITH_USAGE =
      Optional.of("{\"include_usage\":true}".getBytes(StandardCharsets.UTF_8));

  /** Whether the caller speaks this dialect, so that its own words may go out again. */
  static boolean speaks(Chat chat) {
    return chat.dialect().name().equals(NAME);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    String model = model(inbound);
    body.requireObjects("messages");
    boolean stream = body.flag("stream");
    return Chat.read(
        this,
        model,
        stream,
        stream && (wantsUsage(body) || Chat.costAsked(body)),
        inbound,
        original -> OpenAiRequestReader.read(original.body()));
  }

  /** The model that the path or else the body names. */
  static String model(Inbound inbound) {
    String named = inbound.path().getOrDefault("model", "");
    return named.isEmpty()
        ? inbound
            .body()
            .text("model")
            .filter(text -> !text.isBlank())
            .orElseThrow(() -> Failure.invalid("'model' is missing.").at("model"))
        : named;
  }

  static boolean wantsUsage(Body body) {
    return body.value("stream_options")
        .map(options -> Json.object().set("stream_options", options))
        .flatMap(holder -> Fields.of(OpenAiRequestReader.MANNER, holder).object("stream_options"))
        .flatMap(options -> options.flag("include_usage"))
        .orElse(false);
  }

  @Override
  public boolean follows(Block.Media media) {
    return media.kind() == Block.Media.Kind.IMAGE || media.kind() == Block.Media.Kind.VIDEO;
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Chat chat = Chat.of(request);
    Body original = chat.original().map(Inbound::body).orElse(null);
    byte[] body =
        speaks(chat) && original != null && !Proofs.within(original.bytes())
            ? patched(chat, original, target, adaptation)
            : Json.bytes(new OpenAiRequestWriter(chat, target, adaptation).write());
    return new Outbound(Paths.openAi(target, PATH), Map.of(), body);
  }

  /** The caller's bytes, but for what the target needs otherwise. */
  static byte[] patched(Chat chat, Body body, Target target, Adaptation adaptation) {
    var changes = new HashMap<String, Optional<byte[]>>(8);
    changes.put("model", Optional.of(Json.string(Paths.model(target))));
    if (chat.stream()) {
      streamOptions(chat, body, target, adaptation, changes);
    }
    return Fit.patched(body, changes, Capabilities.quirks(target), adaptation);
  }

  /** Usage is always asked for where it can be; whether the client sees it is the writer's. */
  private static void streamOptions(
      Chat chat,
      Body body,
      Target target,
      Adaptation adaptation,
      Map<String, Optional<byte[]>> changes) {
    JsonNode given = body.value("stream_options").orElse(Json.object());
    if (target.provider().quirks().streamUsage()) {
      // OpenRouter's wish for a cost is one for usage too, in a field that others do not know.
      if (!chat.usage() || !given.path("include_usage").asBoolean(false)) {
        changes.put(
            "stream_options",
            given.isEmpty()
                ? WITH_USAGE
                : Optional.of(
                    Json.bytes(((ObjectNode) given.deepCopy()).put("include_usage", true))));
      }
    } else if (body.has("stream_options")) {
      changes.put("stream_options", Fit.GONE);
      for (String option : given.propertyNames()) {
        if (!option.equals("include_usage")) {
          adaptation.drop("stream_options." + option);
        }
      }
    }
  }

  @Override
  public Optional<Outbound> listing(Platform platform) {
    return Paths.listing(platform, Paths.MODELS, Map.of());
  }

  @Override
  public ReplyReader reader(Request request) {
    return new OpenAiReplyReader(Chat.of(request));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new OpenAiReplyWriter(Chat.of(request), trail);
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return OpenAiErrors.read(status, headers, body);
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    return Answer.json(failure.status(), OpenAiErrors.write(failure, trail));
  }

  @Override
  public Answer models(List<Listing> models) {
    ObjectNode list = Json.object().put("object", "list");
    var data = list.putArray("data");
    for (Listing model : models) {
      model.show(
          data.addObject()
              .put("id", model.name())
              .put("object", "model")
              .put("created", started)
              .put("owned_by", "lintel"));
    }
    return Answer.json(200, list);
  }
}

package dev.lintel.dialect;

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Cohere's chat in its second version: https://docs.cohere.com/v2/reference/chat (August 2026). A
 * provider's URL is {@code http://host}, as for its own SDK.
 */
public final class CohereChat implements Dialect {
  static final String NAME = "cohere";

  private static final String PATH = "/v2/chat";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    String model =
        body.text("model")
            .filter(text -> !text.isBlank())
            .orElseThrow(() -> Failure.invalid("'model' is missing.").at("model"));
    body.requireObjects("messages");
    return Chat.read(
        this,
        model,
        body.flag("stream"),
        true,
        inbound,
        original -> CohereRequestReader.read(original.body()));
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Chat chat = Chat.of(request);
    Optional<Body> asItIs =
        chat.original()
            .filter(inbound -> chat.dialect().name().equals(NAME))
            .map(Inbound::body)
            .filter(body -> !Proofs.within(body.bytes()));
    byte[] bytes;
    if (asItIs.isPresent()) {
      var changes = new HashMap<String, Optional<byte[]>>();
      changes.put("model", Optional.of(Json.string(target.model())));
      bytes = Fit.patched(asItIs.get(), changes, target.provider().quirks(), adaptation);
    } else {
      ObjectNode written = new CohereRequestWriter(chat, target, adaptation).write();
      Fit.written(written, field -> true, target.provider().quirks(), adaptation);
      bytes = Json.bytes(written);
    }
    return new Outbound(PATH, Map.of(), bytes);
  }

  @Override
  public Optional<Outbound> listing(Platform platform) {
    return Paths.listing(platform, "/v1/models?page_size=1", Map.of());
  }

  @Override
  public ReplyReader reader(Request request) {
    return new CohereReplyReader(Chat.of(request));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new CohereReplyWriter(Chat.of(request), trail);
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return ProviderErrors.read(status, headers, body, tree -> failure(status, headers, tree));
  }

  /** Cohere has neither a code nor a type: its status and its words are all there is. */
  static Failure failure(int status, Headers headers, JsonNode error) {
    return ProviderErrors.of(status, headers, "", "", error.path("message").asString(""));
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    ObjectNode envelope = Json.object().put("message", failure.message()).put("id", trail.id());
    envelope.set("lintel", failure.lintel(trail));
    return Answer.json(failure.status(), envelope);
  }

  @Override
  public Answer models(List<Listing> models) {
    ObjectNode list = Json.object();
    var entries = list.putArray("models");
    for (Listing model : models) {
      ObjectNode entry = entries.addObject().put("name", model.name()).put("finetuned", false);
      entry.putArray("endpoints").add("chat");
      entry.putArray("default_endpoints");
      if (model.context() > 0) {
        entry.put("context_length", model.context());
      }
      model.show(entry);
    }
    return Answer.json(200, list);
  }
}

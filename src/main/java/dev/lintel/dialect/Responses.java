package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Memory;
import dev.lintel.Outbound;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Stateful;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Ties;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** OpenAI's Responses API, as its reference describes it (November 2026). */
public final class Responses implements Stateful, Beside {
  static final String PATH = "/responses";

  /** Any of them may stand in the place of an input. */
  private static final List<String> BEGINNINGS =
      List.of("previous_response_id", "conversation", "prompt");

  private final OpenAiChat openAi = new OpenAiChat();

  /** Whether the caller speaks this dialect, so that its own words may go out again. */
  static boolean speaks(Chat chat) {
    return chat.dialect().name().equals(ResponsesWords.NAME);
  }

  @Override
  public String name() {
    return ResponsesWords.NAME;
  }

  @Override
  public String bound() {
    return "max_output_tokens";
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    String model = inbound.path().getOrDefault("model", "");
    if (model.isEmpty()) {
      model =
          body.text("model")
              .filter(text -> !text.isBlank())
              .orElseThrow(() -> Failure.invalid("'model' is missing.").at("model"));
    }
    boolean begun = BEGINNINGS.stream().anyMatch(body::has);
    if (!body.isText("input") && !(begun && empty(body))) {
      body.requireObjects("input");
    }
    body.text("previous_response_id");
    return Chat.read(
        this,
        model,
        body.flag("stream"),
        true,
        inbound,
        original -> ResponsesRequestReader.read(original.body()));
  }

  private static boolean empty(Body body) {
    return body.value("input").map(value -> value.isNull() || value.isEmpty()).orElse(true);
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Chat || request instanceof Stored;
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    if (request instanceof Stored stored) {
      return new Outbound(
          stored.method(), path(stored, target), Map.of(), new byte[0], Optional.empty());
    }
    Chat chat = Chat.of(request);
    Body original = chat.original().map(Inbound::body).orElse(null);
    byte[] body =
        speaks(chat) && original != null
            ? patched(original, target, adaptation)
            : Json.bytes(new ResponsesRequestWriter(chat, target, adaptation).write());
    return new Outbound(Paths.openAi(target, PATH), Map.of(), body);
  }

  private static String path(Stored stored, Target target) {
    String rest = stored.rest();
    int query = rest.indexOf('?') < 0 ? rest.length() : rest.indexOf('?');
    String path = Paths.openAi(target, PATH + "/" + stored.id() + rest.substring(0, query));
    return query == rest.length()
        ? path
        : path + (path.indexOf('?') < 0 ? '?' : '&') + rest.substring(query + 1);
  }

  private static byte[] patched(Body body, Target target, Adaptation adaptation) {
    var changes = new HashMap<String, Optional<byte[]>>(8);
    changes.put("model", Optional.of(Json.string(Paths.model(target))));
    if (Proofs.within(body.bytes())) {
      body.value("input")
          .ifPresent(input ->
              changes.put("input", Optional.of(Json.bytes(ResponsesInput.unproved(input)))));
    }
    return Fit.patched(body, changes, Capabilities.quirks(target), adaptation);
  }

  @Override
  public Ties ties(Chat chat) {
    return chat.original()
        .map(original -> ResponsesInput.ties(original.body()))
        .orElseThrow(() -> new IllegalStateException("the request was changed already"));
  }

  @Override
  public List<JsonNode> input(Chat chat) {
    return chat.original()
        .map(original -> ResponsesInput.items(original.body().tree().path("input")))
        .orElse(List.of());
  }

  @Override
  public Chat tied(Chat chat, Knowledge knowledge) {
    Inbound given =
        chat.original()
            .orElseThrow(() -> new IllegalStateException("the request was changed already"));
    byte[] changed = given.body().patch(ResponsesInput.tied(given.body(), knowledge));
    return (Chat)
        read(new Inbound(given.path(), given.query(), given.headers(), Body.scan(changed)));
  }

  @Override
  public ReplyReader reader(Request request) {
    return request instanceof Stored
        ? new StoredResponse(Memory.NONE)
        : new ResponsesReplyReader(Chat.of(request));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return request instanceof Stored
        ? new StoredResponse(trail.memory())
        : new ResponsesReplyWriter(Chat.of(request), trail);
  }

  @Override
  public Dialect chat() {
    return openAi;
  }
}

package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Prompt;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Setting;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Turn;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI's legacy completions: https://platform.openai.com/docs/api-reference/completions
 * (2026-11). Where the provider serves them they pass through; elsewhere one prompt becomes a chat
 * of one turn.
 */
public final class OpenAiCompletions implements Beside {
  static final String NAME = "completions";

  /** Those that mean the same in a chat. */
  private static final Set<Setting> SETTINGS =
      EnumSet.of(
          Setting.MAX_TOKENS,
          Setting.TEMPERATURE,
          Setting.TOP_P,
          Setting.STOP,
          Setting.SEED,
          Setting.PRESENCE_PENALTY,
          Setting.FREQUENCY_PENALTY,
          Setting.LOGIT_BIAS,
          Setting.USER);

  private static final Fields.Manner MANNER = new Fields.Manner(NAME, false, false);
  private final OpenAiChat openai = new OpenAiChat();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    String model = OpenAiChat.model(inbound);
    // vLLM takes a prompt's vectors in its place.
    if (!body.has("prompt") && !body.has("prompt_embeds")) {
      throw Failure.invalid("'prompt' is missing.").at("prompt");
    }
    boolean stream = body.flag("stream");
    return Chat.read(
        this,
        model,
        stream,
        stream && OpenAiChat.wantsUsage(body),
        inbound,
        original -> prompt(original.body()));
  }

  /**
   * What a chat can be asked of it. Throws {@link Failure}, good for a target that serves these.
   */
  private static Prompt prompt(Body body) {
    Fields fields =
        Fields.of(MANNER, body.tree())
            .ignore("model", "stream", "stream_options")
            .ignore(Fit.gatewayFields(body).toArray(String[]::new));
    JsonNode given = fields.needed("prompt");
    if (given.isArray() && given.size() == 1 && given.get(0).isString()) {
      given = given.get(0);
    }
    if (!given.isString()) {
      throw EmbedWords.elsewhere(
          "prompt",
          "'prompt' must be one text: the target answers chats, which have no prompts of several texts or of tokens.");
    }
    if (fields.integer("n").orElse(1) != 1) {
      throw EmbedWords.elsewhere("n", "'n' must be 1: the target answers chats one at a time.");
    }
    if (fields.integer("best_of").orElse(1) != 1) {
      fields.leave("best_of");
    }
    if (fields.flag("echo").orElse(false)) {
      fields.leave("echo");
    }
    var settings = new EnumMap<Setting, JsonNode>(Setting.class);
    for (Setting setting : SETTINGS) {
      String name = OpenAiRequestReader.field(setting);
      fields
          .any(name)
          .ifPresent(
              value -> settings.put(setting, Settings.checked(setting, value, name, fields)));
    }
    return new Prompt(
        List.of(new Turn(Turn.Role.USER, List.of(new Block.Text(given.asString())))),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        settings,
        fields.extra());
  }

  /** Its own clients' calls only: of a chat's turns it knows nothing. */
  @Override
  public boolean takes(Request request) {
    return request instanceof Chat chat && chat.dialect().name().equals(NAME);
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Chat chat = Chat.of(request);
    Optional<Body> original = chat.original().map(Inbound::body);
    byte[] body =
        original.isPresent()
            ? OpenAiChat.patched(chat, original.get(), target, adaptation)
            : Json.bytes(written(chat, target, adaptation));
    return new Outbound(Paths.openAi(target, "/completions"), Map.of(), body);
  }

  /** Of a prompt that somebody changed on the way. */
  private static ObjectNode written(Chat chat, Target target, Adaptation adaptation) {
    Prompt prompt = chat.prompt();
    ObjectNode body = Json.object().put("model", Paths.model(target));
    var text = new StringBuilder();
    for (Turn turn : prompt.turns()) {
      for (Block block : turn.blocks()) {
        if (block instanceof Block.Text piece) {
          text.append(piece.text());
        }
      }
    }
    body.put("prompt", text.toString());
    prompt
        .settings()
        .forEach((setting, value) -> body.set(OpenAiRequestReader.field(setting), value));
    Fit.putBack(prompt.extra(), NAME, body, "", adaptation);
    Fit.written(body, field -> true, target.provider().quirks(), adaptation);
    if (chat.stream()) {
      body.put("stream", true);
      if (target.provider().quirks().streamUsage()) {
        body.putObject("stream_options").put("include_usage", true);
      }
    }
    return body;
  }

  @Override
  public ReplyReader reader(Request request) {
    return new OpenAiReplyReader(Chat.of(request), NAME);
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new CompletionsWriter(Chat.of(request));
  }

  /**
   * OpenAI answers a model that chats with 404 and the path to ask, though it blames {@code model}
   * (seen 2024-05): the model is there, and only not in this language.
   */
  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    Failure failure = openai.failure(status, headers, body);
    return status == 404 && failure.message().contains("v1/chat/completions")
        ? Failure.of(failure.kind(), failure.message()).upstream(status).code("wrong_endpoint")
        : failure;
  }

  @Override
  public Dialect chat() {
    return openai;
  }
}

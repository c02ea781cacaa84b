package dev.lintel.main;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Provider;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.admin.Pairs;
import dev.lintel.admin.WhereTo;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Says a chat that was kept in the words of its dialect in OpenAI's: as it would be asked of
 * OpenAI, and as a caller who speaks that would have been answered.
 */
final class ChatForm implements Pairs.Form {
  private static final Logger LOG = LoggerFactory.getLogger(ChatForm.class);

  private static final Map<String, WhereTo.Language> LANGUAGES =
      Builtins.LANGUAGES.stream()
          .collect(Collectors.toMap(one -> one.dialect().name(), Function.identity()));

  /** Nobody who is ever asked: it is of whom nothing is known, so that nothing is left out. */
  private static final Target SOMEBODY =
      new Target(
          new Provider(
              "openai",
              Builtins.OPENAI,
              URI.create("http://127.0.0.1"),
              Provider.Auth.NONE,
              List.of(Credential.NONE),
              Map.of(),
              Provider.Transport.PLAIN,
              Provider.Quirks.NONE),
          "model");

  @Override
  public ObjectNode of(JsonNode said, String model) {
    WhereTo.Language language = LANGUAGES.get(said.path("dialect").asString(""));
    if (language == null) {
      throw Failure.invalid("Nobody is asked in that dialect.").at("dialect");
    }
    try {
      return of(language, said, model);
    } catch (RuntimeException wrong) {
      if (wrong instanceof Failure known) {
        throw known;
      }
      // What was redacted need not be what its dialect allows; others are not to miss theirs.
      LOG.warn("what {} said cannot be read again", said.path("request_id").asString(""), wrong);
      throw Failure.invalid("It cannot be read again.");
    }
  }

  private static ObjectNode of(WhereTo.Language language, JsonNode said, String model) {
    Dialect dialect = language.dialect();
    var inbound =
        new Inbound(
            Map.of("model", model, "method", language.whole()),
            Map.of(),
            Headers.NONE,
            Body.scan(Json.bytes(said.path("request"))));
    if (!(dialect.read(inbound) instanceof Chat chat)) {
      throw Failure.invalid("It is no chat.");
    }
    var trail = Trail.begin(System.nanoTime());
    JsonNode asked =
        Json.parse(Builtins.OPENAI.write(chat, SOMEBODY, new Adaptation(trail, false)).body());
    Chunk reply = dialect.reader(chat).whole(Json.bytes(said.path("reply")));
    JsonNode choice =
        Json.parse(Builtins.OPENAI.writer(chat, trail).whole(List.of(reply)))
            .path("choices")
            .path(0);
    if (!choice.path("message").isObject()) {
      throw Failure.invalid("It was not answered.");
    }
    ObjectNode form = Json.object().set("messages", asked.path("messages"));
    if (asked.path("tools").isArray()) {
      form.set("tools", asked.path("tools"));
    }
    form.set("answer", choice.path("message"));
    return form.set("finish_reason", choice.path("finish_reason"));
  }
}

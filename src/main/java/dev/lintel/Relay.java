package dev.lintel;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A call that goes out as it came in, but for the model's name: of pictures and sounds, where every
 * provider that has them has OpenAI's form of them.
 *
 * @param stream whether the caller asked for an event stream
 * @param live whether the reply reaches the caller as it comes, event stream or not
 * @param path below the provider's base URL, with its query
 * @param asked what the request itself says of what will be used
 */
public record Relay(
    Service service,
    Dialect dialect,
    String model,
    boolean stream,
    boolean live,
    String method,
    String path,
    Headers headers,
    Content content,
    Map<Usage.Unit, BigDecimal> asked)
    implements Request {

  /** What the caller sent. */
  public sealed interface Content {
    record Json(Body body) implements Content {}

    record Parts(Form form) implements Content {}

    record Opaque(Held body) implements Content {}
  }

  /** The terms that stand in the body. */
  public Optional<JsonNode> terms() {
    return switch (content) {
      case Content.Json json -> json.body.value("lintel");
      case Content.Parts parts -> parts.form.text("lintel").map(Relay::object);
      case Content.Opaque opaque -> Optional.empty();
    };
  }

  private static JsonNode object(String text) {
    try {
      return dev.lintel.Json.parse(text);
    } catch (tools.jackson.core.JacksonException broken) {
      throw Failure.of(
              Failure.Kind.INVALID_REQUEST, "'lintel' must be a JSON object of terms.", broken)
          .at("lintel");
    }
  }
}

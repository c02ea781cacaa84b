package dev.lintel.route;

import dev.lintel.Failure;
import dev.lintel.Json;
import java.time.Duration;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * That something of a provider rests, as nodes tell each other. For how long and not until when:
 * their clocks may differ.
 *
 * @param name of the model, or the key's id; empty for the provider itself
 * @param asked whether the provider itself said how long
 * @param kind of the failure for which it rests
 */
public record Trouble(
    String provider, Scope scope, String name, Duration left, boolean asked, Failure.Kind kind) {

  /** What rests. */
  public enum Scope {
    PROVIDER,
    MODEL,
    KEY
  }

  public String text() {
    return Json.object()
        .put("provider", provider)
        .put("scope", scope.name().toLowerCase(Locale.ROOT))
        .put("name", name)
        .put("left_ms", left.toMillis())
        .put("asked", asked)
        .put("kind", kind.word())
        .toString();
  }

  /** Throws {@link IllegalArgumentException} where the text is none. */
  public static Trouble of(String text) {
    JsonNode told = Json.parse(text);
    return new Trouble(
        told.path("provider").asString(""),
        Scope.valueOf(told.path("scope").asString("").toUpperCase(Locale.ROOT)),
        told.path("name").asString(""),
        Duration.ofMillis(told.path("left_ms").asLong(0)),
        told.path("asked").asBoolean(false),
        Failure.Kind.valueOf(told.path("kind").asString("").toUpperCase(Locale.ROOT)));
  }
}

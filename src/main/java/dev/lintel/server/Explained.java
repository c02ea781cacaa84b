package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Says in a whole reply why its call went where it went, where the caller asked to be told. */
final class Explained {
  private static final String LINTEL = "lintel";

  private Explained() {}

  /**
   * The answer with {@code lintel.decision}; every other member keeps its bytes. As it is where
   * nobody asked, or it is no JSON object, such as speech.
   */
  static Answer of(Answer plain, Trail trail) {
    return trail.explains() && plain.contentType().startsWith(Answer.JSON)
        ? new Answer(
            plain.status(), plain.contentType(), with(plain.body(), trail), plain.headers())
        : plain;
  }

  private static byte[] with(byte[] json, Trail trail) {
    try {
      Body body = Body.scan(json);
      // A provider that is a gateway of this kind has said something there itself.
      Optional<JsonNode> said = body.has(LINTEL) ? body.value(LINTEL) : Optional.empty();
      ObjectNode told =
          said.filter(JsonNode::isObject).isPresent() ? (ObjectNode) said.get() : Json.object();
      told.set("decision", trail.decision().json());
      return body.patch(Map.of(LINTEL, Optional.of(Json.bytes(told))));
    } catch (Failure noObject) {
      return json;
    }
  }
}

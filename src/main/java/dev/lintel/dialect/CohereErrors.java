package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Trail;
import tools.jackson.databind.node.ObjectNode;

/** Cohere's errors, {@code {"message", "id"}}, read and written. */
final class CohereErrors {
  private CohereErrors() {}

  static Failure read(int status, Headers headers, byte[] body) {
    return ProviderErrors.read(
        status,
        headers,
        body,
        tree ->
            ProviderErrors.of(
                status,
                headers,
                tree.path("error_type").asString(""),
                "",
                tree.path("message").asString(tree.path("error").asString(""))));
  }

  static ObjectNode write(Failure failure, Trail trail) {
    ObjectNode envelope = Json.object().put("message", failure.message()).put("id", trail.id());
    envelope.set("lintel", failure.lintel(trail));
    return envelope;
  }
}

package dev.lintel;

import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a rule of a policy has to say against a call.
 *
 * @param rule where it stands in the configuration, such as {@code policies.strict.models}
 * @param mode what came of it
 * @param kind of the failure that it is, or would have been
 */
public record Finding(String rule, Mode mode, Failure.Kind kind, String message) {
  /** As it stands in a record. */
  public ObjectNode json() {
    return Json.object()
        .put("rule", rule)
        .put("mode", mode.word())
        .put("kind", kind.word())
        .put("message", message);
  }

  /** The same. */
  void write(JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("rule", rule);
    json.writeStringProperty("mode", mode.word());
    json.writeStringProperty("kind", kind.word());
    json.writeStringProperty("message", message);
    json.writeEndObject();
  }
}

package dev.lintel.dialect;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Puts fields of a request back where they stood. */
final class AnthropicJson {
  private AnthropicJson() {}

  /** Adds the fields, those of inner objects too; what both have is taken from {@code from}. */
  static void merge(ObjectNode into, ObjectNode from) {
    for (var field : from.properties()) {
      JsonNode known = into.get(field.getKey());
      if (known instanceof ObjectNode inner && field.getValue() instanceof ObjectNode more) {
        merge(inner, more);
      } else {
        into.set(field.getKey(), field.getValue().deepCopy());
      }
    }
  }
}

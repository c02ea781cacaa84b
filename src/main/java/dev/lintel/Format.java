package dev.lintel;

import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** The form in which an answer is asked for; plain text where there is none. */
public sealed interface Format {
  /** Any JSON object. */
  record JsonObject() implements Format {}

  /**
   * JSON that fits a schema.
   *
   * @param name empty where the dialect has no name for it
   */
  record JsonSchema(String name, String description, ObjectNode schema, Optional<Boolean> strict)
      implements Format {}
}

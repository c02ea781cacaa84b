package dev.lintel;

import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** A tool that the model may call. */
public sealed interface Tool {
  /**
   * A function of the caller's.
   *
   * @param schema JSON Schema of the arguments, as the caller wrote it; an empty object where it
   *     takes none
   */
  record Function(
      String name,
      String description,
      ObjectNode schema,
      Optional<Boolean> strict,
      Block.Cache cache,
      Extra extra)
      implements Tool {}

  /**
   * A tool that one vendor offers, such as its web search; the whole of its definition is in {@code
   * extra}.
   */
  record Native(Extra extra) implements Tool {}
}

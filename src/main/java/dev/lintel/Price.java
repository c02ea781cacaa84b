package dev.lintel;

import java.math.BigDecimal;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** What a model costs at a provider. */
public interface Price {
  /** Nobody knows: not free. */
  Price UNKNOWN =
      new Price() {
        @Override
        public Optional<BigDecimal> cost(Usage usage) {
          return Optional.empty();
        }

        @Override
        public ObjectNode json() {
          return Json.object();
        }
      };

  /** USD, exact; empty where something was used whose price nobody knows. */
  Optional<BigDecimal> cost(Usage usage);

  /**
   * As it is shown to callers: the words of the configuration's {@code prices}; empty where
   * unknown.
   */
  ObjectNode json();

  /** Whether anything is known of it. */
  default boolean known() {
    return !json().isEmpty();
  }
}

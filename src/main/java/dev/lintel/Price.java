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
   * About what so many tokens cost in the usual service, in USD, quickly and only good for
   * comparing; NaN where nobody knows.
   *
   * @param input without those that are read from the provider's cache
   */
  default double about(double input, double cacheRead, double output) {
    var usage =
        new Usage(
            (long) input, (long) cacheRead, 0, 0, (long) output, 0, 0, 0, Usage.Source.ESTIMATE);
    return cost(usage).map(BigDecimal::doubleValue).orElse(Double.NaN);
  }

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

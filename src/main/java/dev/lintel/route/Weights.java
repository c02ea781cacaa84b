package dev.lintel.route;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How much each of three things counts where targets are compared by all of them: 1 together.
 *
 * @param other quality, or what callers say
 */
record Weights(double cost, double latency, double other) {
  /**
   * In proportion to what is given; all the same where nothing is, else what is left out is 0.
   * Throws {@link IllegalArgumentException} where nothing counts.
   *
   * @param name of the other, in the configuration
   */
  static Weights of(
      Optional<BigDecimal> cost,
      Optional<BigDecimal> latency,
      Optional<BigDecimal> other,
      String name) {
    if (Stream.of(cost, latency, other).allMatch(Optional::isEmpty)) {
      return new Weights(1 / 3.0, 1 / 3.0, 1 / 3.0);
    }
    double all = weight(cost) + weight(latency) + weight(other);
    if (all <= 0) {
      throw new IllegalArgumentException(
          "'cost', 'latency' and '" + name + "' must not all be 0: one of them must count");
    }
    return new Weights(weight(cost) / all, weight(latency) / all, weight(other) / all);
  }

  private static double weight(Optional<BigDecimal> given) {
    return given.map(BigDecimal::doubleValue).orElse(0.0);
  }
}

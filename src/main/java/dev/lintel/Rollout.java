package dev.lintel;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How the arms of a model's split fare, side by side.
 *
 * @param model its name
 * @param arms in the order of the configuration, and {@code base} last
 */
public record Rollout(String model, List<Arm> arms) {
  /** What the arm is called that all others leave. */
  public static final String BASE = "base";

  public Rollout {
    arms = List.copyOf(arms);
  }

  /**
   * One of them.
   *
   * @param percent of the calls that it has now, if it were not stopped
   * @param stopped empty while it gets its calls
   * @param errors calls that failed there, also where another arm has answered them then
   * @param cost in USD, as far as it is known
   * @param firstContent milliseconds until it, of half the calls
   * @param feedback the mean of what callers said
   */
  public record Arm(
      String name,
      double percent,
      Optional<Stop> stopped,
      long calls,
      long errors,
      BigDecimal cost,
      OptionalLong p50,
      OptionalLong p95,
      OptionalLong firstContent,
      OptionalDouble feedback) {}

  /** Why an arm gets no more calls. */
  public record Stop(String why, Instant since) {}
}

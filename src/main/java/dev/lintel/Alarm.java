package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How a rule stands for one group of series.
 *
 * @param state of a group for which the rule holds, or has held until just now
 * @param since when it holds
 * @param value the latest; empty where there is none at the moment
 */
public record Alarm(
    AlertRule rule,
    Map<String, String> labels,
    State state,
    Instant since,
    Optional<Double> value) {
  /** Whether it has held for long enough. */
  public enum State {
    PENDING,
    FIRING;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * How a rule stands.
   *
   * @param seen whether there was ever a series of its metric
   */
  public record Watched(AlertRule rule, boolean seen, List<Alarm> alarms) {
    public Watched {
      alarms = List.copyOf(alarms);
    }
  }
}

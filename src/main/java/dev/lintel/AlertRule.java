package dev.lintel;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What people want to be told of while it holds, once for each group of series.
 *
 * @param what the figure is, in words
 * @param lasting how long it must hold before they are told, and not hold before it has recovered
 * @param to names of those who are told; empty for all who want to hear of alerts
 * @param repeat after what time they are told again
 * @param shared whether every node finds the same, so that one tells it
 * @param silent whether nobody is told for now
 */
public record AlertRule(
    String name,
    String what,
    Figure figure,
    Bound bound,
    Duration lasting,
    Severity severity,
    Set<String> to,
    Duration repeat,
    boolean shared,
    boolean silent) {
  public AlertRule {
    to = Set.copyOf(to);
  }

  /** How bad it is. */
  public enum Severity {
    INFO,
    WARNING,
    CRITICAL;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is made of a metric. */
  public enum Function {
    /** As it is; the farthest of a group. */
    VALUE,
    /** How much it grows in a second. */
    RATE,
    /** How much it has grown. */
    INCREASE,
    /** Which share of its growth the series have that match. */
    RATIO,
    /** Of a histogram's growth. */
    QUANTILE
  }

  /**
   * Figured out of a metric, for each group of its series.
   *
   * @param only series with such labels; of a {@link Function#RATIO} they are set against all
   * @param by the labels of a group; empty where each series is one of its own
   * @param over how long it is looked back
   * @param least growth below which a ratio or a quantile says nothing
   */
  public record Figure(
      Function function,
      String metric,
      Map<String, Match> only,
      Optional<List<String>> by,
      Duration over,
      double quantile,
      double least) {
    public Figure {
      only = Map.copyOf(only);
    }
  }

  /** Which values of a label are meant. */
  public record Match(boolean not, Set<String> values) {
    public Match {
      values = Set.copyOf(values);
    }

    public boolean holds(String value) {
      return values.contains(value) != not;
    }
  }

  /** In what it is counted. */
  public enum Unit {
    NUMBER,
    SHARE,
    SECONDS,
    USD;

    /** To three digits, for people. */
    public String text(double value) {
      if (!Double.isFinite(value)) {
        return Double.toString(value);
      }
      String number =
          BigDecimal.valueOf(this == SHARE ? value * 100 : value)
              .round(new MathContext(3))
              .stripTrailingZeros()
              .toPlainString();
      return switch (this) {
        case NUMBER -> number;
        case SHARE -> number + " %";
        case SECONDS -> number + " s";
        case USD -> number + " USD";
      };
    }
  }

  /** Where it begins to hold. */
  public record Bound(boolean above, double value, Unit unit) {
    public boolean passed(double figure) {
      return above ? figure > value : figure < value;
    }

    /** Such as {@code above 5 %}. */
    public String text() {
      return (above ? "above " : "below ") + unit.text(value);
    }
  }
}

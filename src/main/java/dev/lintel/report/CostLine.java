package dev.lintel.report;

import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One line of a cost report.
 *
 * @param period of which it is; empty where the report has none
 * @param values by the columns that were asked for, in their order
 */
record CostLine(Optional<Period> period, Map<String, String> values, Sums sums) {
  /** From then until before. */
  record Period(Instant start, Instant end) {}

  /** The figures that every report has, by their names. */
  static final Map<Figure, String> FIGURES =
      Map.of(
          Figure.CALLS, "calls",
          Figure.PICO_USD, "cost_usd",
          Figure.INPUT, "input",
          Figure.OUTPUT, "output",
          Figure.CACHE_READ, "cache_read",
          Figure.CACHE_WRITE, "cache_write",
          Figure.REASONING, "reasoning");

  /** Those figures in the order in which they are written. */
  static final List<Figure> ORDER =
      List.of(
          Figure.CALLS,
          Figure.PICO_USD,
          Figure.INPUT,
          Figure.OUTPUT,
          Figure.CACHE_READ,
          Figure.CACHE_WRITE,
          Figure.REASONING);

  String value(String column) {
    return values.getOrDefault(column, "");
  }

  long get(Figure figure) {
    return sums.get(figure);
  }
}

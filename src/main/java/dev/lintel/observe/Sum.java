package dev.lintel.observe;

import dev.lintel.Failure;
import java.math.BigDecimal;
import java.math.RoundingMode;
import tools.jackson.databind.node.ObjectNode;

/** What calls that have something in common came to within a while, and how many of them go on. */
final class Sum {
  private static final int CANCELLED = Look.ENDS.indexOf(Failure.Kind.CANCELLED.word());

  /** By the columns of {@link Look}. */
  private final double[] columns = new double[Look.COST + 1];

  private int underWay;

  void add(double[] row) {
    for (int i = 0; i < columns.length; i++) {
      columns[i] += row[i];
    }
  }

  void goesOn() {
    underWay++;
  }

  int underWay() {
    return underWay;
  }

  double ended() {
    double all = 0;
    for (int i = 0; i < Look.ENDS.size(); i++) {
      all += columns[i];
    }
    return all;
  }

  /** So many ended in that way, by its place among {@link Look#ENDS}. */
  double ended(int how) {
    return columns[how];
  }

  double cost() {
    return columns[Look.COST];
  }

  private double tokens(String type) {
    return columns[Look.ENDS.size() + Look.TOKENS.indexOf(type)];
  }

  /** Says what is said of every group of calls. */
  void figures(ObjectNode of, double seconds) {
    of.put("calls_per_second", rounded(ended() / seconds));
    share(of);
    BigDecimal usd = BigDecimal.valueOf(cost() / seconds * 60).setScale(9, RoundingMode.HALF_UP);
    of.put(
        "cost_usd_per_minute", usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString());
  }

  /** Of those that have ended; a caller who left is none that failed. */
  void share(ObjectNode of) {
    double all = ended();
    if (all > 0) {
      of.put("failing", rounded((all - columns[0] - columns[CANCELLED]) / all));
    } else {
      of.putNull("failing");
    }
  }

  void tokensByKind(ObjectNode of, double seconds) {
    ObjectNode tokens = of.putObject("tokens_per_second");
    Look.TOKENS.forEach(type -> tokens.put(type, rounded(tokens(type) / seconds)));
  }

  /** All of them; those of reasoning are among the output. */
  void tokens(ObjectNode of, double seconds) {
    double all =
        Look.TOKENS.stream()
            .filter(type -> !type.equals("reasoning"))
            .mapToDouble(this::tokens)
            .sum();
    of.put("tokens_per_second", rounded(all / seconds));
  }

  static double rounded(double value) {
    return BigDecimal.valueOf(value).setScale(4, RoundingMode.HALF_UP).doubleValue();
  }
}

package dev.lintel;

import java.math.BigDecimal;

/** A share of a hundred. */
public record Percent(BigDecimal value) {
  private static final BigDecimal ALL = BigDecimal.valueOf(100);
  private static final int LONGEST = 40;

  /**
   * As it is written: {@code 5%}, or {@code 5} alone. Throws {@link IllegalArgumentException} where
   * it is none, or more than all.
   */
  public static Percent of(String text) {
    String number = text.endsWith("%") ? text.substring(0, text.length() - 1).strip() : text;
    if (number.isEmpty()
        || number.length() > LONGEST
        || number.chars().anyMatch(c -> (c < '0' || c > '9') && c != '.')) {
      throw new IllegalArgumentException("no plain number");
    }
    var value = new BigDecimal(number);
    if (value.compareTo(ALL) > 0) {
      throw new IllegalArgumentException("more than all");
    }
    return new Percent(value);
  }

  /** The same as a share of one. */
  public double share() {
    return value.movePointLeft(2).doubleValue();
  }

  /** As it is written. */
  public String text() {
    return value.toPlainString() + "%";
  }
}

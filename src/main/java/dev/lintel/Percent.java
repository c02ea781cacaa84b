package dev.lintel;

import java.math.BigDecimal;

/** A share of a hundred. */
public record Percent(BigDecimal value) {
  /** The same as a share of one. */
  public double share() {
    return value.movePointLeft(2).doubleValue();
  }
}

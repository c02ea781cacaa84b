package dev.lintel;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/** What an allowance counts, in whole numbers. */
public enum Measure {
  REQUESTS,
  /** Of prompts and answers together, as providers count them. */
  TOKENS,
  /** Calls that are under way at once. */
  CONCURRENT,
  /** Money in millionths of millionths of USD, which every price in use is a whole number of. */
  PICO_USD;

  /** Sums stay exact and positive below it, also when some of them are added up. */
  public static final long MOST = Long.MAX_VALUE / 16;

  private static final int PICO = 12;

  /** As people and the admin API call it; money is {@code usd}. */
  public String word() {
    return this == PICO_USD ? "usd" : name().toLowerCase(Locale.ROOT);
  }

  /** An amount of it as the admin API writes it: money as a plain decimal in USD. */
  public String text(long amount) {
    return this == PICO_USD
        ? BigDecimal.valueOf(amount, PICO).stripTrailingZeros().toPlainString()
        : Long.toString(amount);
  }

  /** Money as it is counted, rounded up; {@link #MOST} at the most. */
  public static long pico(BigDecimal usd) {
    return usd.compareTo(BigDecimal.valueOf(MOST, PICO)) > 0
        ? MOST
        : usd.movePointRight(PICO).setScale(0, RoundingMode.UP).longValueExact();
  }
}

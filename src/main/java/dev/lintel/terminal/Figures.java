package dev.lintel.terminal;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Figures in few letters. */
final class Figures {
  static final String NONE = "-";

  private static final MathContext THREE = new MathContext(3, RoundingMode.HALF_UP);
  private static final String[] THOUSANDS = {"", "k", "M", "G", "T"};

  private Figures() {}

  /** Such as {@code 0.25}, {@code 41.2} and {@code 3.1k}. */
  static String rate(JsonNode value) {
    if (!value.isNumber()) {
      return NONE;
    }
    double rest = value.asDouble();
    int thousands = 0;
    while (rest >= 999.5 && thousands < THOUSANDS.length - 1) {
      rest /= 1000;
      thousands++;
    }
    String format = rest == 0 || rest >= 99.95 ? "%.0f" : rest >= 9.995 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, rest) + THOUSANDS[thousands];
  }

  /** Of a decimal in a text, to three digits. */
  static String money(JsonNode value) {
    try {
      BigDecimal usd = new BigDecimal(value.asString(""));
      if (usd.signum() == 0) {
        return "0";
      }
      BigDecimal few = usd.round(THREE);
      return (few.scale() < 0 ? few.setScale(0) : few).toPlainString();
    } catch (NumberFormatException none) {
      return NONE;
    }
  }

  /** A share of one. */
  static String percent(JsonNode value) {
    double percent = value.asDouble(0) * 100;
    return !value.isNumber()
        ? NONE
        : percent == 0
            ? "0 %"
            : String.format(Locale.ROOT, percent < 9.95 ? "%.1f %%" : "%.0f %%", percent);
  }

  static String time(JsonNode milliseconds) {
    return milliseconds.isNumber() ? time(milliseconds.asLong()) : NONE;
  }

  /** Such as {@code 840 ms}, {@code 1.2 s}, {@code 2 min 3 s} and {@code 4 d 2 h}. */
  static String time(long milliseconds) {
    Duration time = Duration.ofMillis(Math.max(0, milliseconds));
    if (time.toSeconds() < 1) {
      return time.toMillis() + " ms";
    }
    if (time.toMinutes() < 1) {
      return String.format(Locale.ROOT, "%.1f s", Math.min(59.9, milliseconds / 1000.0));
    }
    if (time.toHours() < 1) {
      return time.toMinutes() + " min " + time.toSecondsPart() + " s";
    }
    return time.toDays() < 1
        ? time.toHours() + " h " + time.toMinutesPart() + " min"
        : time.toDays() + " d " + time.toHoursPart() + " h";
  }
}

package dev.lintel.config;

import dev.lintel.AlertRule;
import dev.lintel.DatabaseUrl;
import dev.lintel.Measure;
import dev.lintel.Percent;
import dev.lintel.Rate;
import dev.lintel.Reach;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * How a plain value is read.
 *
 * @param form what it must be, as the end of a sentence
 * @param read throws {@link IllegalArgumentException} where the text has another form
 */
record Scalar<T>(String form, Function<String, T> read) {
  private static final int LONGEST_NUMBER = 40;
  private static final long PICO = 1_000_000_000_000L;
  private static final Map<String, Duration> UNITS = new LinkedHashMap<>();
  private static final Map<String, Long> BYTES =
      Map.of("B", 1L, "KB", 1L << 10, "MB", 1L << 20, "GB", 1L << 30, "", 1L);
  private static final Map<String, Long> THOUSANDS = Map.of("", 1L, "k", 1000L, "M", 1_000_000L);
  private static final Map<String, Duration> WINDOWS =
      Map.of(
          "s", Duration.ofSeconds(1),
          "min", Duration.ofMinutes(1),
          "hour", Duration.ofHours(1),
          "day", Duration.ofDays(1));

  static {
    UNITS.put("ms", Duration.ofMillis(1));
    UNITS.put("s", Duration.ofSeconds(1));
    UNITS.put("m", Duration.ofMinutes(1));
    UNITS.put("min", Duration.ofMinutes(1));
    UNITS.put("h", Duration.ofHours(1));
    UNITS.put("d", Duration.ofDays(1));
  }

  private static final Map<Class<?>, Scalar<?>> ALL =
      Map.ofEntries(
          Map.entry(String.class, new Scalar<>("text", Function.identity())),
          Map.entry(int.class, new Scalar<>("a whole number", Integer::valueOf)),
          Map.entry(Integer.class, new Scalar<>("a whole number", Integer::valueOf)),
          Map.entry(long.class, new Scalar<>("a whole number of 0 or more", Scalar::whole)),
          Map.entry(Long.class, new Scalar<>("a whole number of 0 or more", Scalar::whole)),
          Map.entry(
              Count.class,
              new Scalar<>(
                  "a whole number of 1 or more", text -> new Count(Integer.parseInt(text)))),
          Map.entry(boolean.class, new Scalar<>("true or false", Scalar::truth)),
          Map.entry(Boolean.class, new Scalar<>("true or false", Scalar::truth)),
          Map.entry(
              BigDecimal.class,
              new Scalar<>("a number of 0 or more, such as 1.25", Scalar::decimal)),
          Map.entry(
              Duration.class,
              new Scalar<>("a time such as 200ms, 5s, 10m or 1h", Scalar::duration)),
          Map.entry(
              Span.class,
              new Scalar<>("two times, the shorter first, such as 200ms..5s", Scalar::span)),
          Map.entry(Size.class, new Scalar<>("a size such as 64KB or 32MB", Scalar::size)),
          Map.entry(
              Rate.class,
              new Scalar<>(
                  "a rate such as 600/min or 200k/min (per s, min, hour or day)", Scalar::rate)),
          Map.entry(
              Percent.class,
              new Scalar<>("a share of 100% at most, such as 5% or 20", Percent::of)),
          Map.entry(Mark.class, new Scalar<>(Mark.FORM, Mark::of)),
          Map.entry(
              Grade.class,
              new Scalar<>(
                  "a number from 0 to 1, such as 0.9",
                  text -> new Grade(decimal(text).doubleValue()))),
          Map.entry(
              Tokens.class,
              new Scalar<>("a number of 1 or more, such as 4096 or 200k", Scalar::tokens)),
          Map.entry(After.class, new Scalar<>("a time such as 800ms, or p95", Scalar::after)),
          Map.entry(
              Amount.class,
              new Scalar<>("an amount above 0, such as 500 USD or 1M tokens", Scalar::amount)),
          Map.entry(
              Level.class, new Scalar<>("a number, such as 3, 5%, 20s or 50 USD", Scalar::level)),
          Map.entry(
              Address.class, new Scalar<>("a host and a port such as 127.0.0.1:7070", Address::of)),
          Map.entry(
              URI.class, new Scalar<>("an address such as https://host/path", Scalar::address)),
          Map.entry(DatabaseUrl.class, new Scalar<>(DatabaseUrl.FORM, DatabaseUrl::of)),
          Map.entry(
              Reach.Network.class,
              new Scalar<>("a network such as 10.0.0.0/8 or fd00::/8", Reach.Network::of)),
          Map.entry(
              Config.NodeName.class,
              new Scalar<>("a name of 1 to 64 visible ASCII characters", Config.NodeName::new)),
          Map.entry(Path.class, new Scalar<>("a path", Path::of)));

  static Optional<Scalar<?>> of(Class<?> type) {
    return Optional.ofNullable(ALL.get(type));
  }

  private static boolean truth(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither");
    };
  }

  private static long whole(String text) {
    return whole(decimal(text), 1);
  }

  private static BigDecimal decimal(String text) {
    if (text.isEmpty()
        || text.length() > LONGEST_NUMBER
        || text.chars().anyMatch(c -> (c < '0' || c > '9') && c != '.')) {
      throw new IllegalArgumentException("no plain number");
    }
    return new BigDecimal(text);
  }

  /** A number and its unit; the unit begins with the first character that is no part of it. */
  private static <U> Map.Entry<BigDecimal, U> measured(String text, Map<String, U> units) {
    int end = 0;
    while (end < text.length()
        && (Character.isDigit(text.charAt(end)) || text.charAt(end) == '.')) {
      end++;
    }
    U unit = units.get(text.substring(end).strip());
    if (unit == null) {
      throw new IllegalArgumentException("no such unit");
    }
    return Map.entry(decimal(text.substring(0, end)), unit);
  }

  private static long whole(BigDecimal number, long unit) {
    try {
      return number.multiply(BigDecimal.valueOf(unit)).longValueExact();
    } catch (ArithmeticException tooMuch) {
      throw new IllegalArgumentException(tooMuch);
    }
  }

  private static Duration duration(String text) {
    var figure = measured(text, UNITS);
    return Duration.ofNanos(whole(figure.getKey(), figure.getValue().toNanos()));
  }

  private static Span span(String text) {
    int dots = text.indexOf("..");
    if (dots < 0) {
      throw new IllegalArgumentException("no range");
    }
    return new Span(
        duration(text.substring(0, dots).strip()), duration(text.substring(dots + 2).strip()));
  }

  private static Size size(String text) {
    var figure = measured(text, BYTES);
    return new Size(whole(figure.getKey(), figure.getValue()));
  }

  private static Rate rate(String text) {
    int slash = text.indexOf('/');
    Duration window = slash < 0 ? null : WINDOWS.get(text.substring(slash + 1).strip());
    if (window == null) {
      throw new IllegalArgumentException("no rate");
    }
    var figure = measured(text.substring(0, slash).strip(), THOUSANDS);
    return new Rate(whole(figure.getKey(), figure.getValue()), window);
  }

  private static Tokens tokens(String text) {
    return new Tokens(count(text));
  }

  private static After after(String text) {
    return new After(text.equals("p95") ? Optional.empty() : Optional.of(duration(text)));
  }

  private static Amount amount(String text) {
    int blank = text.lastIndexOf(' ');
    if (blank < 0) {
      throw new IllegalArgumentException("no unit");
    }
    String number = text.substring(0, blank).strip();
    return switch (text.substring(blank + 1)) {
      case "USD" -> new Amount(Measure.PICO_USD, whole(decimal(number), PICO));
      case "tokens" -> new Amount(Measure.TOKENS, count(number));
      case "requests" -> new Amount(Measure.REQUESTS, count(number));
      default -> throw new IllegalArgumentException("no such unit");
    };
  }

  private static Level level(String text) {
    if (text.endsWith("%")) {
      return new Level(
          decimal(text.substring(0, text.length() - 1).strip()).movePointLeft(2).doubleValue(),
          AlertRule.Unit.SHARE);
    }
    if (text.endsWith("USD")) {
      return new Level(
          decimal(text.substring(0, text.length() - 3).strip()).doubleValue(), AlertRule.Unit.USD);
    }
    boolean plain =
        !text.isEmpty() && text.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
    return plain
        ? new Level(decimal(text).doubleValue(), AlertRule.Unit.NUMBER)
        : new Level(duration(text).toNanos() * 1e-9, AlertRule.Unit.SECONDS);
  }

  private static long count(String text) {
    var figure = measured(text, THOUSANDS);
    return whole(figure.getKey(), figure.getValue());
  }

  private static URI address(String text) {
    URI uri = URI.create(text);
    if (uri.getScheme() == null || uri.getHost() == null) {
      throw new IllegalArgumentException("no scheme or no host");
    }
    return uri;
  }
}

package dev.lintel;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** How long a provider asks to wait, in every form in which providers say it. */
public final class RetryAfter {
  private static final BigDecimal LONGEST_MS = BigDecimal.valueOf(Duration.ofDays(31).toMillis());
  private static final BigDecimal EPOCH_SECONDS = new BigDecimal("1e9");
  private static final BigDecimal EPOCH_MILLIS = new BigDecimal("1e12");

  /** A limit's header that says when it is whole again, and the one that says what is left. */
  private record Limit(String reset, String remaining) {
    boolean isSpent(Headers headers) {
      return headers.get(remaining).map(String::strip).filter("0"::equals).isPresent();
    }
  }

  private static final List<Limit> LIMITS =
      List.of(
          new Limit("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
          new Limit("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
          new Limit("x-ratelimit-reset", "x-ratelimit-remaining"),
          new Limit("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
          new Limit("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
          new Limit(
              "anthropic-ratelimit-input-tokens-reset",
              "anthropic-ratelimit-input-tokens-remaining"),
          new Limit(
              "anthropic-ratelimit-output-tokens-reset",
              "anthropic-ratelimit-output-tokens-remaining"));

  /** One of these stands on every reply of whoever tells of limits. */
  private static final List<String> SIGNS =
      List.of(
          "x-ratelimit-remaining-requests",
          "x-ratelimit-remaining-tokens",
          "x-ratelimit-remaining",
          "anthropic-ratelimit-requests-remaining",
          "anthropic-ratelimit-tokens-remaining");

  private RetryAfter() {}

  /**
   * The wait that the headers ask for; empty where they ask for none.
   *
   * @param limits whether the reset times of the account's limits count, which stand on good
   *     replies too
   */
  public static Optional<Duration> of(Headers headers, boolean limits, Instant now) {
    return headers
        .get("retry-after-ms")
        .or(() -> headers.get("x-ms-retry-after-ms"))
        .flatMap(RetryAfter::number)
        .map(RetryAfter::millis)
        .or(() -> headers.get("retry-after").flatMap(value -> secondsOrDate(value, now)))
        .or(() -> limits ? reset(headers, now) : Optional.empty());
  }

  /**
   * Until the account's limits, of which nothing is left, are whole again; empty where there is
   * something left of all of them. Costs little where the headers tell of no limit.
   */
  public static Optional<Duration> spent(Headers headers, InstantSource clock) {
    boolean told = false;
    for (String sign : SIGNS) {
      told = told || headers.get(sign).isPresent();
    }
    if (!told) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    Duration longest = Duration.ZERO;
    for (Limit limit : LIMITS) {
      if (limit.isSpent(headers)) {
        Duration wait =
            headers.get(limit.reset).flatMap(value -> moment(value, now)).orElse(longest);
        longest = wait.compareTo(longest) > 0 ? wait : longest;
      }
    }
    return Optional.of(longest).filter(wait -> !wait.isZero());
  }

  /** The longest wait of the limits that are spent; where none says so, the shortest of all. */
  private static Optional<Duration> reset(Headers headers, Instant now) {
    Duration spent = Duration.ZERO;
    Duration shortest = null;
    for (Limit limit : LIMITS) {
      Duration wait = headers.get(limit.reset).flatMap(value -> moment(value, now)).orElse(null);
      if (wait == null) {
        continue;
      }
      if (limit.isSpent(headers) && wait.compareTo(spent) > 0) {
        spent = wait;
      }
      shortest = shortest == null || wait.compareTo(shortest) < 0 ? wait : shortest;
    }
    return spent.isZero() ? Optional.ofNullable(shortest) : Optional.of(spent);
  }

  private static Optional<Duration> secondsOrDate(String value, Instant now) {
    Optional<Duration> seconds = number(value).map(number -> millis(number.movePointRight(3)));
    return seconds.isPresent()
        ? seconds
        : date(value, DateTimeFormatter.RFC_1123_DATE_TIME, now)
            .or(() -> date(value, DateTimeFormatter.ISO_OFFSET_DATE_TIME, now));
  }

  /** Seconds, seconds or milliseconds of the epoch, a duration such as {@code 6m0s}, or a date. */
  private static Optional<Duration> moment(String value, Instant now) {
    Optional<BigDecimal> number = number(value);
    if (number.isPresent() && number.get().compareTo(EPOCH_SECONDS) >= 0) {
      BigDecimal epochMillis =
          number.get().compareTo(EPOCH_MILLIS) >= 0 ? number.get() : number.get().movePointRight(3);
      return Optional.of(millis(epochMillis.subtract(BigDecimal.valueOf(now.toEpochMilli()))));
    }
    Optional<Duration> stated = secondsOrDate(value, now);
    return stated.isPresent() ? stated : duration(value);
  }

  /** A duration as Go writes it, such as {@code 6m0s}, {@code 2m59.56s} or {@code 20ms}. */
  static Optional<Duration> duration(String text) {
    String value = text.strip();
    BigDecimal sum = BigDecimal.ZERO;
    int at = 0;
    while (at < value.length()) {
      int unit = at;
      while (unit < value.length() && isDigit(value.charAt(unit))) {
        unit++;
      }
      int next = unit;
      while (next < value.length() && !isDigit(value.charAt(next))) {
        next++;
      }
      Optional<BigDecimal> amount = number(value.substring(at, unit));
      long scale = unitMillis(value.substring(unit, next));
      if (amount.isEmpty() || scale < 0) {
        return Optional.empty();
      }
      sum = sum.add(amount.get().multiply(BigDecimal.valueOf(scale)));
      at = next;
    }
    return value.isEmpty() ? Optional.empty() : Optional.of(millis(sum));
  }

  private static long unitMillis(String unit) {
    return switch (unit) {
      case "ms" -> 1;
      case "s" -> 1000;
      case "m" -> 60_000;
      case "h" -> 3_600_000;
      case "d" -> 86_400_000;
      case "us", "µs", "ns" -> 0;
      default -> -1;
    };
  }

  private static boolean isDigit(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }

  private static Optional<Duration> date(String value, DateTimeFormatter form, Instant now) {
    try {
      Instant then = ZonedDateTime.parse(value.strip(), form).toInstant();
      return Optional.of(millis(BigDecimal.valueOf(then.toEpochMilli() - now.toEpochMilli())));
    } catch (DateTimeException notThatForm) {
      return Optional.empty();
    }
  }

  private static Optional<BigDecimal> number(String value) {
    String text = value.strip();
    if (text.isEmpty() || text.length() > 20) {
      return Optional.empty();
    }
    for (int i = 0; i < text.length(); i++) {
      if (!isDigit(text.charAt(i))) {
        return Optional.empty();
      }
    }
    try {
      return Optional.of(new BigDecimal(text));
    } catch (NumberFormatException notOne) {
      return Optional.empty();
    }
  }

  private static Duration millis(BigDecimal millis) {
    return Duration.ofMillis(millis.max(BigDecimal.ZERO).min(LONGEST_MS).longValue());
  }
}

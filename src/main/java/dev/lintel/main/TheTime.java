package dev.lintel.main;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A time about which a command asks a gateway. */
final class TheTime {
  @Option(names = "--since", paramLabel = "TIME", description = "such as 30d, 2026-11-01")
  private @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "such as 2026-12-01")
  private @Nullable String until;

  /** Adds {@code from} and {@code to}, as far as they were told. */
  void tell(Map<String, @Nullable String> parameters) throws Running.Refused {
    parameters.put("from", of(since));
    parameters.put("to", of(until));
  }

  /** A time, the beginning of a day (UTC), or so many days or hours ago. */
  static @Nullable String of(@Nullable String text) throws Running.Refused {
    if (text == null) {
      return null;
    }
    try {
      if (text.matches("[0-9]{1,5}d")) {
        return ago(text, ChronoUnit.DAYS);
      }
      if (text.matches("[0-9]{1,5}h")) {
        return ago(text, ChronoUnit.HOURS);
      }
      return text.length() == 10
          ? LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC).toString()
          : Instant.parse(text).toString();
    } catch (DateTimeException none) {
      throw new Running.Refused(
          "'"
              + text
              + "' must be a date such as 2026-11-01, a time such as 2026-11-01T12:00:00Z, or 30d or 12h ago.");
    }
  }

  private static String ago(String text, ChronoUnit unit) {
    long many = Long.parseLong(text.substring(0, text.length() - 1));
    return Instant.now().truncatedTo(unit).minus(Duration.of(many, unit)).toString();
  }
}

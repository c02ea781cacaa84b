package dev.lintel;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much of what calls say and are answered is kept, and how long.
 *
 * @param keep how long; zero where nothing is kept
 */
public record Capture(Level level, Duration keep) {
  /** How much, the least first. */
  public enum Level {
    NONE,
    /** Who spoke, how long, and the names of tools: no text. */
    METADATA,
    /** The text, without what tells of people and secrets. */
    REDACTED,
    FULL;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public static final Capture NOTHING = new Capture(Level.NONE, Duration.ZERO);

  private static final Pattern TIME =
      Pattern.compile("([0-9]{1,9})\\s*(ms|s|sec|m|min|h|hour|hours|d|day|days|w|week|weeks)");

  private static final Map<String, Duration> UNITS =
      Map.ofEntries(
          Map.entry("ms", Duration.ofMillis(1)),
          Map.entry("s", Duration.ofSeconds(1)),
          Map.entry("sec", Duration.ofSeconds(1)),
          Map.entry("m", Duration.ofMinutes(1)),
          Map.entry("min", Duration.ofMinutes(1)),
          Map.entry("h", Duration.ofHours(1)),
          Map.entry("hour", Duration.ofHours(1)),
          Map.entry("hours", Duration.ofHours(1)),
          Map.entry("d", Duration.ofDays(1)),
          Map.entry("day", Duration.ofDays(1)),
          Map.entry("days", Duration.ofDays(1)),
          Map.entry("w", Duration.ofDays(7)),
          Map.entry("week", Duration.ofDays(7)),
          Map.entry("weeks", Duration.ofDays(7)));

  /**
   * What holds for a call: of its policy's rules that are enforced the least, and no longer than
   * each of them says; the call itself may ask for less, and never for more.
   *
   * @param said as its caller gave them, and as a policy has them
   */
  public static Capture of(List<Ruled<Capture>> rules, Terms... said) {
    Capture least = null;
    for (Ruled<Capture> rule : rules) {
      if (rule.mode() == Mode.ENFORCE) {
        least = least == null ? rule.value() : least.and(rule.value());
      }
    }
    Capture wanted = least == null ? NOTHING : least;
    for (Terms terms : said) {
      wanted = wanted.wanting(terms);
    }
    return wanted.level == Level.NONE ? NOTHING : wanted;
  }

  private Capture and(Capture other) {
    return new Capture(
        level.compareTo(other.level) <= 0 ? level : other.level,
        keep.compareTo(other.keep) <= 0 ? keep : other.keep);
  }

  private Capture wanting(Terms terms) {
    if (terms.values().isEmpty()) {
      return this;
    }
    Capture wanted = terms.get("redaction").map(Capture::level).map(this::atMost).orElse(this);
    Optional<Duration> time = terms.get("retention").flatMap(Capture::time);
    if (time.isPresent() && time.get().compareTo(wanted.keep) < 0) {
      wanted = time.get().isZero() ? NOTHING : new Capture(wanted.level, time.get());
    }
    return wanted;
  }

  private Capture atMost(Level most) {
    return level.compareTo(most) <= 0 ? this : new Capture(most, keep);
  }

  /** Whatever the term {@code redaction} says, but for those words, wants the text redacted. */
  private static Level level(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "off", "false", "none" -> Level.FULL;
      case "metadata" -> Level.METADATA;
      default -> Level.REDACTED;
    };
  }

  /**
   * The longest that the term {@code retention} allows, such as {@code 12h}, {@code 7d}, {@code
   * PT1H}, {@code 0} or {@code none}; empty where that is no time.
   */
  static Optional<Duration> time(String term) {
    String text = term.strip().toLowerCase(Locale.ROOT);
    if (text.equals("none") || text.equals("0")) {
      return Optional.of(Duration.ZERO);
    }
    Matcher matcher = TIME.matcher(text);
    if (matcher.matches()) {
      return Optional.ofNullable(UNITS.get(matcher.group(2)))
          .map(unit -> unit.multipliedBy(Long.parseLong(matcher.group(1))));
    }
    try {
      return Optional.of(Duration.parse(term.strip())).filter(time -> !time.isNegative());
    } catch (DateTimeParseException noTime) {
      return Optional.empty();
    }
  }
}

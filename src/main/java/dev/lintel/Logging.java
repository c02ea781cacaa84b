package dev.lintel;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * How much the gateway says.
 *
 * @param level of what it says of itself; libraries say no more than warnings of their own accord
 * @param levels of single loggers, which hold for those below them too: names of packages and
 *     classes
 * @param calls the share of the answered calls that get a line; all that failed do
 */
public record Logging(Level level, Map<String, Level> levels, Percent calls, Form form) {
  /** From which on something is said. */
  public enum Level {
    OFF,
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What the gateway's own lines look like; those of calls are always JSON. */
  public enum Form {
    TEXT,
    JSON
  }

  /** The loggers of this code; those of libraries may tell of what passes through them. */
  public static final String OWN = "dev.lintel";

  /** As many levels of single loggers there may be: each name is kept until the process ends. */
  public static final int MOST = 100;

  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9_$]{1,100}(\\.[\\w$]{1,100}){0,20}");

  public static final Logging USUAL =
      new Logging(Level.INFO, Map.of(), Percent.of("100%"), Form.TEXT);

  public Logging {
    levels = Collections.unmodifiableMap(new TreeMap<>(levels));
  }

  /** Why that logger cannot have that level, as the end of a sentence; empty where it can. */
  public static Optional<String> wrong(String logger, Level level) {
    if (!NAME.matcher(logger).matches()) {
      return Optional.of("must be the name of a package or a class, such as dev.lintel.trace");
    }
    boolean own = logger.equals(OWN) || logger.startsWith(OWN + ".");
    return own || level.compareTo(Level.INFO) <= 0
        ? Optional.empty()
        : Optional.of(
            "must be info or less: a library's finer words may hold what callers and providers"
                + " say");
  }
}

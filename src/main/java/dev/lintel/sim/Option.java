package dev.lintel.sim;

import dev.lintel.Failure;
import dev.lintel.Part.Stop.Reason;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Something that can be set about the simulated provider, for all calls or for one. */
public enum Option {
  /** Time to the first byte of an answer. */
  TTFT(Form.DURATION, "0ms"),
  /** Pace of the answer; 0 is as fast as it goes. */
  TOKENS_PER_SECOND(Form.NUMBER, "0"),
  /** Words of the answer's text. */
  TOKENS(Form.COUNT, "32"),
  /** Reported fresh input. */
  INPUT_TOKENS(Form.FIGURE, "counted"),
  CACHE_READ_TOKENS(Form.FIGURE, "counted"),
  CACHE_WRITE_TOKENS(Form.FIGURE, "counted"),
  /** Reported output, reasoning included. */
  OUTPUT_TOKENS(Form.FIGURE, "counted"),
  REASONING_TOKENS(Form.FIGURE, "counted"),
  /** How to fail. */
  FAULT(Form.FAULT, "none"),
  /** What share of the calls fails: 0.5 is every other one, the first included. */
  FAULT_SHARE(Form.NUMBER, "1"),
  /** What a 429 asks to wait. */
  RETRY_AFTER(Form.DURATION, "2s"),
  /** How many tools are called, whatever the prompt says; 0 leaves it to the prompt. */
  CALLS(Form.COUNT, "0"),
  /** Whether the fragments of several tool calls take turns. */
  INTERLEAVE(Form.FLAG, "false"),
  /** Whether a sentence stands before tool calls. */
  PREFACE(Form.FLAG, "false"),
  /** Whether the answer has an image in it. */
  IMAGE(Form.FLAG, "false"),
  /** Whether thoughts are sealed: Anthropic's {@code redacted_thinking}. */
  SEALED(Form.FLAG, "false"),
  /** About how many characters a signature has. */
  SIGNATURE(Form.COUNT, "684"),
  /** Whether signatures are checked when they come back. */
  VERIFY(Form.FLAG, "true"),
  /** Why the answer ends, such as {@code refusal} or {@code content_filter}. */
  STOP(Form.REASON, "none");

  /** How a value is written. */
  private enum Form {
    /** A {@link Duration}: {@code 120ms}, {@code 1.5s}, {@code 2m}. */
    DURATION,
    /** A {@link BigDecimal} of 0 or more. */
    NUMBER,
    /** The same, whole and bounded, because it says how much is made. */
    COUNT,
    /** The same, or -1 for {@code counted}. */
    FIGURE,
    /** A {@link Boolean}. */
    FLAG,
    /** An {@link Optional} {@link Fault}, empty for {@code none}. */
    FAULT,
    /** An {@link Optional} {@link Reason}, empty for {@code none}. */
    REASON
  }

  private static final BigDecimal MOST = BigDecimal.valueOf(100_000);

  /** Milliseconds in each unit, the longer suffix first where one ends in the other. */
  private static final List<Map.Entry<String, Long>> UNITS =
      List.of(Map.entry("ms", 1L), Map.entry("s", 1000L), Map.entry("m", 60_000L));

  private final Form form;
  private final String usual;

  Option(Form form, String usual) {
    this.form = form;
    this.usual = usual;
  }

  /** Such as {@code tokens_per_second}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Such as {@code x-sim-tokens-per-second}. */
  public String header() {
    return "x-sim-" + word().replace('_', '-');
  }

  String usual() {
    return usual;
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} naming the option. */
  Object read(String given) {
    String value = given.strip();
    try {
      return switch (form) {
        case DURATION -> duration(value);
        case NUMBER -> number(value);
        case COUNT -> count(value);
        case FIGURE -> value.equals("counted") ? BigDecimal.ONE.negate() : whole(value);
        case FLAG -> flag(value);
        case FAULT -> value.equals("none") ? Optional.empty() : Optional.of(Fault.of(value));
        case REASON -> value.equals("none") ? Optional.empty() : Optional.of(reason(value));
      };
    } catch (IllegalArgumentException wrong) {
      throw Failure.invalid("'" + word() + "' cannot be what was given: " + wrong.getMessage())
          .at(word());
    }
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} that lists the options there are. */
  static Option of(String word) {
    String plain = word.toLowerCase(Locale.ROOT).replace('-', '_');
    return Arrays.stream(values())
        .filter(option -> option.word().equals(plain))
        .findFirst()
        .orElseThrow(() ->
            Failure.invalid(
                "'%s' is not an option of the simulator. Options are: %s."
                    .formatted(
                        word,
                        Arrays.stream(values())
                            .map(Option::word)
                            .collect(Collectors.joining(", ")))));
  }

  private static Duration duration(String value) {
    for (var unit : UNITS) {
      if (value.endsWith(unit.getKey())) {
        BigDecimal figure = number(value.substring(0, value.length() - unit.getKey().length()));
        BigDecimal millis = figure.multiply(BigDecimal.valueOf(unit.getValue()));
        return Duration.ofNanos(millis.movePointRight(6).longValue());
      }
    }
    throw new IllegalArgumentException("it needs a unit: ms, s or m.");
  }

  private static BigDecimal number(String value) {
    if (value.isEmpty() || value.length() > 12 || !value.chars().allMatch(Option::digitOrPoint)) {
      throw new IllegalArgumentException("it must be a number of at most 12 digits, 0 or more.");
    }
    return new BigDecimal(value);
  }

  private static boolean digitOrPoint(int character) {
    return character == '.' || (character >= '0' && character <= '9');
  }

  private static BigDecimal whole(String value) {
    BigDecimal number = number(value);
    if (number.stripTrailingZeros().scale() > 0) {
      throw new IllegalArgumentException("it must be whole.");
    }
    return number;
  }

  private static BigDecimal count(String value) {
    BigDecimal number = whole(value);
    if (number.compareTo(MOST) > 0) {
      throw new IllegalArgumentException("it must not be above " + MOST + ".");
    }
    return number;
  }

  private static boolean flag(String value) {
    if (!value.equals("true") && !value.equals("false")) {
      throw new IllegalArgumentException("it must be true or false.");
    }
    return value.equals("true");
  }

  private static Reason reason(String value) {
    return Arrays.stream(Reason.values())
        .filter(reason -> reason.name().equalsIgnoreCase(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no such reason to stop."));
  }
}

package dev.lintel.sim;

import dev.lintel.Failure;
import dev.lintel.Part.Stop.Reason;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Something that can be set about the simulated provider, for all calls or for one. */
public enum Option {
  /** Time to the first byte of an answer. */
  TTFT("0ms", Option::duration),
  /** Pace of the answer; 0 is as fast as it goes. */
  TOKENS_PER_SECOND("0", Option::number),
  /** Words of the answer's text. */
  TOKENS("32", Option::number),
  /** Reported fresh input; counted by the prompt where it is not given, as the next four are. */
  INPUT_TOKENS("-1", Option::number),
  CACHE_READ_TOKENS("-1", Option::number),
  CACHE_WRITE_TOKENS("-1", Option::number),
  OUTPUT_TOKENS("-1", Option::number),
  REASONING_TOKENS("-1", Option::number),
  /** How to fail. */
  FAULT("none", word -> word.equals("none") ? List.of() : List.of(Fault.of(word))),
  /** What share of the calls fails: 0.5 is every other one, the first included. */
  FAULT_SHARE("1", Option::number),
  /** What a 429 asks to wait. */
  RETRY_AFTER("2s", Option::duration),
  /** How many tools are called, whatever the prompt says; 0 leaves it to the prompt. */
  CALLS("0", Option::number),
  /** Whether the fragments of several tool calls take turns. */
  INTERLEAVE("false", Option::flag),
  /** Whether a sentence stands before tool calls. */
  PREFACE("false", Option::flag),
  /** Whether the answer has an image in it. */
  IMAGE("false", Option::flag),
  /** Whether thoughts are sealed: Anthropic's {@code redacted_thinking}. */
  SEALED("false", Option::flag),
  /** Whether signatures are checked when they come back. */
  VERIFY("true", Option::flag),
  /** Why the answer ends, such as {@code refusal} or {@code content_filter}. */
  STOP("none", word -> word.equals("none") ? List.of() : List.of(reason(word)));

  /** Milliseconds in each unit, the longer suffix first where one ends in the other. */
  private static final List<Map.Entry<String, Long>> UNITS =
      List.of(Map.entry("ms", 1L), Map.entry("s", 1000L), Map.entry("m", 60_000L));

  private final String usual;
  private final Function<String, Object> reader;

  Option(String usual, Function<String, Object> reader) {
    this.usual = usual;
    this.reader = reader;
  }

  /** Such as {@code tokens_per_second}. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  String header() {
    return "x-sim-" + word().replace('_', '-');
  }

  String usual() {
    return usual;
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} naming the option. */
  Object read(String value) {
    try {
      return reader.apply(value.strip());
    } catch (NumberFormatException notOne) {
      throw Failure.invalid("'" + word() + "' has no value it can take.").at(word());
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
                "'"
                    + word
                    + "' is not an option of the simulator. Options are: "
                    + Arrays.stream(values()).map(Option::word).collect(Collectors.joining(", "))
                    + "."));
  }

  private static Object duration(String value) {
    for (var unit : UNITS) {
      if (value.endsWith(unit.getKey())) {
        String figure = value.substring(0, value.length() - unit.getKey().length());
        BigDecimal nanos =
            ((BigDecimal) number(figure))
                .movePointRight(6)
                .multiply(BigDecimal.valueOf(unit.getValue()));
        return Duration.ofNanos(nanos.longValue());
      }
    }
    throw new NumberFormatException("no unit");
  }

  private static Object number(String value) {
    if (value.length() > 18) {
      throw new NumberFormatException("too long");
    }
    var number = new BigDecimal(value);
    if (number.scale() > 9 || number.precision() - number.scale() > 12) {
      throw new NumberFormatException("out of range");
    }
    return number;
  }

  private static Object flag(String value) {
    return switch (value) {
      case "true", "" -> true;
      case "false" -> false;
      default -> throw new NumberFormatException("neither true nor false");
    };
  }

  private static Reason reason(String value) {
    try {
      return Reason.valueOf(value.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException unknown) {
      throw Failure.invalid("'" + value + "' is no reason to stop.");
    }
  }
}

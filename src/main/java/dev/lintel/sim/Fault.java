package dev.lintel.sim;

import dev.lintel.Failure;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a simulated provider fails.
 *
 * <p>Faults of a stream have their counterpart in a whole reply: what happens in the middle of a
 * stream happens in the middle of the body.
 */
public enum Fault {
  /** The connection breaks before anything is answered. */
  RESET_BEFORE_HEADERS,
  /** Nothing is ever answered. */
  STALL_BEFORE_HEADERS,
  STATUS_401(Trouble.UNAUTHORIZED),
  STATUS_403(Trouble.FORBIDDEN),
  STATUS_404(Trouble.NOT_FOUND),
  /** 429 with {@code retry-after} in seconds. */
  STATUS_429_SECONDS(Trouble.RATE_LIMITED, Hint.SECONDS),
  /** 429 with {@code retry-after} as an HTTP date. */
  STATUS_429_DATE(Trouble.RATE_LIMITED, Hint.DATE),
  /** 429 with {@code retry-after-ms}. */
  STATUS_429_MS(Trouble.RATE_LIMITED, Hint.MS),
  /** 429 with {@code x-ratelimit-reset-requests} and {@code -tokens} only. */
  STATUS_429_RESET(Trouble.RATE_LIMITED, Hint.RESET),
  STATUS_500(Trouble.INTERNAL),
  STATUS_502(Trouble.BAD_GATEWAY),
  STATUS_503(Trouble.UNAVAILABLE),
  STATUS_504(Trouble.GATEWAY_TIMEOUT),
  STATUS_529(Trouble.OVERLOADED),
  /** 200, and the body is an error. */
  ERROR_BODY,
  /** 200, and nothing. */
  EMPTY,
  /** 200, and the first event is an error. */
  ERROR_FIRST,
  /** An event that only opens the reply, then silence. */
  ROLE_ONLY,
  STALL_AFTER_HEADERS,
  STALL_MID_STREAM,
  RESET_MID_STREAM,
  /** Everything but what marks the end, then a clean end of the connection's answer. */
  NO_TERMINAL,
  /** One event in the middle is not JSON. */
  MALFORMED_EVENT,
  /** No fault of the provider's: one text delta of 100,000 characters. */
  LONG_LINE("x".repeat(100_000)),
  /** No fault of the provider's: every byte is written alone. */
  BYTE_BY_BYTE,
  /** No fault of the provider's: characters of several bytes arrive in two packets. */
  SPLIT_CHARACTERS("Grüße, 世界 🌍!"),
  ERROR_MID_STREAM;

  /** How a 429 says how long to wait. */
  enum Hint {
    NONE,
    SECONDS,
    DATE,
    MS,
    RESET
  }

  private final @Nullable Trouble trouble;
  private final Hint hint;
  private final String addition;

  Fault() {
    this(null, Hint.NONE, "");
  }

  Fault(Trouble trouble) {
    this(trouble, Hint.NONE, "");
  }

  Fault(Trouble trouble, Hint hint) {
    this(trouble, hint, "");
  }

  Fault(String addition) {
    this(null, Hint.NONE, addition);
  }

  Fault(@Nullable Trouble trouble, Hint hint, String addition) {
    this.trouble = trouble;
    this.hint = hint;
    this.addition = addition;
  }

  /** Such as {@code 429_date} or {@code reset_mid_stream}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace("status_", "");
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} that lists the words there are. */
  public static Fault of(String word) {
    String plain = word.toLowerCase(Locale.ROOT).replace('-', '_');
    return Arrays.stream(values())
        .filter(fault -> fault.word().equals(plain))
        .findFirst()
        .orElseThrow(() ->
            Failure.invalid(
                "'"
                    + word
                    + "' is not a fault. Faults are: "
                    + Arrays.stream(values()).map(Fault::word).collect(Collectors.joining(", "))
                    + "."));
  }

  /** With what status it refuses; empty where it fails otherwise. */
  Optional<Trouble> trouble() {
    return Optional.ofNullable(trouble);
  }

  Hint hint() {
    return hint;
  }

  /** What it puts before a text so that it shows; mostly nothing. */
  String addition() {
    return addition;
  }
}

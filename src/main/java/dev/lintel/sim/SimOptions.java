package dev.lintel.sim;

import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.RawRequest;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the simulated provider behaves: latency, pace, usage, faults.
 *
 * <p>Set for all calls by a provider's own keys in the configuration ({@code ttft: 120ms}), and for
 * one call, later ones winning, by
 *
 * <ol>
 *   <li>the provider's key, where it begins with {@code sim+}: {@code sim+fault=401};
 *   <li>the model's name: {@code small+fault=stall_mid_stream+tokens=50+ttft=10ms};
 *   <li>headers: {@code x-sim-fault: 429_date}.
 * </ol>
 *
 * A value of {@code true} may be left out: {@code small+interleave}. The options are listed in
 * {@code docs/sim.md}.
 *
 * @param values each option's value as its reader gives it; what is missing is as usual
 */
public record SimOptions(Map<Option, Object> values) {
  public static final SimOptions USUAL = new SimOptions(Map.of());

  /** Where a key may stand. */
  static final List<String> KEYS =
      List.of("authorization", "x-api-key", "api-key", "x-goog-api-key");

  public SimOptions {
    var copy = new EnumMap<Option, Object>(Option.class);
    copy.putAll(values);
    values = Collections.unmodifiableMap(copy);
  }

  /**
   * Options by their names, such as {@code ttft} and {@code tokens_per_second}. Throws {@link
   * Failure} {@code INVALID_REQUEST} naming what is unknown or makes no sense.
   */
  public static SimOptions of(Map<String, String> settings) {
    SimOptions options = USUAL;
    for (var setting : settings.entrySet()) {
      options = options.with(setting.getKey(), setting.getValue());
    }
    return options;
  }

  /** The same with one option set. Throws as {@link #of} does. */
  public SimOptions with(String name, String value) {
    Option option = Option.of(name);
    var changed = new EnumMap<Option, Object>(Option.class);
    changed.putAll(values);
    changed.put(option, option.read(value));
    return new SimOptions(changed);
  }

  /** The same with what a name such as {@code small+tokens=5+image} says after its first plus. */
  SimOptions named(String name) {
    SimOptions options = this;
    int plus = name.indexOf('+');
    while (plus >= 0) {
      int next = name.indexOf('+', plus + 1);
      String setting = name.substring(plus + 1, next < 0 ? name.length() : next);
      int equals = setting.indexOf('=');
      options =
          equals < 0
              ? options.with(setting, "true")
              : options.with(setting.substring(0, equals), setting.substring(equals + 1));
      plus = next;
    }
    return options;
  }

  /** The same with all that one call says. Throws as {@link #of} does. */
  SimOptions call(RawRequest raw, String model) {
    return key(raw).named(model).headers(raw.headers());
  }

  private SimOptions key(RawRequest raw) {
    Optional<String> key = Optional.ofNullable(raw.query().get("key"));
    for (String place : KEYS) {
      key = key.or(() -> raw.headers().get(place));
    }
    return key.map(given -> given.startsWith("Bearer ") ? given.substring(7) : given)
        .filter(given -> given.startsWith("sim+"))
        .map(this::named)
        .orElse(this);
  }

  /** The same with what the headers {@code x-sim-…} say. */
  SimOptions headers(Headers headers) {
    SimOptions options = this;
    for (Option option : Option.values()) {
      Optional<String> value = headers.get(option.header());
      if (value.isPresent()) {
        options = options.with(option.word(), value.get());
      }
    }
    return options;
  }

  Duration duration(Option option) {
    return (Duration) value(option);
  }

  BigDecimal number(Option option) {
    return (BigDecimal) value(option);
  }

  /** A figure that may be left to be counted. */
  long figure(Option option, long counted) {
    long given = number(option).longValue();
    return given < 0 ? counted : given;
  }

  boolean flag(Option option) {
    return (boolean) value(option);
  }

  Optional<Fault> fault() {
    return ((Optional<?>) value(Option.FAULT)).map(Fault.class::cast);
  }

  Optional<Reason> stop() {
    return ((Optional<?>) value(Option.STOP)).map(Reason.class::cast);
  }

  private Object value(Option option) {
    Object set = values.get(option);
    return set == null ? option.read(option.usual()) : set;
  }
}

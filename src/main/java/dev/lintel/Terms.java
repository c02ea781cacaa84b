package dev.lintel;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What a caller says about a call beside the request itself: headers {@code x-lintel-…}, or an
 * object {@code lintel} in the body, which wins.
 *
 * @param values every term that was given, by its name in {@code snake_case}
 * @param strict refuse what a target cannot take instead of dropping it
 */
public record Terms(Map<String, String> values, boolean strict) {
  public static final Terms NONE = new Terms(Map.of(), false);

  private static final List<String> NAMES =
      List.of(
          "use_case",
          "user",
          "channel",
          "data_class",
          "tags",
          "tier",
          "region",
          "model_family",
          "provider",
          "max_cost_usd",
          "max_latency_ms",
          "priority",
          "strict",
          "cache",
          "redaction",
          "retention");

  private static final int MOST_DIGITS = 18;
  private static final Pattern WHOLE = Pattern.compile("[0-9]{1,18}");
  private static final Pattern AMOUNT = Pattern.compile("[0-9]{1,18}(\\.[0-9]{1,18})?");

  private static final Map<String, String> HEADERS = headers();

  private static Map<String, String> headers() {
    var map = new TreeMap<String, String>();
    for (String name : NAMES) {
      map.put("x-lintel-" + name.replace('_', '-'), name);
    }
    return map;
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} naming the term whose value makes no sense. */
  public static Terms read(Headers headers, Optional<JsonNode> body) {
    Map<String, String> values = null;
    for (var header : HEADERS.entrySet()) {
      Optional<String> value = headers.get(header.getKey());
      if (value.isPresent()) {
        values = values == null ? new TreeMap<>() : values;
        values.put(
            header.getValue(), check(header.getValue(), header.getKey(), value.get().strip()));
      }
    }
    if (body.isPresent()) {
      JsonNode node = body.get();
      if (!node.isObject()) {
        throw Failure.invalid("'lintel' must be an object of terms.").at("lintel");
      }
      values = values == null ? new TreeMap<>() : values;
      for (var entry : node.properties()) {
        String place = "lintel." + entry.getKey();
        if (!NAMES.contains(entry.getKey())) {
          throw Failure.invalid(
                  "'" + place + "' is not a term. Terms are: " + String.join(", ", NAMES) + ".")
              .at(place);
        }
        values.put(entry.getKey(), check(entry.getKey(), place, textOf(entry.getValue(), place)));
      }
    }
    return values == null
        ? NONE
        : new Terms(Map.copyOf(values), "true".equals(values.get("strict")));
  }

  public Optional<String> get(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** The call's own bound on its time; empty where none was given. */
  public Optional<Long> maxLatencyMs() {
    return get("max_latency_ms").map(Long::valueOf);
  }

  private static String textOf(JsonNode node, String place) {
    if (node.isArray()) {
      var parts = new ArrayList<String>();
      node.forEach(element -> parts.add(textOf(element, place)));
      return String.join(",", parts);
    }
    if (node.isString()) {
      return node.asString();
    }
    if (node.isNumber()) {
      return plain(node.decimalValue());
    }
    if (node.isBoolean()) {
      return node.asString();
    }
    throw Failure.invalid("'" + place + "' must be a string, a number or a boolean.").at(place);
  }

  private static String check(String name, String place, String value) {
    switch (name) {
      case "strict" -> {
        return oneOf(place, value, "true", "false");
      }
      case "priority" -> {
        return oneOf(place, value, "low", "normal", "high");
      }
      case "max_latency_ms" -> {
        if (!WHOLE.matcher(value).matches() || Long.parseLong(value) == 0) {
          throw Failure.invalid(
                  "'"
                      + place
                      + "' must be a whole number of milliseconds above 0, of at most 18 digits.")
              .at(place);
        }
      }
      case "max_cost_usd" -> {
        if (!AMOUNT.matcher(value).matches()) {
          throw Failure.invalid(
                  "'" + place + "' must be an amount of USD in plain digits, such as 0.05.")
              .at(place);
        }
      }
      default -> {
        if (value.isEmpty() || value.length() > 256) {
          throw Failure.invalid("'" + place + "' must have 1 to 256 characters.").at(place);
        }
      }
    }
    return value;
  }

  /**
   * A JSON number in plain digits. What is too large or too small for any term stays as it is, for
   * written out it could fill the memory.
   */
  private static String plain(BigDecimal number) {
    return Math.abs((long) number.scale()) > MOST_DIGITS
        ? number.toString()
        : number.stripTrailingZeros().toPlainString();
  }

  private static String oneOf(String place, String value, String... allowed) {
    String known = value.toLowerCase(Locale.ROOT);
    if (!Arrays.asList(allowed).contains(known)) {
      throw Failure.invalid("'" + place + "' must be one of " + String.join(", ", allowed) + ".")
          .at(place);
    }
    return known;
  }
}

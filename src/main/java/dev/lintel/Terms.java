package dev.lintel;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What a caller says about a call beside the request itself: headers {@code x-lintel-…}, or an
 * object {@code lintel} in the body, which wins.
 *
 * @param values every term that was given, by its name in {@code snake_case}
 * @param strict refuse what a target cannot take instead of dropping it
 * @param along headers by which the caller will know the call again elsewhere: they go to the
 *     provider as they are
 * @param explain whether the reply shall say why the call went where it went; said in a header
 *     alone
 */
public record Terms(
    Map<String, String> values, boolean strict, Map<String, String> along, boolean explain) {
  public static final Terms NONE = new Terms(Map.of(), false, Map.of(), false);

  /** Of {@code training}: nobody may train a model with what the call said. */
  public static final String OPTED_OUT = "opted_out";

  private static final String EXPLAIN = "x-lintel-explain";

  /** The caller's own id of the request, and its place in a trace (W3C Trace Context). */
  private static final List<String> ALONG = List.of("x-request-id", "traceparent", "tracestate");

  /** Of what goes along. */
  private static final int LONGEST = 512;

  private static final Pattern ID = Pattern.compile("[!-~]{1,128}");
  private static final Pattern TRACE =
      Pattern.compile(
          "(?!ff)(?!00.{54})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}"
              + "-[0-9a-f]{2}(-.*)?");

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
          "retention",
          "training");

  /** What targets are told apart by: a name, and nothing that could be taken for one. */
  private static final Set<String> NAMES_OF_TARGETS =
      Set.of("tier", "region", "model_family", "provider");

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

  /** Every term that there is, in {@code snake_case}. */
  public static List<String> names() {
    return NAMES;
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} naming the term whose value makes no sense. */
  public static Terms read(Headers headers, Optional<JsonNode> body) {
    return read(headers, body, false);
  }

  /**
   * The same.
   *
   * @param explains whether the caller may ask to be told the decision; that another one does is
   *     not heard
   */
  public static Terms read(Headers headers, Optional<JsonNode> body, boolean explains) {
    return read(headers, body, "lintel", explains);
  }

  /**
   * The same where the object has another name.
   *
   * @param object its name, by which terms in it are named
   */
  public static Terms read(Headers headers, Optional<JsonNode> body, String object) {
    return read(headers, body, object, false);
  }

  private static Terms read(
      Headers headers, Optional<JsonNode> body, String object, boolean explains) {
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
        throw Failure.invalid("'" + object + "' must be an object of terms.").at(object);
      }
      values = values == null ? new TreeMap<>() : values;
      for (var entry : node.properties()) {
        String place = object + "." + entry.getKey();
        if (!NAMES.contains(entry.getKey())) {
          throw Failure.invalid(
                  "'" + place + "' is not a term. Terms are: " + String.join(", ", NAMES) + ".")
              .at(place);
        }
        String text =
            NAMES_OF_TARGETS.contains(entry.getKey())
                ? nameOf(entry.getValue(), place)
                : textOf(entry.getValue(), place);
        values.put(entry.getKey(), check(entry.getKey(), place, text));
      }
    }
    Map<String, String> along = along(headers);
    boolean explain =
        headers
            .get(EXPLAIN)
            .filter(value -> explains)
            .map(value -> oneOf(EXPLAIN, value.strip(), "true", "false").equals("true"))
            .orElse(false);
    return values == null && along.isEmpty() && !explain
        ? NONE
        : new Terms(
            values == null ? Map.of() : Map.copyOf(values),
            values != null && "true".equals(values.get("strict")),
            along,
            explain);
  }

  private static Map<String, String> along(Headers headers) {
    Map<String, String> along = Map.of();
    for (String name : ALONG) {
      Optional<String> value = headers.get(name);
      if (value.isPresent() && fits(name, value.get())) {
        along = along.isEmpty() ? new TreeMap<>() : along;
        along.put(name, value.get());
      }
    }
    return along;
  }

  /** A trace that is not one starts anew (W3C Trace Context §3.2.2.5); an id has to be one. */
  private static boolean fits(String name, String value) {
    if (name.equals("traceparent")) {
      return value.length() <= LONGEST && TRACE.matcher(value).matches();
    }
    if (name.equals("x-request-id") && !ID.matcher(value).matches()) {
      throw Failure.invalid("'x-request-id' must have 1 to 128 visible ASCII characters.")
          .at("x-request-id");
    }
    return value.length() <= LONGEST;
  }

  /**
   * A term as it would be read from a call. Throws {@link Failure} {@code INVALID_REQUEST} where
   * there is no such term, or its value makes no sense.
   */
  public static String checked(String name, String value) {
    if (!NAMES.contains(name)) {
      throw Failure.invalid(
          "'" + name + "' is not a term. Terms are: " + String.join(", ", NAMES) + ".");
    }
    return check(name, name, value.strip());
  }

  /** The same where some have other values, which have been checked. */
  public Terms with(Map<String, String> others) {
    if (values.entrySet().containsAll(others.entrySet())) {
      return this;
    }
    var all = new HashMap<>(values);
    all.putAll(others);
    return new Terms(
        Collections.unmodifiableMap(all), "true".equals(all.get("strict")), along, explain);
  }

  /**
   * The trace to which its caller says that the call belongs, 32 hexadecimal digits; empty where it
   * says none.
   */
  public Optional<String> traceId() {
    String parent = along.get("traceparent");
    return parent == null ? Optional.empty() : Optional.of(parent.substring(3, 35));
  }

  public Optional<String> get(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** The call's own bound on its time; empty where none was given. */
  public Optional<Long> maxLatencyMs() {
    return get("max_latency_ms").map(Long::valueOf);
  }

  private static String nameOf(JsonNode node, String place) {
    if (node.isString()) {
      return node.asString();
    }
    throw Failure.invalid("'" + place + "' must be a string.").at(place);
  }

  /** The most USD that the call may cost; empty where none was given. */
  public Optional<BigDecimal> maxCostUsd() {
    return get("max_cost_usd").map(BigDecimal::new);
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
      case "training" -> {
        return oneOf(place, value, OPTED_OUT, "allowed");
      }
      case "retention" -> {
        if (Capture.time(value).isEmpty()) {
          throw Failure.invalid("'" + place + "' must be a time such as 12h or 7d, or none.")
              .at(place);
        }
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
        if (value.isEmpty() || value.length() > 256 || !isText(value)) {
          throw Failure.invalid(
                  "'"
                      + place
                      + "' must have 1 to 256 characters, none of them a control character.")
              .at(place);
        }
      }
    }
    return value;
  }

  /**
   * What goes into accounts, records, logs and stores: some take no zero, or no half characters.
   */
  public static boolean isText(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < value.length()
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        i++;
      } else if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
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

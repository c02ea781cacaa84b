package dev.lintel.admin;

import dev.lintel.CallerKey;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Reach;
import dev.lintel.Service;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What somebody wants a new key to be; whatever makes no sense is named. */
record Wish(String name, CallerKey.Kind kind, Optional<Instant> expires, CallerKey.Scopes scopes) {
  private static final int LONGEST = 200;
  private static final int MOST = 1000;
  private static final List<String> FIELDS = List.of("name", "kind", "expires", "scopes");
  private static final List<String> SCOPES = List.of("models", "endpoints", "tools", "addresses");

  private static final Pattern SPAN = Pattern.compile("([0-9]{1,9})(s|m|min|h|d)");
  private static final Map<String, Duration> UNITS =
      Map.of(
          "s", Duration.ofSeconds(1),
          "m", Duration.ofMinutes(1),
          "min", Duration.ofMinutes(1),
          "h", Duration.ofHours(1),
          "d", Duration.ofDays(1));

  /**
   * Throws {@link Failure} {@code INVALID_REQUEST} that names the field.
   *
   * @param model whether there is a model of that name
   */
  static Wish read(byte[] body, Instant now, Predicate<String> model) {
    ObjectNode asked = object(body);
    check(asked, "", FIELDS);
    return new Wish(
        name(asked.path("name")), kind(asked), expires(asked, now), scopes(asked, model));
  }

  /** How long the old key is good beside the new one; empty where nothing is said. */
  static Optional<Duration> overlap(byte[] body) {
    ObjectNode asked = object(body);
    check(asked, "", List.of("overlap"));
    if (asked.path("overlap").isMissingNode() || asked.path("overlap").isNull()) {
      return Optional.empty();
    }
    Matcher written = SPAN.matcher(asked.path("overlap").asString(""));
    if (!written.matches()) {
      throw wrong("overlap", "must be a time such as 30min, 1h or 7d");
    }
    return Optional.of(
        UNITS
            .getOrDefault(written.group(2), Duration.ZERO)
            .multipliedBy(Long.parseLong(written.group(1))));
  }

  static ObjectNode object(byte[] body) {
    if (body.length == 0) {
      return Json.object();
    }
    try {
      if (Json.parse(body, 0, body.length) instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException broken) {
      throw Failure.of(Failure.Kind.INVALID_REQUEST, "The body is not valid JSON.", broken);
    }
    throw Failure.invalid("The body must be a JSON object.");
  }

  static void check(JsonNode object, String at, Collection<String> fields) {
    for (String field : object.propertyNames()) {
      if (!fields.contains(field)) {
        throw wrong(at + field, "is none of the fields: " + String.join(", ", fields));
      }
    }
  }

  static String name(JsonNode given) {
    if (given.isMissingNode() || given.isNull()) {
      return "";
    }
    String name = given.isString() ? given.asString().strip() : "";
    if (name.isEmpty() || name.length() > LONGEST) {
      throw wrong("name", "must be text of " + LONGEST + " characters at most");
    }
    return name;
  }

  private static CallerKey.Kind kind(ObjectNode asked) {
    JsonNode given = asked.path("kind");
    return switch (given.isMissingNode() ? "bearer" : given.isString() ? given.asString() : "") {
      case "bearer" -> CallerKey.Kind.BEARER;
      case "aws" -> CallerKey.Kind.AWS;
      default -> throw wrong("kind", "must be bearer or aws");
    };
  }

  static Optional<Instant> expires(ObjectNode asked, Instant now) {
    JsonNode given = asked.path("expires");
    if (given.isMissingNode() || given.isNull()) {
      return Optional.empty();
    }
    try {
      Instant end = Instant.parse(given.asString(""));
      if (end.isAfter(now)) {
        return Optional.of(end);
      }
    } catch (DateTimeException otherForm) {
      throw wrong("expires", "must be a time such as 2027-01-31T12:00:00Z (RFC 3339)");
    }
    throw wrong("expires", "must be in the future");
  }

  private static CallerKey.Scopes scopes(ObjectNode asked, Predicate<String> model) {
    JsonNode given = asked.path("scopes");
    if (given.isMissingNode() || given.isNull()) {
      return CallerKey.Scopes.ALL;
    }
    if (!given.isObject()) {
      throw wrong("scopes", "must be an object of lists: " + String.join(", ", SCOPES));
    }
    check(given, "scopes.", SCOPES);
    return new CallerKey.Scopes(
        names(given, "models", model, "must be models that there are"),
        names(
            given,
            "endpoints",
            Service.words()::contains,
            "must be among " + String.join(", ", Service.words())),
        names(given, "tools", name -> true, ""),
        names(given, "addresses", Wish::isNetwork, "must be networks such as 10.0.0.0/8"));
  }

  private static boolean isNetwork(String text) {
    try {
      return Reach.Network.of(text).prefix() >= 0;
    } catch (IllegalArgumentException none) {
      return false;
    }
  }

  private static Set<String> names(
      JsonNode scopes, String field, Predicate<String> fits, String form) {
    JsonNode given = scopes.path(field);
    if (given.isMissingNode() || given.isNull()) {
      return Set.of();
    }
    String at = "scopes." + field;
    if (!given.isArray() || given.size() > MOST) {
      throw wrong(at, "must be a list of " + MOST + " names at most");
    }
    var names = new LinkedHashSet<String>();
    for (JsonNode one : given) {
      String name = one.isString() ? one.asString() : "";
      String place = at + "[" + names.size() + "]";
      if (name.isEmpty() || name.length() > LONGEST) {
        throw wrong(place, "must be text of " + LONGEST + " characters at most");
      }
      if (!fits.test(name)) {
        throw wrong(place, form);
      }
      names.add(name);
    }
    if (names.isEmpty()) {
      throw wrong(at, "must not be empty; left out, it narrows nothing");
    }
    return names;
  }

  static Failure wrong(String field, String text) {
    return Failure.invalid("'" + field + "' " + text + ".").at(field);
  }
}

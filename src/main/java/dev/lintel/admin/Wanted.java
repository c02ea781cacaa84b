package dev.lintel.admin;

import dev.lintel.Admin;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Settings;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What an admin's request says beside its path: who wants what, until when, and if what. */
final class Wanted {
  static final Operation.Parameter UNTIL =
      Operation.Parameter.query(
          "until", Schema.TIME, "When the change ends by itself; left out, it does not.");

  private Wanted() {}

  /** Throws {@link Failure} that names what makes no sense. */
  static Settings.Wish wish(Exchange exchange) {
    RawRequest request = exchange.request();
    Admin admin = exchange.admin().orElse(Admin.KEY);
    return new Settings.Wish(
        admin.name(),
        admin.person(),
        exchange.method() + " " + exchange.path(),
        Optional.ofNullable(request.query().get("until")).map(Wanted::time),
        request.headers().get("if-match").map(Wanted::tags));
  }

  /** The body as a JSON object; one without a body is an empty one. */
  static ObjectNode body(Exchange exchange) {
    byte[] bytes = exchange.request().body();
    if (bytes.length == 0) {
      return Json.object();
    }
    try {
      JsonNode body = Json.parse(bytes);
      if (body instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException noJson) {
      throw Failure.of(Failure.Kind.INVALID_REQUEST, "The body cannot be read as JSON.", noJson)
          .at("body");
    }
    throw Failure.invalid("The body must be a JSON object.").at("body");
  }

  static Instant time(String text) {
    Instant until;
    try {
      // The plus of an offset is a blank in a query that nobody encoded.
      until = Instant.parse(text.replace(' ', '+'));
    } catch (DateTimeParseException wrong) {
      throw Failure.of(
              Failure.Kind.INVALID_REQUEST,
              "'until' must be a time such as 2026-11-21T12:00:00Z (RFC 3339).",
              wrong)
          .at("until");
    }
    if (!until.isAfter(Instant.now())) {
      throw Failure.invalid("'until' must lie in the future.").at("until");
    }
    return until.truncatedTo(ChronoUnit.MILLIS);
  }

  /** Weak tags match nothing here (RFC 9110, section 13.1.1). */
  private static List<String> tags(String header) {
    return Arrays.stream(header.split(","))
        .map(String::strip)
        .filter(tag -> tag.equals("*") || (tag.length() > 1 && tag.startsWith("\"")))
        .map(tag -> tag.equals("*") ? tag : tag.substring(1, tag.length() - 1))
        .toList();
  }
}

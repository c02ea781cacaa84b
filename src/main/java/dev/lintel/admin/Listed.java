package dev.lintel.admin;

import dev.lintel.Failure;
import dev.lintel.RawRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the parameters of a question say. */
final class Listed {
  private static final int USUAL = 100;
  private static final int MOST = 1000;

  /** With which every cursor begins that is made here. */
  private static final String AFTER = "after:";

  private static final String NO_CURSOR = "'cursor' must be 'next' of an answer before.";

  private Listed() {}

  /** Throws {@link Failure} that names a parameter which is none of those. */
  static Map<String, String> only(RawRequest request, String... known) {
    List<String> names = Arrays.asList(known);
    for (String name : request.query().keySet()) {
      if (!names.contains(name)) {
        throw Failure.invalid(
                "'" + name + "' is none of the parameters: " + String.join(", ", names) + ".")
            .at(name);
      }
    }
    return request.query();
  }

  /** A time; empty where the parameter is not given. */
  static Optional<Instant> time(RawRequest request, String name) {
    return Optional.ofNullable(request.query().get(name)).map(text -> time(text, name));
  }

  /** Throws {@link Failure} that names the field. */
  static Instant time(String text, String name) {
    try {
      // The plus of an offset is a blank in a query that nobody encoded.
      return Instant.parse(text.replace(' ', '+'));
    } catch (DateTimeParseException wrong) {
      throw Failure.of(
              Failure.Kind.INVALID_REQUEST,
              "'" + name + "' must be a time such as 2026-11-21T12:00:00Z (RFC 3339).",
              wrong)
          .at(name);
    }
  }

  /** The name after which the list goes on; empty where it begins. */
  static String after(RawRequest request) {
    String cursor = request.query().get("cursor");
    if (cursor == null) {
      return "";
    }
    try {
      String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
      if (text.startsWith(AFTER)) {
        return text.substring(AFTER.length());
      }
    } catch (IllegalArgumentException noBase64) {
      throw Failure.of(Failure.Kind.INVALID_REQUEST, NO_CURSOR, noBase64).at("cursor");
    }
    throw Failure.invalid(NO_CURSOR).at("cursor");
  }

  /** The cursor with which {@link #after} finds that name again. */
  static String cursor(String name) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((AFTER + name).getBytes(StandardCharsets.UTF_8));
  }

  /** The most entries of one answer. */
  static int limit(RawRequest request) {
    return limit(request, USUAL, MOST);
  }

  /**
   * @param usual where the parameter is not given
   */
  static int limit(RawRequest request, int usual, int most) {
    String text = request.query().get("limit");
    if (text == null) {
      return usual;
    }
    // More digits than that are not right, and may be too many for a number.
    int limit = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > most) {
      throw Failure.invalid("'limit' must be a whole number from 1 to " + most + ".").at("limit");
    }
    return limit;
  }
}

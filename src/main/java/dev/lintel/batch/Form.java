package dev.lintel.batch;

import dev.lintel.Failure;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A form of {@code multipart/form-data} (RFC 7578) that is in memory as a whole. */
final class Form {
  private static final Pattern BOUNDARY =
      Pattern.compile("boundary=(?:\"([^\"]{1,70})\"|([^;\\s\"]{1,70}))", Pattern.CASE_INSENSITIVE);
  private static final Pattern NAME = Pattern.compile("[; ]name=\"([^\"]*)\"");
  private static final Pattern FILE = Pattern.compile("[; ]filename=\"([^\"]*)\"");

  /**
   * One part: {@code length} bytes from {@code offset} of the body.
   *
   * @param file as the sender calls it; empty where it is no file
   */
  record Part(byte[] body, int offset, int length, Optional<String> file) {
    String text() {
      return new String(body, offset, length, StandardCharsets.UTF_8);
    }
  }

  private final Map<String, Part> parts;

  private Form(Map<String, Part> parts) {
    this.parts = parts;
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} that says what is no form. */
  static Form read(Optional<String> contentType, byte[] body) {
    String type = contentType.orElse("");
    Matcher boundary = BOUNDARY.matcher(type);
    if (!type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data") || !boundary.find()) {
      throw Failure.invalid(
          "The body must be a form: 'content-type: multipart/form-data' with its boundary.");
    }
    String word = boundary.group(1) == null ? boundary.group(2) : boundary.group(1);
    byte[] line = ("--" + word).getBytes(StandardCharsets.ISO_8859_1);
    byte[] end = ("\r\n--" + word).getBytes(StandardCharsets.ISO_8859_1);
    var parts = new LinkedHashMap<String, Part>();
    int first = find(body, line, 0);
    int from = first + line.length;
    while (first >= 0) {
      if (starts(body, from, "--")) {
        return new Form(parts);
      }
      int head = find(body, "\r\n".getBytes(StandardCharsets.US_ASCII), from);
      int blank = find(body, "\r\n\r\n".getBytes(StandardCharsets.US_ASCII), from);
      int next = blank < 0 ? -1 : find(body, end, blank + 2);
      if (head < 0 || next < 0) {
        break;
      }
      String headers = new String(body, head, blank - head, StandardCharsets.UTF_8);
      Matcher name = NAME.matcher(headers);
      if (!name.find()) {
        throw Failure.invalid("A part of the form has no name.");
      }
      int start = blank + 4;
      Matcher file = FILE.matcher(headers);
      parts.put(
          name.group(1),
          new Part(
              body,
              Math.min(start, next),
              Math.max(0, next - start),
              file.find() ? Optional.of(file.group(1)) : Optional.empty()));
      from = next + end.length;
    }
    throw Failure.invalid("The form breaks off: its last boundary is missing.");
  }

  Optional<String> text(String name) {
    return Optional.ofNullable(parts.get(name)).map(Part::text);
  }

  /** The part that is a file; throws {@link Failure} that names it where there is none. */
  Part file(String name) {
    Part part = parts.get(name);
    if (part == null || part.file.isEmpty()) {
      throw Failure.invalid("The form needs a file in its part '" + name + "'.").at(name);
    }
    return part;
  }

  private static boolean starts(byte[] body, int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (at + i >= body.length || body[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static int find(byte[] body, byte[] text, int from) {
    byte first = text[0];
    for (int i = from; i <= body.length - text.length; i++) {
      if (body[i] == first
          && java.util.Arrays.equals(body, i, i + text.length, text, 0, text.length)) {
        return i;
      }
    }
    return -1;
  }
}

package dev.lintel.dialect;

import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The text of a custom tool's call, which other dialects see as the one argument {@code input} of a
 * function: taken out of the arguments while they are still coming. Arguments of any other form are
 * handed on as they are, once they are whole.
 */
final class CustomInput {
  private enum Place {
    BEFORE,
    WITHIN,
    BEHIND
  }

  private final StringBuilder arguments = new StringBuilder();
  private Place place = Place.BEFORE;
  private int looked;

  /** The schema under which the other dialects are told of such a tool. */
  static final JsonNode SCHEMA =
      Json.parse(
          """
          {"type":"object","properties":{"input":{"type":"string"}},"required":["input"],\
          "additionalProperties":false}\
          """);

  /** The text as the arguments of a function. */
  static String wrapped(String input) {
    return OPENING + quoted(input) + CLOSING;
  }

  static final String OPENING = "{\"" + ResponsesWords.INPUT + "\":\"";
  static final String CLOSING = "\"}";

  /** A piece of the text as it stands between the argument's quotes. */
  static String quoted(String piece) {
    byte[] string = Json.string(piece);
    return new String(string, 1, string.length - 2, StandardCharsets.UTF_8);
  }

  /** The text that the next piece of the arguments adds; empty while that cannot be said. */
  String add(String piece) {
    arguments.append(piece);
    if (place == Place.BEFORE) {
      int quote = opening();
      if (quote < 0) {
        return "";
      }
      place = Place.WITHIN;
      looked = quote;
    }
    var text = new StringBuilder();
    int from = looked;
    int end = from;
    // A surrogate's escape is not cut from its other half: pieces end where characters do.
    while (place == Place.WITHIN && end < arguments.length()) {
      char c = arguments.charAt(end);
      if (c == '"') {
        text.append(unquoted(from, end));
        place = Place.BEHIND;
        looked = end + 1;
        return text.toString();
      }
      int next = c == '\\' ? escape(end) : end + 1;
      if (next < 0) {
        break;
      }
      end = next;
    }
    if (place == Place.WITHIN) {
      text.append(unquoted(from, end));
      looked = end;
    }
    return text.toString();
  }

  /** Where an escape ends; -1 where it is not whole yet. */
  private int escape(int at) {
    if (at + 1 >= arguments.length()) {
      return -1;
    }
    if (arguments.charAt(at + 1) != 'u') {
      return at + 2;
    }
    if (at + 6 > arguments.length()) {
      return -1;
    }
    char unit;
    try {
      unit = (char) Integer.parseInt(arguments.substring(at + 2, at + 6), 16);
    } catch (NumberFormatException broken) {
      return at + 6;
    }
    if (!Character.isHighSurrogate(unit)) {
      return at + 6;
    }
    return at + 12 > arguments.length() ? -1 : at + 12;
  }

  private String unquoted(int from, int to) {
    if (from == to) {
      return "";
    }
    String piece = arguments.substring(from, to);
    try {
      return piece.indexOf('\\') < 0 ? piece : Json.parse('"' + piece + '"').asString();
    } catch (JacksonException broken) {
      return piece;
    }
  }

  /** Where the text begins; -1 where its opening has not come, or is another one. */
  private int opening() {
    int at = skip(0, "{");
    at = at < 0 ? at : skip(at, "\"" + ResponsesWords.INPUT + "\"");
    at = at < 0 ? at : skip(at, ":");
    return at < 0 ? at : skip(at, "\"");
  }

  private int skip(int from, String expected) {
    int at = from;
    while (at < arguments.length() && Character.isWhitespace(arguments.charAt(at))) {
      at++;
    }
    return arguments.indexOf(expected, at) == at ? at + expected.length() : -1;
  }

  /** What is left to say once the arguments are whole. */
  String end() {
    if (place != Place.BEFORE) {
      return "";
    }
    String whole = arguments.toString();
    return whole.isBlank() || whole.equals("{}") ? "" : whole;
  }
}

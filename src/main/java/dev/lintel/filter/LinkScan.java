package dev.lintel.filter;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Finds the JSON strings that are web addresses, without reading the JSON: eight bytes at a time,
 * because every call's body passes here and few have one.
 */
final class LinkScan {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;
  private static final long COLONS = ONES * ':';
  private static final long SLASHES = ONES * '\\';

  /** Between a string's quote and what shows that it may be a link. */
  private static final int LONGEST_LEAD = 96;

  /** A host stands before that. */
  private static final int LONGEST_LINK = 4096;

  private LinkScan() {}

  /** The first string that begins as a web address does and that is wanted. */
  static Optional<String> find(byte[] json, Predicate<String> wanted) {
    int i = 0;
    for (int last = json.length - 8; i <= last; i += 8) {
      long word = (long) LONGS.get(json, i);
      if ((has(word ^ COLONS) | has(word ^ SLASHES)) != 0) {
        for (int at = i; at < i + 8; at++) {
          Optional<String> found = at(json, at, wanted);
          if (found.isPresent()) {
            return found;
          }
        }
      }
    }
    for (; i < json.length; i++) {
      Optional<String> found = at(json, i, wanted);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** Not 0 where one of the eight bytes is. */
  private static long has(long word) {
    return (word - ONES) & ~word & HIGHS;
  }

  private static Optional<String> at(byte[] json, int at, Predicate<String> wanted) {
    boolean mark = json[at] == ':' && schemeMayEnd(json, at);
    if (!mark && !(json[at] == '\\' && isPlainEscape(json, at))) {
      return Optional.empty();
    }
    int quote = at - 1;
    while (quote >= 0 && json[quote] != '"') {
      quote--;
      if (at - quote > LONGEST_LEAD) {
        return Optional.empty();
      }
    }
    boolean within = quote > 0 && json[quote - 1] == '\\';
    if (quote < 0 || within || !mayBegin(json[quote + 1])) {
      return Optional.empty();
    }
    String text = plain(unescaped(json, quote + 1));
    boolean link = text.regionMatches(true, 0, "http", 0, 4) && text.indexOf(':') > 0;
    return link && wanted.test(text) ? Optional.of(text) : Optional.empty();
  }

  /** As {@code http} and {@code https} do. */
  private static boolean schemeMayEnd(byte[] json, int colon) {
    int before = colon == 0 ? 0 : json[colon - 1] | 0x20;
    return before == 'p' || before == 's';
  }

  /** Whether a string that begins so may be a link: with its scheme, a space or an escape. */
  private static boolean mayBegin(byte first) {
    return (first | 0x20) == 'h' || first <= ' ' || first == '\\';
  }

  /** Without what those who follow links leave out: WHATWG's URL standard, §4.4. */
  static String plain(String url) {
    String stripped = url.strip();
    return stripped.chars().noneMatch(c -> c == '\t' || c == '\n' || c == '\r')
        ? stripped
        : stripped.replaceAll("[\\t\\n\\r]", "");
  }

  /** An ASCII character that is written as an escape may be one of a scheme's. */
  private static boolean isPlainEscape(byte[] json, int at) {
    return at + 3 < json.length
        && json[at + 1] == 'u'
        && json[at + 2] == '0'
        && json[at + 3] == '0';
  }

  /** The string that begins there, as far as a host may stand in it. */
  private static String unescaped(byte[] json, int from) {
    int end = from;
    boolean escaped = false;
    while (end < json.length && end - from < LONGEST_LINK && json[end] != '"') {
      int step = json[end] == '\\' ? 2 : 1;
      escaped |= step == 2;
      end += step;
    }
    String raw = new String(json, from, Math.min(end, json.length) - from, StandardCharsets.UTF_8);
    return escaped ? unescaped(raw) : raw;
  }

  private static String unescaped(String raw) {
    var plain = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\' || i + 1 == raw.length()) {
        plain.append(c);
        continue;
      }
      i++;
      switch (raw.charAt(i)) {
        case 'u' -> {
          if (i + 4 < raw.length()) {
            plain.append((char) Integer.parseInt(raw, i + 1, i + 5, 16));
          }
          i += 4;
        }
        case 't' -> plain.append('\t');
        case 'n', 'r', 'b', 'f' -> plain.append('\n');
        default -> plain.append(raw.charAt(i));
      }
    }
    return plain.toString();
  }
}

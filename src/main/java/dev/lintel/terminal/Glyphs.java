package dev.lintel.terminal;

import java.lang.Character.UnicodeBlock;
import java.lang.Character.UnicodeScript;
import java.util.EnumSet;
import java.util.Set;

/**
 * Text as a terminal shows it: how many columns it takes, and nothing in it that a terminal would
 * obey. What has no place there is shown as a question mark.
 */
final class Glyphs {
  private static final String CUT = "…";

  /** More on one letter are no language; they would run into other lines. */
  private static final int MOST_MARKS = 2;

  private static final Set<UnicodeScript> WIDE =
      EnumSet.of(
          UnicodeScript.HAN,
          UnicodeScript.HANGUL,
          UnicodeScript.HIRAGANA,
          UnicodeScript.KATAKANA,
          UnicodeScript.BOPOMOFO,
          UnicodeScript.YI);

  private Glyphs() {}

  /** The text as one line that no terminal obeys. */
  static String harmless(String text) {
    var out = new StringBuilder(text.length());
    int marks = MOST_MARKS;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      switch (Character.getType(c)) {
        case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> {
          // A selector of variants changes widths in ways that terminals do not agree on.
          if (marks < MOST_MARKS && !isSelector(c)) {
            out.appendCodePoint(c);
            marks++;
          }
        }
        case Character.CONTROL,
            Character.FORMAT,
            Character.SURROGATE,
            Character.PRIVATE_USE,
            Character.UNASSIGNED,
            Character.LINE_SEPARATOR,
            Character.PARAGRAPH_SEPARATOR -> {
          out.append('?');
          marks = 0;
        }
        case Character.SPACE_SEPARATOR -> {
          out.append(' ');
          marks = 0;
        }
        default -> {
          out.appendCodePoint(c);
          marks = 0;
        }
      }
    }
    return out.toString();
  }

  private static boolean isSelector(int c) {
    return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
  }

  /** The columns that a harmless text takes. */
  static int width(String text) {
    return text.codePoints().map(Glyphs::width).sum();
  }

  private static int width(int c) {
    if (c < 0x300) {
      return 1;
    }
    int type = Character.getType(c);
    if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
      return 0;
    }
    return isWide(c) ? 2 : 1;
  }

  private static boolean isWide(int c) {
    UnicodeBlock block = UnicodeBlock.of(c);
    if (block == UnicodeBlock.HALFWIDTH_AND_FULLWIDTH_FORMS) {
      return c <= 0xff60 || (c >= 0xffe0 && c <= 0xffe6);
    }
    return Character.isEmojiPresentation(c)
        || WIDE.contains(UnicodeScript.of(c))
        || block == UnicodeBlock.CJK_SYMBOLS_AND_PUNCTUATION
        || block == UnicodeBlock.ENCLOSED_CJK_LETTERS_AND_MONTHS
        || block == UnicodeBlock.CJK_COMPATIBILITY;
  }

  /** As much of a harmless text as so many columns hold; where that is not all, it says so. */
  static String cut(String text, int columns) {
    if (width(text) <= columns) {
      return text;
    }
    if (columns < 1) {
      return "";
    }
    int used = 0;
    int end = 0;
    while (end < text.length()) {
      int c = text.codePointAt(end);
      if (used + width(c) > columns - 1) {
        break;
      }
      used += width(c);
      end += Character.charCount(c);
    }
    return text.substring(0, end) + CUT;
  }

  /** The text in exactly so many columns. */
  static String fit(String text, int columns, boolean right) {
    String kept = cut(text, columns);
    String rest = " ".repeat(Math.max(0, columns - width(kept)));
    return right ? rest + kept : kept + rest;
  }
}

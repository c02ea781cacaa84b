package dev.lintel.redact;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes out of a text what tells of people and secrets, and leaves in its place what kind of thing
 * stood there: {@code [email]}. Goes by form, and by the checksum where the form has one; names and
 * addresses of houses it does not know.
 *
 * <p>None of its patterns goes back over what it has read, so that the time grows with the length
 * of the text alone.
 */
public final class Redaction {
  /**
   * One kind of thing.
   *
   * @param hint a character that each of them has; where a text has none it is not looked at
   * @param sure whether what has the form is such a thing
   */
  private record Kind(String name, String hint, Pattern form, Predicate<String> sure) {}

  /** Secrets first: what is in one may look like something else. */
  private static final List<Kind> KINDS =
      List.of(
          kind(
              "key",
              "-",
              "-----BEGIN [A-Z ]{0,40}+PRIVATE KEY-----[A-Za-z0-9+/=\\s]{0,20000}+(?:-----END [A-Z ]{0,40}+PRIVATE KEY-----)?"),
          kind(
              "key",
              ".",
              "\\beyJ[A-Za-z0-9_-]{8,4000}+\\.[A-Za-z0-9_-]{4,8000}+\\.[A-Za-z0-9_-]{4,2000}+"),
          kind(
              "key",
              "",
              "\\b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,300}+|\\b(?:AKIA|ASIA)[A-Z0-9]{16}+\\b|\\bgh[pousr]_[A-Za-z0-9]{20,255}+|\\bgithub_pat_[A-Za-z0-9_]{20,255}+|\\bxox[abprs]-[A-Za-z0-9-]{10,255}+|\\bAIza[A-Za-z0-9_-]{35}+|\\bglpat-[A-Za-z0-9_-]{20,255}+|\\b(?:sk|rk)_live_[A-Za-z0-9]{16,255}+"),
          kind(
              "email",
              "@",
              "(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}+@(?:[A-Za-z0-9-]{1,63}+\\.){1,8}+[A-Za-z]{2,24}+|(?<![\\p{L}0-9._%+-])[\\p{L}0-9._%+-]{1,64}+@(?:[\\p{L}0-9-]{1,63}+\\.){1,8}[\\p{L}]{2,24}+"),
          kind(
              "iban",
              "",
              "\\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}+(?: ?[A-Z0-9]{1,3}+)?\\b",
              Redaction::isIban),
          kind("card", "", "(?<![0-9.])[0-9](?:[ -]?[0-9]){12,18}+(?![0-9])", Redaction::isCard),
          kind("id", "", "(?<![0-9])[1-9][0-9]{16}+[0-9Xx](?![0-9A-Za-z])", Redaction::isChineseId),
          kind("id", "-", "(?<![0-9-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9-])", Redaction::isSsn),
          kind(
              "ip",
              ".",
              "(?<![0-9.])(?:[0-9]{1,3}+\\.){3}[0-9]{1,3}+(?![0-9.])",
              Redaction::isAddress),
          kind(
              "phone",
              "",
              "(?<![0-9A-Za-z+.])(?:\\+[0-9]{1,3}+|\\(?0[0-9]{1,5}+\\)?|\\([0-9]{3}\\)|[0-9]{3}(?=[ -][0-9]{3}[ -][0-9]{4}))(?:[ ./-]{0,2}+\\(?[0-9]{1,5}+\\)?){1,6}+(?![0-9A-Za-z])",
              Redaction::isPhone),
          kind("phone", "1", "(?<![0-9A-Za-z.])1[3-9][0-9]{9}+(?![0-9A-Za-z])"));

  private Redaction() {}

  private static Kind kind(String name, String hint, String form) {
    return kind(name, hint, form, text -> true);
  }

  private static Kind kind(String name, String hint, String form, Predicate<String> sure) {
    return new Kind(name, hint, Pattern.compile(form), sure);
  }

  /** The text without them; itself where there are none. */
  public static String of(String text) {
    String left = text;
    for (Kind kind : KINDS) {
      if (left.contains(kind.hint)) {
        left = without(kind, left);
      }
    }
    return left;
  }

  private static String without(Kind kind, String text) {
    Matcher matcher = kind.form.matcher(text);
    StringBuilder left = null;
    int from = 0;
    while (matcher.find()) {
      if (kind.sure.test(matcher.group())) {
        left = left == null ? new StringBuilder(text.length()) : left;
        left.append(text, from, matcher.start()).append('[').append(kind.name).append(']');
        from = matcher.end();
      }
    }
    return left == null ? text : left.append(text, from, text.length()).toString();
  }

  private static String digits(String text) {
    var digits = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= '0' && text.charAt(i) <= '9') {
        digits.append(text.charAt(i));
      }
    }
    return digits.toString();
  }

  /** By Luhn's formula (ISO/IEC 7812-1, annex B). */
  private static boolean isCard(String text) {
    String digits = digits(text);
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(digits.length() - 1 - i) - '0';
      int weighed = i % 2 == 0 ? digit : digit * 2;
      sum += weighed > 9 ? weighed - 9 : weighed;
    }
    return sum % 10 == 0 && digits.chars().distinct().count() > 1;
  }

  /** Modulo 97 (ISO 13616, ISO/IEC 7064). */
  private static boolean isIban(String text) {
    String plain = text.replace(" ", "");
    if (plain.length() < 15 || plain.length() > 34) {
      return false;
    }
    int rest = 0;
    for (char c : (plain.substring(4) + plain.substring(0, 4)).toCharArray()) {
      int value = Character.digit(c, 36);
      rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
    }
    return rest == 1;
  }

  /** With its check digit, modulo 11-2 (GB 11643-1999). */
  private static boolean isChineseId(String text) {
    int[] weights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += (text.charAt(i) - '0') * weights[i];
    }
    return "10X98765432".charAt(sum % 11) == Character.toUpperCase(text.charAt(17));
  }

  /** Numbers that the Social Security Administration never gives are none. */
  private static boolean isSsn(String text) {
    return !text.startsWith("000")
        && !text.startsWith("666")
        && text.charAt(0) != '9'
        && !text.startsWith("00", 4)
        && !text.endsWith("0000");
  }

  private static boolean isAddress(String text) {
    for (String part : text.split("\\.", -1)) {
      if (Integer.parseInt(part) > 255) {
        return false;
      }
    }
    return true;
  }

  private static boolean isPhone(String text) {
    int digits = digits(text).length();
    return digits >= 8 && digits <= 15;
  }
}

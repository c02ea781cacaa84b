package dev.lintel;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;

/** Names that stand for one thing alone, and secrets. */
public final class Ids {
  private static final char[] DIGITS = "0123456789abcdefghijklmnopqrstuv".toCharArray();

  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** A new request id: {@code req_} and 26 characters, the first of which grow with time. */
  public static String request() {
    return of("req_");
  }

  /** A new id: the prefix and 26 characters, the first of which grow with time. */
  public static String of(String prefix) {
    int from = prefix.length();
    char[] id = new char[from + 26];
    prefix.getChars(0, from, id, 0);
    write(System.currentTimeMillis(), id, from, 9);
    write(ThreadLocalRandom.current().nextLong(), id, from + 9, 12);
    write(ThreadLocalRandom.current().nextLong(), id, from + 21, 5);
    return new String(id);
  }

  /**
   * A new secret of that many letters and digits, nearly 6 bits each, that nobody can guess.
   *
   * @param prefix with which it begins
   */
  public static String secret(String prefix, int length) {
    var random = new byte[(length * 3 + 3) / 4];
    RANDOM.nextBytes(random);
    return prefix
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(random)
            .replace('-', 'x')
            .replace('_', 'y')
            .substring(0, length);
  }

  private static void write(long value, char[] into, int offset, int digits) {
    long rest = value;
    for (int i = offset + digits - 1; i >= offset; i--) {
      into[i] = DIGITS[(int) (rest & 31)];
      rest >>>= 5;
    }
  }
}

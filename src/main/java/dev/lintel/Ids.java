package dev.lintel;

import java.util.concurrent.ThreadLocalRandom;

/** Names for calls. */
public final class Ids {
  private static final char[] DIGITS = "0123456789abcdefghijklmnopqrstuv".toCharArray();

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

  private static void write(long value, char[] into, int offset, int digits) {
    long rest = value;
    for (int i = offset + digits - 1; i >= offset; i--) {
      into[i] = DIGITS[(int) (rest & 31)];
      rest >>>= 5;
    }
  }
}

package dev.lintel;

import java.util.concurrent.ThreadLocalRandom;

/** Names for calls. */
public final class Ids {
  private static final char[] DIGITS = "0123456789abcdefghijklmnopqrstuv".toCharArray();

  private Ids() {}

  /** A new request id: {@code req_} and 26 characters, the first of which grow with time. */
  public static String request() {
    char[] id = new char[30];
    "req_".getChars(0, 4, id, 0);
    write(System.currentTimeMillis(), id, 4, 9);
    write(ThreadLocalRandom.current().nextLong(), id, 13, 12);
    write(ThreadLocalRandom.current().nextLong(), id, 25, 5);
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

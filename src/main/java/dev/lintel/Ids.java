package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Names that stand for one thing alone, and secrets. */
public final class Ids {
  private static final char[] DIGITS = "0123456789abcdefghijklmnopqrstuv".toCharArray();
  private static final String REQUEST = "req_";

  /** Of milliseconds, and of the microseconds beyond them. */
  private static final int MILLIS = 9;

  private static final int MICROS = 2;

  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** A new id of a trace: 32 hexadecimal digits (W3C Trace Context §3.2.2.3). */
  public static String trace() {
    var random = ThreadLocalRandom.current();
    var id = new byte[32];
    hex(random.nextLong(), id, 0);
    // Never all zeros, which would be none.
    hex(random.nextLong() | 1, id, 16);
    return new String(id, StandardCharsets.ISO_8859_1);
  }

  /** A new request id: {@code req_} and 26 characters, the first of which grow with time. */
  public static String request() {
    return request(Instant.now());
  }

  /** The same for a call that came at that time. */
  public static String request(Instant time) {
    return of(REQUEST, time);
  }

  /** A new id: the prefix and 26 characters, the first of which grow with time. */
  public static String of(String prefix) {
    return of(prefix, Instant.now());
  }

  private static String of(String prefix, Instant time) {
    int from = prefix.length() + MILLIS + MICROS;
    char[] id = timed(prefix, time, 15);
    write(ThreadLocalRandom.current().nextLong(), id, from, 12);
    write(ThreadLocalRandom.current().nextLong(), id, from + 12, 3);
    return new String(id);
  }

  /**
   * What stands before the ids of all requests that came at that time or later, and after those of
   * all that came before; to the microsecond.
   */
  public static String before(Instant time) {
    return new String(timed(REQUEST, time, 0));
  }

  /** Whether it is made as the id of a request is, which says not that there is one. */
  static boolean mayBe(String id) {
    if (!id.startsWith(REQUEST) || id.length() > REQUEST.length() + 26) {
      return false;
    }
    for (int i = REQUEST.length(); i < id.length(); i++) {
      if (!Character.isLetterOrDigit(id.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * When the request of that id came, to the microsecond; empty where the id is not one of a
   * request's.
   */
  public static Optional<Instant> time(String id) {
    if (!mayBe(id) || id.length() != REQUEST.length() + 26) {
      return Optional.empty();
    }
    try {
      int millisEnd = REQUEST.length() + MILLIS;
      long millis = Long.parseLong(id, REQUEST.length(), millisEnd, 32);
      long micros = Long.parseLong(id, millisEnd, millisEnd + MICROS, 32);
      return Optional.of(Instant.ofEpochMilli(millis).plusNanos(micros * 1000));
    } catch (NumberFormatException notOurs) {
      return Optional.empty();
    }
  }

  private static char[] timed(String prefix, Instant time, int more) {
    int from = prefix.length();
    char[] id = new char[from + MILLIS + MICROS + more];
    prefix.getChars(0, from, id, 0);
    // Of the years in which nobody calls, the nearest in which somebody might.
    long seconds = Math.clamp(time.getEpochSecond(), 0L, (1L << 45) / 1000 - 1);
    int nano = time.getEpochSecond() == seconds ? time.getNano() : 0;
    write(seconds * 1000 + nano / 1_000_000, id, from, MILLIS);
    write(nano / 1000 % 1000, id, from + MILLIS, MICROS);
    return id;
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

  private static void hex(long value, byte[] into, int from) {
    long rest = value;
    for (int i = from + 15; i >= from; i--) {
      int digit = (int) rest & 15;
      into[i] = (byte) (digit + (digit < 10 ? '0' : 'a' - 10));
      rest >>>= 4;
    }
  }

  private static void write(long value, char[] into, int offset, int digits) {
    long rest = value;
    for (int i = offset + digits - 1; i >= offset; i--) {
      into[i] = DIGITS[(int) (rest & 31)];
      rest >>>= 5;
    }
  }
}

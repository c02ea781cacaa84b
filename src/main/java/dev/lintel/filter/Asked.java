package dev.lintel.filter;

import dev.lintel.Form;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What stands for a request: the same for the same question. A form's boundary is no part of it,
 * for clients make a new one up for each try.
 */
final class Asked {
  private static final byte[] BETWEEN_PARTS = {'\r', '\n', 0, '\r', '\n'};

  private final MessageDigest hash;
  private final byte @Nullable [] delimiter;
  private byte[] rest = {};

  /** Throws {@link dev.lintel.Failure} where a form has no boundary. */
  Asked(String contentType) {
    try {
      hash = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
    boolean form = Form.is(contentType);
    delimiter =
        form ? ("\r\n--" + Form.boundary(contentType)).getBytes(StandardCharsets.ISO_8859_1) : null;
  }

  Asked line(String text) {
    hash.update((text + '\n').getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Before the first bytes of the body, whose first boundary may stand at its very beginning. */
  Asked body() {
    rest = delimiter == null ? rest : new byte[] {'\r', '\n'};
    return this;
  }

  void add(byte[] bytes) {
    byte[] wanted = delimiter;
    if (wanted == null) {
      hash.update(bytes);
      return;
    }
    byte[] all = Arrays.copyOf(rest, rest.length + bytes.length);
    System.arraycopy(bytes, 0, all, rest.length, bytes.length);
    int from = 0;
    int at = 0;
    // A boundary has no line end in it, so that nothing is looked at more than twice.
    for (; at <= all.length - wanted.length; at++) {
      if (all[at] == '\r' && Arrays.equals(all, at, at + wanted.length, wanted, 0, wanted.length)) {
        hash.update(all, from, at - from);
        hash.update(BETWEEN_PARTS);
        from = at + wanted.length;
        at = from - 1;
      }
    }
    int sure = Math.max(from, Math.min(at, all.length));
    hash.update(all, from, sure - from);
    rest = Arrays.copyOfRange(all, sure, all.length);
  }

  byte[] digest() {
    return hash.digest(rest);
  }
}

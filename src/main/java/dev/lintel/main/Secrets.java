package dev.lintel.main;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;

/** What must not be guessed: made and compared. */
final class Secrets {
  private Secrets() {}

  /** 32 bytes that nobody knows. */
  static byte[] random() {
    var bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  /** Takes the same time wherever the two differ. */
  static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}

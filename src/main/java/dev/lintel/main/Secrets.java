package dev.lintel.main;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Comparing what must not be guessed. */
final class Secrets {
  private Secrets() {}

  /** Takes the same time wherever the two differ. */
  static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}

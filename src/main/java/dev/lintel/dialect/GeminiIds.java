package dev.lintel.dialect;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Ids for calls that came without, as Gemini's often do; they are not sent back to it. */
final class GeminiIds {
  private static final String MADE = "call_gemini_";

  private static final SecureRandom RANDOM = new SecureRandom();

  private GeminiIds() {}

  /** Unlike any other. */
  static String next() {
    byte[] bytes = new byte[12];
    RANDOM.nextBytes(bytes);
    return MADE + HexFormat.of().formatHex(bytes);
  }

  /** Of a conversation's call of that number among those without: always the same. */
  static String of(int number) {
    return MADE + number;
  }

  /** Whether the id is one of these. */
  static boolean made(String id) {
    return id.startsWith(MADE);
  }
}

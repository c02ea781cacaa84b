package dev.lintel.dialect;

import dev.lintel.Chat;
import dev.lintel.Tool;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Tool names that OpenAI takes: 1 to 64 characters of {@code [a-zA-Z0-9_-]}. Another name goes out
 * as its first 55 characters and 8 hex digits of its SHA-256, and comes back as it was.
 */
final class OpenAiToolNames {
  private static final int LONGEST = 64;
  private static final int KEPT = 55;
  private static final String UNNAMED = "unnamed";

  private OpenAiToolNames() {}

  static String out(String name) {
    if (name.isBlank()) {
      return UNNAMED;
    }
    boolean legal = name.length() <= LONGEST;
    var kept = new StringBuilder(LONGEST);
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      boolean digit = c >= '0' && c <= '9';
      boolean allowed = letter || digit || c == '_' || c == '-';
      legal &= allowed;
      if (kept.length() < KEPT) {
        kept.append(allowed ? c : '_');
      }
    }
    return legal ? name : kept + "_" + hex(name, 8);
  }

  /** From the names that went out otherwise to the caller's; empty where none did. */
  static Map<String, String> back(Chat chat) {
    if (OpenAiChat.speaks(chat)) {
      return Map.of();
    }
    var map = new HashMap<String, String>();
    for (Tool tool : chat.prompt().tools()) {
      if (tool instanceof Tool.Function function) {
        String sent = out(function.name());
        if (!sent.equals(function.name())) {
          map.put(sent, function.name());
        }
      }
    }
    return map;
  }

  /** The first digits of a text's SHA-256. */
  static String hex(String text, int digits) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash).substring(0, digits);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}

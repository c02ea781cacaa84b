package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Block;
import dev.lintel.Prompt;
import dev.lintel.Tool;
import dev.lintel.Turn;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Names of tools and ids of calls, as Google wants them and back.
 *
 * <p>Google takes function names of 64 characters that begin with a letter or underscore and hold
 * letters, digits, {@code _ . : -} (reference of {@code FunctionDeclaration}). Another name is cut
 * and ends in a digest of the whole, so that it can be found again among the request's own.
 */
final class GeminiNames {
  static final GeminiNames NONE = new GeminiNames(Map.of());

  private static final int LONGEST = 64;
  private static final int KEPT = 55;

  /** Begins the ids of calls that Gemini gave none, which therefore are not sent back to it. */
  private static final String MADE = "call_gemini_";

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Map<String, String> originals;

  private GeminiNames(Map<String, String> originals) {
    this.originals = originals;
  }

  static GeminiNames of(Prompt prompt) {
    var map = new HashMap<String, String>();
    for (Tool tool : prompt.tools()) {
      if (tool instanceof Tool.Function function) {
        remember(function.name(), map);
      }
    }
    for (Turn turn : prompt.turns()) {
      for (Block block : turn.blocks()) {
        if (block instanceof Block.ToolUse use) {
          remember(use.name(), map);
        }
      }
    }
    return map.isEmpty() ? NONE : new GeminiNames(map);
  }

  private static void remember(String name, Map<String, String> map) {
    String sent = safe(name);
    if (!sent.equals(name)) {
      map.put(sent, name);
    }
  }

  /** The caller's own name for the tool. */
  String original(String sent) {
    return originals.getOrDefault(sent, sent);
  }

  /** The name as Google takes it. */
  static String safe(String name) {
    boolean fits = !name.isEmpty() && name.length() <= LONGEST && begins(name.charAt(0));
    for (int i = 0; i < name.length() && fits; i++) {
      fits = goesOn(name.charAt(i));
    }
    if (fits) {
      return name;
    }
    var out = new StringBuilder(LONGEST);
    if (name.isEmpty() || !begins(name.charAt(0))) {
      out.append('_');
    }
    for (int i = 0; i < name.length() && out.length() < KEPT; i++) {
      out.append(goesOn(name.charAt(i)) ? name.charAt(i) : '_');
    }
    return out.append('_').append(digest(name)).toString();
  }

  /** An id for a call that came without; unlike any other. */
  static String id() {
    byte[] bytes = new byte[12];
    RANDOM.nextBytes(bytes);
    return MADE + HexFormat.of().formatHex(bytes);
  }

  /** The id of a conversation's call of that number among those without: always the same. */
  static String id(int number) {
    return MADE + number;
  }

  /** Whether the id is one of the gateway's own. */
  static boolean made(String id) {
    return id.startsWith(MADE);
  }

  private static boolean begins(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }

  private static boolean goesOn(char c) {
    return begins(c) || (c >= '0' && c <= '9') || c == '.' || c == ':' || c == '-';
  }

  private static String digest(String name) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, 4);
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException("every JDK has SHA-256", never);
    }
  }
}

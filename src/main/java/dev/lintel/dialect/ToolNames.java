package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Block;
import dev.lintel.Chat;
import dev.lintel.Prompt;
import dev.lintel.Tool;
import dev.lintel.Turn;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tool names that a provider takes: letters and digits of ASCII, {@code _}, {@code -} and what is
 * {@code allowed} beside them. Another name goes out as its beginning and 8 hex digits of its
 * SHA-256, and comes back as it was.
 *
 * @param longest in characters
 * @param lettered whether a name has to begin with a letter or underscore
 */
record ToolNames(int longest, String allowed, boolean lettered) {
  static final ToolNames OPENAI = new ToolNames(64, "", false);

  /** Its own error says so: https://github.com/anthropics/claude-code/issues/96152 (2026-09). */
  static final ToolNames ANTHROPIC = new ToolNames(128, "", false);

  /** {@code ToolName} of its API. */
  static final ToolNames BEDROCK = new ToolNames(64, "", false);

  /** Reference of {@code FunctionDeclaration}. */
  static final ToolNames GEMINI = new ToolNames(64, ".:", true);

  /** Cohere documents no limit; these letters are known to work. */
  static final ToolNames COHERE = OPENAI;

  private static final int DIGITS = 8;
  private static final String UNNAMED = "unnamed";

  String out(String name) {
    if (name.isBlank()) {
      return UNNAMED;
    }
    var kept = new StringBuilder(longest);
    char first = name.charAt(0);
    if (lettered && first != '_' && !isLetter(first)) {
      kept.append('_');
    }
    boolean legal = kept.isEmpty() && name.length() <= longest;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean fits = isLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
      fits |= allowed.indexOf(c) >= 0;
      legal &= fits;
      if (kept.length() < longest - 1 - DIGITS) {
        kept.append(fits ? c : '_');
      }
    }
    return legal ? name : kept + "_" + hex(name, DIGITS);
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /** The caller's names in a reply; they are looked for once it calls a tool. */
  static final class Back {
    private final ToolNames names;
    private final Chat chat;
    private @Nullable Map<String, String> known;

    /**
     * @param same whether all names went out as they came
     */
    Back(ToolNames names, Chat chat, boolean same) {
      this.names = names;
      this.chat = chat;
      this.known = same ? Map.of() : null;
    }

    String of(String sent) {
      Map<String, String> back = known;
      if (back == null) {
        back = names.back(chat.prompt());
        known = back;
      }
      return back.getOrDefault(sent, sent);
    }
  }

  /** From the names that went out otherwise to the caller's; empty where none did. */
  private Map<String, String> back(Prompt prompt) {
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
    return map;
  }

  private void remember(String name, Map<String, String> map) {
    String sent = out(name);
    if (!sent.equals(name)) {
      map.put(sent, name);
    }
  }

  /** The first digits of a text's SHA-256. */
  static String hex(String text, int digits) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash).substring(0, digits);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}

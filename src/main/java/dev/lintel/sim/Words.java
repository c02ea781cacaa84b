package dev.lintel.sim;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Text that looks like language and is decided by its seed alone. */
final class Words {
  private static final List<String> VOCABULARY =
      List.of(
          "a", "beam", "above", "the", "gate", "carries", "every", "load", "that", "passes",
          "below", "it", "and", "light", "falls", "on", "old", "stone", "while", "quiet", "water",
          "turns", "small", "wheels", "of", "oak", "near", "an", "open", "door", "in", "spring",
          "where", "birds", "count", "slow", "hours", "until", "evening", "comes", "home", "again");

  private Words() {}

  /** The first bytes of the text's SHA-256 as a number. */
  static long seed(String text) {
    byte[] digest = digest(text.getBytes(StandardCharsets.UTF_8));
    long seed = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      seed = (seed << 8) | (digest[i] & 0xff);
    }
    return seed;
  }

  /** Letters and digits that look like an id. */
  static String token(String seed, int length) {
    return HexFormat.of()
        .formatHex(digest(seed.getBytes(StandardCharsets.UTF_8)))
        .substring(0, length);
  }

  /** Sentences of that many words in all. */
  static String sentences(Random random, int words) {
    var text = new StringBuilder();
    int left = 0;
    for (int i = 0; i < words; i++) {
      String word = VOCABULARY.get(random.nextInt(VOCABULARY.size()));
      if (left == 0) {
        left = 6 + random.nextInt(6);
        word = Character.toUpperCase(word.charAt(0)) + word.substring(1);
      }
      left--;
      text.append(i == 0 ? "" : " ").append(word);
      if (left == 0 || i == words - 1) {
        text.append('.');
        left = 0;
      }
    }
    return text.toString();
  }

  /** The text cut before each space, which is how the simulator counts tokens. */
  static List<String> pieces(String text) {
    var pieces = new ArrayList<String>();
    int from = 0;
    for (int i = 1; i < text.length(); i++) {
      if (text.charAt(i) == ' ') {
        pieces.add(text.substring(from, i));
        from = i;
      }
    }
    if (from < text.length()) {
      pieces.add(text.substring(from));
    }
    return pieces;
  }

  /** The text cut into runs of that many characters, surrogate pairs kept whole. */
  static List<String> runs(String text, int length) {
    var runs = new ArrayList<String>();
    int from = 0;
    while (from < text.length()) {
      int to = Math.min(text.length(), from + length);
      if (to < text.length() && Character.isLowSurrogate(text.charAt(to))) {
        to++;
      }
      runs.add(text.substring(from, to));
      from = to;
    }
    return runs;
  }

  /** The first words, with an ellipsis where there are more. */
  static String first(String text, int words) {
    List<String> pieces = pieces(text.strip());
    return pieces.size() <= words ? text.strip() : String.join("", pieces.subList(0, words)) + " …";
  }

  static byte[] digest(byte[]... runs) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (byte[] run : runs) {
        sha.update(run);
      }
      return sha.digest();
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("every JDK has SHA-256", missing);
    }
  }
}

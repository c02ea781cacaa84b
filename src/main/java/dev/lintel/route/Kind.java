package dev.lintel.route;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Extent;
import dev.lintel.Inbound;
import dev.lintel.Request;
import java.util.List;

/**
 * Which calls are like one another: streamed or not, with tools or without, with pictures or
 * without, by the prompt's length (under 500, 4,000 and 32,000 tokens, and longer), and by the term
 * {@code use_case}, of which there are eight by its hash. No conversation is read for it: a picture
 * is looked for in the first 8 KB.
 */
final class Kind {
  private static final int LENGTHS = 4;
  private static final int USE_CASES = 8;

  /** How many kinds there are. */
  static final int COUNT = 2 * 2 * 2 * LENGTHS * USE_CASES;

  private static final List<String> TOOLS = List.of("tools", "functions", "toolConfig");
  private static final byte[] IMAGE = {'"', 'i', 'm', 'a', 'g', 'e'};
  private static final int LOOKED_AT = 8 << 10;

  private Kind() {}

  /** From 0 to {@link #COUNT}. */
  static int of(Call call) {
    Request request = call.request();
    int kind = 0;
    long tokens;
    if (request instanceof Chat chat) {
      kind = chat.stream() ? 1 : 0;
      if (chat.original().isPresent()) {
        Inbound original = chat.original().get();
        kind = 2 * kind + (hasTools(original.body()) ? 1 : 0);
        kind = 2 * kind + (hasImage(original.body().bytes()) ? 1 : 0);
        tokens = chat.estimatedTokens();
      } else {
        kind = 2 * kind + (Extent.tools(chat) > 0 ? 1 : 0);
        kind = 2 * kind + (Extent.images(chat) > 0 ? 1 : 0);
        tokens = Extent.inputTokens(chat);
      }
    } else {
      tokens = Extent.inputTokens(request);
    }
    return (kind * LENGTHS + length(tokens)) * USE_CASES
        + call.terms().get("use_case").map(Kind::useCase).orElse(0);
  }

  private static boolean hasTools(Body body) {
    for (String name : TOOLS) {
      if (body.has(name)) {
        return true;
      }
    }
    return false;
  }

  private static int length(long tokens) {
    return tokens < 500 ? 0 : tokens < 4_000 ? 1 : tokens < 32_000 ? 2 : 3;
  }

  private static int useCase(String name) {
    int hash = name.hashCode() * 0x9e3779b9;
    return hash >>> 32 - Integer.numberOfTrailingZeros(USE_CASES);
  }

  /** Every dialect says so by a key, a type or a media type that begins with it. */
  private static boolean hasImage(byte[] bytes) {
    int end = Math.min(bytes.length, LOOKED_AT);
    for (int last = IMAGE.length - 1; last < end; ) {
      int step = step(bytes[last]);
      if (step == 0 && isImage(bytes, last - IMAGE.length + 1)) {
        return true;
      }
      last += Math.max(1, step);
    }
    return false;
  }

  /** How far the text may be moved on where it would end with that byte (Horspool, 1980). */
  private static int step(byte last) {
    return switch (last) {
      case 'e' -> 0;
      case 'g' -> 1;
      case 'a' -> 2;
      case 'm' -> 3;
      case 'i' -> 4;
      case '"' -> 5;
      default -> IMAGE.length;
    };
  }

  private static boolean isImage(byte[] bytes, int at) {
    for (int i = 0; i < IMAGE.length; i++) {
      if (bytes[at + i] != IMAGE[i]) {
        return false;
      }
    }
    return true;
  }
}

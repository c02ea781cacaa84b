package dev.lintel.filter;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * How much a model says in JSON of any vendor's, in one piece or in events: the bytes of what
 * stands under the names that vendors have for text. Reads byte by byte, so that a piece may end
 * anywhere.
 */
final class Said {
  private static final Set<String> NAMES =
      Set.of(
          "content",
          "text",
          "delta",
          "refusal",
          "thinking",
          "reasoning",
          "reasoning_content",
          "arguments",
          "partial_json");

  private static final int LONGEST = 17;

  private final byte[] name = new byte[LONGEST];
  private int length;
  private boolean inside;
  private boolean escaped;
  private boolean named;

  /** The string that was read last was a name that counts. */
  private boolean counting;

  private long run;
  private long bytes;

  long bytes() {
    return bytes;
  }

  void hear(byte[] piece) {
    for (byte b : piece) {
      if (inside) {
        string(b);
      } else if (b == '"') {
        inside = true;
        length = 0;
        run = 0;
      } else if (b == ':') {
        counting = named;
        named = false;
      } else if (b == ',' || b == '{' || b == '[' || b == '\n') {
        counting = false;
        named = false;
      }
    }
  }

  private void string(byte b) {
    if (escaped) {
      escaped = false;
      run++;
    } else if (b == '\\') {
      escaped = true;
    } else if (b == '"') {
      inside = false;
      if (counting) {
        bytes += run;
        counting = false;
      }
      named =
          run == length && NAMES.contains(new String(name, 0, length, StandardCharsets.US_ASCII));
    } else {
      run++;
      if (length < LONGEST) {
        name[length++] = b;
      }
    }
  }
}

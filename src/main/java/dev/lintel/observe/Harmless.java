package dev.lintel.observe;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Lines that whoever reads them can trust to be lines: nothing in them ends a line, or is obeyed by
 * a terminal.
 */
public final class Harmless {
  private static final HexFormat HEX = HexFormat.of();

  /** How what may be a secret begins. */
  private static final List<byte[]> SECRETS =
      List.of(
              "sk-",
              "pk-",
              "rk-",
              "sk_live_",
              "rk_live_",
              "lintel-admin-",
              "AKIA",
              "ASIA",
              "ghp_",
              "gho_",
              "ghu_",
              "ghs_",
              "ghr_",
              "github_pat_",
              "xox",
              "AIza",
              "glpat-",
              "eyJ",
              "-----BEGIN",
              "earer ",
              "gsk_",
              "xai-",
              "pplx-",
              "nvapi-",
              "hf_",
              "r8_",
              "fw_",
              "ya29.",
              "://")
          .stream()
          .map(hint -> hint.getBytes(StandardCharsets.US_ASCII))
          .toList();

  private static final byte PLAIN = 0;
  private static final byte CONTROL = -1;

  /** Those that begin with the same two bytes, by the number that {@link #PAIRS} has for them. */
  private static final List<List<byte[]>> ALIKE = new ArrayList<>(List.of(List.of()));

  /** What two bytes, one after the other, may be the beginning of. */
  private static final byte[] PAIRS = pairs();

  private Harmless() {}

  private static byte[] pairs() {
    var pairs = new byte[1 << 16];
    for (byte[] hint : SECRETS) {
      int pair = hint[0] << 8 | hint[1];
      if (pairs[pair] == PLAIN) {
        pairs[pair] = (byte) ALIKE.size();
        ALIKE.add(new ArrayList<>());
      }
      ALIKE.get(pairs[pair]).add(hint);
    }
    for (int first = 0; first < 256; first++) {
      for (int control = 0; control < ' '; control++) {
        pairs[first << 8 | control] = CONTROL;
      }
      pairs[first << 8 | 0x7f] = CONTROL;
    }
    // As UTF-8 has U+0080 to U+009F, and begins U+2028 to U+202E and U+2066 to U+2069.
    for (int control = 0x80; control < 0xa0; control++) {
      pairs[0xc2 << 8 | control] = CONTROL;
    }
    pairs[0xe2 << 8 | 0x80] = CONTROL;
    pairs[0xe2 << 8 | 0x81] = CONTROL;
    return pairs;
  }

  /**
   * What has to be done for a line: a look at every byte of every record costs less than doing it.
   */
  record Look(boolean secret, boolean control) {
    private static final Look NEITHER = new Look(false, false);

    /** Of the text in UTF-8. */
    static Look at(byte[] text) {
      boolean secret = false;
      boolean control = false;
      int pair = ' ';
      for (int i = 0; i < text.length; i++) {
        pair = ((pair << 8) | (text[i] & 0xff)) & 0xffff;
        byte kind = PAIRS[pair];
        if (kind != PLAIN) {
          control |= kind == CONTROL;
          secret |= kind != CONTROL && !secret && isSecret(text, i - 1, ALIKE.get(kind));
        }
      }
      return secret || control ? new Look(secret, control) : NEITHER;
    }
  }

  private static boolean isSecret(byte[] text, int from, List<byte[]> alike) {
    for (byte[] hint : alike) {
      if (begins(text, from, hint)) {
        return true;
      }
    }
    return false;
  }

  private static boolean begins(byte[] text, int from, byte[] hint) {
    if (text.length - from < hint.length) {
      return false;
    }
    for (int i = 0; i < hint.length; i++) {
      if (text[from + i] != hint[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * The JSON with all that a terminal might obey, or a reader take for the end of a line, in the
   * way JSON writes it. Outside of texts it must have none of that.
   */
  static byte[] json(byte[] json) {
    return escaped(new String(json, StandardCharsets.UTF_8), "").getBytes(StandardCharsets.UTF_8);
  }

  /** The text as one line. */
  public static String line(String text) {
    return escaped(text, "\n\r\t");
  }

  private static String escaped(String text, String brief) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (harms(c)) {
        out = out == null ? new StringBuilder(text.length() + 16).append(text, 0, i) : out;
        int known = brief.indexOf(c);
        if (known >= 0) {
          out.append('\\').append("nrt".charAt(known));
        } else {
          out.append("\\u").append(HEX.toHexDigits(c));
        }
      } else if (out != null) {
        out.append(c);
      }
    }
    return out == null ? text : out.toString();
  }

  /** Control characters, the ends of lines and paragraphs, and what turns the direction of text. */
  private static boolean harms(char c) {
    return c < ' '
        || (c >= 0x7f && c < 0xa0)
        || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2066 && c <= 0x2069);
  }
}

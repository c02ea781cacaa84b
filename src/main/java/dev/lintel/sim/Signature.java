package dev.lintel.sim;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * The proof that a thought or a tool call was made here and has not been changed since: 684
 * characters of base64, as long as the vendors' own can be. It says what it was made for, so that
 * it can be checked without a memory of earlier calls.
 */
final class Signature {
  private static final int BLOCKS = 16;
  private static final int BLOCK = 32;

  private Signature() {}

  static String of(Vendor vendor, String what) {
    byte[] bytes = new byte[BLOCKS * BLOCK];
    byte[] first =
        Words.digest(
            vendor.dialect().getBytes(StandardCharsets.UTF_8),
            new byte[] {0},
            what.getBytes(StandardCharsets.UTF_8));
    fill(bytes, first);
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Whether the signature was made for exactly that. */
  static boolean proves(String signature, Vendor vendor, String what) {
    return standard(signature).equals(of(vendor, what));
  }

  /** Whether the signature was made here, for whatever it was. */
  static boolean genuine(String signature) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(standard(signature));
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
    if (bytes.length != BLOCKS * BLOCK) {
      return false;
    }
    byte[] expected = new byte[bytes.length];
    fill(expected, Arrays.copyOf(bytes, BLOCK));
    return Arrays.equals(bytes, expected);
  }

  /** Google takes the alphabet of URLs as well, and its SDK for Python writes it. */
  private static String standard(String base64) {
    return base64.replace('-', '+').replace('_', '/');
  }

  /** The first block, then of each block the digest of the one before it. */
  private static void fill(byte[] bytes, byte[] first) {
    byte[] block = first;
    for (int i = 0; i < BLOCKS; i++) {
      System.arraycopy(block, 0, bytes, i * BLOCK, BLOCK);
      block = Words.digest(block);
    }
  }
}

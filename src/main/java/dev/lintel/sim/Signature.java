package dev.lintel.sim;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * The proof that a thought or a tool call was made here and has not been changed since: base64, as
 * long as the vendors' own can be. It says whose it is and what it was made for, so that it can be
 * checked without a memory of earlier calls.
 */
final class Signature {
  private static final int BLOCK = 32;

  private Signature() {}

  /**
   * @param characters how long about it is
   */
  static String of(Vendor vendor, String what, int characters) {
    byte[] bytes = new byte[Math.max(1, characters / 4 * 3 / BLOCK) * BLOCK];
    byte[] first =
        Words.digest(
            vendor.dialect().getBytes(StandardCharsets.UTF_8),
            new byte[] {0},
            what.getBytes(StandardCharsets.UTF_8));
    first[0] = (byte) vendor.ordinal();
    fill(bytes, first);
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Whether the signature was made for exactly that. */
  static boolean proves(String signature, Vendor vendor, String what) {
    String plain = standard(signature);
    return plain.equals(of(vendor, what, plain.length()));
  }

  /** Whether the vendor made the signature, for whatever it was. */
  static boolean genuine(String signature, Vendor vendor) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(standard(signature));
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
    if (bytes.length == 0 || bytes.length % BLOCK != 0 || bytes[0] != vendor.ordinal()) {
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
    for (int at = 0; at < bytes.length; at += BLOCK) {
      System.arraycopy(block, 0, bytes, at, BLOCK);
      block = Words.digest(block);
    }
  }
}

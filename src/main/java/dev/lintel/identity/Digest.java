package dev.lintel.identity;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** 256 bits as four numbers, which take less room than their text. */
record Digest(long a, long b, long c, long d) {
  /** Of the 64 hexadecimal digits that {@link Maker#hex} gives. */
  static Digest of(String hex) {
    return new Digest(part(hex, 0), part(hex, 16), part(hex, 32), part(hex, 48));
  }

  private static long part(String hex, int from) {
    return HexFormat.fromHexDigitsToLong(hex, from, from + 16);
  }

  /** They are random themselves. */
  @Override
  public int hashCode() {
    return (int) a;
  }

  /** HMAC-SHA-256 under one secret. */
  static final class Maker {
    private static final String ALGORITHM = "HmacSHA256";

    /** Never used itself: a copy has the secret worked in already. */
    private final Mac mac;

    Maker(byte[] secret) {
      try {
        mac = Mac.getInstance(ALGORITHM);
        mac.init(new SecretKeySpec(secret, ALGORITHM));
      } catch (GeneralSecurityException everyJdkHasIt) {
        throw new IllegalStateException(everyJdkHasIt);
      }
    }

    Digest of(String text) {
      ByteBuffer bytes = ByteBuffer.wrap(bytes(text));
      return new Digest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    String hex(String text) {
      return HexFormat.of().formatHex(bytes(text));
    }

    byte[] bytes(String text) {
      try {
        return ((Mac) mac.clone()).doFinal(text.getBytes(StandardCharsets.UTF_8));
      } catch (CloneNotSupportedException everyJdkCan) {
        throw new IllegalStateException(everyJdkCan);
      }
    }
  }
}

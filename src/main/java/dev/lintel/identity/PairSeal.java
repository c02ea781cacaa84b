package dev.lintel.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Secrets of AWS pairs, which must be had again to check a signature: AES-256-GCM, the key's id
 * under the seal too, so that no row can be given another's secret.
 */
final class PairSeal {
  private static final String PREFIX = "v1.";
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SecretKeySpec key;

  /**
   * @param key 32 bytes
   */
  PairSeal(byte[] key) {
    this.key = new SecretKeySpec(key, "AES");
  }

  String close(String id, String secret) {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    byte[] closed = run(Cipher.ENCRYPT_MODE, id, nonce, secret.getBytes(UTF_8), 0);
    byte[] all = Arrays.copyOf(nonce, NONCE + closed.length);
    System.arraycopy(closed, 0, all, NONCE, closed.length);
    return PREFIX + Base64.getEncoder().withoutPadding().encodeToString(all);
  }

  /** Throws {@link IllegalStateException} where it was not sealed here for that id. */
  String open(String id, String sealed) {
    if (!sealed.startsWith(PREFIX)) {
      throw new IllegalStateException("the secret of " + id + " is sealed in another form");
    }
    byte[] all = Base64.getDecoder().decode(sealed.substring(PREFIX.length()));
    return new String(run(Cipher.DECRYPT_MODE, id, Arrays.copyOf(all, NONCE), all, NONCE), UTF_8);
  }

  private byte[] run(int mode, String id, byte[] nonce, byte[] from, int offset) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(id.getBytes(UTF_8));
      return cipher.doFinal(from, offset, from.length - offset);
    } catch (GeneralSecurityException broken) {
      throw new IllegalStateException("the secret of " + id + " cannot be opened", broken);
    }
  }
}

package dev.lintel.secret;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Failure;
import dev.lintel.Sealer;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Key-encryption keys. The first seals, all of them open, so that one can take another's place.
 *
 * <p>Each secret has a data key of its own (AES-256-GCM, NIST SP 800-38D), which is sealed the same
 * way under the key-encryption key: so a key is changed without opening what lies under it, and no
 * data key ever closes two things. What is written is {@code lintel1.KEY.DATA}: the key's id, and
 * in base64url the nonce and the data key under it, then the nonce and the secret.
 */
public final class KeyRing implements Sealer {
  private static final String VERSION = "lintel1";
  private static final int KEY = 32;
  private static final int NONCE = 12;
  private static final int TAG = 16;
  private static final int WRAPPED = NONCE + KEY + TAG;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Map<String, SecretKey> keys = new LinkedHashMap<>();
  private final String first;
  private final SecretKey sealing;

  private KeyRing(List<byte[]> keys) {
    keys.forEach(key -> this.keys.putIfAbsent(id(key), new SecretKeySpec(key, "AES")));
    first = id(keys.getFirst());
    sealing = new SecretKeySpec(keys.getFirst(), "AES");
  }

  /**
   * Throws {@link IllegalArgumentException} that says what a key must be, without any of it.
   *
   * @param texts 32 bytes each, in base64 or hexadecimal; the first seals
   */
  public static KeyRing of(List<String> texts) {
    if (texts.isEmpty()) {
      throw new IllegalArgumentException("needs one key at least");
    }
    return new KeyRing(texts.stream().map(KeyRing::key).toList());
  }

  /** A new key, as {@link #of} takes it. */
  public static String random() {
    return Base64.getEncoder().encodeToString(bytes(KEY));
  }

  private static byte[] key(String text) {
    return decoded(text.strip())
        .filter(key -> key.length == KEY)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "must be 32 random bytes in base64 or hexadecimal, such as 'openssl rand -base64 32' makes"));
  }

  private static Optional<byte[]> decoded(String text) {
    try {
      return Optional.of(
          text.length() == 2 * KEY
              ? HexFormat.of().parseHex(text)
              : Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/')));
    } catch (IllegalArgumentException neither) {
      return Optional.empty();
    }
  }

  /** Names the key that seals now, without giving it away. */
  public String current() {
    return first;
  }

  /** Names a key without giving it away. */
  private static String id(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal("lintel key id".getBytes(UTF_8)), 0, 6);
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  @Override
  public String seal(String what, String secret) {
    byte[] key = bytes(KEY);
    return written(
        wrapped(key),
        closed(new SecretKeySpec(key, "AES"), VERSION + ' ' + what, secret.getBytes(UTF_8)));
  }

  @Override
  public String open(String what, String sealed) {
    Parts parts = parts(sealed);
    try {
      SecretKey key = new SecretKeySpec(parts.unwrapped(), "AES");
      return new String(opened(key, VERSION + ' ' + what, parts.closed), UTF_8);
    } catch (GeneralSecurityException changed) {
      throw broken(changed);
    }
  }

  @Override
  public String renewed(String sealed) {
    Parts parts = parts(sealed);
    if (parts.id.equals(first)) {
      return sealed;
    }
    try {
      return written(wrapped(parts.unwrapped()), parts.closed);
    } catch (GeneralSecurityException changed) {
      throw broken(changed);
    }
  }

  private record Parts(String id, SecretKey key, byte[] wrapped, byte[] closed) {
    byte[] unwrapped() throws GeneralSecurityException {
      return opened(key, VERSION + ' ' + id, wrapped);
    }
  }

  private Parts parts(String sealed) {
    String[] parts = sealed.split("\\.", -1);
    if (parts.length != 3 || !parts[0].equals(VERSION)) {
      throw broken(new IllegalArgumentException("not of the form " + VERSION));
    }
    SecretKey key = keys.get(parts[1]);
    if (key == null) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "A stored secret is sealed under the key '"
                  + parts[1]
                  + "', which this node does not have; it has "
                  + String.join(", ", keys.keySet())
                  + " (LINTEL_KEK, or 'kek' in the configuration).")
          .lasting();
    }
    try {
      ByteBuffer data = ByteBuffer.wrap(Base64.getUrlDecoder().decode(parts[2]));
      var wrapped = new byte[WRAPPED];
      data.get(wrapped);
      var closed = new byte[data.remaining()];
      data.get(closed);
      return new Parts(parts[1], key, wrapped, closed);
    } catch (IllegalArgumentException | java.nio.BufferUnderflowException cut) {
      throw broken(cut);
    }
  }

  private byte[] wrapped(byte[] key) {
    return closed(sealing, VERSION + ' ' + first, key);
  }

  private String written(byte[] wrapped, byte[] closed) {
    byte[] all =
        ByteBuffer.allocate(wrapped.length + closed.length).put(wrapped).put(closed).array();
    return VERSION
        + '.'
        + first
        + '.'
        + Base64.getUrlEncoder().withoutPadding().encodeToString(all);
  }

  private static byte[] closed(SecretKey key, String bound, byte[] clear) {
    byte[] nonce = bytes(NONCE);
    try {
      byte[] text = cipher(Cipher.ENCRYPT_MODE, key, nonce, bound).doFinal(clear);
      return ByteBuffer.allocate(NONCE + text.length).put(nonce).put(text).array();
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private static byte[] opened(SecretKey key, String bound, byte[] closed)
      throws GeneralSecurityException {
    if (closed.length < NONCE + TAG) {
      throw new GeneralSecurityException("cut off");
    }
    byte[] nonce = java.util.Arrays.copyOf(closed, NONCE);
    return cipher(Cipher.DECRYPT_MODE, key, nonce, bound)
        .doFinal(closed, NONCE, closed.length - NONCE);
  }

  private static Cipher cipher(int mode, SecretKey key, byte[] nonce, String bound)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(8 * TAG, nonce));
    cipher.updateAAD(bound.getBytes(UTF_8));
    return cipher;
  }

  private static byte[] bytes(int count) {
    var bytes = new byte[count];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  private static Failure broken(Exception why) {
    return Failure.of(
        Failure.Kind.INTERNAL,
        "A stored secret does not open: it was changed, or belongs to another place.",
        why);
  }
}

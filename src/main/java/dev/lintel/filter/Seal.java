package dev.lintel.filter;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Ids of responses that say who made them, and that nobody else can make: {@code resp_} and the
 * base64url of 16 bytes of HMAC-SHA256 and, NUL between them, of target, key and the provider's own
 * id. The tenant is under the seal too, so that an id is good for its own tenant only.
 */
final class Seal {
  private static final String PREFIX = "resp_";
  private static final int MAC = 16;
  private static final byte[] NOTHING = {};

  /**
   * @param id the provider's own
   */
  record Open(Continuity.Pin pin, String id) {}

  private final SecretKeySpec secret;

  Seal(byte[] secret) {
    this.secret = new SecretKeySpec(secret, "HmacSHA256");
  }

  String close(String tenant, Open open) {
    byte[] content = (open.pin.target() + '\0' + open.pin.key() + '\0' + open.id).getBytes(UTF_8);
    byte[] sealed = Arrays.copyOf(mac(tenant, content), MAC + content.length);
    System.arraycopy(content, 0, sealed, MAC, content.length);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
  }

  /** Whether an id looks as if it were sealed, by whomever. */
  static boolean maybe(String shown) {
    return content(shown).length > MAC;
  }

  private static byte[] content(String shown) {
    if (!shown.startsWith(PREFIX)) {
      return NOTHING;
    }
    try {
      return Base64.getUrlDecoder().decode(shown.substring(PREFIX.length()));
    } catch (IllegalArgumentException foreign) {
      return NOTHING;
    }
  }

  /** Empty where the id was not sealed under this secret, or for another tenant. */
  Optional<Open> open(String tenant, String shown) {
    byte[] sealed = content(shown);
    if (sealed.length <= MAC) {
      return Optional.empty();
    }
    byte[] content = Arrays.copyOfRange(sealed, MAC, sealed.length);
    if (!MessageDigest.isEqual(Arrays.copyOf(sealed, MAC), mac(tenant, content))) {
      return Optional.empty();
    }
    String[] parts = new String(content, UTF_8).split("\0", 3);
    return parts.length == 3
        ? Optional.of(new Open(new Continuity.Pin(parts[0], parts[1]), parts[2]))
        : Optional.empty();
  }

  private byte[] mac(String tenant, byte[] content) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      mac.update(tenant.getBytes(UTF_8));
      mac.update((byte) 0);
      return Arrays.copyOf(mac.doFinal(content), MAC);
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}

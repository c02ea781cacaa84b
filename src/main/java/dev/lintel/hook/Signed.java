package dev.lintel.hook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** How receivers know that it is us who says something. */
final class Signed {
  private Signed() {}

  /** {@code t=SECONDS,v1=HEX}: of the seconds, a dot, and the body. */
  static String generic(String secret, Instant time, byte[] body) {
    byte[] begin = (time.getEpochSecond() + ".").getBytes(StandardCharsets.US_ASCII);
    var whole = new byte[begin.length + body.length];
    System.arraycopy(begin, 0, whole, 0, begin.length);
    System.arraycopy(body, 0, whole, begin.length, body.length);
    return "t=" + time.getEpochSecond() + ",v1=" + HexFormat.of().formatHex(hmac(secret, whole));
  }

  /** Of the milliseconds and the secret itself, under the secret. */
  static String dingTalk(String secret, Instant time) {
    String text = time.toEpochMilli() + "\n" + secret;
    return Base64.getEncoder().encodeToString(hmac(secret, text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Of nothing, under the seconds and the secret. */
  static String feishu(String secret, Instant time) {
    return Base64.getEncoder()
        .encodeToString(hmac(time.getEpochSecond() + "\n" + secret, new byte[0]));
  }

  private static byte[] hmac(String key, byte[] text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return mac.doFinal(text);
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}

package dev.lintel;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * AWS's Signature Version 4, as every service but S3 wants it: made for providers, checked for
 * callers.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
public final class SigV4 {
  public static final String ALGORITHM = "AWS4-HMAC-SHA256";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final String HMAC = "HmacSHA256";
  private static final String END = "aws4_request";
  private static final HexFormat HEX = HexFormat.of();
  private static final HexFormat UPPER = HexFormat.of().withUpperCase();

  private SigV4() {}

  /** For what a signature is good. */
  public record Scope(String date, String region, String service) {
    /** As it stands in the credential of a header. */
    public String text() {
      return date + "/" + region + "/" + service + "/" + END;
    }
  }

  /**
   * What is signed.
   *
   * @param uri the path and query as they are sent
   * @param headers those that are signed, by their names in lower case
   * @param payload the body's {@link #hash}, or the word that stands for it
   */
  public record Message(
      String method, String uri, SortedMap<String, String> headers, String payload) {}

  /** As {@code x-amz-date} has it; its first 8 characters are a scope's date. */
  public static String time(Instant moment) {
    return TIME.format(moment);
  }

  /** Throws {@link java.time.DateTimeException} where it is in another form. */
  public static Instant moment(String time) {
    return TIME.parse(time, Instant::from);
  }

  /** SHA-256 in hexadecimal digits. */
  public static String hash(byte[] bytes) {
    try {
      return HEX.formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  /** The key for a scope: good for its whole day, so worth keeping. */
  public static byte[] key(String secret, Scope scope) {
    byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
    for (String part : List.of(scope.date, scope.region, scope.service, END)) {
      key = hmac(key, part);
    }
    return key;
  }

  /** The signature in hexadecimal digits. */
  public static String signature(byte[] key, Scope scope, String time, Message message) {
    String request = hash(canonical(message).getBytes(StandardCharsets.UTF_8));
    return HEX.formatHex(hmac(key, ALGORITHM + "\n" + time + "\n" + scope.text() + "\n" + request));
  }

  /** The value of the {@code authorization} header. */
  public static String authorization(
      String accessKey, Scope scope, Message message, String signature) {
    return ALGORITHM
        + " Credential="
        + accessKey
        + "/"
        + scope.text()
        + ", SignedHeaders="
        + String.join(";", message.headers.keySet())
        + ", Signature="
        + signature;
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  static String canonical(Message message) {
    int mark = message.uri.indexOf('?');
    String path = mark < 0 ? message.uri : message.uri.substring(0, mark);
    var text = new StringBuilder(512);
    text.append(message.method).append('\n');
    // The path is already encoded and is encoded once more: only S3 wants it as it is sent.
    encode(normal(path), true, text);
    text.append('\n');
    query(mark < 0 ? "" : message.uri.substring(mark + 1), text);
    text.append('\n');
    for (Map.Entry<String, String> header : message.headers.entrySet()) {
      text.append(header.getKey()).append(':');
      value(header.getValue(), text);
      text.append('\n');
    }
    text.append('\n').append(String.join(";", message.headers.keySet()));
    return text.append('\n').append(message.payload).toString();
  }

  /** Without empty segments and those of dots. */
  private static String normal(String path) {
    if (!path.contains("//") && !path.contains("/.")) {
      return path.isEmpty() ? "/" : path;
    }
    var kept = new ArrayList<String>();
    for (String segment : path.split("/")) {
      if (segment.equals("..")) {
        if (!kept.isEmpty()) {
          kept.removeLast();
        }
      } else if (!segment.isEmpty() && !segment.equals(".")) {
        kept.add(segment);
      }
    }
    return "/" + String.join("/", kept) + (path.endsWith("/") && !kept.isEmpty() ? "/" : "");
  }

  private static void query(String query, StringBuilder into) {
    if (query.isEmpty()) {
      return;
    }
    String[] pairs = query.split("&");
    var encoded = new ArrayList<String[]>(pairs.length);
    for (String pair : pairs) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        encoded.add(
            new String[] {
              encoded(equals < 0 ? pair : pair.substring(0, equals)),
              equals < 0 ? "" : encoded(pair.substring(equals + 1))
            });
      }
    }
    encoded.sort(Arrays::compare);
    for (int i = 0; i < encoded.size(); i++) {
      into.append(i == 0 ? "" : "&")
          .append(encoded.get(i)[0])
          .append('=')
          .append(encoded.get(i)[1]);
    }
  }

  /** The one way to encode what may be encoded in another one. */
  private static String encoded(String text) {
    var decoded = new ByteArrayOutputStream(text.length());
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '%'
          && i + 2 < bytes.length
          && HexFormat.isHexDigit(bytes[i + 1])
          && HexFormat.isHexDigit(bytes[i + 2])) {
        decoded.write(
            HexFormat.fromHexDigit(bytes[i + 1]) << 4 | HexFormat.fromHexDigit(bytes[i + 2]));
        i += 2;
      } else {
        decoded.write(bytes[i]);
      }
    }
    var out = new StringBuilder(text.length() + 16);
    encode(decoded.toByteArray(), false, out);
    return out.toString();
  }

  private static void encode(String text, boolean path, StringBuilder into) {
    encode(text.getBytes(StandardCharsets.UTF_8), path, into);
  }

  private static void encode(byte[] bytes, boolean path, StringBuilder into) {
    for (byte unit : bytes) {
      char letter = (char) (unit & 0xff);
      if ((letter >= 'a' && letter <= 'z')
          || (letter >= 'A' && letter <= 'Z')
          || (letter >= '0' && letter <= '9')
          || letter == '-'
          || letter == '_'
          || letter == '.'
          || letter == '~'
          || (path && letter == '/')) {
        into.append(letter);
      } else {
        into.append('%');
        UPPER.toHexDigits(into, unit);
      }
    }
  }

  /** Without spaces around it, and with one where there are several. */
  private static void value(String value, StringBuilder into) {
    boolean space = false;
    boolean first = true;
    for (int i = 0; i < value.length(); i++) {
      char letter = value.charAt(i);
      if (letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r') {
        space = true;
      } else {
        if (space && !first) {
          into.append(' ');
        }
        into.append(letter);
        space = false;
        first = false;
      }
    }
  }
}

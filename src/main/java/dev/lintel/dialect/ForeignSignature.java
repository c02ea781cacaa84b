package dev.lintel.dialect;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A vendor's proof of a thought, in the place where a client expects another vendor's: {@code
 * lintel.1:VENDOR:SIGNATURE}. Clients send it back as they got it, and the next request shows whose
 * it is. A thought that its vendor did not sign carries the mark too, with nothing behind it, so
 * that no provider is sent it as its own.
 */
record ForeignSignature(String vendor, String signature) {
  private static final String MARK = "lintel.1:";

  String encode() {
    return MARK + vendor + ":" + signature;
  }

  /** Empty where the signature is the dialect's own. */
  static Optional<ForeignSignature> decode(String signature) {
    int colon = signature.startsWith(MARK) ? signature.indexOf(':', MARK.length()) : -1;
    return colon < 0
        ? Optional.empty()
        : Optional.of(
            new ForeignSignature(
                signature.substring(MARK.length(), colon), signature.substring(colon + 1)));
  }

  /**
   * Whether a request may hold one, in a thought or in a {@link ToolId}, and so must not go to a
   * provider as it is.
   */
  static boolean within(byte[] body) {
    // The JVM searches a Latin-1 string many bytes at a time.
    String text = new String(body, StandardCharsets.ISO_8859_1);
    return text.contains('"' + MARK) || text.contains('"' + ToolId.MARK);
  }
}

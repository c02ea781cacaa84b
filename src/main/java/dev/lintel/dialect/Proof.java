package dev.lintel.dialect;

import java.util.Optional;

/**
 * A vendor's proof of a thought, in the place where a client expects another vendor's: {@code
 * lintel.1:VENDOR:SIGNATURE}. Clients send it back as they got it, and the next request shows whose
 * it is. A thought that its vendor did not sign carries the mark too, with nothing behind it, so
 * that no provider is sent it as its own.
 */
record Proof(String vendor, String signature) {
  static final String MARK = "lintel.1:";

  String encode() {
    return MARK + vendor + ":" + signature;
  }

  /** Empty where the signature is the dialect's own. */
  static Optional<Proof> decode(String signature) {
    int colon = signature.startsWith(MARK) ? signature.indexOf(':', MARK.length()) : -1;
    return colon < 0
        ? Optional.empty()
        : Optional.of(
            new Proof(signature.substring(MARK.length(), colon), signature.substring(colon + 1)));
  }
}

package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Block;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The id of a tool call, in the letters that every dialect takes: {@code [a-zA-Z0-9_-]}.
 *
 * <p>An id of such letters stays as its provider issued it. Any other one, and any call that
 * carries a vendor's signature, is shown as {@code lintel_} and the base64url of id, vendor and
 * signature, NUL between them: callers send ids back whatever else they drop, so the signature
 * comes back with it.
 */
record ToolId(String id, String signature, String vendor) {
  static final String MARK = "lintel_";

  /** The vendor where the signature is {@link Proofs}. */
  private static final String SEVERAL = "lintel";

  /**
   * An id with longer proofs goes without them: clients send it twice with every later request.
   * What it would have carried is then in the thoughts, and in the gateway's own memory.
   */
  private static final int LONGEST = 3000;

  /** What a client is shown. */
  String shown() {
    if (signature.isEmpty() && plain(id)) {
      return id;
    }
    String content = signature.isEmpty() ? id : id + '\0' + vendor + '\0' + signature;
    return MARK + Base64.getUrlEncoder().withoutPadding().encodeToString(content.getBytes(UTF_8));
  }

  /** What a client means by an id it was shown; any other id stands for itself. */
  static ToolId of(String shown) {
    if (shown.startsWith(MARK)) {
      try {
        String content =
            new String(Base64.getUrlDecoder().decode(shown.substring(MARK.length())), UTF_8);
        String[] parts = content.split("\0", 3);
        var id =
            parts.length == 3
                ? new ToolId(parts[0], parts[2], parts[1])
                : new ToolId(content, "", "");
        if (id.shown().equals(shown)) {
          return id;
        }
      } catch (IllegalArgumentException notOurs) {
        return new ToolId(shown, "", "");
      }
    }
    return new ToolId(shown, "", "");
  }

  /** Whether an id of this gateway's making begins there, and not a word that looks like one. */
  static boolean at(byte[] text, int from) {
    int end = from;
    while (end < text.length && letter((char) text[end])) {
      end++;
    }
    String shown = new String(text, from, end - from, US_ASCII);
    return !shown.equals(MARK) && !of(shown).id().equals(shown);
  }

  /** Under which a client is shown a call, with its proof and those of the thoughts before. */
  static String shown(String id, List<Block.Thought> thoughts, String signature, String vendor) {
    if (thoughts.isEmpty() && signature.isEmpty()) {
      return id;
    }
    String proofs = new Proofs(thoughts, signature, vendor).encode();
    return proofs.length() > LONGEST
        ? new ToolId(id, "", "").shown()
        : new ToolId(id, proofs, SEVERAL).shown();
  }

  /** What the id carries; empty where it is nothing. */
  Optional<Proofs> proofs() {
    return vendor.equals(SEVERAL)
        ? Proofs.decode(signature)
        : Optional.of(new Proofs(List.of(), signature, vendor))
            .filter(proof -> !proof.call().isEmpty());
  }

  private static boolean plain(String id) {
    for (int i = 0; i < id.length(); i++) {
      if (!letter(id.charAt(i))) {
        return false;
      }
    }
    return !id.isEmpty();
  }

  private static boolean letter(char c) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
  }
}

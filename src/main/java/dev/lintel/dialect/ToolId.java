package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Block;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The id of a tool call, in the letters that every dialect takes: {@code [a-zA-Z0-9_-]}.
 *
 * <p>An id of at most 64 such letters stays as its provider issued it. Any other one, and any call
 * that carries a vendor's signature, is shown as {@code lintel_} and the base64url of the id and,
 * after a NUL, {@link Proofs}: callers send ids back whatever else they drop, so the signature
 * comes back with it.
 *
 * @param proofs empty where the id stands for itself alone
 */
record ToolId(String id, Optional<Proofs> proofs) {
  static final String MARK = "lintel_";

  /**
   * OpenAI refuses a longer one ("string too long. Expected a string with maximum length 64"), and
   * so does Bedrock.
   */
  static final int USUAL = 64;

  /**
   * An id with longer proofs goes without them: clients send it twice with every later request.
   * What it would have carried is then in another place of the dialect's, where there is one, and
   * in the gateway's own memory.
   */
  private static final int LONGEST = 3000;

  ToolId(String id) {
    this(id, Optional.empty());
  }

  /** What a client is shown. */
  String shown() {
    if (proofs.isEmpty() && plain(id) && id.length() <= USUAL) {
      return id;
    }
    byte[] name = id.getBytes(UTF_8);
    byte[] content = name;
    if (proofs.isPresent()) {
      byte[] packed = proofs.get().packed();
      content = Arrays.copyOf(name, name.length + 1 + packed.length);
      System.arraycopy(packed, 0, content, name.length + 1, packed.length);
    }
    return MARK + Base64.getUrlEncoder().withoutPadding().encodeToString(content);
  }

  /** What a client means by an id it was shown; any other id stands for itself. */
  static ToolId of(String shown) {
    if (shown.startsWith(MARK)) {
      try {
        byte[] content = Base64.getUrlDecoder().decode(shown.substring(MARK.length()));
        int end = 0;
        while (end < content.length && content[end] != 0) {
          end++;
        }
        String name = new String(content, 0, end, UTF_8);
        ToolId id =
            end < content.length
                ? new ToolId(
                    name, Proofs.unpacked(Arrays.copyOfRange(content, end + 1, content.length)))
                : new ToolId(name);
        if (id.shown().equals(shown)) {
          return id;
        }
      } catch (IllegalArgumentException notOurs) {
        return new ToolId(shown);
      }
    }
    return new ToolId(shown);
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

  /**
   * Under which a client is shown a call, with its proof and those of the thoughts before. Where
   * they are too long to be carried the id says no more than whose they are.
   */
  static String shown(String id, Proofs proofs) {
    if (proofs.none()) {
      return new ToolId(id).shown();
    }
    String whole = new ToolId(id, Optional.of(proofs)).shown();
    return whole.length() <= LONGEST ? whole : marked(id, proofs.signer());
  }

  /** Whether an id can carry that. */
  static boolean carries(String id, Proofs proofs) {
    return !proofs.none() && of(shown(id, proofs)).proofs().filter(proofs::equals).isPresent();
  }

  /** An id that says whose call it is and carries no proof. */
  static String marked(String id, String vendor) {
    return new ToolId(id, Optional.of(new Proofs(List.of(), "", vendor))).shown();
  }

  /** An id for a provider that takes so many letters: a longer one as the digits of its hash. */
  static String fitted(String id, int most) {
    return id.length() <= most ? id : MARK + ToolNames.hex(id, 40);
  }

  /** The thoughts that the id carries. */
  List<Block.Thought> thoughts() {
    return proofs.map(Proofs::thoughts).orElse(List.of());
  }

  /** The call's own signature; empty where the id carries none. */
  String signature() {
    return proofs.map(Proofs::call).orElse("");
  }

  /** Whose call it is; empty where the id does not say it. */
  String vendor() {
    return proofs.map(Proofs::vendor).orElse("");
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

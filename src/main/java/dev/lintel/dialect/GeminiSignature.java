package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Block;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What another vendor signed, in the shape of Gemini's {@code thoughtSignature}: Gemini clients
 * have to send that field back with the part it stood on, so it carries thoughts through a tool
 * loop for vendors whose proofs they do not know.
 *
 * <p>The field is base64 of {@code lintel/1:} and a JSON array with an object a thought: {@code v}
 * the vendor, {@code s} its signature, {@code t} the thought's text (clients may leave thought
 * parts out of the history, and a signature proves nothing without its text), {@code x} true where
 * the thought is sealed, {@code c} true where the signature belongs to the call it stands on
 * instead of a thought. A signature of Gemini's own is never wrapped.
 */
record GeminiSignature(List<Block.Thought> thoughts, String call, String vendor) {
  /**
   * Documented by Google as accepted in the place of a signature that is not there:
   * https://ai.google.dev/gemini-api/docs/thought-signatures (FAQ, November 2025).
   */
  static final String SKIP = "skip_thought_signature_validator";

  private static final String MAGIC = "lintel/1:";

  /** Nine bytes make twelve characters of base64 that do not depend on what follows. */
  private static final byte[] PREFIX =
      Base64.getEncoder().encodeToString(MAGIC.getBytes(UTF_8)).getBytes(UTF_8);

  GeminiSignature {
    thoughts = List.copyOf(thoughts);
  }

  String encode() {
    var array = Json.array();
    for (Block.Thought thought : thoughts) {
      var node = array.addObject().put("v", thought.vendor()).put("s", thought.signature());
      if (!thought.text().isEmpty()) {
        node.put("t", thought.text());
      }
      if (thought.sealed()) {
        node.put("x", true);
      }
    }
    if (!call.isEmpty()) {
      array.addObject().put("v", vendor).put("s", call).put("c", true);
    }
    return Base64.getEncoder().encodeToString((MAGIC + Json.text(array)).getBytes(UTF_8));
  }

  /** Empty where the signature is Gemini's own, or nobody's. */
  static Optional<GeminiSignature> decode(String signature) {
    if (!signature.startsWith(new String(PREFIX, UTF_8))) {
      return Optional.empty();
    }
    JsonNode array;
    try {
      String text = new String(Base64.getDecoder().decode(signature), UTF_8);
      array = Json.parse(text.substring(MAGIC.length()));
    } catch (IllegalArgumentException | JacksonException foreign) {
      return Optional.empty();
    }
    var thoughts = new ArrayList<Block.Thought>();
    String call = "";
    String vendor = "";
    for (JsonNode node : array) {
      String by = node.path("v").asString("");
      String proof = node.path("s").asString("");
      if (node.path("c").asBoolean(false)) {
        call = proof;
        vendor = by;
      } else {
        thoughts.add(
            new Block.Thought(
                node.path("t").asString(""), proof, by, node.path("x").asBoolean(false)));
      }
    }
    return Optional.of(new GeminiSignature(thoughts, call, vendor));
  }

  /** Whether a request holds one, and so cannot go to Google as it is. */
  static boolean within(byte[] body) {
    for (int i = 0, last = body.length - PREFIX.length; i <= last; i++) {
      if (body[i] == PREFIX[0] && matches(body, i)) {
        return true;
      }
    }
    return false;
  }

  private static boolean matches(byte[] body, int at) {
    for (int i = 1; i < PREFIX.length; i++) {
      if (body[at + i] != PREFIX[i]) {
        return false;
      }
    }
    return true;
  }
}

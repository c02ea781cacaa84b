package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Block;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Several vendors' proofs in one text, for a place that clients give back as they got it: in
 * Gemini's dialect the {@code thoughtSignature} of a part, in the others the {@link ToolId} of a
 * call. So they come through a tool loop whatever else a client drops.
 *
 * <p>The text is base64 of {@code lintel/1:} and a JSON array with an object a thought: {@code v}
 * the vendor, {@code s} its signature, {@code t} the thought's text (clients may leave thoughts out
 * of the history, and a signature proves nothing without its text), {@code x} true where the
 * thought is sealed, {@code c} true where the signature belongs to the call it stands on instead of
 * a thought.
 *
 * @param call the signature of the call itself, empty where none
 * @param vendor whose it is
 */
record Proofs(List<Block.Thought> thoughts, String call, String vendor) {
  private static final String MAGIC = "lintel/1:";

  /** Nine bytes make twelve characters of base64 that do not depend on what follows. */
  private static final String MARK = Base64.getEncoder().encodeToString(MAGIC.getBytes(US_ASCII));

  private static final byte[] IDS = quoted(ToolId.MARK);

  /** How the value begins that holds a proof, in each of the forms. */
  private static final List<byte[]> MARKS = List.of(quoted(MARK), quoted(Proof.MARK), IDS);

  /** So many bytes of a mark are looked for first. */
  private static final int WINDOW = MARKS.stream().mapToInt(mark -> mark.length).min().orElse(0);

  /** By the last byte of a window: how far the next place is where a mark could end. */
  private static final int[] STEPS = steps();

  private static byte[] quoted(String mark) {
    return ('"' + mark).getBytes(US_ASCII);
  }

  Proofs {
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

  /** Empty where the text is a vendor's own signature, or nobody's. */
  static Optional<Proofs> decode(String signature) {
    if (!signature.startsWith(MARK)) {
      return Optional.empty();
    }
    JsonNode array;
    try {
      String text = new String(Base64.getDecoder().decode(MediaData.standard(signature)), UTF_8);
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
    return Optional.of(new Proofs(thoughts, call, vendor));
  }

  /**
   * Whether a request may hold a proof that this gateway wrote, here, as a {@link Proof} or in a
   * {@link ToolId}, and so must not go to a provider as it is. Every call that passes through is
   * searched, so this steps over most bytes (Horspool's search) and copies none.
   */
  static boolean within(byte[] body) {
    int end = WINDOW - 1;
    while (end < body.length) {
      int step = STEPS[body[end] & 0xff];
      if (step == 0 && body[end - WINDOW + 1] == '"' && marked(body, end - WINDOW + 1)) {
        return true;
      }
      end += Math.max(1, step);
    }
    return false;
  }

  private static boolean marked(byte[] body, int from) {
    for (byte[] mark : MARKS) {
      int to = from + mark.length;
      if (to <= body.length && Arrays.equals(body, from, to, mark, 0, mark.length)) {
        return mark != IDS || ToolId.at(body, from + 1);
      }
    }
    return false;
  }

  private static int[] steps() {
    int[] steps = new int[256];
    Arrays.fill(steps, WINDOW);
    for (byte[] mark : MARKS) {
      for (int i = 0; i < WINDOW; i++) {
        steps[mark[i]] = Math.min(steps[mark[i]], WINDOW - 1 - i);
      }
    }
    return steps;
  }
}

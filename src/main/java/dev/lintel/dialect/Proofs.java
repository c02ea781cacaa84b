package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Block;
import dev.lintel.Json;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
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
 * <p>A call whose proof is empty is one that its vendor did not sign: so it is known for another
 * vendor's, of which the one that is asked next may need to hear.
 *
 * <p>The text is base64 of {@code lintel/1:} and a JSON array with an object a thought: {@code v}
 * the vendor, {@code s} its signature, {@code t} the thought's text (clients may leave thoughts out
 * of the history, and a signature proves nothing without its text), {@code x} true where the
 * thought is sealed, {@code c} true where the signature belongs to the call it stands on instead of
 * a thought.
 *
 * @param call the signature of the call itself, empty where none
 * @param vendor whose call it is; empty where nobody said
 */
record Proofs(List<Block.Thought> thoughts, String call, String vendor) {
  private static final int THOUGHT = 1;
  private static final int SEALED = 2;
  private static final int CALL = 3;

  /** Set where the signature is the bytes that its base64 stands for. */
  private static final int RAW = 8;

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

  /** Whether nobody has signed anything. */
  boolean none() {
    return thoughts.isEmpty() && call.isEmpty();
  }

  /** Whose the proofs are. */
  String signer() {
    return call.isEmpty() && !thoughts.isEmpty() ? thoughts.getLast().vendor() : vendor;
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
    if (!call.isEmpty() || thoughts.isEmpty()) {
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
   * The same in few bytes, for the place where each counts: a byte that says what follows, then the
   * vendor, the thought's text and the signature, each with its length before it. A signature of
   * base64 is taken out of it.
   */
  byte[] packed() {
    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      for (Block.Thought thought : thoughts) {
        pack(
            thought.sealed() ? SEALED : THOUGHT,
            thought.vendor(),
            thought.text(),
            thought.signature(),
            out);
      }
      if (!call.isEmpty() || thoughts.isEmpty()) {
        pack(CALL, vendor, "", call, out);
      }
    } catch (IOException noMemoryHasAny) {
      throw new UncheckedIOException(noMemoryHasAny);
    }
    return bytes.toByteArray();
  }

  private static void pack(
      int kind, String vendor, String text, String signature, DataOutputStream out)
      throws IOException {
    byte[] raw = raw(signature);
    out.writeByte(raw.length == 0 ? kind : kind | RAW);
    for (byte[] field :
        List.of(
            vendor.getBytes(UTF_8),
            text.getBytes(UTF_8),
            raw.length == 0 ? signature.getBytes(UTF_8) : raw)) {
      out.writeInt(field.length);
      out.write(field);
    }
  }

  /** Empty where the text is not the base64 of anything. */
  private static byte[] raw(String text) {
    try {
      byte[] raw = Base64.getDecoder().decode(text);
      return Base64.getEncoder().encodeToString(raw).equals(text) ? raw : new byte[0];
    } catch (IllegalArgumentException notBase64) {
      return new byte[0];
    }
  }

  /** Throws {@link IllegalArgumentException} where the bytes are not packed proofs. */
  static Optional<Proofs> unpacked(byte[] packed) {
    var in = ByteBuffer.wrap(packed);
    var thoughts = new ArrayList<Block.Thought>();
    String call = "";
    String vendor = "";
    while (in.hasRemaining()) {
      int kind = in.get();
      String by = new String(field(in), UTF_8);
      String text = new String(field(in), UTF_8);
      byte[] proof = field(in);
      String signature =
          (kind & RAW) == 0 ? new String(proof, UTF_8) : Base64.getEncoder().encodeToString(proof);
      if ((kind & ~RAW) == CALL) {
        call = signature;
        vendor = by;
      } else {
        thoughts.add(new Block.Thought(text, signature, by, (kind & ~RAW) == SEALED));
      }
    }
    return Optional.of(new Proofs(thoughts, call, vendor));
  }

  private static byte[] field(ByteBuffer in) {
    int length = in.remaining() < Integer.BYTES ? -1 : in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("no proofs of this gateway");
    }
    byte[] field = new byte[length];
    in.get(field);
    return field;
  }

  /** The proof of a call that follows the place of that text; empty where it is none. */
  static Optional<Proofs> ofCall(String text) {
    return decode(text).filter(proofs -> !proofs.call.isEmpty() && proofs.thoughts.isEmpty());
  }

  /** The call with its signature. */
  Block.ToolUse on(Block.ToolUse use) {
    return new Block.ToolUse(
        use.id(), use.name(), use.arguments(), call, vendor, use.cache(), use.extra());
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

package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One link of a node's chain of evidence.
 *
 * @param node whose chain it is: {@link NodeKey#name}
 * @param sequence counts from 1
 * @param at to the millisecond
 * @param kind such as {@code act}
 * @param body a JSON object, as it was written
 * @param hash 64 hexadecimal digits, see {@link #hash(String, String, String, long, Instant,
 *     String, String)}
 * @param seal the node's signature; empty where an entry was written together with the one that
 *     follows
 */
public record AuditEntry(
    String node, long sequence, Instant at, String kind, String body, String hash, String seal) {
  /** The kind of the first entry of each chain, whose body has {@code public_key}. */
  public static final String GENESIS = "genesis";

  private static final String VERSION = "lintel.audit.1";
  private static final byte[] NOTHING = new byte[32];

  /** Something to be written. */
  public record Draft(String kind, String body) {}

  /**
   * The hash of the entry that follows that one.
   *
   * @param before the hash of the entry before; empty for the first
   * @param seal of the entry before
   * @return of {@code lintel.audit.1}, the 32 bytes of the hash before (zeros for the first), the
   *     seal before, the node, the sequence and the milliseconds since 1970 (8 bytes each,
   *     big-endian), the kind and the body; each text in UTF-8 behind its length in 4 bytes
   */
  public static String hash(
      String before,
      String seal,
      String node,
      long sequence,
      Instant at,
      String kind,
      String body) {
    MessageDigest digest = sha256();
    text(digest, VERSION);
    digest.update(before.isEmpty() ? NOTHING : HexFormat.of().parseHex(before));
    text(digest, seal);
    text(digest, node);
    number(digest, sequence, Long.BYTES);
    number(digest, at.toEpochMilli(), Long.BYTES);
    text(digest, kind);
    text(digest, body);
    return HexFormat.of().formatHex(digest.digest());
  }

  /** What a seal signs: that this is all of the chain, up to this entry. */
  public byte[] head() {
    return head(node, sequence, hash);
  }

  /** The same. */
  public static byte[] head(String node, long sequence, String hash) {
    return ("lintel audit head\n" + node + "\n" + sequence + "\n" + hash)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** As it is exported: whoever has it can compute its hash. */
  public ObjectNode json() {
    ObjectNode json = Json.object().put("node", node).put("sequence", sequence);
    json.put("at", at.toEpochMilli()).put("time", at.toString());
    return json.put("kind", kind).put("body", body).put("hash", hash).put("seal", seal);
  }

  /** What {@link #json} has made; what is missing is empty. */
  public static AuditEntry of(JsonNode json) {
    return new AuditEntry(
        json.path("node").asString(""),
        json.path("sequence").asLong(0),
        Instant.ofEpochMilli(json.path("at").asLong(0)),
        json.path("kind").asString(""),
        json.path("body").asString(""),
        json.path("hash").asString(""),
        json.path("seal").asString(""));
  }

  private static void text(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(digest, bytes.length, Integer.BYTES);
    digest.update(bytes);
  }

  private static void number(MessageDigest digest, long value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
      digest.update((byte) (value >>> shift));
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}

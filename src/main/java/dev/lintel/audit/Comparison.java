package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Leaf;
import dev.lintel.Json;
import dev.lintel.Merkle;
import dev.lintel.Whose;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Of the records that came with one entry: whether they are still as they were brought. */
final class Comparison {
  static final String KIND = "records";

  private final AuditTrail trail;
  private final Forgotten forgotten;
  private final AuditEntry entry;
  private final JsonNode body;
  private int records;

  /**
   * @param forgotten which records may be gone
   */
  Comparison(AuditTrail trail, Forgotten forgotten, AuditEntry entry) {
    this.trail = trail;
    this.forgotten = forgotten;
    this.entry = entry;
    this.body = Json.parse(entry.body());
  }

  /** How many were compared. */
  int records() {
    return records;
  }

  /** In a sentence; empty where all is well. */
  Optional<String> wrong() {
    List<Leaf> leaves = trail.leaves(entry.node(), entry.sequence());
    if (leaves.isEmpty()) {
      String last = body.path("last_id").asString("");
      return forgotten.covers(last, Whose.EVERYBODY)
          ? Optional.empty()
          : Optional.of("the hashes of its records are missing.");
    }
    if (leaves.size() != body.path("count").asInt(0) || !root(leaves)) {
      return Optional.of("the hashes of its records are not those that were written.");
    }
    Map<String, byte[]> found = trail.records(leaves.stream().map(Leaf::id).toList());
    MessageDigest sha256 = sha256();
    for (Leaf leaf : leaves) {
      byte[] json = found.get(leaf.id());
      if (json == null) {
        if (!forgotten.covers(leaf.id(), leaf.whose())) {
          return Optional.of("its record " + leaf.id() + " is missing.");
        }
      } else if (!MessageDigest.isEqual(sha256.digest(json), leaf.digest())) {
        return Optional.of("its record " + leaf.id() + " is not as it was brought.");
      }
      records++;
    }
    return Optional.empty();
  }

  private boolean root(List<Leaf> leaves) {
    byte[] root = Merkle.root(leaves.stream().map(Leaf::hash).toList());
    return HexFormat.of().formatHex(root).equals(body.path("root").asString(""));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}

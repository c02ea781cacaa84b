package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail.Head;
import dev.lintel.Json;
import dev.lintel.NodeKey;
import dev.lintel.Verification.Broken;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Goes along one chain, entry by entry, from its first one on or from one that is taken for good.
 */
final class Walk {
  private final String node;
  private final NavigableMap<Long, String> marks = new TreeMap<>();
  private String publicKey = "";
  private long at;
  private String hash = "";
  private String seal = "";
  private @Nullable AuditEntry sealed;

  Walk(String node) {
    this.node = node;
  }

  /** From behind that entry, which is taken as it stands. */
  static Walk behind(AuditEntry genesis, AuditEntry from) {
    var walk = new Walk(from.node());
    walk.publicKey = publicKey(genesis);
    walk.at = from.sequence();
    walk.hash = from.hash();
    walk.seal = from.seal();
    walk.sealed = from.seal().isEmpty() ? null : from;
    return walk;
  }

  /** It is known otherwise that the entry of that number has that hash. */
  void mark(long sequence, String known) {
    if (sequence > at) {
      marks.put(sequence, known);
    }
  }

  /** How far it has come. */
  long at() {
    return at;
  }

  Optional<Broken> next(AuditEntry entry) {
    long expected = at + 1;
    if (entry.sequence() != expected) {
      return entry.sequence() > expected
          ? broken(expected, "it is missing.")
          : broken(entry.sequence(), "it does not belong there.");
    }
    if (expected == 1) {
      Optional<Broken> wrong = first(entry);
      if (wrong.isPresent()) {
        return wrong;
      }
    }
    String computed =
        AuditEntry.hash(hash, seal, node, expected, entry.at(), entry.kind(), entry.body());
    if (!computed.equals(entry.hash())) {
      if (!seal.isEmpty() && !good(at, hash, seal)) {
        return broken(at, "its seal is not this node's.");
      }
      return broken(
          expected, "it is not as it was written, or does not follow from the one before.");
    }
    String mark = marks.remove(expected);
    at = expected;
    hash = entry.hash();
    seal = entry.seal();
    if (!seal.isEmpty()) {
      sealed = entry;
    }
    if (mark != null && !mark.equals(hash)) {
      return broken(expected, "it was written anew: this node, or another, knows another one.");
    }
    return Optional.empty();
  }

  private Optional<Broken> first(AuditEntry entry) {
    publicKey = publicKey(entry);
    return entry.kind().equals(AuditEntry.GENESIS) && NodeKey.name(publicKey).equals(node)
        ? Optional.empty()
        : broken(1, "the chain does not begin with this node's key.");
  }

  /** That the first entry of a chain tells; empty where it does not. */
  static String publicKey(AuditEntry genesis) {
    try {
      return Json.parse(genesis.body()).path("public_key").asString("");
    } catch (JacksonException changed) {
      return "";
    }
  }

  /** Whether the last seal that was passed is good; true before the first. */
  boolean sealHolds() {
    return sealed == null || good(sealed);
  }

  boolean good(AuditEntry entry) {
    return good(entry.sequence(), entry.hash(), entry.seal());
  }

  private boolean good(long sequence, String its, String signature) {
    return NodeKey.verified(publicKey, AuditEntry.head(node, sequence, its), signature);
  }

  /** What is wrong with the end, as the entries are all that there are. */
  Optional<Broken> end() {
    if (!marks.isEmpty()) {
      return broken(
          at + 1, "it is missing, as are all up to " + marks.lastKey() + ", which was there.");
    }
    if (at > 0 && seal.isEmpty()) {
      return broken(
          sealed == null ? 1 : sealed.sequence() + 1, "it has no seal, nor has any after it.");
    }
    return Optional.empty();
  }

  Head head() {
    return new Head(node, at, hash, seal);
  }

  Broken unsealed(long sequence) {
    return new Broken(node, sequence, "it was written anew: its seal is not this node's.");
  }

  private Optional<Broken> broken(long sequence, String why) {
    return Optional.of(new Broken(node, sequence, why));
  }
}

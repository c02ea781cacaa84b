package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Leaf;
import dev.lintel.Json;
import dev.lintel.Merkle;
import dev.lintel.NodeKey;
import dev.lintel.Whose;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** That one record came with an entry of a node's chain, for whoever knows that node's key. */
public final class Proof {
  private Proof() {}

  /** Empty where no entry that is kept tells of such a record. */
  public static Optional<ObjectNode> of(AuditTrail trail, String id) {
    Optional<AuditEntry> bringing = trail.bringing(id);
    if (bringing.isEmpty()) {
      return Optional.empty();
    }
    AuditEntry entry = bringing.get();
    List<Leaf> leaves = trail.leaves(entry.node(), entry.sequence());
    int index = 0;
    while (index < leaves.size() - 1 && !leaves.get(index).id().equals(id)) {
      index++;
    }
    Leaf leaf = leaves.get(index);
    byte[] record = trail.records(List.of(id)).get(id);
    ObjectNode proof = Json.object().put("request_id", id);
    proof.put("record", record == null ? null : new String(record, StandardCharsets.UTF_8));
    proof.put("digest", HexFormat.of().formatHex(leaf.digest()));
    Whose whose = leaf.whose();
    proof.put("tenant", whose.tenant()).put("app", whose.app()).put("use_case", whose.useCase());
    var path = proof.putArray("path");
    for (Merkle.Step step : Merkle.path(leaves.stream().map(Leaf::hash).toList(), index)) {
      path.addObject().put("left", step.left()).put("hash", HexFormat.of().formatHex(step.hash()));
    }
    ObjectNode before = proof.putObject("before").put("hash", "").put("seal", "");
    trail.read(entry.node(), entry.sequence() - 2, 1).stream()
        .filter(one -> one.sequence() == entry.sequence() - 1)
        .forEach(one -> before.put("hash", one.hash()).put("seal", one.seal()));
    proof.set("entry", entry.json());
    trail.read(entry.node(), 0, 1).stream()
        .map(Walk::publicKey)
        .forEach(key -> proof.put("public_key", key));
    return Optional.of(proof);
  }

  /** What is wrong with it, in a sentence; empty where it proves what it says. */
  static Optional<String> wrong(JsonNode proof) {
    String id = proof.path("request_id").asString("");
    AuditEntry entry = AuditEntry.of(proof.path("entry"));
    String key = proof.path("public_key").asString("");
    try {
      byte[] digest = HexFormat.of().parseHex(proof.path("digest").asString(""));
      JsonNode record = proof.path("record");
      if (!record.isString()) {
        return Optional.of("the record " + id + " is not there any more.");
      }
      byte[] json = record.asString().getBytes(StandardCharsets.UTF_8);
      if (!MessageDigest.isEqual(sha256().digest(json), digest)
          || !Json.parse(json).path("request_id").asString("").equals(id)) {
        return Optional.of("the record " + id + " is not as it was brought.");
      }
      var whose =
          new Whose(
              proof.path("tenant").asString(""),
              proof.path("app").asString(""),
              proof.path("use_case").asString(""));
      var steps = new ArrayList<Merkle.Step>();
      for (JsonNode step : proof.path("path")) {
        steps.add(
            new Merkle.Step(
                step.path("left").asBoolean(),
                HexFormat.of().parseHex(step.path("hash").asString(""))));
      }
      byte[] root = Merkle.root(new Leaf(id, whose, digest).hash(), steps);
      String said = Json.parse(entry.body()).path("root").asString("");
      if (!HexFormat.of().formatHex(root).equals(said)) {
        return Optional.of("the record " + id + " is none of those that came with its entry.");
      }
      JsonNode before = proof.path("before");
      String hash =
          AuditEntry.hash(
              before.path("hash").asString(""),
              before.path("seal").asString(""),
              entry.node(),
              entry.sequence(),
              entry.at(),
              entry.kind(),
              entry.body());
      if (!hash.equals(entry.hash())
          || !NodeKey.name(key).equals(entry.node())
          || !NodeKey.verified(key, entry.head(), entry.seal())) {
        return Optional.of("the entry of the record " + id + " is not sealed by its node.");
      }
      return Optional.empty();
    } catch (IllegalArgumentException | JacksonException changed) {
      return Optional.of("what is said of the record " + id + " makes no sense.");
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

package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail.Head;
import dev.lintel.Json;
import dev.lintel.NodeKey;
import dev.lintel.Verification;
import dev.lintel.Verification.Broken;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What was exported, verified without the gateway: the entries of chains, each from its first one
 * on, the heads as they were then, and proofs of single records.
 */
public final class Exported {
  private final Map<String, Walk> walks = new HashMap<>();
  private final List<JsonNode> heads = new ArrayList<>();
  private Optional<Broken> broken = Optional.empty();
  private long entries;
  private long proofs;

  private Exported() {}

  /**
   * @param lines JSON, one object each
   */
  public static Verification verified(Stream<String> lines) {
    var exported = new Exported();
    lines.filter(line -> !line.isBlank()).forEach(exported::line);
    return exported.ended();
  }

  private void line(String text) {
    if (broken.isPresent()) {
      return;
    }
    JsonNode json;
    try {
      json = Json.parse(text);
    } catch (JacksonException torn) {
      broken = Optional.of(new Broken("?", entries + 1, "its line is no JSON."));
      return;
    }
    if (json.has("path")) {
      proofs++;
      broken =
          Proof.wrong(json)
              .map(why -> {
                AuditEntry entry = AuditEntry.of(json.path("entry"));
                return new Broken(entry.node(), entry.sequence(), why);
              });
    } else if (json.has("heads")) {
      json.path("heads").forEach(heads::add);
    } else {
      AuditEntry entry = AuditEntry.of(json);
      Walk walk = walks.computeIfAbsent(entry.node(), Walk::new);
      broken = walk.next(entry);
      if (broken.isEmpty() && !entry.seal().isEmpty() && !walk.good(entry)) {
        broken = Optional.of(walk.unsealed(entry.sequence()));
      }
      entries++;
    }
  }

  private Verification ended() {
    var ends = new ArrayList<Head>();
    for (Walk walk : walks.values()) {
      broken = broken.or(walk::end);
      ends.add(walk.head());
    }
    for (JsonNode said : heads) {
      broken = broken.or(() -> head(said));
    }
    return new Verification(entries, proofs, 0, broken, ends, Optional.empty());
  }

  /** What comes after the head, as it was when the export began, need not be there. */
  private Optional<Broken> head(JsonNode said) {
    String node = said.path("node").asString("");
    long sequence = said.path("sequence").asLong(0);
    String key = said.path("public_key").asString("");
    boolean good =
        NodeKey.name(key).equals(node)
            && NodeKey.verified(
                key,
                AuditEntry.head(node, sequence, said.path("hash").asString("")),
                said.path("seal").asString(""));
    if (!good) {
      return Optional.of(new Broken(node, sequence, "its head is not sealed by that node."));
    }
    Walk walk = walks.get(node);
    return walk == null || walk.at() >= sequence
        ? Optional.empty()
        : Optional.of(new Broken(node, walk.at() + 1, "it is missing."));
  }
}

package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Head;
import dev.lintel.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Entries by which a node keeps in its own chain where those of the others end: who takes entries
 * away from one would have to write all the others anew.
 */
public final class Anchors {
  static final String KIND = "anchor";

  private final Map<String, Long> anchored = new HashMap<>();

  /** Writes such an entry where another chain has grown since the last one. */
  public void look(AuditTrail trail) {
    String own = trail.node();
    var heads = new ArrayList<AuditEntry>();
    for (String node : trail.nodes()) {
      if (!node.equals(own)) {
        trail.last(node, Optional.empty()).filter(last -> grown(last)).ifPresent(heads::add);
      }
    }
    if (heads.isEmpty()) {
      return;
    }
    Map<String, Head> all = new HashMap<>();
    trail
        .last(own, Optional.of(KIND))
        .map(Anchors::heads)
        .orElse(List.of())
        .forEach(head -> all.put(head.node(), head));
    boolean fresh = false;
    for (AuditEntry last : heads) {
      Head known = all.get(last.node());
      if (known == null || known.sequence() < last.sequence()) {
        all.put(last.node(), new Head(last.node(), last.sequence(), last.hash(), last.seal()));
        fresh = true;
      }
    }
    if (fresh) {
      trail.append(List.of(new AuditEntry.Draft(KIND, Json.text(body(all)))));
    }
    heads.forEach(last -> anchored.put(last.node(), last.sequence()));
  }

  /** An anchor alone is no reason for another: two idle nodes would go on for ever. */
  private boolean grown(AuditEntry last) {
    return !last.kind().equals(KIND) && last.sequence() > anchored.getOrDefault(last.node(), 0L);
  }

  private static ObjectNode body(Map<String, Head> all) {
    ObjectNode body = Json.object();
    ObjectNode heads = body.putObject("heads");
    all.forEach((node, head) ->
        heads.putObject(node).put("sequence", head.sequence()).put("hash", head.hash()));
    return body;
  }

  /** Which heads such an entry tells of. */
  static List<Head> heads(AuditEntry anchor) {
    var heads = new ArrayList<Head>();
    try {
      JsonNode all = Json.parse(anchor.body()).path("heads");
      for (var one : all.properties()) {
        heads.add(
            new Head(
                one.getKey(),
                one.getValue().path("sequence").asLong(0),
                one.getValue().path("hash").asString(""),
                ""));
      }
    } catch (JacksonException changed) {
      return List.of();
    }
    return heads;
  }
}

package dev.lintel.store;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail.Leaf;
import dev.lintel.Json;
import dev.lintel.Merkle;
import dev.lintel.Whose;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** What the chain says of records that are brought together. */
record Brought(List<AuditEntry.Draft> drafts, List<Leaf> leaves) {
  /** What a caller is told by the gateway's own rules, and not by a provider or a mistake. */
  private static final Set<String> DECIDED =
      Set.of("authentication", "permission", "rate_limited", "budget_exceeded", "content_blocked");

  /** Calls that one entry tells of: so that its body stays of some kilobytes. */
  private static final int MOST = 100;

  /** The last draft is the one that vouches for all of the leaves. */
  static Brought of(String journal, Collection<RecordRow> rows) {
    var drafts = new ArrayList<AuditEntry.Draft>();
    var leaves = new ArrayList<Leaf>(rows.size());
    MessageDigest sha256 = sha256();
    ObjectNode told = Json.object();
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    for (RecordRow row : rows) {
      byte[] digest = sha256.digest(row.json());
      var whose = new Whose(row.tenant(), row.app(), Leaves.cut(row.useCase()));
      leaves.add(new Leaf(row.id(), whose, digest));
      first = Math.min(first, row.position());
      last = Math.max(last, row.position());
      if (DECIDED.contains(row.kind()) || !row.findings().isEmpty()) {
        tell(told, row, digest);
        if (told.path("calls").size() == MOST) {
          drafts.add(new AuditEntry.Draft("decision", Json.text(told)));
          told = Json.object();
        }
      }
    }
    if (!told.isEmpty()) {
      drafts.add(new AuditEntry.Draft("decision", Json.text(told)));
    }
    List<String> ids = leaves.stream().map(Leaf::id).toList();
    ObjectNode body = Json.object().put("journal", journal).put("from", first).put("to", last);
    body.put("count", leaves.size());
    body.put("first_id", Collections.min(ids)).put("last_id", Collections.max(ids));
    body.put(
        "root", HexFormat.of().formatHex(Merkle.root(leaves.stream().map(Leaf::hash).toList())));
    drafts.add(new AuditEntry.Draft("records", Json.text(body)));
    return new Brought(drafts, leaves);
  }

  private static void tell(ObjectNode told, RecordRow row, byte[] digest) {
    ObjectNode call = told.withArray("calls").addObject().put("request_id", row.id());
    call.put("tenant", row.tenant()).put("app", row.app());
    call.put("kind", row.kind().isEmpty() ? null : row.kind());
    if (!row.findings().isEmpty()) {
      var rules = call.putArray("policy");
      for (RecordRow.Found found : row.findings()) {
        rules
            .addObject()
            .put("rule", found.rule())
            .put("mode", found.mode())
            .put("kind", found.kind());
      }
    }
    call.put("record", HexFormat.of().formatHex(digest));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}

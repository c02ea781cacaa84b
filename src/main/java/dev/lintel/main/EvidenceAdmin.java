package dev.lintel.main;

import static dev.lintel.admin.Operation.Parameter.query;

import dev.lintel.admin.ErasureDesk;
import dev.lintel.admin.Operation;
import dev.lintel.admin.Pairs;
import dev.lintel.admin.Said;
import dev.lintel.admin.Schema;
import dev.lintel.admin.TenantExport;
import java.time.InstantSource;
import java.util.List;

/** What admins may ask of what calls have left behind, beside their records. */
final class EvidenceAdmin {
  private static final Schema PAYLOAD =
      Schema.object(
          "request_id", Schema.TEXT,
          "level", Schema.oneOf("metadata", "redacted", "full"),
          "endpoint", Schema.TEXT,
          "dialect", Schema.TEXT,
          "stream", Schema.FLAG,
          "request", Schema.ANY.saying("as its caller sent it, or its shape"),
          "reply?", Schema.ANY.saying("as its caller got it, a stream as a whole reply"),
          "reply_cut?", Schema.FLAG,
          "error?", Schema.ANY,
          "training?", Schema.oneOf("opted_out"),
          "time", Schema.TIME,
          "until", Schema.TIME.saying("when it will be gone"),
          "tenant", Schema.TEXT,
          "app", Schema.TEXT);

  private static final Schema ERASURE =
      Schema.object(
          "id",
          Schema.TEXT,
          "tenant",
          Schema.TEXT,
          "state",
          Schema.oneOf("pending", "done"),
          "before",
          Schema.TIME,
          "one_user",
          Schema.FLAG.saying("whether one user's calls are meant; whose stands nowhere"),
          "by",
          Schema.TEXT,
          "asked",
          Schema.TIME,
          "store",
          Schema.oneOf("pending", "done"),
          "erased",
          Schema.object(
              "records", Schema.WHOLE,
              "payloads", Schema.WHOLE,
              "replies", Schema.WHOLE,
              "files", Schema.WHOLE,
              "batches", Schema.WHOLE,
              "feedback", Schema.WHOLE),
          "nodes",
          Schema.list(
              Schema.object(
                  "node", Schema.TEXT,
                  "state", Schema.oneOf("pending", "done"),
                  "seen", Schema.TIME)));

  private EvidenceAdmin() {}

  /**
   * @param changed told when all nodes should look at the store
   * @param said what calls said
   * @param kept all that is kept of tenants
   * @param pairs what chats said and were answered
   */
  static List<Operation> operations(
      Erasing erasing,
      Runnable changed,
      Said said,
      TenantExport.Sources kept,
      Pairs.Sources pairs) {
    var desk = new ErasureDesk(erasing::known, changed, InstantSource.system(), Builtins.OPENAI);
    return List.of(
        Operation.get(
                "/calls/{id}/payload",
                "Shows what a call said and was answered, where a policy has that kept.",
                PAYLOAD,
                said.one())
            .with(query("tenant", Schema.TEXT, "Only if it is a call of that tenant."))
            .recorded(),
        Operation.lines(
                "/tenants/{t}/export",
                "Exports all that is kept of a tenant as lines of JSON, the last of which counts"
                    + " them.",
                new TenantExport(kept, InstantSource.system(), Builtins.OPENAI).endpoint())
            .with(query("from", Schema.TIME, "Only calls that began then or later."))
            .with(query("to", Schema.TIME, "Only calls that began before."))
            .recorded(),
        Operation.lines(
                "/pairs",
                "Exports what chats said and were answered as lines of JSON, for training and"
                    + " evaluation.",
                new Pairs(pairs, InstantSource.system(), Builtins.OPENAI).endpoint())
            .with(
                query(
                    "form",
                    Schema.oneOf("messages", "evaluation"),
                    "What a line has: the messages alone, or the call's figures beside them."))
            .with(query("tenant", Schema.TEXT, "Only calls of that tenant."))
            .with(query("app", Schema.TEXT, "Only calls of apps of that name."))
            .with(query("model", Schema.TEXT, "Only calls that asked for that model."))
            .with(query("use_case", Schema.TEXT, "Only calls of that use case."))
            .with(query("from", Schema.TIME, "Only calls that began then or later."))
            .with(query("to", Schema.TIME, "Only calls that began before."))
            .with(
                query(
                    "min_score",
                    Schema.NUMBER,
                    "Only calls that were scored, and by nobody lower than that."))
            .with(query("limit", Schema.WHOLE, "The most lines of one answer, up to 10000."))
            .with(query("cursor", Schema.TEXT, "`x-lintel-next` of the answer before."))
            .recorded(),
        Operation.post(
                "/tenants/{t}/erase",
                "Erases for good what is kept of a tenant's calls, or of one of its users'.",
                ERASURE,
                desk.ask())
            .of(
                Schema.object(
                    "before?", Schema.TIME.saying("of calls that came before; left out, until now"),
                    "user?", Schema.TEXT.saying("of this one only")))
            .waiting(ERASURE),
        Operation.get(
            "/tenants/{t}/erasures",
            "Lists what was asked to be erased, the newest first.",
            Schema.page(ERASURE),
            desk.list()),
        Operation.get("/tenants/{t}/erasures/{id}", "Shows how far that is.", ERASURE, desk.one()));
  }
}

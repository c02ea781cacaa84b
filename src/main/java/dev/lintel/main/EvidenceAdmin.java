package dev.lintel.main;

import static dev.lintel.admin.Operation.Parameter.query;

import dev.lintel.Sealer;
import dev.lintel.admin.Operation;
import dev.lintel.admin.Said;
import dev.lintel.admin.Schema;
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

  private EvidenceAdmin() {}

  static List<Operation> operations(Storage storage, Sealer sealer) {
    var said =
        new Said(() -> storage.store().payloads(), sealer, InstantSource.system(), Builtins.OPENAI);
    return List.of(
        Operation.get(
                "/calls/{id}/payload",
                "Shows what a call said and was answered, where a policy has that kept.",
                PAYLOAD,
                said.one())
            .with(query("tenant", Schema.TEXT, "Only if it is a call of that tenant."))
            .recorded());
  }
}

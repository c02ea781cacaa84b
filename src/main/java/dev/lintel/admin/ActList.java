package dev.lintel.admin;

import static dev.lintel.admin.Operation.Parameter.query;

import dev.lintel.Acts;
import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** What admins have done, as the admin API shows it. */
public final class ActList {
  private static final Schema ACT =
      Schema.object(
          "number", Schema.WHOLE,
          "time", Schema.TIME,
          "by", Schema.TEXT,
          "what", Schema.TEXT,
          "status",
              Schema.WHOLE
                  .orNull()
                  .saying("null while it goes on, or where its end was never seen"),
          "detail", Schema.ANY.saying("what was asked for or changed, without secrets"));

  private final Supplier<Acts> acts;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public ActList(Supplier<Acts> acts, Dialect envelope) {
    this.acts = acts;
    this.envelope = envelope;
  }

  /** {@code ?by=&limit=&cursor=}, the newest first. */
  public Operation list() {
    return Operation.get(
            "/acts",
            "Lists what admins have done, the newest first.",
            Schema.page(ACT),
            new Question(envelope, (exchange, trail) -> page(exchange.request())))
        .with(query("by", Schema.TEXT, "Only what that person did."))
        .with(Operation.PAGES);
  }

  private Answer page(RawRequest request) {
    Map<String, String> asked = Listed.only(request, "by", "limit", "cursor");
    int limit = Listed.limit(request);
    List<Acts.Act> found =
        acts.get().list(before(asked), limit, Optional.ofNullable(asked.get("by")));
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    for (Acts.Act act : found) {
      data.add(json(act));
    }
    body.put("next", found.size() < limit ? null : Long.toString(found.getLast().number()));
    return Answer.json(200, body);
  }

  static ObjectNode json(Acts.Act act) {
    ObjectNode entry = Json.object();
    entry.put("number", act.number()).put("time", act.at().toString());
    entry.put("by", act.by()).put("what", act.what());
    entry.put("status", act.status() == 0 ? null : Integer.valueOf(act.status()));
    if (act.detail().isEmpty()) {
      return entry.putNull("detail");
    }
    return entry.set("detail", Json.parse(act.detail()));
  }

  private static long before(Map<String, String> asked) {
    String cursor = asked.get("cursor");
    if (cursor == null) {
      return Long.MAX_VALUE;
    }
    if (!cursor.matches("[0-9]{1,18}")) {
      throw Failure.invalid("'cursor' must be 'next' of an answer before.").at("cursor");
    }
    return Long.parseLong(cursor);
  }
}

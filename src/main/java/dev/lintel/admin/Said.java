package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Payloads;
import dev.lintel.Payloads.Payload;
import dev.lintel.Sealer;
import java.time.InstantSource;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** What calls said and were answered, where a policy has had it kept. */
public final class Said {
  private final Supplier<Payloads> payloads;
  private final Sealer sealer;
  private final InstantSource clock;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public Said(Supplier<Payloads> payloads, Sealer sealer, InstantSource clock, Dialect envelope) {
    this.payloads = payloads;
    this.sealer = sealer;
    this.clock = clock;
    this.envelope = envelope;
  }

  /** Of the call whose {@code id} is in the path: {@code ?tenant=}. Its reading is an act. */
  public Endpoint one() {
    return new Question(envelope, (exchange, trail) -> one(exchange));
  }

  private Answer one(Exchange exchange) {
    String id = exchange.request().path().getOrDefault("id", "");
    String only = Listed.only(exchange.request(), "tenant").get("tenant");
    Payload found =
        payloads
            .get()
            .find(id, clock.instant())
            .filter(payload -> only == null || only.equals(payload.tenant()))
            .orElseThrow(() ->
                Failure.of(
                        Failure.Kind.NOT_FOUND,
                        "Nothing is kept of what the call '" + id + "' said.")
                    .at("request_id")
                    .code("payload_not_found"));
    var document = (ObjectNode) Json.parse(sealer.open(Payload.seal(id), found.sealed()));
    document.put("time", found.time().toString()).put("until", found.until().toString());
    document.put("tenant", found.tenant()).put("app", found.app());
    exchange.note(Json.object().put("level", found.level().word()).put("tenant", found.tenant()));
    return Answer.json(200, document);
  }
}

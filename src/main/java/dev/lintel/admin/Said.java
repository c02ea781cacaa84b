package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Payloads;
import dev.lintel.Payloads.Payload;
import dev.lintel.Sealer;
import java.time.InstantSource;
import java.util.Optional;
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
    ObjectNode document =
        document(id)
            .filter(found -> only == null || only.equals(found.path("tenant").asString("")))
            .orElseThrow(() ->
                Failure.of(
                        Failure.Kind.NOT_FOUND,
                        "Nothing is kept of what the call '" + id + "' said.")
                    .at("request_id")
                    .code("payload_not_found"));
    exchange.note(
        Json.object()
            .put("level", document.path("level").asString())
            .put("tenant", document.path("tenant").asString()));
    return Answer.json(200, document);
  }

  /** What that call said and was answered, opened; empty where none of it is kept. */
  Optional<ObjectNode> document(String id) {
    // Opening and reading a long one would hold the carrier.
    return payloads
        .get()
        .find(id, clock.instant())
        .map(found -> CallThread.current().offload(() -> opened(found)));
  }

  private ObjectNode opened(Payload payload) {
    var document =
        (ObjectNode) Json.parse(sealer.open(Payload.seal(payload.id()), payload.sealed()));
    document.put("time", payload.time().toString()).put("until", payload.until().toString());
    return document.put("tenant", payload.tenant()).put("app", payload.app());
  }
}

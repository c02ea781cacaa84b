package dev.lintel.admin;

import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.WHOLE;

import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.Approvals;
import dev.lintel.Approvals.Known;
import dev.lintel.Approvals.Request;
import dev.lintel.Approvals.State;
import dev.lintel.Dialect;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.History;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Settings.Done;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** The changes that wait for a second admin, and what is said to them. */
public final class ApprovalList {
  /** What is answered for a change that waits. */
  static final Schema REQUEST =
      Schema.object(
          "id",
          TEXT,
          "at",
          TIME,
          "by",
          TEXT,
          "what",
          TEXT,
          "until",
          TIME,
          "state",
          Schema.oneOf(Arrays.stream(State.values()).map(State::word).toArray(String[]::new)),
          "places",
          Schema.list(TEXT).saying("what one admin alone may not change"),
          "differences",
          Schema.list(Configuration.DIFFERENCE),
          "decided_by",
          TEXT.orNull(),
          "decided_at",
          TIME.orNull(),
          "revision",
          WHOLE.orNull());

  /** After every id that there is. */
  private static final String END = "~";

  private final Approvals approvals;
  private final History history;
  private final InstantSource clock;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public ApprovalList(Approvals approvals, History history, InstantSource clock, Dialect envelope) {
    this.approvals = approvals;
    this.history = history;
    this.clock = clock;
    this.envelope = envelope;
  }

  public List<Operation> operations() {
    return List.of(
        Operation.get(
                "/approvals",
                "Lists the changes that wait or waited for a second admin, the newest first.",
                Schema.page(REQUEST),
                new Question(envelope, (exchange, trail) -> page(exchange.request())))
            .with(Operation.Parameter.query("state", TEXT, "Only those that are so, as `pending`."))
            .with(Operation.PAGES),
        Operation.get(
            "/approvals/{id}",
            "Shows a change that waits or waited for a second admin.",
            REQUEST,
            new Question(envelope, (exchange, trail) -> shown(id(exchange)))),
        Operation.post(
            "/approvals/{id}/approve",
            "Agrees to another admin's change, which is made then.",
            Configuration.DONE,
            new Question(envelope, (exchange, trail) -> approve(exchange))),
        Operation.post(
            "/approvals/{id}/reject",
            "Ends a change that waits, one's own too.",
            REQUEST,
            new Question(envelope, (exchange, trail) -> reject(exchange))));
  }

  /** What is answered where nothing was changed yet. */
  static Optional<Answer> waiting(Done done) {
    return done.waits()
        .map(request ->
            new Answer(
                202,
                Answer.JSON,
                Json.bytes(
                    json(
                        new Known(
                            request,
                            new Approvals.Decision(
                                State.PENDING, Optional.empty(), Optional.empty(), 0)))),
                Map.of("location", "/admin/v1/approvals/" + request.id())));
  }

  private Answer approve(Exchange exchange) {
    Done done = history.approve(exchange.admin().orElse(Admin.KEY), id(exchange));
    Configuration.note(exchange, done);
    return Answer.json(200, Configuration.json(done));
  }

  private Answer reject(Exchange exchange) {
    String id = id(exchange);
    if (!approvals.decide(id, State.REJECTED, name(exchange), clock.instant())) {
      String state = known(id).decision().state().word();
      throw Failure.invalid("The request '" + id + "' waits no more: " + state + ".")
          .status(409)
          .at("id")
          .code("approval_" + state);
    }
    return shown(id);
  }

  private static String name(Exchange exchange) {
    return exchange.admin().orElse(Admin.KEY).name();
  }

  private static String id(Exchange exchange) {
    return exchange.request().path().getOrDefault("id", "");
  }

  private Answer shown(String id) {
    return Answer.json(200, json(known(id)));
  }

  private Known known(String id) {
    return approvals
        .find(id, clock.instant())
        .orElseThrow(() ->
            Failure.of(Failure.Kind.NOT_FOUND, "There is no request '" + id + "'.")
                .at("id")
                .code("approval_not_found"));
  }

  private Answer page(RawRequest request) {
    Map<String, String> asked = Listed.only(request, "state", "limit", "cursor");
    int limit = Listed.limit(request);
    Optional<State> state = Optional.ofNullable(asked.get("state")).map(ApprovalList::state);
    List<Known> found =
        approvals.list(asked.getOrDefault("cursor", END), limit, state, clock.instant());
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    found.forEach(known -> data.add(json(known)));
    body.put("next", found.size() < limit ? null : found.getLast().request().id());
    return Answer.json(200, body);
  }

  private static State state(String word) {
    return Arrays.stream(State.values())
        .filter(state -> state.word().equals(word))
        .findFirst()
        .orElseThrow(() ->
            Failure.invalid("'state' must be pending, approved, rejected or expired.").at("state"));
  }

  private static ObjectNode json(Known known) {
    Request request = known.request();
    Approvals.Decision decision = known.decision();
    ObjectNode node = Json.object().put("id", request.id()).put("at", request.at().toString());
    node.put("by", request.by()).put("what", request.why());
    node.put("until", request.until().toString()).put("state", decision.state().word());
    var shown = Json.parse(request.shown());
    node.set("places", shown.path("places"));
    node.set("differences", shown.path("differences"));
    node.put("decided_by", decision.by().orElse(null));
    node.put("decided_at", decision.at().map(Instant::toString).orElse(null));
    return node.put(
        "revision", decision.revision() == 0 ? null : Long.valueOf(decision.revision()));
  }
}

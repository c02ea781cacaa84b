package dev.lintel.main;

import dev.lintel.Admin;
import dev.lintel.Approvals;
import dev.lintel.Approvals.Request;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Settings.Done;
import dev.lintel.Settings.Wish;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Changes that one admin asks for and another one agrees to. */
final class SecondAdmin {
  /** Who else has to agree to a change. */
  @FunctionalInterface
  interface Consent {
    /** The request that now waits for them; empty where nobody has to, or all have. */
    Optional<Request> missing(InForce before, InForce after);
  }

  private final Approvals approvals;
  private final Notices notices;
  private final InstantSource clock;

  SecondAdmin(Approvals approvals, Notices notices, InstantSource clock) {
    this.approvals = approvals;
    this.notices = notices;
    this.clock = clock;
  }

  /** Asks for another one's word; empty where one admin is enough. */
  Optional<Request> ask(Wish wish, Order order, InForce before, InForce after) {
    List<String> places = before.config().secondAdmin(after.config());
    if (places.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode shown = Json.object().set("differences", differences(before, after));
    places.forEach(shown.putArray("places")::add);
    shown.put("person", wish.person());
    Instant at = clock.instant();
    var request =
        new Request(
            Ids.of("apr_"),
            at,
            wish.by(),
            wish.why(),
            at.plus(before.config().approvals()),
            order.written(),
            Json.text(shown));
    approvals.add(request);
    notices.asked(request);
    return Optional.of(request);
  }

  private static ArrayNode differences(InForce before, InForce after) {
    ArrayNode all = Json.array();
    before.whole().to(after.whole()).forEach(difference -> all.add(difference.json()));
    return all;
  }

  /**
   * Somebody agrees to a request. Throws {@link Failure} where it does not wait, or not for them.
   */
  Agreed agreed(Admin by, String id) {
    return new Agreed(waiting(by, id), by.name());
  }

  private static String person(Request request) {
    return Json.parse(request.shown()).path("person").asString(request.by());
  }

  private Request waiting(Admin by, String id) {
    Approvals.Known known =
        approvals
            .find(id, clock.instant())
            .orElseThrow(() ->
                Failure.of(Failure.Kind.NOT_FOUND, "There is no request '" + id + "'.")
                    .at("id")
                    .code("approval_not_found"));
    if (known.decision().state() != Approvals.State.PENDING) {
      throw Failure.invalid(
              "The request '" + id + "' waits no more: " + known.decision().state().word() + ".")
          .status(409)
          .at("id")
          .code("approval_" + known.decision().state().word());
    }
    Request request = known.request();
    if (request.by().equalsIgnoreCase(by.name()) || person(request).equalsIgnoreCase(by.person())) {
      throw Failure.of(
          Failure.Kind.PERMISSION, "Another admin than who asked for a change agrees to it.");
    }
    return known.request();
  }

  private static Failure stale(String id, String why) {
    return Failure.invalid(
            "The request '"
                + id
                + "' does not fit the configuration any more; make the change again. "
                + why)
        .status(409)
        .at("id")
        .code("approval_stale");
  }

  /** That of two who agree at once one does it, and only what was shown is done. */
  final class Agreed implements Consent {
    private final Request request;
    private final String by;
    private boolean decided;

    private Agreed(Request request, String by) {
      this.request = request;
      this.by = by;
    }

    Order order() {
      return Order.of(request.order());
    }

    Wish wish() {
      return new Wish(
          request.by(), person(request), request.why(), Optional.empty(), Optional.empty());
    }

    String why() {
      return request.why() + ", approved by " + by;
    }

    @Override
    public Optional<Request> missing(InForce before, InForce after) {
      String now = Json.text(differences(before, after));
      if (!Json.parse(now).equals(Json.parse(request.shown()).path("differences"))) {
        throw stale(request.id(), "Something else would be different than was shown.");
      }
      if (!decided) {
        decided = approvals.decide(request.id(), Approvals.State.APPROVED, by, clock.instant());
        if (!decided) {
          throw stale(request.id(), "Somebody has decided meanwhile.");
        }
      }
      return Optional.empty();
    }

    /**
     * Does it; where that does not come to pass the request waits on, or does not fit any more.
     *
     * @param change asks this for its consent
     */
    Done carried(Supplier<Done> change) {
      try {
        Done done = change.get();
        if (!decided) {
          throw stale(request.id(), "nothing would be different");
        }
        approvals.done(request.id(), done.revision());
        return done;
      } catch (Failure refused) {
        if (decided) {
          approvals.undecide(request.id());
        }
        throw switch (refused.kind()) {
          case INVALID_REQUEST, NOT_FOUND ->
              refused.status() == 409 ? refused : stale(request.id(), refused.message());
          default -> refused;
        };
      }
    }
  }
}

package dev.lintel.sim;

import dev.lintel.Answer;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.RawRequest;
import dev.lintel.Trail;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One path of the simulated provider: works out a reply and plays it, fault included. */
final class Simulated implements Endpoint {
  /** Makes the reply to a request. */
  @FunctionalInterface
  interface Model {
    /** Throws {@link Failure} where the vendor would refuse the request. */
    Reply answer(RawRequest request);
  }

  private final Vendor vendor;
  private final Desk desk;
  private final Model model;

  Simulated(Vendor vendor, Desk desk, Model model) {
    this.vendor = vendor;
    this.desk = desk;
    this.model = model;
  }

  @Override
  public void serve(Exchange exchange) {
    Visit visit = desk.arrived(exchange);
    Visit.Outcome outcome = Visit.Outcome.FAILED;
    try {
      outcome = answer(exchange);
    } catch (Failure gone) {
      outcome = Visit.Outcome.CANCELLED;
      throw gone;
    } finally {
      desk.left(visit, outcome);
    }
  }

  private Visit.Outcome answer(Exchange exchange) {
    Reply reply;
    try {
      reply = model.answer(exchange.request());
    } catch (Failure refusal) {
      exchange.answer(refused(vendor, refusal), Map.of());
      return Visit.Outcome.REFUSED;
    }
    Optional<Fault> fault = desk.fault(reply.options());
    List<Step> steps =
        fault.isPresent()
            ? Course.of(reply, vendor, fault.get(), Instant.now())
            : Course.of(reply, vendor);
    Stage.play(exchange, steps);
    return fault.isPresent() ? Visit.Outcome.FAULTED : Visit.Outcome.ANSWERED;
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return refused(vendor, failure);
  }

  /** The failure as a status and words that the vendor knows. */
  static Answer refused(Vendor vendor, Failure refusal) {
    Trouble trouble =
        Arrays.stream(Trouble.values())
            .filter(known -> known.status() == refusal.kind().status())
            .findFirst()
            .orElse(Trouble.BAD_REQUEST);
    return vendor.refusal(trouble, trouble.status(), refusal.message());
  }
}

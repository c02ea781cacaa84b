package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Caller;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Identity;
import dev.lintel.RawRequest;
import dev.lintel.Trail;
import java.util.Map;

/** An endpoint that asks no model, but serves known callers only; its errors are in a dialect. */
public final class Known implements Endpoint {
  /** What is done for the caller; throws {@link Failure} until it has begun to answer. */
  @FunctionalInterface
  public interface Service {
    /**
     * @param headers of every answer
     */
    void serve(Caller caller, Exchange exchange, Map<String, String> headers);
  }

  private final Dialect dialect;
  private final Identity identity;
  private final Service service;

  public Known(Dialect dialect, Identity identity, Service service) {
    this.dialect = dialect;
    this.identity = identity;
    this.service = service;
  }

  @Override
  public void serve(Exchange exchange) {
    var trail = Trail.begin(exchange.arrived());
    try {
      service.serve(
          caller(exchange.request(), identity),
          exchange,
          Map.of("x-lintel-request-id", trail.id()));
    } catch (Failure failure) {
      Front.fail(exchange, dialect, failure, trail);
    }
  }

  /** Throws {@link Failure} where the request has no key, or none that is known. */
  public static Caller caller(RawRequest raw, Identity identity) {
    return identity.holder(Front.credential(raw), raw.peer());
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect.error(failure, trail);
  }
}

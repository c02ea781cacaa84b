package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Trail;
import java.util.Map;
import java.util.function.Function;

/** Answers what nobody serves, in the dialect that the path suggests. */
public final class Unserved implements Endpoint {
  private final Function<String, Dialect> dialect;
  private final int status;
  private final Function<Exchange, String> message;

  /**
   * @param status of the answer, such as 404, 405 or 426
   * @param message says what would be right
   */
  public Unserved(
      Function<String, Dialect> dialect, int status, Function<Exchange, String> message) {
    this.dialect = dialect;
    this.status = status;
    this.message = message;
  }

  @Override
  public void serve(Exchange exchange) {
    var trail = Trail.begin(exchange.arrived());
    Failure.Kind kind = status == 404 ? Failure.Kind.NOT_FOUND : Failure.Kind.INVALID_REQUEST;
    Answer answer =
        dialect.apply(exchange.path()).error(Failure.of(kind, message.apply(exchange)), trail);
    exchange.answer(
        new Answer(status, answer.contentType(), answer.body()),
        Map.of("x-lintel-request-id", trail.id()));
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect.apply("").error(failure, trail);
  }
}

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
  private final Map<String, String> headers;
  private final Function<Exchange, Failure> failure;

  /**
   * @param headers say what would be right, as {@code allow} does
   * @param failure says it in words, and has the status
   */
  public Unserved(
      Function<String, Dialect> dialect,
      Map<String, String> headers,
      Function<Exchange, Failure> failure) {
    this.dialect = dialect;
    this.headers = headers;
    this.failure = failure;
  }

  @Override
  public void serve(Exchange exchange) {
    var trail = Trail.begin(exchange.arrived());
    Failure why = failure.apply(exchange);
    Map<String, String> all = Reply.errorHeaders(why, trail);
    all.putAll(headers);
    exchange.answer(dialect.apply(exchange.path()).error(why, trail), all);
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return dialect.apply("").error(failure, trail);
  }
}

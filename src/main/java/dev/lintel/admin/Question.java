package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A question to the admin API.
 *
 * @param envelope in which failures are told
 * @param answering throws {@link Failure} for what makes no sense; the trail is the answer's own
 */
record Question(Dialect envelope, BiFunction<Exchange, Trail, Answer> answering)
    implements Endpoint {
  @Override
  public void serve(Exchange exchange) {
    var trail = Trail.begin(exchange.arrived());
    Map<String, String> headers = new HashMap<>();
    headers.put("x-lintel-request-id", trail.id());
    Answer answer;
    try {
      answer = answering.apply(exchange, trail);
    } catch (Failure failure) {
      answer = refuse(failure, trail);
      failure
          .retryAfter()
          .ifPresent(
              wait -> headers.put("retry-after", Long.toString(wait.plusMillis(999).toSeconds())));
    }
    exchange.answer(answer, headers);
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return envelope.error(failure, trail);
  }
}

package dev.lintel;

/** Serves the requests of one path, each on a thread of its own that may block. */
@FunctionalInterface
public interface Endpoint {
  /**
   * Answers the exchange, also where it fails: what escapes is answered as {@code internal} and
   * logged.
   */
  void serve(Exchange exchange);

  /**
   * Words a failure that keeps a request from being served at all, such as a body over the limit.
   * Must not block.
   */
  default Answer refuse(Failure failure, Trail trail) {
    var body = Json.object();
    body.putObject("error").put("message", failure.message()).set("lintel", failure.lintel(trail));
    return Answer.json(failure.status(), body);
  }
}

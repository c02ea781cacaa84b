package dev.lintel;

/** Serves the requests of one path, each on a thread of its own that may block. */
@FunctionalInterface
public interface Endpoint {
  /**
   * Answers the exchange, also where it fails: what escapes is answered as {@code internal} and
   * logged.
   */
  void serve(Exchange exchange);
}

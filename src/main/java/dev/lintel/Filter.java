package dev.lintel;

/** A stop on a call's way. */
@FunctionalInterface
public interface Filter {
  /**
   * May change the call, wrap the sink, answer by itself, or call {@code next} any number of times.
   */
  void apply(Call call, Sink sink, Handler next);

  /** This stop before that handler. */
  default Handler then(Handler next) {
    return (call, sink) -> apply(call, sink, next);
  }
}

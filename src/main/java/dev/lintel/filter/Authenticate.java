package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Sink;
import java.util.Optional;
import java.util.function.Function;

/** Turns a key into a caller, before anything of the request is read. */
public final class Authenticate implements Filter {
  private final Function<String, Optional<Caller>> keys;

  /**
   * @param keys must not wait
   */
  public Authenticate(Function<String, Optional<Caller>> keys) {
    this.keys = keys;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (!call.caller().app().isEmpty()) {
      call.trail().calledBy(call.caller());
      next.handle(call, sink);
      return;
    }
    if (call.credential().isEmpty()) {
      throw Failure.of(
          Failure.Kind.AUTHENTICATION,
          "No key was given. Send a Lintel key as 'Authorization: Bearer ...', 'x-api-key', 'api-key', 'x-goog-api-key' or '?key='.");
    }
    Caller caller =
        keys.apply(call.credential())
            .orElseThrow(() ->
                Failure.of(Failure.Kind.AUTHENTICATION, "The key is not known to this gateway."));
    call.trail().calledBy(caller);
    next.handle(call.with(caller), sink);
  }
}

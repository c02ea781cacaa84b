package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Sink;

/**
 * Keeps a call from a model for which no budget leaves enough, so that a cheaper one may be asked.
 * What the call holds is changed where another model is asked than the one for which it was let in.
 */
public final class Afford implements Filter {
  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (call.trail().admission() instanceof Admitted admitted) {
      admitted.afford(call);
    }
    next.handle(call, sink);
  }
}

package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Extent;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Bounds an answer of which nobody has said how long it may be by what the call may cost at the
 * target that is asked.
 */
public final class Cap implements Filter {
  /** No model in use answers with more. */
  private static final long LONGEST = 1 << 17;

  private final TokenCounter counter;

  public Cap(TokenCounter counter) {
    this.counter = counter;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (call.terms().values().isEmpty() || !(call.request() instanceof Chat chat)) {
      next.handle(call, sink);
      return;
    }
    Optional<BigDecimal> most = call.terms().maxCostUsd();
    if (most.isEmpty() || Extent.maxTokens(chat) > 0) {
      next.handle(call, sink);
      return;
    }
    Target target = call.target().orElseThrow().target();
    OptionalLong answer = new Need(call, counter).answer(target, most.get());
    long longest = target.traits().maxOutput() > 0 ? target.traits().maxOutput() : LONGEST;
    if (answer.isEmpty() || answer.getAsLong() >= longest) {
      next.handle(call, sink);
      return;
    }
    call.trail().adapted("mend:max_tokens");
    next.handle(call.with(Extent.bounded(chat, answer.getAsLong())), sink);
  }
}

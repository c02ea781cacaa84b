package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Live;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import dev.lintel.Trail;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Bounds an answer of which nobody has said how long it may be by what the call may cost at the
 * target that is asked, and a conversation in real time by what it has cost.
 */
public final class Cap implements Filter {
  /** No model in use answers with more. */
  private static final long LONGEST = 1 << 17;

  private static final Optional<BigDecimal> NOTHING_SAID = Optional.empty();

  private final TokenCounter counter;

  public Cap(TokenCounter counter) {
    this.counter = counter;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Optional<BigDecimal> most =
        call.terms().values().isEmpty() ? NOTHING_SAID : call.terms().maxCostUsd();
    if (most.isEmpty()) {
      next.handle(call, sink);
    } else if (call.request() instanceof Chat chat && Extent.maxTokens(chat) == 0) {
      next.handle(bounded(call, chat, most.get()), sink);
    } else if (call.request() instanceof Live) {
      next.handle(call, ended(call.trail(), most.get(), sink));
    } else {
      next.handle(call, sink);
    }
  }

  private Call bounded(Call call, Chat chat, BigDecimal most) {
    Target target = call.target().orElseThrow().target();
    OptionalLong answer = new Need(call, counter).answer(target, most);
    long longest = target.traits().maxOutput() > 0 ? target.traits().maxOutput() : LONGEST;
    if (answer.isEmpty() || answer.getAsLong() >= longest) {
      return call;
    }
    call.trail().adapted("mend:max_tokens");
    return call.with(Extent.bounded(chat, answer.getAsLong()));
  }

  /** A conversation of which nobody knows how long it lasts ends once it has cost that much. */
  private static Sink ended(Trail trail, BigDecimal most, Sink sink) {
    return chunk -> {
      sink.emit(chunk);
      if (trail.cost().filter(cost -> cost.compareTo(most) >= 0).isPresent()) {
        throw Failure.of(
                Failure.Kind.BUDGET_EXCEEDED,
                "The conversation has cost the "
                    + most.toPlainString()
                    + " USD that it may (the term 'max_cost_usd').")
            .at("max_cost_usd");
      }
    };
  }
}

package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Request;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import dev.lintel.Usage;

/**
 * Answers how many tokens a prompt has: by the provider's own counter where it has one, else by the
 * gateway's, which is an estimate and says so.
 *
 * <p>Whose counter it is goes by the model's first target. A counter that cannot be reached is no
 * reason not to answer.
 */
public final class CountTokens implements Filter {
  private final TokenCounter counter;

  public CountTokens(TokenCounter counter) {
    this.counter = counter;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (!(call.request() instanceof Request.Count count)) {
      next.handle(call, sink);
      return;
    }
    Model model = call.resolved();
    Target first = model.targets().getFirst();
    if (counts(count, first) && asked(call.with(counting(count, model)), sink, next)) {
      return;
    }
    String name = first.model();
    long tokens = CallThread.current().offload(() -> counter.prompt(count.chat().prompt(), name));
    call.trail().used(Usage.of(0, 0, Usage.Source.ESTIMATE));
    sink.emit(Chunk.of(new Part.Count(tokens)));
  }

  /** Whether a provider has answered. Throws {@link Failure} where the prompt itself is wrong. */
  private static boolean asked(Call call, Sink sink, Handler next) {
    try {
      next.handle(call, sink);
      return true;
    } catch (Failure failure) {
      if (failure.again() == Failure.Again.NOWHERE && failure.kind() != Failure.Kind.UNAVAILABLE) {
        throw failure;
      }
      return false;
    }
  }

  /** The model with those targets alone whose provider counts. */
  private static Model counting(Request request, Model model) {
    return model.only(model.targets().stream().filter(target -> counts(request, target)).toList());
  }

  private static boolean counts(Request request, Target target) {
    return target.provider().dialects().takes(request, target);
  }
}

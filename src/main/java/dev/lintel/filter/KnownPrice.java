package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Model;
import dev.lintel.Sink;
import dev.lintel.Target;
import java.util.List;
import java.util.function.Predicate;

/**
 * Keeps callers whose calls must have a price from targets that have none, so that no money is
 * spent that nobody can count.
 */
public final class KnownPrice implements Filter {
  private final Predicate<Caller> refuses;

  /**
   * @param refuses whether that caller's calls need a price
   */
  public KnownPrice(Predicate<Caller> refuses) {
    this.refuses = refuses;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (!refuses.test(call.caller())) {
      next.handle(call, sink);
      return;
    }
    Model model = call.resolved();
    List<Target> priced =
        model.targets().stream().filter(target -> target.price().known()).toList();
    if (priced.isEmpty()) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "The price of '"
                  + model.name()
                  + "' is not known, and this app's calls must have one (unknown_price: refuse).")
          .at("model")
          .code("unknown_price")
          .lasting();
    }
    next.handle(
        priced.size() == model.targets().size() ? call : call.with(model.among(priced)), sink);
  }
}

package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Embed;
import dev.lintel.Extent;
import dev.lintel.Live;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Routing;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which calls are asked twice where the first target is late, when, and how many of them.
 *
 * <p>Only what does no harm when it is done twice: an answer that somebody keeps, and tools that
 * the provider itself runs, are not. Looked into only once a target is late, for most are not.
 */
final class Hedging {
  private final Map<String, Allowance> allowances = new ConcurrentHashMap<>();

  /** Counts the call; empty where it is asked once, whatever happens. */
  Optional<Watch> watch(Call call) {
    Optional<Routing.Hedge> hedge = call.resolved().routing().hedge();
    if (hedge.isEmpty()) {
      return Optional.empty();
    }
    Allowance allowance =
        allowances.computeIfAbsent(call.resolved().name(), name -> new Allowance());
    allowance.count();
    boolean may = call.ownKey().isEmpty() && isOfAKind(call.request());
    return may ? Optional.of(new Watch(call, hedge.get(), allowance)) : Optional.empty();
  }

  private static boolean isOfAKind(Request request) {
    return switch (request) {
      case Chat chat -> true;
      case Embed embed -> true;
      case Rerank rerank -> true;
      case Request.Count count -> true;
      case Live live -> false;
      case Relay relay -> false;
      case Stored stored -> false;
      case Request.Unread unread -> false;
    };
  }

  /** Of one call. */
  static final class Watch {
    private final Call call;
    private final Routing.Hedge hedge;
    private final Allowance allowance;

    Watch(Call call, Routing.Hedge hedge, Allowance allowance) {
      this.call = call;
      this.hedge = hedge;
      this.allowance = allowance;
    }

    /** Nanoseconds after which the target's first content is late; -1 where nobody knows. */
    long lateAfter(Target target) {
      return hedge
          .after()
          .map(after -> after.toNanos())
          .orElseGet(() -> target.standing().firstContentP95Nanos());
    }

    /** The first target is late: who is asked beside it; {@code null} where nobody is to be. */
    Walk.@Nullable Step second(Walk walk, Target first) {
      if (Deeds.keeps(call.request())
          || Deeds.acts(call.request())
          || !allowance.take(hedge.share())) {
        return null;
      }
      Walk.Step step =
          walk.beside(other -> !other.name().equals(first.name()) && pays(first, other));
      if (step == null) {
        allowance.giveBack();
      }
      return step;
    }

    /** Whether both may be paid for, as far as it is known what they cost. */
    private boolean pays(Target first, Target other) {
      Optional<BigDecimal> most = call.terms().maxCostUsd();
      if (most.isEmpty()) {
        return true;
      }
      Optional<BigDecimal> more = other.price().cost(expected(other));
      BigDecimal known = first.price().cost(expected(first)).orElse(BigDecimal.ZERO);
      return more.isEmpty() || more.get().add(known).compareTo(most.get()) <= 0;
    }

    /** As much as is asked for, or as such an answer usually has; nothing where nobody knows. */
    private Usage expected(Target target) {
      long most = Extent.maxTokens(call.request());
      double usual = target.standing().outputTokens();
      long output = Double.isNaN(usual) ? most : Math.round(usual);
      return Usage.of(
              Extent.inputTokens(call.request()),
              most == 0 ? output : Math.min(most, output),
              Usage.Source.ESTIMATE)
          .units(Extent.pieces(call.request()));
    }
  }
}

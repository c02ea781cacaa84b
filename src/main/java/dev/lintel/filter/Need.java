package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import dev.lintel.Usage;
import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a call takes of a context window and of money. A guess decides what is clear; what is close
 * to a bound is counted.
 */
final class Need {
  /** Providers take no smaller bound of an answer than that. */
  private static final long SHORTEST = 16;

  private static final long MANY = 1_000_000;
  private static final BigDecimal QUARTER = new BigDecimal("0.25");

  private final Call call;
  private final TokenCounter counter;
  private final long guess;
  private final long answer;
  private final Map<Unit, BigDecimal> pieces;
  private long counted = -1;

  Need(Call call, TokenCounter counter) {
    this.call = call;
    this.counter = counter;
    this.guess = Extent.inputTokens(call.request());
    this.answer = Extent.maxTokens(call.request());
    this.pieces = Extent.pieces(call.request());
  }

  boolean fits(long context) {
    if (2 * guess + answer <= context) {
      return true;
    }
    return answer <= context && guess <= 4 * context && input() + answer <= context;
  }

  /** Also with the shortest answer, where nobody says how long it may be. */
  boolean costsAtMost(Target target, BigDecimal most) {
    long least =
        Extent.answers(call.request())
            * (answer == 0 && call.request() instanceof Chat ? SHORTEST : answer);
    return atMost(target, 2 * guess, least, most) || atMost(target, input(), least, most);
  }

  private boolean atMost(Target target, long input, long output, BigDecimal most) {
    return cost(target, input, output).map(cost -> cost.compareTo(most) <= 0).orElse(true);
  }

  private Optional<BigDecimal> cost(Target target, long input, long output) {
    return target.price().cost(Usage.of(input, output, Usage.Source.ESTIMATE).units(pieces));
  }

  /**
   * The longest answer, of each that is asked for, with which the call costs that much at the most;
   * empty where any does, or nobody knows.
   */
  OptionalLong answer(Target target, BigDecimal most) {
    boolean clear =
        cost(target, 2 * guess, 0)
            .map(prompt -> prompt.compareTo(most.multiply(QUARTER)) <= 0)
            .orElse(true);
    long input = clear ? 2 * guess : input();
    Optional<BigDecimal> prompt = cost(target, input, 0);
    Optional<BigDecimal> many = cost(target, input, MANY);
    if (prompt.isEmpty() || many.isEmpty() || many.get().compareTo(prompt.get()) <= 0) {
      return OptionalLong.empty();
    }
    BigDecimal tokens =
        most.subtract(prompt.get())
            .multiply(BigDecimal.valueOf(MANY))
            .divide(many.get().subtract(prompt.get()), 0, RoundingMode.DOWN)
            .divideToIntegralValue(BigDecimal.valueOf(Extent.answers(call.request())));
    return OptionalLong.of(Math.max(SHORTEST, tokens.min(BigDecimal.valueOf(MANY)).longValue()));
  }

  private long input() {
    if (counted < 0) {
      counted = call.request() instanceof Chat chat && !chat.sketched() ? counted(chat) : guess;
    }
    return counted;
  }

  private long counted(Chat chat) {
    String name = call.resolved().targets().getFirst().model();
    try {
      return CallThread.current().offload(() -> counter.prompt(chat.prompt(), name));
    } catch (Failure failure) {
      if (failure.kind() == Failure.Kind.CANCELLED) {
        throw failure;
      }
      // Nobody here can read it; whoever is asked will say what is wrong with it.
      return guess;
    }
  }

  Failure tooLong(List<Target> targets) {
    long largest = targets.stream().mapToLong(target -> target.profile().context()).max().orElse(0);
    return Failure.of(
        Failure.Kind.CONTEXT_LENGTH_EXCEEDED,
        "The prompt has about "
            + input()
            + " tokens"
            + (answer > 0 ? " and asks for " + answer + " more" : "")
            + "; the largest context of '"
            + call.resolved().name()
            + "' is "
            + largest
            + ".");
  }
}

package dev.lintel.report;

import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import dev.lintel.Price;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The change of a cost from one time to another, taken apart so that the parts add up to it
 * exactly.
 *
 * <p>The cost is the sum, over targets, of {@code calls × share × (prompt × rate of a prompt's
 * token + answer × rate of an answer's) × price}, and the cost of tries that failed. One after the
 * other, in the order of {@link Cause}, each factor goes from what it was to what it is; what the
 * cost changes at that step is the cause's part. A target that had no calls before has the factors
 * that it has now, so that all of it is a matter of shares.
 */
final class Causes {
  private final Map<Cause, Long> parts = new EnumMap<>(Cause.class);
  private final Function<String, Optional<Price>> prices;

  /** What is known of the calls of one target in one of the times. */
  private record Factors(
      double share,
      double prompt,
      double answer,
      double promptRate,
      double answerRate,
      double price) {
    double cost() {
      return share * (prompt * promptRate + answer * answerRate) * price;
    }
  }

  private record Pair(Factors before, Factors now) {}

  /**
   * @param before by target
   * @param prices of a target now; where there is none all tokens count the same
   */
  Causes(
      Map<String, Sums> before, Map<String, Sums> now, Function<String, Optional<Price>> prices) {
    this.prices = prices;
    Sums was = Cells.sum(before);
    Sums is = Cells.sum(now);
    var targets = new TreeSet<>(before.keySet());
    targets.addAll(now.keySet());
    var pairs =
        targets.stream()
            .map(target -> pair(target, before.get(target), now.get(target), was, is))
            .toList();
    double callsBefore = was.get(Figure.CALLS);
    double callsNow = is.get(Figure.CALLS);
    long start = paid(was);
    long end = paid(is);
    long at = start;
    for (Cause cause : Cause.values()) {
      long next =
          switch (cause) {
            case FAILED_TRIES -> at;
            // What rounding left over goes to the last of the factors.
            case PRICES -> end;
            case CALLS, MODELS, PROMPTS, ANSWERS, CACHE ->
                Math.round(
                    callsNow * pairs.stream().mapToDouble(pair -> at(pair, cause).cost()).sum());
          };
      parts.put(cause, next - at);
      at = next;
    }
    parts.put(Cause.FAILED_TRIES, is.get(Figure.FAILED_PICO_USD) - was.get(Figure.FAILED_PICO_USD));
    if (callsBefore == 0 || callsNow == 0) {
      // There is nothing to compare with: it is all a matter of calls.
      parts.replaceAll((cause, part) -> cause == Cause.FAILED_TRIES ? part : 0L);
      parts.put(Cause.CALLS, end - start);
    }
  }

  long part(Cause cause) {
    return parts.getOrDefault(cause, 0L);
  }

  private static long paid(Sums sums) {
    return sums.get(Figure.PICO_USD) - sums.get(Figure.FAILED_PICO_USD);
  }

  /** The factors up to that one as they are now, the others as they were. */
  private static Factors at(Pair pair, Cause until) {
    Factors was = pair.before;
    Factors is = pair.now;
    return new Factors(
        until.compareTo(Cause.MODELS) >= 0 ? is.share : was.share,
        until.compareTo(Cause.PROMPTS) >= 0 ? is.prompt : was.prompt,
        until.compareTo(Cause.ANSWERS) >= 0 ? is.answer : was.answer,
        until.compareTo(Cause.CACHE) >= 0 ? is.promptRate : was.promptRate,
        was.answerRate,
        until.compareTo(Cause.PRICES) >= 0 ? is.price : was.price);
  }

  private Pair pair(
      String target, @Nullable Sums before, @Nullable Sums now, Sums allBefore, Sums allNow) {
    Optional<Price> price = prices.apply(target).filter(Price::known);
    Sums some = before == null ? (now == null ? new Sums() : now) : before;
    Factors was = factors(some, before == null ? 0 : share(before, allBefore), price);
    Factors is =
        now == null || now.get(Figure.CALLS) == 0
            ? new Factors(0, was.prompt, was.answer, was.promptRate, was.answerRate, was.price)
            : factors(now, share(now, allNow), price);
    return new Pair(was, is);
  }

  private static double share(Sums some, Sums all) {
    return (double) some.get(Figure.CALLS) / Math.max(1, all.get(Figure.CALLS));
  }

  private static Factors factors(Sums sums, double share, Optional<Price> price) {
    double calls = Math.max(1, sums.get(Figure.CALLS));
    double fresh = sums.get(Figure.INPUT) + sums.get(Figure.CACHE_WRITE);
    double read = sums.get(Figure.CACHE_READ);
    double prompt = fresh + read;
    double answer = sums.get(Figure.OUTPUT);
    double freshRate = rate(price, 1, 0, 0);
    double readRate = rate(price, 0, 1, 0);
    double answerRate = rate(price, 0, 0, 1);
    double promptRate = prompt > 0 ? (fresh * freshRate + read * readRate) / prompt : freshRate;
    double modelled = prompt * promptRate + answer * answerRate;
    double paid = paid(sums);
    if (modelled > 0) {
      return new Factors(
          share, prompt / calls, answer / calls, promptRate, answerRate, paid / modelled);
    }
    // What is paid by the piece, or costs nothing by the list, is a price of the call.
    return new Factors(share, 1, 0, paid / calls, 0, 1);
  }

  /** Of a token, in whatever unit; a short prompt, so that no step of a price is reached. */
  private static double rate(Optional<Price> price, int fresh, int read, int answer) {
    double some = 1000;
    return price
        .map(one -> one.about(fresh * some, read * some, answer * some))
        .filter(Double::isFinite)
        .orElse(1.0);
  }
}

package dev.lintel.report;

import dev.lintel.Price;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Optional;

/** What many calls cost together, by the usual price. */
final class ManyTokens {
  /** No step of any price begins so early. */
  private static final long TOKENS = 1000;

  private ManyTokens() {}

  /** Of each kind of token by itself, from a price of few: longer prompts may have another. */
  static Optional<BigDecimal> cost(Price price, Usage usage) {
    Optional<BigDecimal> sum = Optional.of(BigDecimal.ZERO);
    long[] counts = {usage.input(), usage.cacheRead(), usage.cacheWrite(), usage.output()};
    for (int kind = 0; kind < counts.length; kind++) {
      if (counts[kind] > 0) {
        Optional<BigDecimal> some = price.cost(some(kind));
        BigDecimal count = BigDecimal.valueOf(counts[kind]);
        sum =
            sum.flatMap(
                known -> some.map(each -> known.add(each.multiply(count).movePointLeft(3))));
      }
    }
    return sum;
  }

  private static Usage some(int kind) {
    return new Usage(
        kind == 0 ? TOKENS : 0,
        kind == 1 ? TOKENS : 0,
        kind == 2 ? TOKENS : 0,
        0,
        kind == 3 ? TOKENS : 0,
        0,
        0,
        0,
        Usage.Source.ESTIMATE);
  }
}

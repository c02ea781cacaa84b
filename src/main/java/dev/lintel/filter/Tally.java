package dev.lintel.filter;

import dev.lintel.Rater;
import dev.lintel.Spread;
import java.math.BigDecimal;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/**
 * What came of the calls of one arm, or of one side of a comparison. Written by many threads
 * without a lock.
 */
final class Tally implements Rater {
  final LongAdder calls = new LongAdder();
  final LongAdder errors = new LongAdder();
  private final AtomicReference<BigDecimal> cost = new AtomicReference<>(BigDecimal.ZERO);
  private final Spread latency = new Spread();
  private final Spread firstContent = new Spread();
  private final LongAdder ratings = new LongAdder();
  private final DoubleAdder rated = new DoubleAdder();

  void answered(long nanos, long firstContentNanos) {
    calls.increment();
    latency.add(nanos);
    if (firstContentNanos >= 0) {
      firstContent.add(firstContentNanos);
    }
  }

  /**
   * @param blamed whether it says something of the arm
   */
  void failed(boolean blamed) {
    calls.increment();
    if (blamed) {
      errors.increment();
    }
  }

  void paid(Optional<BigDecimal> usd) {
    usd.ifPresent(amount -> cost.accumulateAndGet(amount, BigDecimal::add));
  }

  BigDecimal cost() {
    return Objects.requireNonNullElse(cost.get(), BigDecimal.ZERO);
  }

  /** Within which that share of the answers was whole; empty where there are none. */
  OptionalLong latencyMillis(double share) {
    return millis(latency, share);
  }

  /** The same until the first content. */
  OptionalLong firstContentMillis(double share) {
    return millis(firstContent, share);
  }

  private static OptionalLong millis(Spread spread, double share) {
    OptionalLong nanos = spread.within(share);
    return nanos.isPresent() ? OptionalLong.of(Math.round(nanos.getAsLong() / 1e6)) : nanos;
  }

  @Override
  public void rated(OptionalDouble before, double score) {
    if (before.isEmpty()) {
      ratings.increment();
    }
    rated.add(score - before.orElse(0));
  }

  OptionalDouble feedback() {
    long count = ratings.sum();
    return count == 0 ? OptionalDouble.empty() : OptionalDouble.of(rated.sum() / count);
  }
}

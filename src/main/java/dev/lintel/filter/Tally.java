package dev.lintel.filter;

import dev.lintel.Rater;
import java.math.BigDecimal;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** What came of the calls of one arm. Written by many threads without a lock. */
final class Tally implements Rater {
  final LongAdder calls = new LongAdder();
  final LongAdder errors = new LongAdder();
  private final AtomicReference<BigDecimal> cost = new AtomicReference<>(BigDecimal.ZERO);
  final Spread latency = new Spread();
  final Spread firstContent = new Spread();
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

package dev.lintel;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a strategy learns of one call whose targets it has ranked: it is told how each try ended,
 * and later how well callers find the answer. Must not wait, and must not keep the call.
 */
public interface Lesson extends Rater {
  /** Of strategies that do not learn. */
  Lesson NONE =
      new Lesson() {
        @Override
        public void answered(Target target, long nanos, Optional<BigDecimal> cost) {}

        @Override
        public void failed(Target target) {}

        @Override
        public void rated(OptionalDouble before, double score) {}
      };

  /**
   * The target answered in full.
   *
   * @param nanos from asking to the end of the reply
   * @param cost in USD; empty where nobody knows
   */
  void answered(Target target, long nanos, Optional<BigDecimal> cost);

  /** The target failed, or another one that was asked after it was quicker. */
  void failed(Target target);
}

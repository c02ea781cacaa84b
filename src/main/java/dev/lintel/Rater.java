package dev.lintel;

import java.util.OptionalDouble;

/** Is told how well callers find that a call was answered. On any thread, long after the call. */
@FunctionalInterface
public interface Rater {
  /**
   * @param before what the caller said of the same call before, which does not count any more
   * @param score from 0 to 1, the higher the better
   */
  void rated(OptionalDouble before, double score);
}

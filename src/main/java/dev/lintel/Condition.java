package dev.lintel;

import java.time.Instant;

/** Whether a rule holds for a call. */
@FunctionalInterface
public interface Condition {
  /** Called by many threads at once; must not wait. Where it cannot be told, it does not hold. */
  boolean holds(Call call, Instant now);

  /** In which conditions are written. */
  @FunctionalInterface
  interface Language {
    /**
     * Throws {@link IllegalArgumentException} saying what is wrong with the text, such as a name
     * that is not known or an operator that does not fit.
     */
    Condition read(String text);
  }
}

package dev.lintel;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a body that is not held whole. Taken by one thread, which waits for them; whoever
 * gives them waits for that thread in turn.
 */
public interface Upload {
  /** How many bytes there are; -1 where nobody said. */
  long length();

  /**
   * The next bytes, or {@code null} after the last.
   *
   * @param enough where it holds before there are bytes, an empty array is returned; asked again
   *     after each {@link CallThread#wake}
   * @throws Failure where the bytes do not come as they should, or are too many
   */
  byte @Nullable [] next(BooleanSupplier enough);

  default byte @Nullable [] next() {
    return next(() -> false);
  }

  /** Whether the same bytes can be had again, so that another target may be asked. */
  default boolean repeatable() {
    return false;
  }

  /** Nobody wants the rest. */
  default void abandon() {}
}

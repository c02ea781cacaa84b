package dev.lintel;

/** Where a reply goes. */
@FunctionalInterface
public interface Sink {
  /**
   * Takes the next chunk. Blocks while the reader is slow; throws {@link Failure} {@code CANCELLED}
   * once the reader is gone and {@code TIMEOUT} where it reads nothing for too long. A sink may
   * hold chunks back until {@link #flush}.
   */
  void emit(Chunk chunk);

  /** Says that the next chunk may take a while: what was emitted should be on its way. */
  default void flush() {}
}

package dev.lintel;

import java.util.concurrent.atomic.AtomicReferenceArray;
import tools.jackson.core.util.BufferRecycler;
import tools.jackson.core.util.RecyclerPool;

/**
 * The buffers that parsers and generators borrow: a few slots, of which two threads rarely want the
 * same. Jackson's own pool for virtual threads is a linked deque, which allocates a node for each
 * return and showed as more than 1 % of a call's CPU.
 */
final class Recyclers implements RecyclerPool<BufferRecycler> {
  private static final long serialVersionUID = 1;

  /** A power of two. */
  private static final int SLOTS = 16;

  private final transient AtomicReferenceArray<BufferRecycler> slots =
      new AtomicReferenceArray<>(SLOTS);

  @Override
  public BufferRecycler acquirePooled() {
    int first = (int) Thread.currentThread().threadId() & 1;
    for (int i = 0; i < SLOTS; i++) {
      BufferRecycler kept = slots.getAndSet(i ^ first, null);
      if (kept != null) {
        return kept;
      }
    }
    return new BufferRecycler();
  }

  /** Where all slots are taken it is left to the garbage collector. */
  @Override
  public void releasePooled(BufferRecycler recycler) {
    int first = (int) Thread.currentThread().threadId() & 1;
    for (int i = 0; i < SLOTS; i++) {
      if (slots.compareAndSet(i ^ first, null, recycler)) {
        return;
      }
    }
  }
}

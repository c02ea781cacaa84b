package dev.lintel.filter;

import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Sink;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Chunks on their way from the thread of an {@link Errand} to the call's own, in batches: whoever
 * takes them is woken where a batch is complete, and whoever brings them waits while many lie here.
 */
final class Handover implements Sink {
  private static final int MOST = 64;

  private final CallThread taker;
  private final Queue<Chunk> lying = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicBoolean complete = new AtomicBoolean();
  private volatile @Nullable CallThread bringer;

  Handover(CallThread taker) {
    this.taker = taker;
  }

  @Override
  public void emit(Chunk chunk) {
    lying.add(chunk);
    if (count.incrementAndGet() < MOST) {
      return;
    }
    taker.wake();
    CallThread thread = CallThread.current();
    bringer = thread;
    thread.await(() -> count.get() < MOST / 4, Long.MAX_VALUE - 1);
    bringer = null;
  }

  @Override
  public void flush() {
    complete.set(true);
    taker.wake();
  }

  /** Whether something lies here that is worth being taken now. */
  boolean ready() {
    return complete.get() || count.get() >= MOST;
  }

  boolean isEmpty() {
    return lying.isEmpty();
  }

  /** Hands on what lies here. On the taker's thread. */
  void into(Sink sink) {
    boolean flush = complete.getAndSet(false);
    for (Chunk chunk = lying.poll(); chunk != null; chunk = lying.poll()) {
      CallThread waiting = bringer;
      if (count.decrementAndGet() < MOST / 4 && waiting != null) {
        waiting.wake();
      }
      sink.emit(chunk);
    }
    if (flush) {
      sink.flush();
    }
  }
}

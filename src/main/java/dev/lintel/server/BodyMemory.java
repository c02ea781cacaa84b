package dev.lintel.server;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes of all large request bodies that are held at once. A body that does not fit
 * waits unread in its socket, first come, first served, so that many large uploads are slow rather
 * than fatal.
 */
final class BodyMemory {
  /** Bodies up to this size are not counted: they come with the connection's own cost. */
  static final int SMALL = 64 << 10;

  private record Waiting(long bytes, Executor loop, Runnable go) {}

  private final long capacity;
  private final AtomicLong used = new AtomicLong();
  private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();

  BodyMemory(long capacity) {
    this.capacity = capacity;
  }

  /**
   * Runs {@code go} on the loop once there is room for so many bytes; at once, on this thread,
   * where there is.
   */
  void reserve(long bytes, Executor loop, Runnable go) {
    if (waiting.isEmpty() && take(bytes)) {
      go.run();
      return;
    }
    waiting.add(new Waiting(bytes, loop, go));
    admit();
  }

  /** Counts bytes of a body whose length nobody announced; they cannot wait any more. */
  void grow(long bytes) {
    used.addAndGet(bytes);
  }

  void release(long bytes) {
    if (bytes > 0) {
      used.addAndGet(-bytes);
      admit();
    }
  }

  private void admit() {
    for (Waiting next = waiting.peek(); next != null && take(next.bytes); next = waiting.peek()) {
      // Another thread may have admitted it meanwhile: then this one's share goes back.
      if (waiting.remove(next)) {
        next.loop.execute(next.go);
      } else {
        used.addAndGet(-next.bytes);
      }
    }
  }

  /** One body larger than all the room there is may still pass alone. */
  private boolean take(long bytes) {
    while (true) {
      long now = used.get();
      if (now > 0 && now + bytes > capacity) {
        return false;
      }
      if (used.compareAndSet(now, now + bytes)) {
        return true;
      }
    }
  }
}

package dev.lintel.server;

import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the bytes of all large request bodies that are held at once. A body that does not fit
 * waits unread in its socket, first come, first served, so that many large uploads are slow rather
 * than fatal.
 */
final class BodyMemory {
  /** Bodies up to this size are not counted: they come with the connection's own cost. */
  static final int SMALL = 64 << 10;

  /**
   * @param held by the same body already
   */
  private record Waiting(long bytes, long held, Executor loop, Runnable go) {}

  /**
   * @param stuck what those hold that wait for more: it is of those used, and nobody but they can
   *     give it back
   */
  private record Level(long used, long stuck) {}

  private final long capacity;
  private final AtomicReference<Level> level = new AtomicReference<>(new Level(0, 0));

  /** By their tickets. */
  private final NavigableMap<Long, Waiting> waiting = new ConcurrentSkipListMap<>();

  private final AtomicLong tickets = new AtomicLong();

  BodyMemory(long capacity) {
    this.capacity = capacity;
  }

  /** A body's place among those that wait, however often it waits. */
  long ticket() {
    return tickets.getAndIncrement();
  }

  /**
   * Runs {@code go} on the loop once there is room for so many bytes more; at once, on this thread,
   * where there is.
   *
   * @param held how many the same body has reserved before; they are not released before {@code go}
   */
  void reserve(long ticket, long bytes, long held, Executor loop, Runnable go) {
    if (waiting.isEmpty() && take(bytes, 0)) {
      go.run();
      return;
    }
    level.updateAndGet(now -> new Level(now.used, now.stuck + held));
    waiting.put(ticket, new Waiting(bytes, held, loop, go));
    admit();
  }

  void release(long bytes) {
    if (bytes > 0) {
      level.updateAndGet(now -> new Level(now.used - bytes, now.stuck));
      admit();
    }
  }

  private void admit() {
    for (Map.@Nullable Entry<Long, Waiting> first = waiting.firstEntry();
        first != null && take(first.getValue().bytes, first.getValue().held);
        first = waiting.firstEntry()) {
      Waiting next = first.getValue();
      // Another thread may have admitted it meanwhile: then this one's share goes back.
      if (waiting.remove(first.getKey(), next)) {
        next.loop.execute(next.go);
      } else {
        level.updateAndGet(now -> new Level(now.used - next.bytes, now.stuck + next.held));
      }
    }
  }

  /**
   * Where everything is held by bodies that wait, the first of them may have more than there is:
   * one larger than all the room still passes alone, and those that grow never wait for one
   * another. It is the first again when it needs yet more, so it is one at a time.
   */
  private boolean take(long bytes, long held) {
    while (true) {
      Level now = Objects.requireNonNull(level.get());
      if (now.used > now.stuck && now.used + bytes > capacity) {
        return false;
      }
      if (level.compareAndSet(now, new Level(now.used + bytes, now.stuck - held))) {
        return true;
      }
    }
  }
}

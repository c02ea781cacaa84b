package dev.lintel.server;

import dev.lintel.CallThread;
import dev.lintel.Channel;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What has come in on a channel and has not been taken yet: a loop puts in, a call's thread takes
 * out. Above so many bytes the loop is told to read no more until half of them are gone.
 */
final class Inbox {
  /** The loop's side of the socket; called on any thread. */
  interface Valve {
    void pause();

    void resume();
  }

  private static final long MOST_BYTES = 1 << 20;

  private final CallThread thread;
  private final Valve valve;
  private final Queue<Channel.Message> messages = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean paused;
  private volatile Channel.@Nullable Closing closing;
  private volatile Runnable then = () -> {};

  /**
   * @param thread that takes out, and is woken by whatever changes
   */
  Inbox(CallThread thread, Valve valve) {
    this.thread = thread;
    this.valve = valve;
  }

  /** On the loop. */
  void put(Channel.Message message) {
    messages.add(message);
    if (bytes.addAndGet(message.bytes().length) > MOST_BYTES && !paused) {
      paused = true;
      valve.pause();
    }
    thread.wake();
  }

  /** On the loop: nothing more will come. The first word counts. */
  void close(Channel.Closing how) {
    if (closing == null) {
      closing = how;
      thread.wake();
      then.run();
    }
  }

  /** The next message, or {@code null} while there is none. */
  Channel.@Nullable Message poll() {
    Channel.Message next = messages.poll();
    if (next != null && bytes.addAndGet(-next.bytes().length) < MOST_BYTES / 2 && paused) {
      paused = false;
      valve.resume();
    }
    return next;
  }

  /** Whether {@link #poll} has something. */
  boolean waiting() {
    return !messages.isEmpty();
  }

  /** Empty while the other side is there. */
  Optional<Channel.Closing> closing() {
    return Optional.ofNullable(closing);
  }

  /** What happens once nothing more will come; at once where that is so. */
  void whenClosed(Runnable next) {
    then = next;
    if (closing != null) {
      next.run();
    }
  }
}

package dev.lintel;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One side of a WebSocket, for the call's thread alone. Nothing here waits: whatever changes wakes
 * the thread, which waits with {@link CallThread#await} for what it needs.
 */
public interface Channel {
  /** A whole message. */
  record Message(boolean text, byte[] bytes) {}

  /**
   * How it ended.
   *
   * @param code of RFC 6455 §7.4; 1006 where the connection was lost without a word
   */
  record Closing(int code, String reason) {
    public static final Closing LOST = new Closing(1006, "");

    public static final Closing NORMAL = new Closing(1000, "");
  }

  /** The next message of the other side, or {@code null} while there is none. */
  @Nullable Message poll();

  /** Whether {@link #poll} has something. */
  boolean waiting();

  /** Whether the other side keeps up with what was sent to it. */
  boolean writable();

  /** Empty while the other side is there. Messages from before may still wait. */
  Optional<Closing> closing();

  void send(Message message);

  /** What happens, on any thread, once the other side is gone; at once where it is. */
  void whenClosed(Runnable then);

  /** Says good-bye; nothing can be sent after it. Does nothing where it is closed already. */
  void close(Closing how);
}

package dev.lintel.server;

import dev.lintel.CallThread;
import dev.lintel.Channel;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocketBase;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A channel over a Vert.x WebSocket, a caller's or a provider's. */
public final class SocketChannel implements Channel {
  /** Often enough for load balancers, which commonly close what is silent for a minute. */
  private static final long PING_MILLIS = 25_000;

  private static final Set<Integer> UNSENT = Set.of(1005, 1006, 1015);

  private final Executor loop;
  private final WebSocketBase socket;
  private final Inbox inbox;
  private volatile boolean full;
  private boolean heard = true;

  /**
   * Call on the socket's loop, as soon as the handshake is done.
   *
   * @param thread whose channel it is
   */
  public SocketChannel(Vertx vertx, CallThread thread, WebSocketBase socket) {
    this.loop = thread.loop();
    this.socket = socket;
    this.inbox =
        new Inbox(
            thread,
            new Inbox.Valve() {
              @Override
              public void pause() {
                socket.pause();
              }

              @Override
              public void resume() {
                loop.execute(socket::resume);
              }
            });
    socket.textMessageHandler(
        text -> put(new Message(true, text.getBytes(StandardCharsets.UTF_8))));
    socket.binaryMessageHandler(bytes -> put(new Message(false, bytes.getBytes())));
    socket.pongHandler(pong -> heard = true);
    socket.drainHandler(drained -> {
      full = false;
      thread.wake();
    });
    socket.exceptionHandler(broken -> inbox.close(Closing.LOST));
    long pings = vertx.setPeriodic(PING_MILLIS, tick -> ping());
    socket.closeHandler(closed -> {
      vertx.cancelTimer(pings);
      Short code = socket.closeStatusCode();
      inbox.close(
          code == null
              ? Closing.LOST
              : new Closing(code, Optional.ofNullable(socket.closeReason()).orElse("")));
    });
  }

  private void put(Message message) {
    heard = true;
    inbox.put(message);
  }

  /** Who has not answered the last ping is gone, though its connection looks open. */
  private void ping() {
    if (!heard) {
      inbox.close(Closing.LOST);
      var _ = socket.close((short) 1001, "no answer to a ping");
      return;
    }
    heard = false;
    var _ = socket.writePing(Buffer.buffer());
  }

  @Override
  public @Nullable Message poll() {
    return inbox.poll();
  }

  @Override
  public boolean waiting() {
    return inbox.waiting();
  }

  @Override
  public boolean writable() {
    return !full;
  }

  @Override
  public Optional<Closing> closing() {
    return inbox.closing();
  }

  @Override
  public void whenClosed(Runnable then) {
    inbox.whenClosed(then);
  }

  @Override
  public void send(Message message) {
    loop.execute(() -> {
      if (socket.isClosed()) {
        return;
      }
      var _ =
          message.text()
              ? socket.writeTextMessage(new String(message.bytes(), StandardCharsets.UTF_8))
              : socket.writeBinaryMessage(Buffer.buffer(message.bytes()));
      if (socket.writeQueueFull()) {
        full = true;
      }
    });
  }

  @Override
  public void close(Closing how) {
    // Codes that stand for the want of one are never sent (RFC 6455 §7.4.1).
    int code = UNSENT.contains(how.code()) ? Closing.NORMAL.code() : how.code();
    loop.execute(() -> {
      if (!socket.isClosed()) {
        var _ = socket.close((short) code, how.reason());
      }
    });
  }
}

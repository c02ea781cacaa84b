package dev.lintel.ledger;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** An address behind which now one, now another server answers. */
final class Relay implements AutoCloseable {
  private final ServerSocket door;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile int target;

  Relay(int target) {
    this.target = target;
    try {
      door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException none) {
      throw new UncheckedIOException(none);
    }
    Thread.ofVirtual().start(this::serve);
  }

  String url() {
    return "redis://127.0.0.1:" + door.getLocalPort();
  }

  /** New connections go there. */
  void lead(int port) {
    target = port;
  }

  /** Cuts those that there are. */
  void cut() {
    open.forEach(Relay::end);
  }

  private static void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }

  private void serve() {
    while (!door.isClosed()) {
      try {
        Socket caller = door.accept();
        open.add(caller);
        try {
          var server = new Socket(InetAddress.getLoopbackAddress(), target);
          server.setTcpNoDelay(true);
          caller.setTcpNoDelay(true);
          open.add(server);
          Thread.ofVirtual().start(() -> copy(caller, server));
          Thread.ofVirtual().start(() -> copy(server, caller));
        } catch (IOException nobody) {
          end(caller);
        }
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException cut) {
      // The other end is told by the close.
    } finally {
      end(from);
      end(to);
      open.remove(from);
      open.remove(to);
    }
  }

  @Override
  public void close() {
    try {
      door.close();
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
    cut();
  }
}

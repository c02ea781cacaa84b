package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A client that does not read slows its provider down; the gateway does not gather what nobody
 * takes.
 */
@Tag("threads")
class SlowReaderScenario {
  private static final String BODY =
      "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";

  @Test
  void the_providers_socket_is_not_read_faster_than_the_clients() throws Exception {
    try (var provider = new Flood();
        var gateway = TestGateway.of(yaml(provider, "60s"));
        Socket client = gateway.open("/v1/chat/completions", BODY)) {
      assertThat(client.getInputStream().read()).isPositive();
      long stopped = provider.standsStillAt();
      assertThat(stopped).as("bytes written before the flow stood still").isLessThan(40L << 20);
      client.getInputStream().readNBytes((int) stopped);
      assertThat(provider.written()).as("reading lets it flow again").isGreaterThan(stopped);
    }
  }

  @Test
  void a_client_that_never_reads_is_given_up_after_the_write_timeout() throws Exception {
    try (var provider = new Flood();
        var gateway = TestGateway.of(yaml(provider, "300ms"));
        Socket client = gateway.open("/v1/chat/completions", BODY)) {
      assertThat(client.getInputStream().read()).isPositive();
      assertThat(provider.wasClosed(10_000)).as("the upstream call was closed").isTrue();
      assertThat(gateway.get("/health").body())
          .as("the reader's slowness is not the provider's")
          .contains("\"state\":\"healthy\"")
          .contains("\"last_failure\":null");
      assertThat(isLeft(gateway.url().getPort(), client.getLocalPort()))
          .as("the connection to the client was given up, too")
          .isTrue();
    }
  }

  /** Whether the gateway's socket to that client has been closed, though its bytes lie unread. */
  private static boolean isLeft(int own, int peer) throws IOException {
    Path table = Path.of("/proc/net/tcp6");
    assumeThat(table).exists();
    String ports = ".*:%04X \\S*:%04X 01 .*".formatted(own, peer);
    for (int i = 0; i < 100; i++) {
      String established = Files.readString(table) + Files.readString(Path.of("/proc/net/tcp"));
      if (established.lines().noneMatch(line -> line.matches(ports))) {
        return true;
      }
      LockSupport.parkNanos(50_000_000);
    }
    return false;
  }

  private static String yaml(Flood provider, String write) {
    return """
    providers:
      flood: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
    models:
      m: { targets: [ flood/x ], timeouts: { write: %s } }
    """
        .formatted(provider.port(), write);
  }

  /** A provider that writes events as fast as they are taken, without end. */
  private static final class Flood implements AutoCloseable {
    private static final byte[] EVENT =
        ("data: {\"id\":\"x\",\"model\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                + "y".repeat(1000)
                + "\"}}]}\n\n")
            .getBytes(StandardCharsets.UTF_8);

    private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final AtomicLong written = new AtomicLong();
    private final AtomicBoolean closed = new AtomicBoolean();

    Flood() throws IOException {
      Thread.ofVirtual().start(this::run);
    }

    int port() {
      return server.getLocalPort();
    }

    long written() {
      return written.get();
    }

    private void run() {
      try (Socket socket = server.accept()) {
        socket.getInputStream().read(new byte[4096]);
        var out = socket.getOutputStream();
        out.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        while (true) {
          out.write(EVENT);
          written.addAndGet(EVENT.length);
        }
      } catch (IOException gone) {
        closed.set(true);
      }
    }

    /** What had been written when nothing more was for half a second. */
    long standsStillAt() {
      long before = -1;
      while (before != written.get()) {
        before = written.get();
        LockSupport.parkNanos(500_000_000);
      }
      return before;
    }

    boolean wasClosed(long millis) {
      long deadline = System.nanoTime() + millis * 1_000_000;
      while (!closed.get() && System.nanoTime() < deadline) {
        LockSupport.parkNanos(5_000_000);
      }
      return closed.get();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}

package dev.lintel.main;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Large bodies share bounded memory; who waits for a share and leaves takes none with it. */
@Tag("threads")
class LargeBodyScenario {
  private static final String YAML =
      """
      providers: { demo: { kind: sim } }
      models: { m: demo/small }
      tenants: { t: { apps: { a: { keys: [ %s ] } } } }
      """
          .formatted(TestGateway.KEY);

  /** Two of these fit beside one another, a third waits. */
  private static final int LARGE = 31_000_000;

  @Test
  void clients_that_leave_while_their_bodies_wait_hold_no_memory() throws IOException {
    try (var gateway = TestGateway.of(YAML)) {
      List<Socket> reading = announce(gateway, 2);
      leave(announce(gateway, 3));
      leave(reading);
      String large =
          "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
              .formatted("x".repeat(100_000));
      assertThat(gateway.raw("/v1/chat/completions", large).status()).isEqualTo(200);
    }
  }

  @Test
  void a_body_that_nobody_announced_waits_for_room_like_any_other() throws IOException {
    try (var gateway = TestGateway.of(YAML);
        var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      List<Socket> reading = announce(gateway, 2);
      Thread sending = Thread.startVirtualThread(() -> sendChunked(socket, 6_000_000));
      socket.setSoTimeout(700);
      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      leave(reading);
      socket.setSoTimeout(20_000);
      assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII))
          .isEqualTo("HTTP/1.1 200");
      sending.interrupt();
    }
  }

  @Test
  void a_compressed_body_waits_for_the_room_that_it_needs_unpacked() throws IOException {
    String large =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted("x".repeat(6_000_000));
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(large.getBytes(US_ASCII));
    }
    String head =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            .formatted(TestGateway.KEY, packed.size());
    try (var gateway = TestGateway.of(YAML);
        var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
      List<Socket> reading = announce(gateway, 2);
      socket.getOutputStream().write(head.getBytes(US_ASCII));
      socket.getOutputStream().write(packed.toByteArray());
      socket.setSoTimeout(700);
      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      leave(reading);
      socket.setSoTimeout(20_000);
      assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII))
          .isEqualTo("HTTP/1.1 200");
    }
  }

  private static void sendChunked(Socket socket, int length) {
    String head =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n"
            .formatted(TestGateway.KEY);
    String body =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted("x".repeat(length));
    String chunk = Integer.toHexString(body.length()) + "\r\n" + body + "\r\n0\r\n\r\n";
    try {
      socket.getOutputStream().write((head + chunk).getBytes(US_ASCII));
    } catch (IOException left) {
      throw new UncheckedIOException(left);
    }
  }

  /** That many requests of which the gateway knows the length and nothing more. */
  private static List<Socket> announce(TestGateway gateway, int many) throws IOException {
    var sockets = new ArrayList<Socket>();
    for (int i = 0; i < many; i++) {
      var socket = new Socket(gateway.url().getHost(), gateway.url().getPort());
      socket.setSoLinger(true, 0);
      socket
          .getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
                      + LARGE
                      + "\r\n\r\n")
                  .getBytes(US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII))
          .isEqualTo("HTTP/1.1 100");
      sockets.add(socket);
    }
    return sockets;
  }

  private static void leave(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}

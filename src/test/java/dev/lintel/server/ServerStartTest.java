package dev.lintel.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.HeldPort;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServerStartTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    wait(vertx.close());
  }

  private Server server(int port, Queue<Integer> free) {
    var options =
        new Server.Options(
            HERE.getHostAddress(),
            port,
            1 << 20,
            1 << 20,
            1 << 20,
            8192,
            Map.of(),
            Optional.empty(),
            Optional.empty());
    return new Server(
        vertx,
        options,
        List.of(),
        methods -> {
          throw new AssertionError("nobody asks");
        },
        free::remove);
  }

  private static <T> T wait(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void another_free_port_is_looked_for_where_the_first_was_taken_meanwhile() throws IOException {
    try (var taken = new ServerSocket(0, 1, HERE);
        var next = new HeldPort()) {
      var free = new ArrayDeque<>(List.of(taken.getLocalPort(), next.number()));
      assertThat(wait(server(0, free).start())).isEqualTo(next.number());
      try (var socket = new Socket(HERE, next.number())) {
        assertThat(socket.isConnected()).isTrue();
      }
    }
  }

  @Test
  void a_port_that_was_asked_for_is_the_only_one() throws IOException {
    try (var taken = new ServerSocket(0, 1, HERE)) {
      Server server = server(taken.getLocalPort(), new ArrayDeque<>());
      assertThatThrownBy(() -> wait(server.start())).hasMessageContaining("in use");
    }
  }
}

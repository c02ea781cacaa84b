package dev.lintel.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lintel.Event;
import dev.lintel.Soon;
import dev.lintel.TraceExport;
import dev.lintel.Trail;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class TracerTest {
  private static final int QUEUE = 8192;

  @Test
  void what_finds_the_queue_full_while_the_collector_hangs_is_dropped_and_counted()
      throws IOException {
    var ended = new CountDownLatch(1);
    var asked = new CountDownLatch(1);
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    HttpServer hanging =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hanging.setExecutor(threads);
    hanging.createContext(
        "/",
        exchange -> {
          try (exchange) {
            asked.countDown();
            ended.await();
          } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
          }
        });
    hanging.start();
    try (var tracer = new Tracer("1", "n", Map::of)) {
      var url = URI.create("http://127.0.0.1:" + hanging.getAddress().getPort());
      tracer.use(Optional.of(new TraceExport(url, Map.of(), 1, true)));
      end(tracer, 1);
      Soon.until(() -> asked.getCount() == 0);
      assertThat(tracer.dropped()).isZero();

      // One is under way; the thread that sends waits for its answer, and takes no more.
      end(tracer, QUEUE);
      assertThat(tracer.dropped()).isZero();
      end(tracer, 1000);
      assertThat(tracer.dropped()).isEqualTo(1000);
      assertThat(tracer.exported()).isZero();

      tracer.close();
      // What was under way, and what waited.
      Soon.until(() -> tracer.dropped() == 1 + QUEUE + 1000);
    } finally {
      ended.countDown();
      hanging.stop(0);
      threads.shutdownNow();
    }
  }

  private static void end(Tracer tracer, int calls) {
    for (int i = 0; i < calls; i++) {
      tracer.on(
          new Trail("req_" + i, Instant.EPOCH, 0), new Event.Ended(Optional.empty(), 1_000_000));
    }
  }
}

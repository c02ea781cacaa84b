package dev.lintel.main;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uploads flow through the gateway, whatever their size, and leave nothing behind. */
@Tag("threads")
class UploadScenario {
  private static final int MB = 1 << 20;
  private static final String OK = "{\"text\":\"heard\"}";

  @TempDir private Path data;

  private final AtomicLong received = new AtomicLong();

  /** Whatever may lie in sockets and windows between a client and its provider. */
  private static final long IN_FLIGHT = 64L * MB;

  private TestGateway gateway(int... ports) {
    var providers = new StringBuilder();
    var targets = new StringBuilder();
    for (int i = 0; i < ports.length; i++) {
      providers.append(
          "  p%d: { kind: openai, url: \"http://127.0.0.1:%d/v1\", key: none }\n"
              .formatted(i, ports[i]));
      targets.append(i == 0 ? "" : ", ").append("p").append(i).append("/ear-").append(i);
    }
    return TestGateway.of(
        "data: \"%s\"\nlimits: { upload: 300MB }\nproviders:\n%smodels: { hear: { targets: [ %s ] } }\n"
            .formatted(data, providers, targets));
  }

  @Test
  void two_hundred_megabytes_pass_without_being_held() throws IOException {
    byte[] head = new Multiparts().field("model", "hear").open();
    try (var provider = new RawProvider(this::swallow);
        var gateway = gateway(provider.port());
        Upload upload = new Upload(gateway, head, 200L * MB)) {
      AtomicLong most = new AtomicLong();
      upload.send(sent -> most.accumulateAndGet(sent - received.get(), Math::max));
      assertThat(upload.status()).isEqualTo(200);
      assertThat(received.get()).isGreaterThan(200L * MB);
      assertThat(most.get()).isLessThan(IN_FLIGHT);
      assertThat(provider.heads().getFirst()).contains("content-length: ");
    }
  }

  @Test
  void a_slow_provider_slows_its_client_down() throws Exception {
    byte[] head = new Multiparts().field("model", "hear").open();
    var go = new CountDownLatch(1);
    try (var provider =
            new RawProvider(visit -> {
              readHead(visit.in());
              assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
              rest(visit.in());
              visit.answer("200 OK", "", OK);
            });
        var gateway = gateway(provider.port());
        Upload upload = new Upload(gateway, head, 100L * MB)) {
      var sending = Thread.ofVirtual().start(() -> upload.send(sent -> {}));
      until(() -> upload.sent.get() > MB);
      long before = -1;
      while (upload.sent.get() != before) {
        before = upload.sent.get();
        LockSupport.parkNanos(300_000_000);
      }
      assertThat(before).isLessThan(IN_FLIGHT);
      go.countDown();
      sending.join();
      assertThat(upload.status()).isEqualTo(200);
    }
  }

  @Test
  void a_model_behind_the_file_makes_the_file_wait_on_disk_and_go_to_another_target()
      throws Exception {
    var waiting = new CountDownLatch(1);
    try (var broken =
            new RawProvider(visit -> {
              readHead(visit.in());
              waiting.countDown();
              rest(visit.in());
              visit.answer("503 Service Unavailable", "", "{}");
            });
        var provider = new RawProvider(this::swallow);
        var gateway = gateway(broken.port(), provider.port());
        Upload upload = new Upload(gateway, new byte[0], 20L * MB, "hear")) {
      upload.send(sent -> {});
      assertThat(waiting.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(spooled()).isEqualTo(1);
      assertThat(upload.status()).isEqualTo(200);
      assertThat(last).contains("ear-1").doesNotContain("hear");
      until(() -> spooled() == 0);
    }
  }

  @Test
  void a_client_that_leaves_amid_its_upload_takes_the_call_with_it() throws IOException {
    var asked = new CountDownLatch(1);
    var left = new CountDownLatch(1);
    try (var provider =
            new RawProvider(visit -> {
              readHead(visit.in());
              asked.countDown();
              try {
                rest(visit.in());
              } finally {
                left.countDown();
              }
            });
        var gateway = gateway(provider.port())) {
      byte[] head = new Multiparts().field("model", "hear").open();
      try (Upload upload = new Upload(gateway, head, 50L * MB)) {
        upload.part(5 * MB);
        until(() -> asked.getCount() == 0);
        upload.reset();
      }
      until(() -> left.getCount() == 0);
    }
  }

  @Test
  void a_client_that_leaves_before_its_model_leaves_no_file() throws IOException {
    try (var provider = new RawProvider(this::swallow);
        var gateway = gateway(provider.port())) {
      try (Upload upload = new Upload(gateway, new byte[0], 50L * MB, "hear")) {
        upload.part(5 * MB);
        until(() -> spooled() == 1);
        upload.reset();
      }
      until(() -> spooled() == 0);
      assertThat(provider.connections()).isZero();
    }
  }

  @Test
  void a_provider_that_refuses_while_the_upload_runs_is_heard() throws IOException {
    try (var provider =
            new RawProvider(visit -> {
              readHead(visit.in());
              visit.in().readNBytes(MB);
              visit.answer(
                  "400 Bad Request",
                  "",
                  "{\"error\":{\"message\":\"no such format\",\"param\":\"file\"}}");
              visit.hold();
            });
        var gateway = gateway(provider.port())) {
      byte[] head = new Multiparts().field("model", "hear").open();
      try (Upload upload = new Upload(gateway, head, 100L * MB)) {
        var sending =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    upload.send(sent -> {});
                  } catch (AssertionError closed) {
                    // The gateway hangs up on who goes on sending for too long.
                  }
                });
        assertThat(upload.status()).isEqualTo(400);
        assertThat(upload.body()).contains("no such format");
        upload.reset();
        upload.close();
        sending.interrupt();
      }
    }
  }

  @Test
  void a_small_form_goes_to_the_next_target_from_memory() throws IOException {
    try (var broken = new RawProvider(visit -> visit.socket().close());
        var provider = new RawProvider(this::swallow);
        var gateway = gateway(broken.port(), provider.port());
        Upload upload =
            new Upload(gateway, new Multiparts().field("model", "hear").open(), 100_000)) {
      upload.send(sent -> {});
      assertThat(upload.status()).isEqualTo(200);
      assertThat(spooled()).isZero();
    }
  }

  @Test
  void more_than_the_limit_is_too_large() throws IOException {
    try (var gateway = gateway(1);
        Upload upload = new Upload(gateway, new byte[0], 400L * MB)) {
      assertThat(upload.status()).isEqualTo(413);
      assertThat(Json.parse(upload.body()).at("/error/lintel/kind").asString())
          .isEqualTo("payload_too_large");
    }
  }

  @Test
  void what_a_killed_gateway_left_is_gone_at_the_next_start() throws IOException {
    Path folder = Files.createDirectories(data.resolve("uploads"));
    Files.writeString(folder.resolve("1.upload"), "left behind");
    try (var gateway = gateway(1)) {
      assertThat(gateway.url()).isNotNull();
      assertThat(spooled()).isZero();
    }
  }

  private volatile String last = "";

  private void swallow(RawProvider.Visit visit) throws IOException {
    visit.heads().add(readHead(visit.in()));
    rest(visit.in());
    visit.answer("200 OK", "", OK);
  }

  private static String readHead(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("closed");
      }
      head.append((char) next);
    }
    return head.toString().toLowerCase(java.util.Locale.ROOT);
  }

  /** Up to the closing boundary. */
  private void rest(InputStream in) throws IOException {
    byte[] buffer = new byte[64 << 10];
    byte[] end = ("--" + Multiparts.BOUNDARY + "--").getBytes(US_ASCII);
    byte[] tail = {};
    for (int read = in.read(buffer); ; read = in.read(buffer)) {
      if (read < 0) {
        throw new IOException("closed");
      }
      received.addAndGet(read);
      byte[] joined = Arrays.copyOf(tail, tail.length + read);
      System.arraycopy(buffer, 0, joined, tail.length, read);
      String text = new String(joined, US_ASCII);
      if (text.contains(new String(end, US_ASCII))) {
        last = text.substring(Math.max(0, text.length() - 300));
        return;
      }
      tail = Arrays.copyOfRange(joined, Math.max(0, joined.length - 300), joined.length);
    }
  }

  private long spooled() {
    Path folder = data.resolve("uploads");
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    try (var files = Files.list(folder)) {
      return files.count();
    } catch (IOException gone) {
      throw new AssertionError(gone);
    }
  }

  private static void until(BooleanSupplier holds) {
    Soon.until(holds);
  }

  private interface Progress {
    void sent(long bytes);
  }

  /** A form with one large file, sent piece by piece over a socket of its own. */
  private static final class Upload implements AutoCloseable {
    private final Socket socket;
    private final byte[] tail;
    private final long size;
    private final AtomicLong sent = new AtomicLong();
    private String answer = "";

    Upload(TestGateway gateway, byte[] before, long size) throws IOException {
      this(gateway, before, size, "");
    }

    /**
     * @param model where it stands behind the file
     */
    Upload(TestGateway gateway, byte[] before, long size, String model) throws IOException {
      this.size = size;
      var after = new Multiparts();
      if (!model.isEmpty()) {
        after.field("model", model);
      }
      byte[] closing = after.end();
      tail = new byte[closing.length + 2];
      tail[0] = '\r';
      tail[1] = '\n';
      System.arraycopy(closing, 0, tail, 2, closing.length);
      byte[] file = Multiparts.head("file", "a.mp3", "audio/mpeg").getBytes(UTF_8);
      socket = new Socket(gateway.url().getHost(), gateway.url().getPort());
      socket.setSoTimeout(20_000);
      String head =
          "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
              .formatted(
                  TestGateway.KEY,
                  Multiparts.TYPE,
                  before.length + file.length + size + tail.length);
      socket.getOutputStream().write(head.getBytes(US_ASCII));
      socket.getOutputStream().write(before);
      socket.getOutputStream().write(file);
    }

    void part(long bytes) throws IOException {
      byte[] piece = new byte[64 << 10];
      for (long left = bytes; left > 0; left -= piece.length) {
        socket.getOutputStream().write(piece, 0, (int) Math.min(left, piece.length));
        sent.addAndGet(Math.min(left, piece.length));
      }
    }

    void send(Progress progress) {
      try {
        for (long left = size; left > 0; left -= MB) {
          part(Math.min(left, MB));
          progress.sent(sent.get());
        }
        socket.getOutputStream().write(tail);
      } catch (IOException broken) {
        throw new AssertionError(broken);
      }
    }

    int status() throws IOException {
      String head = readHead(socket.getInputStream());
      int at = head.indexOf("content-length: ") + 16;
      int length = Integer.parseInt(head.substring(at, head.indexOf('\r', at)));
      answer = new String(socket.getInputStream().readNBytes(length), UTF_8);
      return Integer.parseInt(head.substring(9, 12));
    }

    String body() {
      return answer;
    }

    void reset() throws IOException {
      socket.setSoLinger(true, 0);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}

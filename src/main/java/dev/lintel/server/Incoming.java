package dev.lintel.server;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Upload;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A body that its call takes as it comes: the loop puts bytes in, the call's thread takes them out,
 * and where that is slow the client's socket is not read.
 */
final class Incoming implements Upload {
  /** So many bytes may lie between the loop and the thread; resumed when a quarter is left. */
  private static final int WINDOW = 256 << 10;

  private static final Duration SILENCE = Duration.ofSeconds(30);
  private static final byte[] NOTHING = {};

  private final HttpServerRequest request;
  private final Vertx vertx;
  private final EventLoop loop;
  private final long announced;
  private final long limit;
  private final Queue<byte[]> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private volatile @Nullable CallThread thread;
  private volatile boolean ended;
  private volatile @Nullable Failure broken;

  // The loop's own.
  private long came;
  private boolean paused;
  private boolean abandoned;

  /**
   * @param announced its length; -1 where nobody said
   */
  Incoming(HttpServerRequest request, Vertx vertx, EventLoop loop, long announced, long limit) {
    this.request = request;
    this.vertx = vertx;
    this.loop = loop;
    this.announced = announced;
    this.limit = limit;
  }

  /** On the loop. */
  void start() {
    request.handler(this::put);
    request.endHandler(end -> finish());
  }

  /** On the loop: the thread that will take the bytes. */
  void servedBy(CallThread serving) {
    thread = serving;
  }

  /** On the loop: no more will come, and that was not all. */
  void breakOff(Failure why) {
    if (!ended) {
      broken = why;
      finish();
    }
  }

  static Failure tooLarge(long limit) {
    return Failure.of(
        Failure.Kind.PAYLOAD_TOO_LARGE,
        "The upload is larger than " + limit + " bytes, the most that this gateway takes.");
  }

  private void put(Buffer bytes) {
    if (abandoned || ended) {
      return;
    }
    came += bytes.length();
    if (came > limit) {
      breakOff(tooLarge(limit));
      return;
    }
    queue.add(Reading.array(bytes));
    if (queued.addAndGet(bytes.length()) > WINDOW && !paused) {
      paused = true;
      request.pause();
    }
    wake();
  }

  private void finish() {
    ended = true;
    wake();
  }

  private void wake() {
    CallThread taking = thread;
    if (taking != null) {
      taking.wake();
    }
  }

  @Override
  public long length() {
    return announced;
  }

  @Override
  public byte @Nullable [] next(BooleanSupplier enough) {
    byte[] bytes = queue.poll();
    if (bytes == null) {
      if (!CallThread.current()
          .await(
              () -> !queue.isEmpty() || ended || enough.getAsBoolean(),
              System.nanoTime() + SILENCE.toNanos())) {
        throw Failure.invalid(
            "The request body stopped for " + SILENCE.toSeconds() + " s before it was complete.");
      }
      bytes = queue.poll();
      if (bytes == null) {
        Failure why = broken;
        if (why != null) {
          throw why;
        }
        return ended ? null : NOTHING;
      }
    }
    int before = queued.getAndAdd(-bytes.length);
    if (before >= WINDOW / 4 && before - bytes.length < WINDOW / 4) {
      loop.execute(this::resume);
    }
    return bytes;
  }

  private void resume() {
    if (paused) {
      paused = false;
      request.resume();
    }
  }

  /**
   * The rest is read and thrown away for a while, so that a client still sending gets to see the
   * answer.
   */
  @Override
  public void abandon() {
    loop.execute(() -> {
      abandoned = true;
      queue.clear();
      if (ended && broken == null) {
        return;
      }
      resume();
      vertx.setTimer(
          Reading.LINGER.toMillis(),
          late -> {
            if (!request.isEnded()) {
              hangUp(request);
            }
          });
    });
  }

  /** What is still to come is not read. An HTTP/2 connection has other requests to carry. */
  static void hangUp(HttpServerRequest request) {
    if (request.version() == HttpVersion.HTTP_2) {
      var _ = request.response().reset();
    } else {
      var _ = request.connection().close();
    }
  }
}

package dev.lintel.upstream;

import dev.lintel.Bytes;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Timeouts;
import dev.lintel.Upload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One request to a provider and its reply: the loop puts bytes in, the call's thread takes them out
 * and says how long it will wait. Where the thread is slow the provider's socket is not read.
 */
final class Ask {
  /**
   * So many bytes may lie between the loop and the thread; resumed when a quarter of them is left.
   */
  private static final int WINDOW = 256 << 10;

  /**
   * How long a provider may take to close a stream whose reply is complete, before its connection
   * is thrown away.
   */
  private static final long LINGER_MILLIS = 2000;

  /** A whole reply is held in memory, so it has to end somewhere. */
  private static final int LARGEST_REPLY = 256 << 20;

  /** RFC 9113 §7. */
  private static final long REFUSED_STREAM = 0x7;

  private final Line line;
  private final CallThread thread;
  private final RequestOptions options;
  private final byte[] body;
  private final @Nullable Upload upload;
  private final boolean stream;
  private final Timeouts timeouts;
  private final long callDeadline;
  private volatile long dialled = System.nanoTime();

  private final Queue<byte[]> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final AtomicInteger unsent = new AtomicInteger();
  private volatile boolean connected;
  private volatile int status;
  private volatile long lastByte;
  private volatile boolean paused;
  private volatile boolean ended;
  private volatile boolean closed;
  private volatile @Nullable Throwable broken;

  // The loop's own.
  private @Nullable HttpClientRequest request;
  private @Nullable HttpClientResponse response;
  private boolean again;

  // The thread's own.
  private long began = dialled;
  private boolean answered;
  private boolean left;
  private boolean poured;

  /**
   * @param stream whether the thread wants to see bytes as they come, or only once there are no
   *     more
   */
  Ask(
      Line line,
      CallThread thread,
      RequestOptions options,
      byte[] body,
      Optional<Upload> upload,
      boolean stream,
      Timeouts timeouts,
      long callDeadline) {
    this.line = line;
    this.thread = thread;
    this.options = options;
    this.body = body;
    this.upload = upload.orElse(null);
    this.stream = stream;
    this.timeouts = timeouts;
    this.callDeadline = callDeadline;
  }

  // --- on the call's thread

  /** Sends the request; of an upload all, unless the provider answers before its end. */
  void send() {
    line.context().emit(this, Ask::connect);
    Upload bytes = upload;
    if (bytes != null) {
      pour(bytes);
    }
  }

  private void pour(Upload from) {
    // Nothing is taken before it can be sent, so that until then another target may be asked.
    await(() -> connected || ended);
    while (!heard()) {
      byte[] piece = from.next(this::heard);
      if (piece == null) {
        poured = true;
        began = System.nanoTime();
        line.context().emit(this, Ask::endBody);
        return;
      }
      unsent.addAndGet(piece.length);
      line.context().emit(piece, this::writeMore);
      drain();
    }
  }

  /** Whether the provider has said something, after which it need not be told more. */
  private boolean heard() {
    return ended || status != 0;
  }

  /** Waits until the provider has taken most of what was written. */
  private void drain() {
    long stuck = System.nanoTime() + timeouts.idle().toNanos();
    boolean callFirst = callDeadline - stuck < 0;
    if (!thread.await(() -> unsent.get() < WINDOW || heard(), callFirst ? callDeadline : stuck)) {
      throw callFirst
          ? late(true)
          : timeout("The provider took no more of the body for " + words(timeouts.idle()) + ".");
    }
    if (System.nanoTime() - callDeadline >= 0) {
      throw late(true);
    }
  }

  /**
   * The reply's status; 0 until its head has come, which it has once {@link #next} has returned.
   */
  int status() {
    return status;
  }

  /** The reply's headers; ask once its head has come. */
  Headers headers() {
    HttpClientResponse head = response;
    if (head == null) {
      return Headers.NONE;
    }
    return new Listed(head.headers());
  }

  /** The first content has come: from now on pauses count, not the wait since the request. */
  void answered() {
    answered = true;
  }

  /** Whether {@link #next} would have to wait. */
  boolean drained() {
    return queue.isEmpty() && !ended;
  }

  /**
   * The next bytes, or {@code null} after the last.
   *
   * @throws Failure {@code TIMEOUT}, {@code UPSTREAM_UNAVAILABLE} where the connection fails,
   *     {@code CANCELLED}
   */
  byte @Nullable [] next() {
    byte[] bytes = queue.poll();
    if (bytes != null && !ended && System.nanoTime() - callDeadline >= 0) {
      // A provider that never pauses has no other bound.
      throw late(true);
    }
    if (bytes == null) {
      await(() -> !queue.isEmpty() || ended);
      bytes = queue.poll();
      if (bytes == null) {
        Throwable cause = broken;
        if (cause != null) {
          throw failure(cause);
        }
        return null;
      }
    }
    if (queued.addAndGet(-bytes.length) < WINDOW / 4 && paused) {
      line.context().emit(this, Ask::resume);
    }
    return bytes;
  }

  /** All bytes that are still to come. */
  byte[] rest() {
    byte[] first = next();
    return first == null ? new byte[0] : rest(first);
  }

  /** Those bytes and all that are still to come. */
  byte[] rest(byte[] first) {
    byte[] more = next();
    if (more == null) {
      return first;
    }
    var all = new Bytes(first.length + more.length + queued.get()).add(first);
    for (; more != null; more = next()) {
      all.add(more);
    }
    return all.take();
  }

  /** The thread wants no more: what has not ended is broken off. */
  void close() {
    closed = true;
    if (!left && (!ended || broken != null || cutShort())) {
      line.context().emit(this, Ask::breakOff);
    }
  }

  /**
   * The reply is complete for the thread, though the provider has not closed it: it has a moment to
   * do so.
   */
  void leave() {
    if (!ended) {
      left = true;
      line.context().emit(this, Ask::linger);
    }
  }

  /** Whether the provider answered before it had the whole upload. */
  private boolean cutShort() {
    return upload != null && !poured;
  }

  private void await(BooleanSupplier ready) {
    while (true) {
      long bound = bound();
      if (thread.await(ready, callDeadline - bound < 0 ? callDeadline : bound)) {
        return;
      }
      bound = bound();
      boolean callIsOver = callDeadline - bound < 0;
      if (System.nanoTime() - (callIsOver ? callDeadline : bound) >= 0) {
        throw late(callIsOver);
      }
    }
  }

  /** Until when the provider has to do the next thing; its own bound, not the call's. */
  private long bound() {
    if (answered || (!stream && lastByte != 0)) {
      return lastByte + timeouts.idle().toNanos();
    }
    long first = began + timeouts.firstToken().toNanos();
    long dial = dialled + timeouts.connect().toNanos();
    return !connected && dial - first < 0 ? dial : first;
  }

  private Failure late(boolean callIsOver) {
    if (callIsOver) {
      // How long it may take is the caller's choice: the provider has kept within its own bounds.
      return timeout("The call was not answered within its time.")
          .again(Failure.Again.NOWHERE)
          .blame(Failure.Blame.NOBODY);
    }
    if (!connected && timeouts.connect().compareTo(timeouts.firstToken()) < 0) {
      return timeout("No connection to the provider within " + words(timeouts.connect()) + ".");
    }
    if (answered || (!stream && lastByte != 0)) {
      return timeout("The provider's reply stopped for " + words(timeouts.idle()) + ".");
    }
    return timeout(
        "The provider did not begin to answer within " + words(timeouts.firstToken()) + ".");
  }

  private Failure timeout(String message) {
    return Failure.of(Failure.Kind.TIMEOUT, message).upstream(status);
  }

  private Failure failure(Throwable cause) {
    String what =
        switch (cause) {
          case UnknownHostException unknown -> "The provider's host name cannot be resolved.";
          case ConnectException refused -> "The provider refused the connection.";
          case SSLException tls ->
              "No secure connection to the provider: " + tls.getClass().getSimpleName() + ".";
          default ->
              status == 0
                  ? "The provider closed the connection before it answered."
                  : "The provider broke off its reply.";
        };
    return Failure.of(Failure.Kind.UPSTREAM_UNAVAILABLE, what, cause).upstream(status);
  }

  private static String words(Duration wait) {
    return wait.toMillis() % 1000 == 0
        ? wait.toSeconds() + " s"
        : String.format(Locale.ROOT, "%d ms", wait.toMillis());
  }

  // --- on the loop

  private void connect() {
    line.client()
        .request(options)
        .onComplete((opened, failed) -> {
          if (opened == null) {
            breakDown(failed);
          } else if (closed) {
            // Nobody waits for it any more: without this the log would tell of it as an error.
            opened.exceptionHandler(unsent -> {});
            var _ = opened.reset();
          } else {
            write(opened);
          }
        });
  }

  private void write(HttpClientRequest opened) {
    request = opened;
    connected = true;
    boolean rested = line.use(opened.connection());
    if (upload != null) {
      begin(opened);
      return;
    }
    opened
        .send(BufferInternal.buffer(Unpooled.wrappedBuffer(body)))
        .onComplete((head, failed) -> {
          if (head != null) {
            read(head);
          } else if (!again && !closed && wasNotLookedAt(failed, rested)) {
            again = true;
            connected = false;
            dialled = System.nanoTime();
            connect();
          } else {
            breakDown(failed);
          }
        });
  }

  /** Of a request whose body follows piece by piece. */
  private void begin(HttpClientRequest opened) {
    if (!opened.headers().contains(HttpHeaders.CONTENT_LENGTH)) {
      opened.setChunked(true);
    }
    opened.exceptionHandler(this::breakDown);
    opened
        .response()
        .onComplete((head, failed) -> {
          if (head != null) {
            read(head);
            thread.wake();
          } else {
            breakDown(failed);
          }
        });
    thread.wake();
  }

  private void writeMore(byte[] piece) {
    HttpClientRequest open = request;
    if (open == null || ended || closed) {
      return;
    }
    open.write(BufferInternal.buffer(Unpooled.wrappedBuffer(piece)))
        .onComplete(written -> {
          unsent.addAndGet(-piece.length);
          thread.wake();
        });
  }

  private void endBody() {
    HttpClientRequest open = request;
    if (open != null && !ended && !closed) {
      var _ = open.end();
    }
  }

  /**
   * Whether the request was lost on the way: on a connection that had rested, which the provider
   * closed as it was used again, or on a stream that it says it has not begun with.
   */
  private static boolean wasNotLookedAt(Throwable failed, boolean rested) {
    return switch (failed) {
      case StreamResetException reset -> reset.getCode() == REFUSED_STREAM;
      case HttpClosedException closed -> rested;
      case IOException broken -> rested;
      default -> false;
    };
  }

  private void read(HttpClientResponse head) {
    response = head;
    head.handler(this::put);
    head.exceptionHandler(this::breakDown);
    head.endHandler(end -> {
      line.rest(head.request().connection());
      finish();
    });
    status = head.statusCode();
  }

  private void put(Buffer bytes) {
    boolean first = lastByte == 0;
    lastByte = System.nanoTime();
    if (closed) {
      return;
    }
    queue.add(array(bytes));
    int waiting = queued.addAndGet(bytes.length());
    if (stream) {
      if (waiting > WINDOW && response != null) {
        paused = true;
        response.pause();
      }
      thread.wake();
    } else if (waiting > LARGEST_REPLY) {
      breakDown(new IOException("The provider's reply is larger than 256 MB."));
    } else if (first) {
      // Another bound holds from now on. What follows is waited for as a whole.
      thread.wake();
    }
  }

  /** The buffer's own array where it is nothing but these bytes, as the engine's buffers are. */
  private static byte[] array(Buffer buffer) {
    ByteBuf bytes = ((BufferInternal) buffer).getByteBuf();
    return bytes.hasArray() && bytes.readableBytes() == bytes.array().length
        ? bytes.array()
        : buffer.getBytes();
  }

  private void resume() {
    if (paused && response != null) {
      paused = false;
      response.resume();
    }
  }

  private void finish() {
    ended = true;
    thread.wake();
  }

  private void breakDown(Throwable cause) {
    if (!ended) {
      broken = cause;
      finish();
    }
  }

  private void breakOff() {
    if (request != null && (!ended || broken != null || cutShort())) {
      var _ = request.reset();
    }
  }

  private void linger() {
    closed = true;
    resume();
    line.context()
        .owner()
        .setTimer(
            LINGER_MILLIS,
            late -> {
              if (!ended) {
                breakOff();
              }
            });
  }
}

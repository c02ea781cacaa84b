package dev.lintel.server;

import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Channel;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.RawRequest;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** An exchange over a Vert.x connection: the call's thread decides, the connection's loop does. */
final class ServerExchange implements Exchange {
  /**
   * The gateway's own header names, in the form that is encoded without looking at each character.
   */
  private static final Map<String, CharSequence> NAMES = new ConcurrentHashMap<>();

  /** Writing one short answer. */
  private static final long HANDSHAKE_NANOS = 10_000_000_000L;

  private final Vertx vertx;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final RawRequest raw;
  private final Map<String, String> always;
  private final Executor loop;
  private final long arrived;
  private volatile @Nullable CallThread thread;
  private volatile boolean gone;
  private volatile boolean full;
  private boolean ended;
  private boolean unread;

  /**
   * Call on the loop, before the thread starts.
   *
   * @param always the headers of every response
   */
  ServerExchange(
      Vertx vertx,
      HttpServerRequest request,
      RawRequest raw,
      Map<String, String> always,
      Executor loop,
      long arrived) {
    this.vertx = vertx;
    this.request = request;
    this.response = request.response();
    this.raw = raw;
    this.always = always;
    this.loop = loop;
    this.arrived = arrived;
    response.closeHandler(closed -> leave());
    response.exceptionHandler(broken -> leave());
  }

  /** On the loop: the thread that serves this has started. */
  void servedBy(CallThread serving) {
    thread = serving;
    if (gone) {
      serving.cancel();
    }
  }

  /** On the loop: the client has closed its connection or reset its stream. */
  void leave() {
    if (!response.ended()) {
      gone = true;
      CallThread serving = thread;
      if (serving != null) {
        serving.cancel();
      }
    }
  }

  /** Whether an answer has been given, whole or not. */
  boolean ended() {
    return ended;
  }

  @Override
  public boolean wantsChannel() {
    return wantsChannel(request);
  }

  /** RFC 6455 §4.1; over HTTP/2 (RFC 8441) nobody asks. */
  static boolean wantsChannel(HttpServerRequest request) {
    return request.version() != HttpVersion.HTTP_2
        && "websocket".equalsIgnoreCase(request.getHeader(HttpHeaders.UPGRADE));
  }

  @Override
  public Channel channel() {
    check();
    ended = true;
    CallThread serving = CallThread.current();
    var opened = new CompletableFuture<Channel>();
    loop.execute(() ->
        request
            .toWebSocket()
            .onComplete((socket, refused) -> {
              if (socket == null) {
                opened.completeExceptionally(refused);
              } else {
                opened.complete(new SocketChannel(vertx, serving, socket));
              }
              serving.wake();
            }));
    if (!serving.await(opened::isDone, System.nanoTime() + HANDSHAKE_NANOS)
        || opened.isCompletedExceptionally()) {
      throw Failure.cancelled();
    }
    return opened.join();
  }

  @Override
  public String method() {
    return request.method().name();
  }

  @Override
  public String path() {
    return request.path();
  }

  @Override
  public RawRequest request() {
    return raw;
  }

  @Override
  public long arrived() {
    return arrived;
  }

  @Override
  public Executor loop() {
    return loop;
  }

  @Override
  public void answer(Answer answer, Map<String, String> headers) {
    check();
    ended = true;
    loop.execute(() -> {
      if (!response.closed()) {
        answer.headers().forEach(response::putHeader);
        if (wantsChannel()) {
          // Nobody has read it to its end, which is where it waits for the answer.
          request.resume();
        }
        head(answer.status(), answer.contentType(), headers);
        var _ = end(request, answer.body());
      }
    });
  }

  @Override
  public void begin(int status, String contentType, Map<String, String> headers) {
    check();
    loop.execute(() -> {
      head(status, contentType, headers);
      boolean bare = status == 204 || status == 304 || request.method() == HttpMethod.HEAD;
      if (!bare && !headers.containsKey("content-length")) {
        response.setChunked(true);
      }
      response.drainHandler(drained -> {
        full = false;
        CallThread serving = thread;
        if (serving != null) {
          serving.wake();
        }
      });
    });
  }

  @Override
  public void write(byte[] bytes, long deadline) {
    check();
    if (full && !CallThread.current().await(() -> !full || gone, deadline)) {
      unread = true;
      throw Failure.of(Failure.Kind.TIMEOUT, "The caller did not read what was sent to it in time.")
          .blame(Failure.Blame.NOBODY)
          .again(Failure.Again.NOWHERE);
    }
    check();
    loop.execute(() -> {
      if (!response.closed()) {
        var _ = response.write(buffer(bytes));
        if (response.writeQueueFull()) {
          full = true;
        }
      }
    });
  }

  @Override
  public void end() {
    check();
    ended = true;
    loop.execute(() -> {
      if (!response.closed()) {
        var _ = response.end();
      }
    });
  }

  @Override
  public void abort() {
    ended = true;
    boolean stuck = unread;
    loop.execute(() -> {
      if (response.closed() || response.ended()) {
        return;
      }
      gone = true;
      if (stuck) {
        breakOff();
      } else if (request.version() == HttpVersion.HTTP_2) {
        // What was written before shall still arrive: an empty write is done when they are.
        var _ = response.write(Buffer.buffer()).onComplete(written -> response.reset(2));
      } else {
        var _ = request.connection().close();
      }
    });
  }

  /** Without waiting for what is queued to be read, which an orderly close does without end. */
  private void breakOff() {
    if (request.version() == HttpVersion.HTTP_2) {
      var _ = response.reset(2);
    } else {
      var _ = ((ConnectionBase) request.connection()).channelHandlerContext().close();
    }
  }

  private void head(int status, String contentType, Map<String, String> headers) {
    response.setStatusCode(status);
    var all = response.headers();
    if (!contentType.isEmpty()) {
      all.set(HttpHeaders.CONTENT_TYPE, contentType);
    }
    always.forEach((name, value) -> all.set(named(name), value));
    headers.forEach((name, value) -> all.set(named(name), value));
    if (request.version() == HttpVersion.HTTP_2) {
      // A frame with them is malformed (RFC 9113 §8.2.2).
      all.remove("connection");
      all.remove("upgrade");
    }
  }

  private static CharSequence named(String header) {
    return NAMES.computeIfAbsent(header, HttpHeaders::createOptimized);
  }

  /** On the loop: ends a response whose head is set. To HEAD only the body's length is told. */
  static Future<Void> end(HttpServerRequest request, byte[] body) {
    if (request.method() != HttpMethod.HEAD) {
      return request.response().end(buffer(body));
    }
    request.response().putHeader("content-length", Integer.toString(body.length));
    return request.response().end();
  }

  /** Without a copy: nobody writes to bytes that are on their way. */
  private static Buffer buffer(byte[] bytes) {
    return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
  }

  private void check() {
    // To who does not read nothing more can be said, not even why.
    if (gone || unread) {
      throw Failure.cancelled();
    }
  }
}

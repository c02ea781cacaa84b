package dev.lintel.server;

import dev.lintel.CallThread;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.RawRequest;
import dev.lintel.Route;
import dev.lintel.Trail;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.compression.DecompressionException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections, reads requests whole and gives each to its endpoint on a thread of its own.
 */
public final class Server {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);

  private static final Duration BODY_SILENCE = Duration.ofSeconds(30);
  private static final Duration LINGER = Duration.ofSeconds(5);

  /**
   * How the server listens.
   *
   * @param port 0 for any free one
   * @param bodyLimit the most bytes of a body, after decompression
   * @param bodiesLimit the most bytes of all bodies over 64 KB that are held at once
   * @param headerLimit the most bytes of all headers of a request
   * @param certificate a PEM file, with {@code key}: HTTPS
   */
  public record Options(
      String host,
      int port,
      long bodyLimit,
      long bodiesLimit,
      int headerLimit,
      Optional<String> certificate,
      Optional<String> key) {}

  private final Vertx vertx;
  private final Options options;
  private final Router router;
  private final BodyMemory memory;
  private final Queue<HttpServer> listening = new ConcurrentLinkedQueue<>();
  private final int port;

  /**
   * @param unserved who serves what no route takes, given the methods that its path takes; words
   *     the failures of requests that are not even HTTP, too
   */
  public Server(
      Vertx vertx, Options options, List<Route> routes, Function<Set<String>, Endpoint> unserved) {
    this.vertx = vertx;
    this.options = options;
    this.router = new Router(routes, unserved);
    this.memory = new BodyMemory(options.bodiesLimit);
    this.port = options.port == 0 ? free(options.host) : options.port;
  }

  /** Event loops can only share a port whose number they know, so that one is looked for before. */
  private static int free(String host) {
    try (var probe = new ServerSocket(0, 1, InetAddress.getByName(host))) {
      return probe.getLocalPort();
    } catch (IOException none) {
      throw new IllegalStateException("there is no free port at " + host, none);
    }
  }

  /**
   * Starts listening on every event loop; completes with the port, fails where the address is
   * taken.
   */
  public Future<Integer> start() {
    var deployment =
        new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    return vertx.deployVerticle(Loop::new, deployment).map(id -> listening.element().actualPort());
  }

  /** Stops accepting, lets running exchanges end within the time, then closes their connections. */
  public Future<Void> stop(Duration patience) {
    return Future.join(listening.stream().map(server -> server.shutdown(patience)).toList())
        .mapEmpty();
  }

  private HttpServerOptions http() {
    var http =
        new HttpServerOptions()
            .setHost(options.host)
            .setPort(port)
            .setTcpNoDelay(true)
            .setAcceptBacklog(8192)
            .setMaxHeaderSize(options.headerLimit)
            .setMaxInitialLineLength(16 << 10)
            .setDecompressionSupported(true)
            .setHandle100ContinueAutomatically(true)
            // Every request would pass through two handlers for what a WebSocket may ask for.
            .setPerFrameWebSocketCompressionSupported(false)
            .setPerMessageWebSocketCompressionSupported(false)
            .setStrictThreadMode(true);
    options.certificate.ifPresent(certificate ->
        http.setSsl(true)
            .setUseAlpn(true)
            .setKeyCertOptions(
                new PemKeyCertOptions()
                    .setCertPath(certificate)
                    .setKeyPath(
                        options.key.orElseThrow(
                            () -> new IllegalArgumentException("a certificate needs its key")))));
    return http;
  }

  /** One event loop's share of the server. */
  private final class Loop extends VerticleBase {
    private final Set<Reading> reading = new HashSet<>();

    @Override
    public Future<?> start() {
      HttpServer server =
          vertx
              .createHttpServer(http())
              .requestHandler(this::accept)
              .invalidRequestHandler(this::invalid);
      listening.add(server);
      vertx.setPeriodic(1000, tick -> expire());
      return server.listen();
    }

    private void accept(HttpServerRequest request) {
      long arrived = System.nanoTime();
      Router.Match match = match(request);
      new Reading(this, request, match.endpoint(), match.path(), arrived).start();
    }

    private void invalid(HttpServerRequest request) {
      Throwable cause = request.decoderResult().cause();
      var failure =
          switch (cause) {
            case TooLongHttpLineException line ->
                Failure.invalid("The request's path and query are too long.").status(414);
            case TooLongFrameException headers ->
                Failure.invalid("The request's headers are too large.").status(431);
            case null -> Failure.invalid("The request is not valid HTTP.");
            default -> Failure.invalid("The request is not valid HTTP: " + reason(cause) + ".");
          };
      refuse(request, match(request).endpoint(), failure, System.nanoTime())
          .onComplete(sent -> request.connection().close());
    }

    /** What follows a colon is what was sent, and may be a key. */
    private static String reason(Throwable cause) {
      String text = cause.getMessage() == null ? "it cannot be read" : cause.getMessage();
      int colon = text.indexOf(':');
      return colon < 0 ? text : text.substring(0, colon);
    }

    private void expire() {
      long now = System.nanoTime();
      for (Reading one : Set.copyOf(reading)) {
        one.expire(now);
      }
    }
  }

  /** A request whose body is still coming in; everything here happens on the connection's loop. */
  private final class Reading {
    private final Loop loop;
    private final HttpServerRequest request;
    private final Endpoint endpoint;
    private final Map<String, String> path;
    private final long arrived;
    private byte[] body = NOTHING;
    private int length;
    private long reserved;
    private long progress;
    private boolean refused;

    Reading(
        Loop loop,
        HttpServerRequest request,
        Endpoint endpoint,
        Map<String, String> path,
        long arrived) {
      this.loop = loop;
      this.request = request;
      this.endpoint = endpoint;
      this.path = path;
      this.arrived = arrived;
      this.progress = arrived;
    }

    void start() {
      request.exceptionHandler(this::broken);
      long announced = announced();
      // What was decompressed has lost this header by now.
      String encoding = request.getHeader("content-encoding");
      if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
        loop.reading.add(this);
        discard();
        refuse(
            Failure.invalid("The request body's 'content-encoding' is neither gzip nor deflate.")
                .status(415));
        return;
      }
      if (announced > options.bodyLimit) {
        loop.reading.add(this);
        discard();
        refuse(tooLarge());
        return;
      }
      request.handler(this::more);
      request.endHandler(end -> complete());
      loop.reading.add(this);
      if (announced > BodyMemory.SMALL) {
        request.pause();
        memory.reserve(
            announced,
            ContextInternal.current().nettyEventLoop(),
            () -> {
              reserved += announced;
              progress = System.nanoTime();
              request.resume();
            });
      }
    }

    private void more(Buffer bytes) {
      if (refused) {
        return;
      }
      progress = System.nanoTime();
      int more = bytes.length();
      if ((long) length + more > options.bodyLimit) {
        body = NOTHING;
        discard();
        refuse(tooLarge());
        return;
      }
      if (length == 0) {
        body = array(bytes);
      } else {
        if (body.length - length < more) {
          body =
              java.util.Arrays.copyOf(
                  body, (int) Math.min(options.bodyLimit, Math.max(length + more, grown())));
        }
        bytes.getBytes(0, more, body, length);
      }
      length += more;
      if (length > Math.max(reserved, BodyMemory.SMALL)) {
        memory.grow(length - reserved);
        reserved = length;
      }
    }

    /** What was announced, where it is still to come; else twice what there is. */
    private long grown() {
      return Math.max(Math.min(announced(), 8L * length), 2L * length);
    }

    private void complete() {
      loop.reading.remove(this);
      if (refused) {
        return;
      }
      byte[] whole = length == body.length ? body : java.util.Arrays.copyOf(body, length);
      body = NOTHING;
      var multi = request.headers();
      var raw =
          new RawRequest(
              path, query(request.query()), name -> Optional.ofNullable(multi.get(name)), whole);
      ContextInternal context = ContextInternal.current();
      var eventLoop = context.nettyEventLoop();
      var exchange = new ServerExchange(request, raw, eventLoop, arrived);
      long held = reserved;
      exchange.servedBy(CallThread.start(eventLoop, () -> serve(endpoint, exchange, held)));
    }

    private void refuse(Failure failure) {
      refused = true;
      memory.release(reserved);
      reserved = 0;
      var unused = Server.refuse(request, endpoint, failure, arrived);
    }

    /**
     * The rest is read and thrown away for a while, so that a client still sending gets to see the
     * answer.
     */
    private void discard() {
      request.handler(bytes -> {});
      request.endHandler(end -> loop.reading.remove(this));
      vertx.setTimer(
          LINGER.toMillis(),
          late -> {
            if (loop.reading.remove(this)) {
              hangUp();
            }
          });
    }

    /** What is still to come is not read. An HTTP/2 connection has other requests to carry. */
    private void hangUp() {
      if (request.version() == HttpVersion.HTTP_2) {
        var unused = request.response().reset();
      } else {
        var unused = request.connection().close();
      }
    }

    private void broken(Throwable cause) {
      loop.reading.remove(this);
      if (refused) {
        return;
      }
      if (cause instanceof HttpClosedException || cause instanceof StreamResetException) {
        refused = true;
        memory.release(reserved);
        reserved = 0;
        return;
      }
      refuse(
          Failure.invalid(
              cause instanceof DecompressionException
                  ? "The request body cannot be decompressed."
                  : "The request body breaks off, or its chunks are not framed as HTTP wants."));
      hangUp();
    }

    private void expire(long now) {
      if (!refused
          && now - progress > BODY_SILENCE.toNanos()
          && (reserved > 0 || announced() <= BodyMemory.SMALL)) {
        loop.reading.remove(this);
        refuse(Failure.invalid("The request body stopped after " + length + " bytes."));
        hangUp();
      }
    }

    private Failure tooLarge() {
      return Failure.of(
          Failure.Kind.PAYLOAD_TOO_LARGE,
          "The request body is larger than "
              + options.bodyLimit
              + " bytes, the most that this gateway takes.");
    }

    private long announced() {
      String length = request.headers().get("content-length");
      try {
        return length == null ? 0 : Long.parseLong(length.strip());
      } catch (NumberFormatException nonsense) {
        return 0;
      }
    }
  }

  private void serve(Endpoint endpoint, ServerExchange exchange, long held) {
    try {
      endpoint.serve(exchange);
    } catch (Failure failure) {
      // Endpoints answer their own failures; what is left is a client that has gone.
      exchange.abort();
    } catch (RuntimeException | Error bug) {
      LOG.error("{} {} failed", exchange.method(), exchange.path(), bug);
      if (exchange.ended()) {
        exchange.abort();
      } else {
        var failure =
            Failure.of(Failure.Kind.INTERNAL, "The gateway failed to serve this request.", bug);
        var trail = Trail.begin(exchange.arrived());
        exchange.answer(endpoint.refuse(failure, trail), Reply.errorHeaders(failure, trail));
      }
    } finally {
      memory.release(held);
    }
  }

  private Router.Match match(HttpServerRequest request) {
    return router.find(request.method().name(), request.path() == null ? "/" : request.path());
  }

  /** On the loop: answers a request that no exchange has been made of. */
  private static Future<Void> refuse(
      HttpServerRequest request, Endpoint endpoint, Failure failure, long arrived) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return Future.succeededFuture();
    }
    var trail = Trail.begin(arrived);
    var answer = endpoint.refuse(failure, trail);
    response.setStatusCode(answer.status()).putHeader("content-type", answer.contentType());
    Reply.errorHeaders(failure, trail).forEach(response::putHeader);
    return ServerExchange.end(request, answer.body());
  }

  /** The buffer's own array where it is nothing but these bytes, as the engine's buffers are. */
  private static byte[] array(Buffer buffer) {
    ByteBuf bytes = ((BufferInternal) buffer).getByteBuf();
    return bytes.hasArray() && bytes.readableBytes() == bytes.array().length
        ? bytes.array()
        : buffer.getBytes();
  }

  private static Map<String, String> query(@Nullable String query) {
    if (query == null || query.isEmpty()) {
      return Map.of();
    }
    var values = new HashMap<String, String>();
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      values.putIfAbsent(decode(name), equals < 0 ? "" : decode(pair.substring(equals + 1)));
    }
    return values;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return text;
    }
  }

  private static final byte[] NOTHING = {};
}

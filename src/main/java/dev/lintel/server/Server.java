package dev.lintel.server;

import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Route;
import dev.lintel.Trail;
import dev.lintel.Upload;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.impl.ConnectionBase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections, reads requests whole and gives each to its endpoint on a thread of its own.
 */
public final class Server {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);

  /** So many free ports are looked for, where any will do, until one is not taken at once. */
  private static final int TRIES = 5;

  /** What is longer cannot even be refused in words. */
  private static final int LONGEST_MESSAGE = 64 << 20;

  /**
   * How the server listens.
   *
   * @param port 0 for any free one
   * @param bodyLimit the most bytes of a body, after decompression
   * @param uploadLimit the most bytes of a body that is not held
   * @param bodiesLimit the most bytes of all bodies over 64 KB that are held at once
   * @param headerLimit the most bytes of all headers of a request
   * @param headers that stand in every response
   * @param certificate a PEM file, with {@code key}: HTTPS
   * @param clients whether clients are asked for certificates
   */
  public record Options(
      String host,
      int port,
      long bodyLimit,
      long uploadLimit,
      long bodiesLimit,
      int headerLimit,
      Map<String, String> headers,
      Optional<String> certificate,
      Optional<String> key,
      Optional<ClientCertificates> clients) {
    public Options {
      headers = Map.copyOf(headers);
    }

    /** Clients are asked for no certificates. */
    public Options(
        String host,
        int port,
        long bodyLimit,
        long uploadLimit,
        long bodiesLimit,
        int headerLimit,
        Map<String, String> headers,
        Optional<String> certificate,
        Optional<String> key) {
      this(
          host,
          port,
          bodyLimit,
          uploadLimit,
          bodiesLimit,
          headerLimit,
          headers,
          certificate,
          key,
          Optional.empty());
    }
  }

  /**
   * What is asked of clients beside their requests.
   *
   * @param authority a PEM file with the certificates that sign theirs
   * @param required whether who has none is not served at all
   */
  public record ClientCertificates(String authority, boolean required) {}

  private final Vertx vertx;
  private final Options options;
  private final Router router;
  private final BodyMemory memory;
  private final Queue<HttpServer> listening = new ConcurrentLinkedQueue<>();
  private final IntSupplier free;
  private final LongAdder opened = new LongAdder();
  private final LongAdder closed = new LongAdder();

  /**
   * @param unserved who serves what no route takes, given the methods that its path takes; words
   *     the failures of requests that are not even HTTP, too
   */
  public Server(
      Vertx vertx, Options options, List<Route> routes, Function<Set<String>, Endpoint> unserved) {
    this(vertx, options, routes, unserved, () -> free(options.host));
  }

  /**
   * @param free finds a port where any will do
   */
  Server(
      Vertx vertx,
      Options options,
      List<Route> routes,
      Function<Set<String>, Endpoint> unserved,
      IntSupplier free) {
    this.vertx = vertx;
    this.options = options;
    this.router = new Router(routes, unserved);
    this.memory = new BodyMemory(options.bodiesLimit);
    this.free = free;
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
    return options.port == 0 ? startAnywhere(TRIES) : startAt(options.port);
  }

  /** Somebody may take a port between its being found free and its being listened at. */
  private Future<Integer> startAnywhere(int tries) {
    return startAt(free.getAsInt())
        .recover(taken -> tries > 1 ? startAnywhere(tries - 1) : Future.failedFuture(taken));
  }

  private Future<Integer> startAt(int port) {
    listening.clear();
    var deployment =
        new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    return vertx
        .deployVerticle(() -> new Loop(port), deployment)
        .map(id -> listening.element().actualPort());
  }

  /** How many clients' connections are open. */
  public long connections() {
    return opened.sum() - closed.sum();
  }

  /** Stops accepting, lets running exchanges end within the time, then closes their connections. */
  public Future<Void> stop(Duration patience) {
    return Future.join(listening.stream().map(server -> server.shutdown(patience)).toList())
        .mapEmpty();
  }

  private HttpServerOptions http(int port) {
    var http =
        new HttpServerOptions()
            .setHost(options.host)
            .setPort(port)
            .setTcpNoDelay(true)
            .setAcceptBacklog(8192)
            .setMaxHeaderSize(options.headerLimit)
            .setMaxInitialLineLength(16 << 10)
            // A body unpacked by the engine would be in memory before anybody could count it.
            .setDecompressionSupported(false)
            .setHandle100ContinueAutomatically(true)
            // Every request would pass through two handlers for what a WebSocket may ask for.
            .setMaxWebSocketFrameSize(LONGEST_MESSAGE)
            .setMaxWebSocketMessageSize(LONGEST_MESSAGE)
            .setWebSocketSubProtocols(List.of("realtime"))
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
    options.clients.ifPresent(clients ->
        http.setClientAuth(clients.required ? ClientAuth.REQUIRED : ClientAuth.REQUEST)
            .setTrustOptions(new PemTrustOptions().addCertPath(clients.authority)));
    return http;
  }

  /** One event loop's share of the server. */
  private final class Loop extends VerticleBase {
    private final Set<Reading> reading = new HashSet<>();
    private final int port;

    Loop(int port) {
      this.port = port;
    }

    @Override
    public Future<?> start() {
      HttpServer server =
          vertx
              .createHttpServer(http(port))
              .connectionHandler(connection -> {
                opened.increment();
                // The connection's own handler is not called after it became a WebSocket.
                ((ConnectionBase) connection)
                    .channelHandlerContext()
                    .channel()
                    .closeFuture()
                    .addListener(gone -> closed.increment());
              })
              .requestHandler(this::accept)
              .invalidRequestHandler(this::invalid);
      listening.add(server);
      vertx.setPeriodic(1000, tick -> expire());
      return server.listen();
    }

    private void accept(HttpServerRequest request) {
      long arrived = System.nanoTime();
      new Reading(Server.this, reading, request, match(request), arrived).start();
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

  /** On a call's thread: serves what has been read. Gives the body's memory back at the end. */
  void serve(Endpoint endpoint, ServerExchange exchange, long held) {
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
      exchange.request().upload().ifPresent(Upload::abandon);
      memory.release(held);
    }
  }

  Vertx vertx() {
    return vertx;
  }

  long bodyLimit() {
    return options.bodyLimit;
  }

  long uploadLimit() {
    return options.uploadLimit;
  }

  /** What stands in every response. */
  Map<String, String> headers() {
    return options.headers;
  }

  BodyMemory memory() {
    return memory;
  }

  private Router.Match match(HttpServerRequest request) {
    return router.find(request.method().name(), request.path() == null ? "/" : request.path());
  }

  /** On the loop: answers a request that no exchange has been made of. */
  Future<Void> refuse(HttpServerRequest request, Endpoint endpoint, Failure failure, long arrived) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return Future.succeededFuture();
    }
    var trail = Trail.begin(arrived);
    var answer = endpoint.refuse(failure, trail);
    response.setStatusCode(answer.status()).putHeader("content-type", answer.contentType());
    answer.headers().forEach(response::putHeader);
    options.headers.forEach(response::putHeader);
    Reply.errorHeaders(failure, trail).forEach(response::putHeader);
    return ServerExchange.end(request, answer.body());
  }
}

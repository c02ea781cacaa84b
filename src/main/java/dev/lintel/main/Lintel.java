package dev.lintel.main;

import dev.lintel.Answer;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Event;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Listener;
import dev.lintel.Provider;
import dev.lintel.RawRequest;
import dev.lintel.Route;
import dev.lintel.Sink;
import dev.lintel.Trail;
import dev.lintel.admin.Probe;
import dev.lintel.admin.Providers;
import dev.lintel.batch.Runner;
import dev.lintel.config.Address;
import dev.lintel.config.Config;
import dev.lintel.config.SimSpec;
import dev.lintel.dialect.GeminiEmbeddings;
import dev.lintel.dialect.OpenAiRelay;
import dev.lintel.dialect.SimpleChat;
import dev.lintel.filter.Continuity;
import dev.lintel.filter.Once;
import dev.lintel.filter.Signatures;
import dev.lintel.observe.CallLog;
import dev.lintel.observe.Metrics;
import dev.lintel.route.Cooldown;
import dev.lintel.server.Front;
import dev.lintel.server.ModelList;
import dev.lintel.server.RealtimeFront;
import dev.lintel.server.ResponsesSocket;
import dev.lintel.server.Server;
import dev.lintel.server.SocketChannel;
import dev.lintel.server.Unserved;
import dev.lintel.sim.Sim;
import dev.lintel.sim.SimOptions;
import dev.lintel.store.SpoolFolder;
import dev.lintel.upstream.Fetch;
import dev.lintel.upstream.Upstream;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.VertxInternal;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** A running gateway: sockets, simulated providers, and the configuration that is in force. */
public final class Lintel implements AutoCloseable {
  /** The paths that the requests of a batch may ask. */
  private static final Set<String> BATCHED =
      Set.of(
          "/v1/chat/completions",
          "/v1/completions",
          "/v1/embeddings",
          "/v1/messages",
          "/v1/moderations",
          "/v1/responses");

  /** Bodies over 64 KB that are held at once; the rest waits in its sockets. */
  private static final long BODIES = 64L << 20;

  /**
   * What stands before OpenAI's paths: its own version, nothing, and what Azure's SDKs put there,
   * whose deployment is the model.
   */
  private static final List<String> OPENAI_PATHS =
      List.of("/v1", "", "/openai/v1", "/openai", "/openai/deployments/{model*}");

  /**
   * A simulated provider and where it listens.
   *
   * @param hold by the gateways that may still ask it
   */
  private record Simulator(Server server, URI url, Hold hold) {}

  private final Vertx vertx;
  private final CallLog log;
  private final Metrics metrics;
  private final Cooldown health = new Cooldown(System::nanoTime, InstantSource.system());
  private final Continuity continuity;
  private final Gateway.Lasting lasting;
  private final Map<SimSpec, Simulator> simulators = new ConcurrentHashMap<>();
  private final Storage storage;
  private final Server server;
  private final URI url;
  private final Config started;
  private volatile Gateway live;
  private volatile boolean ending;

  /**
   * Starts listening. Throws {@link IllegalStateException} with one sentence where that cannot be,
   * the port being taken for one.
   *
   * @param storedKeys callers that no configuration names; known while it names no app
   * @param admin whether that is an admin's key
   * @param out where the line of each call goes
   */
  public Lintel(
      Config config,
      Function<String, Optional<Caller>> storedKeys,
      Predicate<String> admin,
      OutputStream out) {
    this(config, storedKeys, admin, out, Secrets.random());
  }

  /**
   * The same, where what it seals shall be good for the next start, too.
   *
   * @param secret under which it seals
   */
  public Lintel(
      Config config,
      Function<String, Optional<Caller>> storedKeys,
      Predicate<String> admin,
      OutputStream out,
      byte[] secret) {
    continuity = new Continuity(secret);
    vertx =
        Vertx.vertx(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors()));
    log = new CallLog(out);
    metrics =
        new Metrics(
            name -> live.models().has(name),
            Map.of("version", Version.TEXT, "threads", CallThread.mode()));
    storage = new Storage(config, this::means);
    var upstream = new Upstream(vertx, SocketChannel::new);
    lasting =
        new Gateway.Lasting(
            both(metrics, log),
            health,
            new Once(
                () -> storage.store().replays(), config.storing().idempotency().reply().bytes()),
            new Signatures(),
            continuity,
            new SpoolFolder(config.data().resolve("uploads")),
            new Fetch(upstream),
            upstream,
            storedKeys);
    started = config;
    try {
      live = build(config);
      server = new Server(vertx, options(config), routes(admin), Lintel::unserved);
      int port = wait(server.start());
      String scheme = config.tls().isPresent() ? "https" : "http";
      url = URI.create(scheme + "://" + new Address(config.listen().host(), port));
      // Not before it listens: a start waits for nothing that no call has asked for.
      live.catalogue().prefetch();
    } catch (RuntimeException failed) {
      vertx.close();
      throw new IllegalStateException(Refusal.sentence(config.listen(), failed), failed);
    }
  }

  /** Where the gateway listens, without a path. */
  public URI url() {
    return url;
  }

  /**
   * Serves the calls that come from now on by another configuration. What only the old one needs
   * ends with the last of its calls.
   *
   * @return the keys that have changed since the start but take effect at the next one only
   */
  public List<String> use(Config config) {
    Gateway old = live;
    live = build(config);
    live.catalogue().prefetch();
    old.hold().release();
    return started.fixed(config);
  }

  /** Goes on with what the process before this one left in the data folder. */
  public void resume() {
    storage.resume();
  }

  private void handle(Call call, Sink sink) {
    Gateway gateway = live;
    while (!gateway.hold().take()) {
      gateway = live;
    }
    try {
      gateway.calls().handle(call, sink);
    } finally {
      gateway.hold().release();
    }
  }

  /** The configuration in force. */
  public Config config() {
    return live.config();
  }

  /** The providers in force, by their names. */
  Map<String, Provider> providers() {
    return live.providers();
  }

  /** Stops accepting, lets calls end within the time, then breaks them off. */
  public void close(Duration patience) {
    ending = true;
    long until = System.nanoTime() + patience.toNanos();
    storage.end();
    wait(server.stop(patience));
    storage.close(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
    for (Simulator simulator : simulators.values()) {
      wait(simulator.server.stop(Duration.ZERO));
    }
    wait(vertx.close());
    log.close();
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }

  private Gateway build(Config config) {
    var asked = new ArrayList<Simulator>();
    var hold = new Hold(() -> asked.forEach(simulator -> simulator.hold.release()));
    try {
      Map<String, Provider> providers =
          config.providers(spec -> {
            Simulator simulator = simulators.compute(spec, this::running);
            asked.add(simulator);
            return simulator.url;
          });
      return Gateway.of(config, providers, lasting, hold);
    } catch (RuntimeException failed) {
      hold.release();
      throw failed;
    }
  }

  /** The one that runs for another gateway already, where there is one. */
  private Simulator running(SimSpec spec, @Nullable Simulator known) {
    return known != null && known.hold.take() ? known : simulate(spec);
  }

  private Simulator simulate(SimSpec spec) {
    var sim = new Sim(spec.dialects(), SimOptions.of(spec.options()));
    Server own = simulated(vertx, sim, "127.0.0.1", 0);
    int port = wait(own.start());
    String base = "http://127.0.0.1:" + port + (openAis(spec) ? "/v1" : "");
    return new Simulator(own, URI.create(base), new Hold(() -> end(spec, own)));
  }

  /** Whether its SDK is OpenAI's, whose base has the version in it. */
  private static boolean openAis(SimSpec spec) {
    return spec.dialects().contains(Builtins.OPENAI)
        || spec.dialects().contains(Builtins.RESPONSES);
  }

  private void end(SimSpec spec, Server own) {
    simulators.computeIfPresent(spec, (same, known) -> known.server == own ? null : known);
    var unused = own.stop(Duration.ZERO);
  }

  private static Server simulated(Vertx vertx, Sim sim, String host, int port) {
    var options =
        new Server.Options(
            host,
            port,
            64L << 20,
            1L << 40,
            BODIES,
            64 << 10,
            Map.of(),
            Optional.empty(),
            Optional.empty());
    return new Server(vertx, options, sim.routes(), methods -> sim.unserved());
  }

  /** The simulated provider alone, speaking every dialect; returns where it listens. */
  static URI simulator(Address at) {
    var sim =
        new Sim(
            Builtins.KINDS.values().stream().flatMap(List::stream).distinct().toList(),
            SimOptions.USUAL);
    var vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    try {
      int port = wait(simulated(vertx, sim, at.host(), at.port()).start());
      return URI.create("http://" + new Address(at.host(), port));
    } catch (RuntimeException failed) {
      vertx.close();
      throw new IllegalStateException(Refusal.sentence(at, failed), failed);
    }
  }

  private static Server.Options options(Config config) {
    return new Server.Options(
        config.listen().host(),
        config.listen().port(),
        config.limits().body().bytes(),
        config.limits().upload().bytes(),
        BODIES,
        Math.toIntExact(config.limits().headers().bytes()),
        Map.of("x-lintel-version", Version.CONTRACT),
        config.tls().map(tls -> tls.certificate().toString()),
        config.tls().map(tls -> tls.key().toString()));
  }

  private List<Route> routes(Predicate<String> admin) {
    var routes = new ArrayList<Route>();
    Endpoint openai = front(Builtins.OPENAI);
    Endpoint anthropic = front(Builtins.ANTHROPIC);
    Endpoint gemini = front(Builtins.GEMINI);
    Endpoint responses = front(Builtins.RESPONSES);
    for (String v1 : List.of("/v1", "")) {
      post(routes, v1 + "/messages", anthropic);
      post(routes, v1 + "/messages/count_tokens", front(Builtins.ANTHROPIC_COUNT));
    }
    for (String v1 : OPENAI_PATHS) {
      post(routes, v1 + "/chat/completions", openai);
      post(routes, v1 + "/completions", front(Builtins.COMPLETIONS));
      post(routes, v1 + "/embeddings", front(Builtins.EMBEDDINGS));
      post(routes, v1 + "/rerank", front(Builtins.RERANK));
      post(routes, v1 + "/responses", responses);
      for (ResponseById.Question question : ResponseById.Question.values()) {
        routes.add(byId(v1 + "/responses/{response}", question));
      }
      get(routes, v1 + "/models", models(Lintel::bySdk));
    }
    for (String version : List.of("/v1beta", "/v1")) {
      String model = version + "/models/{model*}";
      post(routes, model + ":embedContent", front(Builtins.GEMINI_EMBED));
      post(routes, model + ":batchEmbedContents", front(new GeminiEmbeddings(true)));
      post(routes, model + ":{method}", gemini);
    }
    post(routes, "/v2/chat", front(Builtins.COHERE));
    post(routes, "/v2/embed", front(Builtins.COHERE_EMBED));
    post(routes, "/v2/rerank", front(Builtins.COHERE_RERANK));
    post(routes, "/model/{model*}/{method}", front(Builtins.BEDROCK));
    for (OpenAiRelay relay : Builtins.SERVICES) {
      Endpoint served = front(relay);
      Route.Bodies whole = relay.service().form() ? Route.Bodies.NOT_FORMS : Route.Bodies.ALL;
      for (String v1 : OPENAI_PATHS) {
        routes.add(new Route("POST", v1 + relay.service().path(), served, whole));
      }
    }
    routes.add(new Route("*", "/provider/{name}/{rest*}", front(Builtins.RAW), Route.Bodies.NONE));
    get(routes, "/v1beta/models", models(raw -> Builtins.GEMINI));
    get(routes, "/v1beta/models/{model*}", models(raw -> Builtins.GEMINI));
    get(routes, "/v1/models/{model*}", models(Lintel::bySdk));
    var socket =
        new ResponsesSocket(Builtins.RESPONSES, key -> live.keys().apply(key), () -> this::handle);
    for (String v1 : OPENAI_PATHS) {
      get(routes, v1 + "/responses", socket);
    }
    var simple = new Front(new SimpleChat(), () -> this::handle);
    post(routes, "/v1/chat", simple);
    post(routes, "/chat", simple);
    var realtime = new RealtimeFront(Builtins.REALTIME, () -> this::handle);
    for (String v1 : List.of("/v1", "", "/openai/v1", "/openai")) {
      get(routes, v1 + "/realtime", realtime);
    }
    get(routes, "/", Lintel::introduce);
    get(routes, "/metrics", metrics);
    var providers = new Providers(() -> live.providers().values(), health::state);
    get(routes, "/health", providers.health());
    get(routes, "/livez", new Probe(() -> true));
    get(routes, "/readyz", new Probe(() -> !ending));
    get(routes, "/admin/v1/providers", guarded(admin, providers.list()));
    get(routes, "/admin/v1/catalogue", guarded(admin, this::catalogue));
    routes.addAll(storage.routes(key -> live.keys().apply(key), batched(routes)));
    return routes;
  }

  /** Which catalogue of models is in force. */
  private void catalogue(Exchange exchange) {
    ObjectNode body = Json.object();
    body.put("version", live.catalogue().version()).put("models", live.catalogue().models());
    body.put("file", live.config().pricing().catalogue().map(Path::toString).orElse(null));
    exchange.answer(Answer.json(200, body), Map.of());
  }

  /** Those of the paths that a batch may ask which are served. */
  private static Map<String, Endpoint> batched(List<Route> routes) {
    var served = new TreeMap<String, Endpoint>();
    for (Route route : routes) {
      if (route.method().equals("POST") && BATCHED.contains(route.path())) {
        served.putIfAbsent(route.path(), route.endpoint());
      }
    }
    return served;
  }

  private Runner.Means means(Map<String, Endpoint> served, int concurrent, int longestLine) {
    return new Runner.Means(
        path -> Optional.ofNullable(served.get(path)),
        batch -> live.callerOf(batch.tenant(), batch.app(), batch.keyId()),
        () -> ((VertxInternal) vertx).nettyEventLoopGroup().next(),
        concurrent,
        longestLine,
        InstantSource.system());
  }

  private static void introduce(Exchange exchange) {
    exchange.answer(
        Answer.json(
            200,
            Json.object()
                .put("name", "lintel")
                .put("version", Version.TEXT)
                .put("contract", Version.CONTRACT)),
        Map.of());
  }

  private static Endpoint guarded(Predicate<String> admin, Endpoint endpoint) {
    return Providers.guarded(
        endpoint, exchange -> admin.test(Front.credential(exchange.request())));
  }

  private Endpoint front(Dialect dialect) {
    return new Front(dialect, () -> this::handle);
  }

  private Route byId(String path, ResponseById.Question question) {
    return new Route(
        question.method,
        path + question.path,
        new ResponseById(
            question,
            Builtins.RESPONSES,
            continuity,
            key -> live.keys().apply(key),
            () -> live.models(),
            this::handle));
  }

  private Endpoint models(Function<RawRequest, Dialect> dialect) {
    return new ModelList(dialect, key -> live.keys().apply(key), caller -> live.modelsFor(caller));
  }

  private static void post(List<Route> routes, String path, Endpoint endpoint) {
    routes.add(new Route("POST", path, endpoint));
  }

  private static void get(List<Route> routes, String path, Endpoint endpoint) {
    routes.add(new Route("GET", path, endpoint));
  }

  /** What is said of a path that nobody serves, or only by those methods. */
  private static Endpoint unserved(Set<String> methods) {
    if (methods.isEmpty()) {
      return new Unserved(
          Lintel::byPath,
          Map.of(),
          exchange ->
              Failure.of(
                      Failure.Kind.NOT_FOUND,
                      "Nothing is served at " + exchange.method() + " " + exchange.path() + ".")
                  .code("unknown_path"));
    }
    String allowed = String.join(", ", methods);
    return new Unserved(
        Lintel::byPath,
        Map.of("allow", allowed),
        exchange ->
            Failure.invalid(
                    exchange.path() + " takes " + allowed + ", not " + exchange.method() + ".")
                .status(405)
                .code("method_not_allowed"));
  }

  private static Dialect byPath(String path) {
    if (path.startsWith("/v1/messages") || path.startsWith("/messages")) {
      return Builtins.ANTHROPIC;
    }
    if (path.startsWith("/model/")) {
      return Builtins.BEDROCK;
    }
    if (path.startsWith("/v2/")) {
      return Builtins.COHERE;
    }
    return path.startsWith("/v1beta") || path.startsWith("/v1/models/")
        ? Builtins.GEMINI
        : Builtins.OPENAI;
  }

  /** All SDKs list models at one path; each has headers of its own. */
  private static Dialect bySdk(RawRequest raw) {
    if (raw.headers().get("anthropic-version").isPresent()) {
      return Builtins.ANTHROPIC;
    }
    if (raw.headers().get("x-fern-sdk-name").filter(name -> name.contains("cohere")).isPresent()) {
      return Builtins.COHERE;
    }
    return raw.headers().get("x-goog-api-key").isPresent() ? Builtins.GEMINI : Builtins.OPENAI;
  }

  private static Listener both(Listener one, Listener other) {
    return (Trail trail, Event event) -> {
      one.on(trail, event);
      other.on(trail, event);
    };
  }

  private static <T> T wait(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException failed) {
      throw new IllegalStateException(
          failed.getCause() == null ? failed.getMessage() : failed.getCause().getMessage(), failed);
    }
  }
}

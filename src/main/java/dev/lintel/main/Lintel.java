package dev.lintel.main;

import dev.lintel.Allowance;
import dev.lintel.Approvals;
import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Counters;
import dev.lintel.Erasure;
import dev.lintel.Erasures;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Footing;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Health;
import dev.lintel.History;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.KeptSecrets;
import dev.lintel.Listener;
import dev.lintel.Logging;
import dev.lintel.Model;
import dev.lintel.Opinions;
import dev.lintel.PatientTime;
import dev.lintel.Policy;
import dev.lintel.Provider;
import dev.lintel.Route;
import dev.lintel.Sealer;
import dev.lintel.Sink;
import dev.lintel.Store;
import dev.lintel.Trail;
import dev.lintel.admin.AlertList;
import dev.lintel.admin.Budgets;
import dev.lintel.admin.Happening;
import dev.lintel.admin.Keys;
import dev.lintel.admin.LogDial;
import dev.lintel.admin.Operation;
import dev.lintel.admin.Pairs;
import dev.lintel.admin.Said;
import dev.lintel.admin.TenantExport;
import dev.lintel.alert.Alarms;
import dev.lintel.audit.Vigil;
import dev.lintel.batch.Runner;
import dev.lintel.capture.Scribe;
import dev.lintel.config.Address;
import dev.lintel.config.Config;
import dev.lintel.config.Policies;
import dev.lintel.config.Storing;
import dev.lintel.config.Written;
import dev.lintel.filter.Admit;
import dev.lintel.filter.Continuity;
import dev.lintel.filter.Estimate;
import dev.lintel.filter.Observe;
import dev.lintel.filter.Once;
import dev.lintel.filter.Preferences;
import dev.lintel.filter.Queues;
import dev.lintel.filter.Ratings;
import dev.lintel.filter.Rollouts;
import dev.lintel.filter.Shadow;
import dev.lintel.filter.Signatures;
import dev.lintel.filter.Sticky;
import dev.lintel.filter.Tape;
import dev.lintel.hook.Webhooks;
import dev.lintel.identity.Directory;
import dev.lintel.identity.Issuers;
import dev.lintel.identity.Strikes;
import dev.lintel.journal.MappedJournal;
import dev.lintel.judge.Judge;
import dev.lintel.observe.Metrics;
import dev.lintel.observe.Moment;
import dev.lintel.observe.Notable;
import dev.lintel.redact.Redaction;
import dev.lintel.route.Probes;
import dev.lintel.route.Standings;
import dev.lintel.route.Trouble;
import dev.lintel.secret.SealedApprovals;
import dev.lintel.secret.SealedChanges;
import dev.lintel.server.Front;
import dev.lintel.server.Server;
import dev.lintel.server.SocketChannel;
import dev.lintel.store.SpoolFolder;
import dev.lintel.store.SqlStore;
import dev.lintel.trace.Tracer;
import dev.lintel.upstream.Fetch;
import dev.lintel.upstream.Upstream;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.VertxInternal;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** A running gateway: sockets, simulated providers, and the configuration that is in force. */
public final class Lintel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lintel.class);

  /** Bodies over 64 KB that are held at once; the rest waits in its sockets. */
  static final long BODIES = 64L << 20;

  /** How often it is looked whom to ask for a sign of life. */
  private static final long PROBE_MILLIS = 100;

  /** How often it is looked whether the store is for this version, until that is known. */
  private static final long REFUSAL_MILLIS = 200;

  /** How often it is looked whether it is time to log as configured again. */
  private static final long LOGS_MILLIS = 500;

  /** How often it is looked whether anybody still looks at what goes on. */
  private static final long REST_MILLIS = 30_000;

  /** Keys that are not known, of one address in a minute, before it is told to wait. */
  private static final int STRIKES = 60;

  /** How long a start waits for a database that several nodes share. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Vertx vertx;
  private final Evidence evidence;
  private final Retaining retaining;
  private final Erasing erasing;
  private final Vigil vigil;
  private final Scribe scribe;
  private final Scoring scoring;
  private final Judge judge;
  private final Metrics metrics;
  private final Notable notable = new Notable();
  private final Moment moment;
  private final Tracer tracer;
  private final LogDial logs;
  private final Standings standings = new Standings(CallThread::nanoTime, InstantSource.system());
  private final Rollouts rollouts = new Rollouts(CallThread::nanoTime, InstantSource.system());
  private final Ratings ratings = new Ratings();
  private final Continuity continuity;
  private final Shadow shadow;
  private final Sharing sharing;
  private final Gateway.Lasting lasting;
  private final Simulators simulators;
  private final Upstream upstream;
  private final Checks checks;
  private final Storage storage;
  private final Notices notices;
  private final Alarms alarms;
  private final Approvals approvals;
  private final Revisions revisions;
  private final Directory directory;
  private final Sealer sealer;
  private final Server server;
  private final URI url;
  private final Config started;
  private final CompletableFuture<String> refused = new CompletableFuture<>();
  private final boolean refusesUnrecorded;
  private final LongAdder begun = new LongAdder();
  private final LongAdder ended = new LongAdder();
  private volatile Gateway live;
  private volatile boolean ending;

  /**
   * Starts listening. Throws {@link IllegalStateException} with one sentence where that cannot be,
   * the port being taken for one, and {@link dev.lintel.config.Faulty} where what admins have
   * changed does not go with the file.
   *
   * @param source of its configuration
   * @param firstKey the caller of the first caller key; known while the configuration names no app
   * @param admin whether that is an admin's key
   * @param out where the line of each call goes
   */
  Lintel(
      Revisions.Source source,
      Function<String, Optional<Caller>> firstKey,
      Predicate<String> admin,
      OutputStream out) {
    this(source, firstKey, admin, out, Secrets.random(), Secrets.passing());
  }

  /**
   * The same, where what it seals shall be good for the next start, too.
   *
   * @param secret under which ids are made that nobody else can make
   * @param sealing of what lies in the store
   */
  Lintel(
      Revisions.Source source,
      Function<String, Optional<Caller>> firstKey,
      Predicate<String> admin,
      OutputStream out,
      byte[] secret,
      Secrets.Sealing sealing) {
    Config own = source.first();
    MappedJournal journal = MappedJournal.open(own.data());
    vertx =
        Vertx.vertx(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors()));
    simulators = new Simulators(vertx);
    tracer =
        new Tracer(Version.TEXT, own.node().orElseGet(NodeName::ofMachine), () -> live.providers());
    metrics =
        new Metrics(
            name -> live.models().has(name),
            Map.of("version", Version.TEXT, "threads", CallThread.mode()),
            this::health,
            tracer);
    metrics.tracing(tracer::exported, tracer::dropped);
    metrics.watch(rollouts::all);
    var spool = new SpoolFolder(own.data().resolve("uploads"));
    storage =
        new Storage(own, spool, name -> Optional.ofNullable(System.getenv(name)), this::means);
    continuity =
        new Continuity(
            secret,
            own.database().map(shared -> () -> storage.store().agreed("response_ids", secret)));
    sealer = sealing.of(storage::store, own.database().isPresent());
    evidence =
        new Evidence(
            journal,
            out,
            storage::store,
            metrics.appending(),
            new SetClock(System::nanoTime, InstantSource.system()));
    logs =
        new LogDial(
            own.node().orElseGet(NodeName::ofMachine),
            this::say,
            InstantSource.system(),
            Builtins.OPENAI);
    metrics.recording(journal::lost, journal::waiting);
    Listener listener = both(both(metrics, evidence), both(both(tracer, notable), ratings));
    var queues = new Queues(listener);
    metrics.waiting(queues::lengths);
    var estimate = new Estimate(Gateway.TOKENS);
    var observe = new Observe(listener);
    shadow = new Shadow((call, sink, next) -> observe.apply(call, sink, estimate.then(next)));
    notices =
        new Notices(
            storage::store, this::health, this::footings, InstantSource.system(), Webhooks.PAUSES);
    scribe =
        new Scribe(() -> storage.store().payloads(), sealer, Redaction::of, InstantSource.system());
    metrics.capturing(scribe::lost, scribe::waiting);
    metrics.telling(notices.webhooks()::delivered, notices.webhooks()::lost);
    alarms =
        new Alarms(
            metrics::samples,
            notices.webhooks()::tell,
            own.node().orElseGet(NodeName::ofMachine),
            InstantSource.system(),
            System::nanoTime);
    retaining =
        new Retaining(
            storage::store,
            () -> live.config().policies().retentions(),
            evidence::forget,
            new PatientTime(
                System::nanoTime,
                InstantSource.system(),
                said -> LOG.debug("policies do not believe that it is {}", said)));
    erasing =
        new Erasing(
            storage::store,
            journal::name,
            own.node().orElseGet(NodeName::ofMachine),
            this::erase,
            InstantSource.system());
    vigil =
        new Vigil(() -> storage.store().audit(), InstantSource.system(), notices::brokenEvidence);
    metrics.evidence(vigil::intact, vigil::entries);
    judge =
        new Judge(
            (call, sink) -> serve(call, sink, Gateway::judging),
            body ->
                Builtins.OPENAI.read(
                    new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(Json.bytes(body)))),
            evidence.all(),
            () -> storage.store().opinions(),
            Redaction::of,
            body -> CallThread.start(loop(), body),
            () -> CallThread.random().nextDouble(),
            InstantSource.system());
    metrics.judging(Judge.outcomes(), judge::came, judge::usd);
    scoring =
        new Scoring(
            () -> storage.store().opinions(),
            () -> live.scored(),
            standings::scored,
            InstantSource.system());
    approvals = new SealedApprovals(() -> storage.store().approvals(), sealer);
    directory = new Directory(storage::store, InstantSource.system(), Secrets.random(), sealer);
    revisions =
        new Revisions(
            source,
            new SealedChanges(() -> storage.store().changes(), sealer),
            approvals,
            notices,
            this::staged,
            directory::forget,
            InstantSource.system());
    Origins origins = source.origins();
    origins.use(storage::store, sealer, revisions::again);
    Config config = begun(own);
    logs.use(config.logging());
    upstream = new Upstream(vertx, SocketChannel::new, tracer);
    sharing =
        new Sharing(
            config, notices.watching(metrics.thresholds()), () -> storage.store().spending());
    metrics.standsOn(this::footings);
    String node = config.node().orElseGet(NodeName::ofMachine);
    moment =
        new Moment(
            new Moment.Node(
                node,
                Version.TEXT,
                config.database().isPresent() || config.shared().isPresent(),
                Instant.now()),
            // Of ten thousand tenants they are many, and calls are served on this thread.
            names -> CallThread.current().offload(() -> metrics.samples(names)),
            model -> live.models().has(model),
            this::health,
            CallThread::serving,
            notable,
            InstantSource.system());
    standings.tell(trouble -> sharing.news().tell("rests", trouble.text()));
    sharing.news().hear("rests", this::rests);
    sharing.news().hear("changed", text -> storage.store().feed().look());
    Counters counters = sharing.counters();
    lasting =
        new Gateway.Lasting(
            node,
            listener,
            standings,
            queues,
            new Once(
                () -> storage.store().replays(),
                config.storing().idempotency().reply().bytes(),
                spool),
            new Tape(judge.beside(scribe)),
            new Signatures(),
            continuity,
            rollouts,
            new Preferences(),
            shadow,
            new Sticky(),
            spool,
            new Fetch(upstream),
            upstream,
            new Admit(counters, journal::charge),
            firstKey,
            directory,
            new Issuers(CallThread::nanoTime),
            new Strikes(STRIKES, CallThread::nanoTime));
    metrics.budgets(
        () -> lasting.admit().budgetsAsAWhole(live.config().policies().allowances()), counters);
    checks = new Checks(() -> live, upstream, standings);
    var probes =
        new Probes(
            standings,
            checks::answers,
            body -> CallThread.start(loop(), body),
            CallThread::nanoTime);
    started = config;
    refusesUnrecorded = config.storing().records().whenFull() == Storing.WhenFull.REFUSE;
    try {
      live = build(config, revisions.number(), name -> Optional.empty());
      standings.use(config.breakers());
      judge.use(config.judge());
      evidence.begin(counters::atLeast);
      var listening =
          new Server(
              vertx,
              options(config),
              routes(
                  new Admins(
                      config.signOn(),
                      admin,
                      () -> live,
                      () -> storage.store().acts(),
                      lasting.issuers(),
                      sealer,
                      config.tls().isPresent())),
              Routes::unserved);
      metrics.busy(() -> begun.sum() - ended.sum(), listening::connections);
      server = listening;
      directory.start(); // beside the server's start, which needs no store
      // No call before it is known what was spent, unless the store does not say.
      if (config.policies().allowances().stream().anyMatch(Allowance::lasting)
          && !evidence.spentIsKnown(PATIENCE)) {
        LOG.warn(
            "the store has not said what was spent before: until it does, only what this node knows"
                + " counts");
      }
      int port = wait(server.start());
      String scheme = config.tls().isPresent() ? "https" : "http";
      url = URI.create(scheme + "://" + new Address(config.listen().host(), port));
      vertx.setPeriodic(
          PROBE_MILLIS, tick -> probes.look(live.config().probes(), live.providers()));
      // Neither waits, and neither begins before it listens.
      storage.open();
      storage.hear("revisions", newest -> revisions.hurry());
      storage.hear(KeptSecrets.TOPIC, number -> origins.moved());
      revisions.start();
      notices.use(config);
      alarms.use(config.alerts());
      alarms.start();
      tracer.use(config.otlp());
      retaining.begin();
      storage.hear(Erasures.TOPIC, number -> erasing.hurry());
      erasing.begin();
      storage.hear(Opinions.TOPIC, number -> scoring.hurry());
      scoring.begin();
      vigil.begin();
      vertx.setPeriodic(REFUSAL_MILLIS, this::heed);
      vertx.setPeriodic(LOGS_MILLIS, tick -> logs.look());
      vertx.setPeriodic(REST_MILLIS, tick -> moment.rest());
      live.catalogue().prefetch();
    } catch (RuntimeException failed) {
      directory.close();
      tracer.close();
      vertx.close();
      sharing.close();
      scribe.close();
      evidence.close();
      storage.close();
      throw new IllegalStateException(Refusal.sentence(config.listen(), failed), failed);
    }
  }

  /** A sentence, once it is found that the store is not for this version; never, where it is. */
  public CompletableFuture<String> refused() {
    return refused;
  }

  /** Where the gateway listens, without a path. */
  public URI url() {
    return url;
  }

  private void heed(long timer) {
    storage
        .state()
        .ifPresent(state -> {
          switch (state.presence()) {
            case OPENING, AWAY -> {}
            case OPEN -> vertx.cancelTimer(timer);
            case REFUSED -> {
              vertx.cancelTimer(timer);
              refused.complete(state.why());
            }
          }
        });
  }

  /** With what admins have changed, where anybody may have: what they took away is not served. */
  private Config begun(Config own) {
    boolean shared = own.database().isPresent();
    try {
      if (shared ? storage.comes(PATIENCE) : SqlStore.exists(own.data())) {
        revisions.begin();
      } else if (shared) {
        revisions.late();
      }
    } catch (RuntimeException faulty) {
      vertx.close();
      throw faulty;
    }
    return revisions.config();
  }

  /**
   * Serves the calls that come from now on by another configuration. What only the old one needs
   * ends with the last of its calls.
   *
   * @return the keys that have changed since the start but take effect at the next one only
   */
  List<String> use(Config config) {
    staged(config, revisions.number()).use();
    return started.fixed(config);
  }

  private Revisions.Staged staged(Config config, long revision) {
    Gateway old = live;
    Gateway next = build(config, revision, old.models()::find);
    return new Revisions.Staged() {
      @Override
      public void use() {
        standings.use(config.breakers());
        live = next;
        notices.use(config);
        alarms.use(config.alerts());
        tracer.use(config.otlp());
        logs.use(config.logging());
        scoring.hurry();
        judge.use(config.judge());
        next.catalogue().prefetch();
        old.hold().release();
      }

      @Override
      public void drop() {
        next.hold().release();
      }
    };
  }

  /** Puts the node's changed file to use. Throws {@link dev.lintel.config.Faulty}. */
  Config file(Written changed) {
    return revisions.file(changed);
  }

  /** The keys that have changed since the start but take effect at the next one only. */
  List<String> fixed() {
    return started.fixed(live.config());
  }

  private void handle(Call call, Sink sink) {
    if (refusesUnrecorded && evidence.journal().full()) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "The disk of this node is full: there is no room for the records of calls at the"
                  + " moment.")
          .retryAfter(Optional.of(Duration.ofSeconds(1)));
    }
    serve(call, sink, Gateway::calls);
  }

  private void serve(Call call, Sink sink, Function<Gateway, Handler> by) {
    Gateway gateway = live;
    while (!gateway.hold().take()) {
      gateway = live;
    }
    begun.increment();
    CallThread.serves(call.trail());
    try {
      by.apply(gateway).handle(call, sink);
    } finally {
      CallThread.served();
      ended.increment();
      gateway.hold().release();
    }
  }

  /** What is in the store may be another: all nodes look at once. */
  private void changed() {
    storage.store().feed().look();
    sharing.news().tell("changed", "");
  }

  /** Another node has found that something rests. */
  private void rests(String text) {
    Trouble trouble = Trouble.of(text);
    Gateway current = live;
    Provider provider = current == null ? null : current.providers().get(trouble.provider());
    if (provider != null) {
      standings.heard(provider, trouble);
    }
  }

  /**
   * How the database and the Redis are that nodes share, as far as they are configured, and the
   * journal while not all is well with it.
   */
  private Map<String, Footing> footings() {
    var all = new TreeMap<>(sharing.footings());
    History.OwnFile own = revisions.standing();
    if (own != History.OwnFile.IN_FORCE) {
      // Said, but nothing that is missing.
      all.put("own_file", new Footing(own.word(), Optional.empty(), true, Map.of()));
    }
    if (started.database().isPresent()) {
      storage
          .state()
          .ifPresent(now ->
              all.put(
                  "database",
                  new Footing(
                      now.presence().word(),
                      Optional.of(now.since()),
                      now.presence() == Store.Presence.OPEN,
                      Map.of())));
    }
    vigil.footing().ifPresent(broken -> all.put("audit", broken));
    evidence.footing().ifPresent(journal -> all.put("journal", journal));
    return all;
  }

  private Map<String, Health> health() {
    var all = new TreeMap<String, Health>();
    providers().forEach((name, provider) -> all.put(name, standings.health(provider)));
    return all;
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
    revisions.close();
    retaining.close();
    erasing.close();
    vigil.close();
    scoring.close();
    storage.end();
    wait(server.stop(patience));
    shadow.close();
    judge.close();
    directory.close();
    alarms.close();
    notices.close();
    // While the store is open, which takes what is left.
    storage.finish(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
    // It asks the store, too, and no call is left that it would count.
    sharing.close();
    scribe.close();
    evidence.close();
    tracer.close();
    storage.close();
    simulators.close();
    wait(vertx.close());
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }

  private Gateway build(Config config, long revision, Function<String, Optional<Model>> before) {
    var asked = new ArrayList<Simulators.Running>();
    var hold = new Hold(() -> asked.forEach(simulator -> simulator.hold().release()));
    try {
      Map<String, Provider> providers =
          config.providers(spec -> {
            Simulators.Running simulator = simulators.get(spec);
            asked.add(simulator);
            return simulator.url();
          });
      return Gateway.of(config, providers, lasting, revision, hold, before);
    } catch (RuntimeException failed) {
      hold.release();
      throw failed;
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
        config.tls().map(tls -> tls.key().toString()),
        config
            .tls()
            .flatMap(Config.Tls::clients)
            .map(clients ->
                new Server.ClientCertificates(clients.ca().toString(), clients.required())));
  }

  private List<Route> routes(Admins admins) {
    var all = new ArrayList<>(admins.routes());
    all.addAll(
        Routes.of(
            new Routes.Around(
                () -> live,
                this::handle,
                continuity,
                rollouts,
                shadow,
                storage,
                metrics,
                directory,
                standings::health,
                this::footings,
                checks::check,
                evidence.all(),
                evidence::stored,
                ratings::rate,
                () -> !ending,
                admins.guard(this::changed),
                this::candidate,
                new Supposing(
                    revisions::candidate,
                    lasting,
                    models ->
                        Scoring.now(storage.store().opinions(), models, InstantSource.system())),
                administration())));
    return all;
  }

  private List<Operation> administration() {
    var budgets =
        new Budgets(
            () -> lasting.admit().budgets(live.config().policies().allowances()),
            sharing.counters(),
            Builtins.OPENAI);
    var all =
        new ArrayList<>(
            new ConfigurationAdmin(storage, revisions, approvals, sealer, vigil)
                .operations(budgets));
    var said =
        new Said(() -> storage.store().payloads(), sealer, InstantSource.system(), Builtins.OPENAI);
    var kept =
        new TenantExport.Sources(
            evidence.all(),
            storage::store,
            said,
            revisions,
            new Keys(Builtins.OPENAI, new CallerRing(() -> live, storage, directory)),
            budgets);
    var pairs =
        new Pairs.Sources(
            evidence.all(),
            storage::store,
            said,
            new ChatForm(),
            (tenant, app, useCase) ->
                live.callerOf(tenant, app, "")
                    .map(caller -> caller.policies().of(useCase).optsOut())
                    .orElse(false));
    all.addAll(EvidenceAdmin.operations(erasing, this::changed, said, kept, pairs));
    all.addAll(new AlertList(alarms::all, revisions, Builtins.OPENAI).operations());
    all.addAll(logs.operations());
    all.add(Happening.operation(moment::shown, Builtins.OPENAI));
    return all;
  }

  private void say(Logging logging) {
    Logs.use(logging);
    evidence.tell(logging.calls().share());
  }

  /** A policy of the configuration by its name, or one that is written out. */
  private Policy candidate(JsonNode written) {
    boolean named = written.isString();
    String name = named ? written.asString() : "candidate";
    Config config = named ? live.config() : revisions.supposing(List.of("policies", name), written);
    return Optional.ofNullable(config.policies().named().get(name))
        .map(Policies.Named::policy)
        .orElseThrow(() -> Failure.invalid("There is no policy '" + name + "'.").at("policy"));
  }

  private Runner.Means means(Map<String, Front> served, int concurrent, int longestLine) {
    return new Runner.Means(
        path -> Optional.ofNullable(served.get(path)),
        batch -> live.callerOf(batch.tenant(), batch.app(), batch.keyId()),
        this::loop,
        concurrent,
        longestLine,
        InstantSource.system(),
        Optional.of(new ProviderBatches(() -> live, served, upstream, evidence::has)));
  }

  private EventLoop loop() {
    return ((VertxInternal) vertx).nettyEventLoopGroup().next();
  }

  /** False where some of it still waits for the store. */
  private boolean erase(List<Erasure> erasures) {
    notable.erase(erasures);
    return evidence.erase(erasures);
  }

  private static Listener both(Listener one, Listener other) {
    return (Trail trail, Event event) -> {
      one.on(trail, event);
      other.on(trail, event);
    };
  }

  static <T> T wait(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException failed) {
      throw new IllegalStateException(
          failed.getCause() == null ? failed.getMessage() : failed.getCause().getMessage(), failed);
    }
  }
}

package dev.lintel.main;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.CallerKey;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Model;
import dev.lintel.Provider;
import dev.lintel.Sink;
import dev.lintel.Standing;
import dev.lintel.Terms;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.config.Config;
import dev.lintel.dialect.OpenAiChat;
import dev.lintel.filter.Admit;
import dev.lintel.filter.Afford;
import dev.lintel.filter.Authenticate;
import dev.lintel.filter.Obey;
import dev.lintel.identity.Addresses;
import dev.lintel.identity.Certificates;
import dev.lintel.identity.Directory;
import dev.lintel.identity.Issuers;
import dev.lintel.identity.Register;
import dev.lintel.identity.Strikes;
import dev.lintel.identity.Tokens;
import dev.lintel.ledger.MemoryCounters;
import dev.lintel.ledger.SteadyTime;
import dev.lintel.price.Catalogue;
import dev.lintel.price.Knowledge;
import dev.lintel.secret.KeyRing;
import dev.lintel.store.SqlStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What governance costs a call: who calls, what its policy says, and what it holds of limits and
 * budgets until it is settled, with 1,000 apps under as many policies, and 100,000 keys in the store.
 * {@link #governed} less {@link #bare} is all of it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx1g"})
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class Governing {
  private static final int TENANTS = 100;
  private static final int APPS = 10;
  private static final int KEYS = 100_000;
  private static final Sink NOWHERE =
      new Sink() {
        @Override
        public void emit(Chunk chunk) {}

        @Override
        public void flush() {}
      };

  /** A store with that many keys, made by the first who needs it, and their secrets. */
  @State(Scope.Benchmark)
  public static class Kept {
    private static final Path FOLDER = Path.of("bench/target/jmh/keys");

    SqlStore store;
    byte[][] keys;

    @Setup
    public void setup() throws Exception {
      store = SqlStore.embedded(FOLDER, SqlStore.Bounds.USUAL, InstantSource.system());
      keys = new byte[KEYS][];
      for (int i = 0; i < KEYS; i++) {
        // As random as a key looks, and the same every time.
        long mixed = new SplittableRandom(i).nextLong();
        keys[i] = "sk-lintel-%016x%016x".formatted(mixed, i).getBytes(StandardCharsets.US_ASCII);
      }
      var directory = directory();
      // Waits until the store has been read.
      var _ = directory.hash("");
      if (directory.size() < KEYS) {
        fill(directory);
      }
      directory.close();
    }

    private void fill(Directory directory) throws Exception {
      try (var writers = Executors.newFixedThreadPool(256)) {
        var made = new ArrayList<Future<?>>();
        for (int i = 0; i < KEYS; i++) {
          int number = i;
          made.add(writers.submit(() -> make(directory, number)));
        }
        for (Future<?> one : made) {
          one.get();
        }
      }
    }

    private void make(Directory directory, int number) {
      String secret = new String(keys[number], StandardCharsets.US_ASCII);
      int app = number % (TENANTS * APPS);
      store
          .callerKeys()
          .add(
              new CallerKey(
                  "key_%026d".formatted(number),
                  "tenant-" + app / APPS,
                  "app-" + app % APPS,
                  "",
                  CallerKey.Kind.BEARER,
                  secret.substring(0, 14),
                  directory.hash(secret),
                  "",
                  CallerKey.Scopes.ALL,
                  Instant.now(),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty()));
    }

    Directory directory() {
      var directory =
          new Directory(
              () -> store, InstantSource.system(), new byte[32], KeyRing.of(List.of(KeyRing.random())));
      directory.start();
      return directory;
    }

    @TearDown
    public void close() {
      store.close();
    }
  }

  /** A configuration and all that its calls pass on their way to a model that answers at once. */
  @State(Scope.Benchmark)
  public static class Running {
    /** Keys that call by turns, in no order that a cache would foresee. */
    @Param({"100", "100000"})
    int calling;

    /**
     * What each app's policy says: of limits and budgets alone, of everything, or of everything with
     * a limit that each key has for itself.
     */
    @Param({"counting", "everything", "each_key"})
    String policy;

    private final Chat chat = chat();
    private Model model;
    private Directory directory;
    private byte[][] keys;
    private Handler governed;
    private Handler bare;
    private int turn;

    @Setup
    public void setup(Kept kept) {
      keys = kept.keys;
      directory = kept.directory();
      Config config =
          Builtins.loader(name -> Optional.empty()).load("jmh.yaml", configuration(policy));
      Map<String, Provider> providers = config.providers(sim -> null);
      model =
          config
              .models(
                  providers,
                  new Knowledge(
                      Catalogue.builtIn(Set.of()), config.pricing().own(), config.pricing().factors()),
                  Standing.Source.NONE)
              .get("fast");
      var apps = new HashMap<String, Config.App>();
      config.apps().forEach(app -> apps.put(app.tenant() + "/" + app.name(), app));
      Register.Apps callers =
          (tenant, app, keyId) ->
              Optional.ofNullable(apps.get(tenant + "/" + app)).map(known -> known.caller(keyId));
      var register =
          new Register(
              new Register.Configured(config.callers(), Map.of(), key -> Optional.empty()),
              new Tokens(List.of(), new Issuers(System::nanoTime), callers, InstantSource.system()),
              new Certificates(List.of(), callers, InstantSource.system()),
              directory,
              callers,
              new Addresses(List.of()),
              new Strikes(3, System::nanoTime));
      var counters =
          new MemoryCounters(
              System::nanoTime,
              new SteadyTime(System::nanoTime, InstantSource.system()),
              (account, period, percent, spent) -> {});
      governed =
          through(
              List.of(
                  new Authenticate(register),
                  this::read,
                  new Obey(),
                  new Admit(counters, used -> {}),
                  new Afford()),
              Running::answered);
      bare = through(List.of(this::read), Running::answered);
      while (directory.size() < KEYS) {
        LockSupport.parkNanos(1_000_000);
      }
      for (int i = 0; i < calling; i++) {
        call(governed);
      }
    }

    @TearDown
    public void close() {
      directory.close();
    }

    private static Handler through(List<Filter> stops, Handler last) {
      Handler next = last;
      for (Filter stop : stops.reversed()) {
        next = stop.then(next);
      }
      return next;
    }

    /** In the place of the stop that reads a request: as if it had. */
    private void read(Call call, Sink sink, Handler next) {
      call.trail().asked(chat, Terms.NONE, model);
      next.handle(
          call.with(chat, Terms.NONE, Optional.empty(), model, Long.MAX_VALUE / 2), sink);
    }

    private static void answered(Call call, Sink sink) {
      call.trail().asking(call.resolved().targets().getFirst());
      call.trail().answering(1);
      call.trail().used(Usage.of(500, 200, Usage.Source.PROVIDER));
    }

    Trail call(Handler way) {
      turn = Math.floorMod(turn + 77_773, calling);
      var trail = new Trail("req", Instant.EPOCH, 0);
      // Each call brings its key anew.
      String key = new String(keys[turn], StandardCharsets.US_ASCII);
      way.handle(
          new Call(
              trail,
              key,
              Caller.UNKNOWN,
              Terms.NONE,
              chat,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Long.MAX_VALUE / 2),
          NOWHERE);
      return trail;
    }

    private static Chat chat() {
      String body =
          "{\"model\":\"fast\",\"max_tokens\":400,\"messages\":[{\"role\":\"user\",\"content\":\""
              + "x".repeat(2000)
              + "\"}]}";
      return Chat.read(
          new OpenAiChat(),
          "fast",
          false,
          false,
          new Inbound(
              Map.of(), Map.of(), Headers.NONE, Body.scan(body.getBytes(StandardCharsets.UTF_8))),
          read -> {
            throw new IllegalStateException("the conversation was read");
          });
    }

    /** Each app has a policy of its own, and each tenant a budget over all of its apps. */
    private static String configuration(String policy) {
      var text =
          new StringBuilder(
              """
              providers:
                demo: { kind: openai, url: "http://127.0.0.1:1/v1", key: none }
              models:
                fast: demo/fast
                smart: demo/smart
              prices:
                demo/fast: { input: 1.00, output: 2.00 }
                demo/smart: { input: 3.00, output: 15.00 }
              policies:
              """);
      for (int i = 0; i < TENANTS * APPS; i++) {
        text.append("  policy-").append(i).append(":\n");
        if (!policy.equals("counting")) {
          text.append(
              """
                  models: [ fast, smart ]
                  providers: [ demo ]
                  endpoints: [ chat, embeddings ]
                  max_tokens: 4000
              """);
        }
        text.append(
            """
                limits:
                  - { requests: 900M/min }
                  - { tokens: 900000M/min }
                  - { concurrent: 50%s }
                budgets:
                  - { amount: 1000000 USD, window: day }
            """
                .formatted(policy.equals("each_key") ? ", per: key" : ""));
      }
      text.append("tenants:\n");
      for (int tenant = 0; tenant < TENANTS; tenant++) {
        text.append("  tenant-%d:\n    budget: { month: 1000000 USD }\n    apps:\n".formatted(tenant));
        for (int app = 0; app < APPS; app++) {
          text.append(
              "      app-%d: { policy: policy-%d }\n".formatted(app, tenant * APPS + app));
        }
      }
      return text.toString();
    }
  }

  @Benchmark
  public Trail governed(Running running) {
    return running.call(running.governed);
  }

  @Benchmark
  public Trail bare(Running running) {
    return running.call(running.bare);
  }

  /** From nothing to all keys of the store in memory; once a fork. */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @OutputTimeUnit(TimeUnit.MILLISECONDS)
  @Fork(value = 3, jvmArgsAppend = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx1g"})
  @Warmup(iterations = 0)
  @Measurement(iterations = 1)
  public int loadKeys(Kept kept) {
    var directory = kept.directory();
    while (directory.size() < KEYS) {
      LockSupport.parkNanos(1_000_000);
    }
    int size = directory.size();
    directory.close();
    return size;
  }
}

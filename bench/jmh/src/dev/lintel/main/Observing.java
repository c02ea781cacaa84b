package dev.lintel.main;

import dev.lintel.Attempt;
import dev.lintel.Body;
import dev.lintel.CallRecord;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Event;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Provider;
import dev.lintel.Records;
import dev.lintel.Standing;
import dev.lintel.Stop;
import dev.lintel.Terms;
import dev.lintel.TraceExport;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.config.Config;
import dev.lintel.dialect.OpenAiChat;
import dev.lintel.journal.Courier;
import dev.lintel.journal.MappedJournal;
import dev.lintel.observe.CallLog;
import dev.lintel.observe.Metrics;
import dev.lintel.price.Catalogue;
import dev.lintel.price.Knowledge;
import dev.lintel.redact.Redaction;
import dev.lintel.trace.Tracer;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What evidence costs a call that has ended: a stream of one attempt that was answered. Each less
 * {@link #bare}, which makes the call's trail, is its own cost. {@link #recorded} and {@link
 * #everything} have the line and the way to a store that takes everything at once in their CPU, on
 * the threads that do it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx1g"})
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class Observing {
  /** Calls that end, and those who are told. */
  @State(Scope.Benchmark)
  public static class Running {
    private final Caller caller =
        new Caller("acme", "support", "key_1", Optional.empty(), false, "", false);
    private final Chat chat = chat();
    private final StringBuilder id = new StringBuilder("req_00000000000000000000000000");
    private Path folder;
    private Model model;
    private MappedJournal journal;
    private Courier courier;
    Metrics metrics;
    private Tracer off;
    private Tracer on;
    private long number;

    @Setup
    public void setup() throws Exception {
      folder = Files.createTempDirectory(Path.of("bench/target/jmh"), "journal");
      Config config = Builtins.loader(name -> Optional.empty()).load("jmh.yaml", CONFIGURATION);
      Map<String, Provider> providers = config.providers(sim -> null);
      model =
          config
              .models(
                  providers,
                  new Knowledge(
                      Catalogue.builtIn(Set.of()),
                      config.pricing().own(),
                      config.pricing().factors()),
                  Standing.Source.NONE)
              .get("fast");
      off = new Tracer("1", "node", () -> providers);
      on = new Tracer("1", "node", () -> providers);
      on.use(Optional.of(new TraceExport(URI.create("http://127.0.0.1:1"), Map.of(), 0.01, true)));
      metrics = new Metrics(name -> true, Map.of("version", "1"), Map::of, off);
      journal = MappedJournal.open(folder);
      var log = new CallLog(OutputStream.nullOutputStream(), Redaction::secrets);
      courier =
          new Courier(
              journal,
              Running::takesAll,
              new Courier.Hearer() {
                @Override
                public void hear(byte[] json, boolean again) {
                  log.add(json);
                }

                @Override
                public void pause() {
                  log.flush();
                }
              },
              () -> {});
    }

    @TearDown
    public void close() {
      System.out.println("records lost: " + journal.lost());
      courier.close();
      journal.close();
      off.close();
      on.close();
    }

    private static Records takesAll() {
      return (Records)
          Proxy.newProxyInstance(
              Records.class.getClassLoader(),
              new Class<?>[] {Records.class},
              (proxy, method, arguments) -> method.getName().equals("last") ? -1L : null);
    }

    /** As a call leaves it. */
    Trail trail() {
      id.setLength(10);
      String digits = Long.toString(number++ + 1_000_000_000_000_000L);
      var trail = new Trail(id.append(digits).toString(), Instant.now(), System.nanoTime());
      trail.passed(Stop.RECEIVE);
      trail.calledBy(caller);
      trail.passed(Stop.AUTHENTICATE);
      trail.asked(chat, Terms.NONE, model);
      trail.passed(Stop.READ);
      trail.asking(model.targets().getFirst());
      trail.passed(Stop.CHOOSE);
      trail.answering(System.nanoTime());
      trail.used(Usage.of(500, 200, Usage.Source.PROVIDER));
      trail.attempted(
          new Attempt(
              "demo/fast", 200, Optional.empty(), "", 12, Optional.empty(), 1_000, 12_000_000));
      trail.passed(Stop.ANSWER);
      return trail;
    }

    private static Chat chat() {
      String body =
          "{\"model\":\"fast\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
      return Chat.read(
          new OpenAiChat(),
          "fast",
          true,
          false,
          new Inbound(
              Map.of(), Map.of(), Headers.NONE, Body.scan(body.getBytes(StandardCharsets.UTF_8))),
          read -> {
            throw new IllegalStateException("the conversation was read");
          });
    }

    private static final String CONFIGURATION =
        """
        providers:
          demo: { kind: openai, url: "http://127.0.0.1:1/v1", key: none }
        models:
          fast: demo/fast
        prices:
          demo/fast: { input: 1.00, output: 2.00 }
        """;

    void tell(Listener listener, Trail trail) {
      Attempt attempt = trail.attempts().getFirst();
      listener.on(trail, new Event.Attempted(attempt, model.targets().getFirst()));
      listener.on(trail, ended());
    }

    Event.Ended ended() {
      return new Event.Ended(Optional.empty(), 13_000_000);
    }

    void record(Trail trail) {
      journal.append(CallRecord.of(trail, ended()), List.of());
    }
  }

  @Benchmark
  public Trail bare(Running running) {
    return running.trail();
  }

  @Benchmark
  public Trail counted(Running running) {
    Trail trail = running.trail();
    running.tell(running.metrics, trail);
    return trail;
  }

  @Benchmark
  public Trail untraced(Running running) {
    Trail trail = running.trail();
    running.tell(running.off, trail);
    return trail;
  }

  /** A hundredth is traced, and dropped. */
  @Benchmark
  public Trail traced(Running running) {
    Trail trail = running.trail();
    running.tell(running.on, trail);
    return trail;
  }

  @Benchmark
  public Trail recorded(Running running) {
    Trail trail = running.trail();
    running.record(trail);
    return trail;
  }

  /** Metrics, no trace, and the record. */
  @Benchmark
  public Trail everything(Running running) {
    Trail trail = running.trail();
    running.tell(running.metrics, trail);
    running.tell(running.off, trail);
    running.record(trail);
    return trail;
  }
}

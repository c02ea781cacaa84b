package bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Measures proxies side by side, round by round, and prints one table.
 *
 * <p>What is cheap to repeat is measured on proxies that have run for a while and stay up; what
 * depends on a young process (its start, its memory) on one that is started for it.
 */
final class Bench {
  private static final List<String> OPTIONS =
      List.of("quick", "only", "rounds", "threads", "lintel", "proxies", "port", "results");
  private static final List<String> GROUPS = List.of("calls", "ttft", "streams", "translated", "start", "bodies");

  /** Those that want warm code. */
  private static final List<String> WARM = List.of("calls", "ttft", "streams", "translated");

  private final Settings settings;
  private final int rounds;
  private final List<Proxy> proxies;
  private final List<Line> lines = new ArrayList<>();
  private final Writer raw;
  private final Path work;
  private final int mockPort;
  private Running mock;

  private static final int[] HELD = {2_000, 6_000};

  private Bench(
      Settings settings, int rounds, List<Proxy> proxies, int mockPort, Path work, Writer raw) {
    this.settings = settings;
    this.rounds = rounds;
    this.proxies = proxies;
    this.mockPort = mockPort;
    this.work = work;
    this.raw = raw;
  }

  public static void main(String[] args) throws IOException {
    var options = new Options(args, 0);
    List<String> unknown = options.besides(OPTIONS);
    List<String> only = List.of(options.text("only", String.join(",", GROUPS)).split(","));
    if (!unknown.isEmpty() || !GROUPS.containsAll(only)) {
      System.err.println("Unknown option: " + (unknown.isEmpty() ? only : unknown) + ".");
      System.exit(2);
    }
    Settings settings = options.has("quick") ? Settings.QUICK : Settings.FULL;
    int rounds = options.number("rounds", settings.rounds());
    int port = options.number("port", 17070);
    Path work = Files.createTempDirectory("lintel-bench-");
    Path results = Path.of(options.text("results", "bench/results"));
    Files.createDirectories(results);
    String commit = System.getenv().getOrDefault("BENCH_COMMIT", "unknown");
    String stem = Instant.now().toString().substring(0, 19).replaceAll("[-:]", "") + "Z-" + commit;
    Path file = results.resolve(stem + ".jsonl");
    try (Writer raw = Files.newBufferedWriter(file)) {
      var bench = new Bench(settings, rounds, Proxy.list(options, port), port, work, raw);
      bench.header(commit, args);
      bench.run(only);
      String table = new Table(bench.lines, bench.names()).text();
      Files.writeString(results.resolve(stem + ".txt"), table);
      System.out.println();
      System.out.print(table);
      System.out.println("Raw results: " + file);
      if (bench.lines.stream().anyMatch(line -> line.number("failed") > 0)) {
        throw new IOException("Not every call went well.");
      }
      bench.clear();
    } catch (IOException | UncheckedIOException | IllegalArgumentException broken) {
      System.err.println(broken.getMessage());
      if (Files.readAllLines(file).size() < 2) {
        Files.delete(file);
      }
      System.err.println("What the programs wrote is in " + work + ".");
      System.exit(1);
    }
  }

  private List<String> names() {
    return proxies.stream().map(Proxy::name).toList();
  }

  private void header(String commit, String[] args) throws IOException {
    write(
        new Line()
            .put("measure", "run")
            .put("time", Instant.now().toString())
            .put("commit", commit)
            .put("jar_built", System.getenv().getOrDefault("BENCH_JAR_BUILT", "unknown"))
            .put("cpu", Machine.cpu())
            .put("cores", Machine.cores())
            .put("memory_mb", Machine.memoryMb())
            .put("kernel", Machine.kernel())
            .put("java", System.getProperty("java.vm.name") + " " + Runtime.version())
            .put("nginx", System.getenv().getOrDefault("BENCH_NGINX", "unknown"))
            .put("load_before", Machine.load())
            .put("arguments", String.join(" ", args))
            .put("rounds", rounds)
            .put("settings", settings.toString())
            .put("proxies", proxies.toString()));
  }

  private void run(List<String> only) throws IOException {
    try (Running started = startMock()) {
      mock = started;
      mock.awaitAnswer();
      if (WARM.stream().anyMatch(only::contains)) {
        settled(only);
      }
      if (only.contains("start") || only.contains("streams") || only.contains("bodies")) {
        young(only);
      }
    }
  }

  private Running startMock() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command = new ArrayList<>(List.of(java, "-XX:+UseSerialGC", "-Xmx1g", "-cp"));
    command.addAll(
        List.of(System.getProperty("java.class.path"), "bench.Mock", String.valueOf(mockPort)));
    return Running.start(mockPort, command, Map.of(), work.resolve("mock.output"));
  }

  /** Everything that wants warm code. */
  private void settled(List<String> only) throws IOException {
    var running = new ArrayList<Running>();
    try {
      for (Proxy proxy : proxies) {
        say("warming " + proxy.name());
        Running one = proxy.start(work, mockPort);
        running.add(one);
        warm(proxy.port());
        if (only.contains("translated") && proxy.translates()) {
          warm(proxy.port(), true);
        }
      }
      warm(mockPort);
      for (int round = 1; round <= rounds; round++) {
        for (int i : order(round, proxies.size())) {
          String name = i < 0 ? "direct" : proxies.get(i).name();
          say("round " + round + " of " + rounds + ", " + name);
          settled(
              only,
              round,
              name,
              i < 0 ? mockPort : proxies.get(i).port(),
              i < 0 ? mock : running.get(i));
        }
      }
    } finally {
      running.forEach(Running::close);
    }
  }

  /** Indexes of the proxies, and -1 for the mock itself, forwards and backwards by turns. */
  private static List<Integer> order(int round, int size) {
    var order = new ArrayList<Integer>();
    for (int i = -1; i < size; i++) {
      order.add(i);
    }
    if (round % 2 == 0) {
      Collections.reverse(order);
    }
    return order;
  }

  private void warm(int port) throws IOException {
    warm(port, false);
  }

  private void warm(int port, boolean translated) throws IOException {
    for (Load load :
        List.of(
            Load.calls(port, settings.connections(), settings.warmCalls(), 2048),
            Load.calls(port, 1, settings.warmCalls() / 20, 2048),
            Load.streams(port, 64, settings.warmCalls() / 30, 100, 1),
            Load.streams(port, 1, 100, 2, 1))) {
      Outcome outcome = Meter.run(translated ? load.translated() : load);
      if (outcome.failed() > 0) {
        throw new IOException(
            outcome.failed() + " calls failed while warming: " + outcome.problem());
      }
    }
  }

  private void settled(List<String> only, int round, String name, int port, Running proxy)
      throws IOException {
    if (only.contains("calls")) {
      measure(
          "calls",
          round,
          name,
          line -> {
            long before = proxy.cpuMicros();
            var load = Load.calls(port, settings.connections(), settings.calls(), 2048);
            Outcome outcome = Meter.run(load);
            line.put("cpu_us", (proxy.cpuMicros() - before) / (double) settings.calls());
            report(line, outcome);
          });
      measure(
          "single",
          round,
          name,
          line -> {
            long before = proxy.cpuMicros();
            Outcome outcome = Meter.run(Load.calls(port, 1, settings.singleCalls(), 2048));
            line.put("cpu_us", (proxy.cpuMicros() - before) / (double) settings.singleCalls());
            report(line, outcome);
          });
    }
    if (only.contains("ttft")) {
      measure(
          "ttft",
          round,
          name,
          line -> report(line, Meter.run(Load.streams(port, 1, settings.firstTokens(), 2, 1))));
    }
    if (only.contains("translated") && translates(name)) {
      measure("translated", round, name, line -> translated(line, port, proxy));
    }
    if (only.contains("streams") && proxy != mock) {
      measure(
          "events",
          round,
          name,
          line -> {
            var price = new Price(proxy);
            var load =
                Load.streams(
                    port,
                    settings.pacedStreams(),
                    settings.pacedStreams(),
                    settings.pacedEvents(),
                    settings.paceMillis());
            report(line, Meter.run(load, price));
            line.put("cpu_us", price.micros());
          });
    }
  }

  /** The same calls and streams without and with translation, one after the other. */
  private void translated(Line line, int port, Running proxy) throws IOException {
    var calls = Load.calls(port, settings.connections(), settings.calls(), 2048);
    double plain = cpu(proxy, calls, line);
    double changed = cpu(proxy, calls.translated(), line);
    line.put("cpu_us", changed).put("times", changed / plain);
    var streams =
        Load.streams(
            port,
            settings.pacedStreams(),
            settings.pacedStreams(),
            settings.pacedEvents(),
            settings.paceMillis());
    double relayed = event(proxy, streams, line);
    double rewritten = event(proxy, streams.translated(), line);
    line.put("event_us", rewritten).put("event_times", rewritten / relayed);
  }

  /** Not so for the mock itself, which is no proxy. */
  private boolean translates(String name) {
    return proxies.stream().anyMatch(proxy -> proxy.name().equals(name) && proxy.translates());
  }

  private static double cpu(Running proxy, Load load, Line line) throws IOException {
    long before = proxy.cpuMicros();
    report(line, Meter.run(load));
    return (proxy.cpuMicros() - before) / (double) load.calls();
  }

  private static double event(Running proxy, Load load, Line line) throws IOException {
    var price = new Price(proxy);
    report(line, Meter.run(load, price));
    return price.micros();
  }

  /** Everything that wants a process without a past. */
  private void young(List<String> only) throws IOException {
    int few = Math.min(rounds, settings.youngRounds());
    for (int round = 1; round <= few; round++) {
      for (int i : order(round, proxies.size())) {
        if (i >= 0) {
          say("young round " + round + " of " + few + ", " + proxies.get(i).name());
          young(only, round, proxies.get(i));
        }
      }
    }
  }

  private void young(List<String> only, int round, Proxy proxy) throws IOException {
    if (only.contains("start")) {
      if (round == 1) {
        // The first start reads the program from the disk.
        proxy.start(work, mockPort).close();
      }
      for (int again = 0; again < 2; again++) {
        var line = new Line();
        long before = System.nanoTime();
        try (Running running = proxy.start(work, mockPort)) {
          line.put("ms", (System.nanoTime() - before) / 1e6);
          line.put("cpu_ms", running.cpuMicros() / 1000.0);
          Clock.rest(500);
          line.put("idle_mb", running.residentKb() / 1024.0);
        }
        keep("start", round, proxy.name(), line);
      }
    }
    if (only.contains("streams")) {
      for (int streams : HELD) {
        hold(round, proxy, streams);
      }
    }
    if (only.contains("bodies")) {
      try (Running running = proxy.start(work, mockPort)) {
        measure(
            "bodies",
            round,
            proxy.name(),
            line -> {
              Clock.rest(500);
              line.put("idle_mb", running.residentKb() / 1024.0);
              var load =
                  Load.calls(
                      proxy.port(),
                      settings.bodyConnections(),
                      settings.bodies(),
                      settings.bodySize());
              report(line, Meter.run(load));
              line.put("peak_mb", running.peakKb() / 1024.0);
            });
      }
    }
  }

  /** Memory of a proxy that holds many streams open, above what it has when it holds none. */
  private void hold(int round, Proxy proxy, int streams) throws IOException {
    try (Running running = proxy.start(work, mockPort)) {
      // So that neither classes nor compiled code that any call needs is counted to the streams.
      Meter.run(Load.calls(proxy.port(), 8, 5_000, 2048));
      Meter.run(Load.streams(proxy.port(), 32, 320, 100, 1));
      Clock.rest(500);
      measure(
          "held" + streams,
          round,
          proxy.name(),
          line -> {
            long idle = running.residentKb();
            var most = new long[] {0};
            var price =
                new Price(running) {
                  @Override
                  public void tick() {
                    if (open()) {
                      most[0] = Math.max(most[0], running.residentKb());
                    }
                  }
                };
            var load =
                Load.streams(
                    proxy.port(), streams, streams, settings.heldEvents(), settings.holdMillis());
            Outcome outcome = Meter.run(load, price);
            report(line, outcome);
            line.put("idle_mb", idle / 1024.0);
            line.put("open_mb", most[0] / 1024.0);
            boolean all = outcome.mostOpen() == streams && most[0] > 0;
            line.put("kb_a_stream", all ? (most[0] - idle) / (double) streams : Double.NaN);
            line.put("cpu_us", price.micros());
          });
    }
  }

  private static void report(Line line, Outcome outcome) {
    double before = line.number("failed");
    line.put("failed", outcome.failed() + (Double.isNaN(before) ? 0 : (int) before));
    line.put("seconds", outcome.seconds());
    line.put("per_second", outcome.rate());
    line.put("p50_us", Outcome.micros(outcome.latencies(), 0.5));
    line.put("p90_us", Outcome.micros(outcome.latencies(), 0.9));
    line.put("p99_us", Outcome.micros(outcome.latencies(), 0.99));
    if (outcome.firsts().length > 0) {
      line.put("ttft_p50_us", Outcome.micros(outcome.firsts(), 0.5));
      line.put("ttft_p99_us", Outcome.micros(outcome.firsts(), 0.99));
      line.put("events", outcome.events());
      line.put("most_open", outcome.mostOpen());
    }
    if (!outcome.problem().isEmpty()) {
      line.put("problem", outcome.problem());
    }
  }

  private interface Measurement {
    void into(Line line) throws IOException;
  }

  /** Takes one measurement, and notes how much of the machine was in other hands meanwhile. */
  private void measure(String what, int round, String name, Measurement taken) throws IOException {
    var line = new Line();
    long began = System.nanoTime();
    long others = Machine.othersMicros();
    taken.into(line);
    double wall = (System.nanoTime() - began) / 1000.0 * Machine.cores();
    line.put("others_percent", 100 * (Machine.othersMicros() - others) / wall);
    keep(what, round, name, line);
  }

  private void keep(String what, int round, String name, Line line) throws IOException {
    write(line.put("measure", what).put("proxy", name).put("round", round));
    if (line.number("failed") > 0) {
      say("FAILED " + line.number("failed") + " calls of " + what + ": " + line.text("problem"));
    }
  }

  private void write(Line line) throws IOException {
    lines.add(line);
    raw.write(line + "\n");
    raw.flush();
  }

  /** Removes what the programs wrote, of which nobody wants to know where all went well. */
  private void clear() throws IOException {
    List<Path> files;
    try (var all = Files.walk(work)) {
      files = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }

  private static void say(String text) {
    System.err.println(text);
  }
}

package start;

import dev.lintel.CallerKey;
import dev.lintel.store.SqlStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long a start takes until it is alive, and until it answers a call with a key of the store. */
public final class Main {
  private static final String ADMIN = "an-admin-key-of-the-bench";
  private static final Pattern KEY = Pattern.compile("\"key\":\"([^\"]+)\"");
  private static final String CHAT =
      "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final long LOOK_NANOS = 2_000_000;

  private final int port;
  private final String lintel;
  private final Path config;

  private Main(int port, String lintel, Path config) {
    this.port = port;
    this.lintel = lintel;
    this.config = config;
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> options = options(args);
    int rounds = Integer.parseInt(options.getOrDefault("rounds", "5"));
    int port = Integer.parseInt(options.getOrDefault("port", "17170"));
    Path work = Files.createTempDirectory("lintel-start");
    try {
      Path config = work.resolve("lintel.yaml");
      Files.writeString(
          config,
          """
          providers: { demo: { kind: sim, ttft: 0ms } }
          models: { tiny: demo/small }
          tenants: { t: { apps: { a: {} } } }
          """);
      var main = new Main(port, options.getOrDefault("lintel", "./lintel"), config);
      System.out.println("Milliseconds from the process's start: lowest, median and highest.\n");
      System.out.println("|    keys |      /livez is 200 | a stored key's call |");
      System.out.println("| ------: | -----------------: | ------------------: |");
      for (String keys : options.getOrDefault("keys", "0,100000").split(",", -1)) {
        main.measure(work.resolve("data-" + keys), Integer.parseInt(keys), rounds);
      }
    } finally {
      try (var files = Files.walk(work)) {
        for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private static Map<String, String> options(String[] args) {
    var options = new HashMap<String, String>();
    for (int i = 0; i < args.length; i += 2) {
      if (!args[i].startsWith("--") || i + 1 == args.length) {
        throw new IllegalArgumentException("--NAME VALUE is expected, unlike " + args[i]);
      }
      options.put(args[i].substring(2), args[i + 1]);
    }
    return options;
  }

  private void measure(Path data, int keys, int rounds) throws Exception {
    String key;
    // The first start makes the secrets, and the program's cache where there is none.
    Process first = start(data);
    try {
      await(first, "GET", "/livez", "", "");
      key = await(first, "POST", "/admin/v1/tenants/t/apps/a/keys", ADMIN, "{}");
    } finally {
      end(first);
    }
    Matcher made = KEY.matcher(key);
    if (!made.find()) {
      throw new IOException("no key was made: " + key);
    }
    if (keys > 0) {
      fill(data, keys);
    }
    var alive = new double[rounds];
    var called = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      long before = System.nanoTime();
      Process process = start(data);
      try {
        await(process, "GET", "/livez", "", "");
        alive[round] = (System.nanoTime() - before) / 1e6;
        await(process, "POST", "/v1/chat/completions", made.group(1), CHAT);
        called[round] = (System.nanoTime() - before) / 1e6;
      } finally {
        end(process);
      }
    }
    System.out.printf("| %7d | %18s | %19s |%n", keys, cell(alive), cell(called));
  }

  private static String cell(double[] all) {
    double[] sorted = all.clone();
    Arrays.sort(sorted);
    return "%.0f  %.0f  %.0f"
        .formatted(sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1]);
  }

  private Process start(Path data) throws IOException {
    var builder =
        new ProcessBuilder(
            lintel,
            "start",
            "--config",
            config.toString(),
            "--listen",
            "127.0.0.1:" + port,
            "--data",
            data.toString());
    builder.environment().put("LINTEL_ADMIN_KEY", ADMIN);
    builder.redirectErrorStream(true).redirectOutput(config.resolveSibling("output").toFile());
    return builder.start();
  }

  private static void end(Process process) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  /** The body of the first answer that is one. */
  private String await(Process process, String method, String path, String key, String body)
      throws IOException {
    long began = System.nanoTime();
    while (true) {
      Optional<String> answer = ask(method, path, key, body);
      if (answer.isPresent()) {
        return answer.get();
      }
      if (!process.isAlive() || System.nanoTime() - began > PATIENCE_NANOS) {
        throw new IOException(
            path + " is not answered: " + Files.readString(config.resolveSibling("output")));
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** Empty where nobody listens or the status is no success. */
  private Optional<String> ask(String method, String path, String key, String body) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      String head =
          method
              + " "
              + path
              + " HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type:"
              + " application/json\r\ncontent-length: "
              + bytes.length
              + (key.isEmpty() ? "" : "\r\nauthorization: Bearer " + key)
              + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(bytes);
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return all.startsWith("HTTP/1.1 2") ? Optional.of(all) : Optional.empty();
    } catch (IOException nobody) {
      return Optional.empty();
    }
  }

  /** Keys whose secrets nobody knows. */
  private static void fill(Path data, int keys) throws Exception {
    try (SqlStore store =
            SqlStore.embedded(data, SqlStore.Bounds.USUAL, InstantSource.system());
        var writers = Executors.newFixedThreadPool(256)) {
      store.open();
      var made = new ArrayList<Future<?>>();
      var random = new SplittableRandom(1);
      for (int i = 0; i < keys; i++) {
        CallerKey key = key(i, random);
        made.add(writers.submit(() -> store.callerKeys().add(key)));
      }
      for (Future<?> one : made) {
        one.get();
      }
    } catch (UncheckedIOException taken) {
      throw new IOException("the store of " + data + " cannot be filled", taken);
    }
  }

  private static CallerKey key(int number, SplittableRandom random) {
    String hash =
        "%016x%016x%016x%016x"
            .formatted(
                random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
    return new CallerKey(
        "key_%026d".formatted(number),
        "t",
        "a",
        "",
        CallerKey.Kind.BEARER,
        "sk-lintel-" + hash.substring(0, 4),
        hash,
        "",
        CallerKey.Scopes.ALL,
        Instant.now(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}

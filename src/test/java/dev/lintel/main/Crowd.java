package dev.lintel.main;

import dev.lintel.Json;
import dev.lintel.main.Callers.Tongue;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * Callers who ask a gateway all the time, each as chance wants it, until it dies under them; and
 * what they have seen of it. A call has ended for its caller once all of its reply is there: for a
 * stream that is its last word, whatever comes of the connection afterwards.
 */
final class Crowd implements AutoCloseable {
  /** The tenant whose users are erased. */
  static final String LEAVERS = "leavers";

  /** Of that tenant. */
  static final String LEAVERS_APP = "house";

  /** The configuration that they know. A call of {@code quick} costs 0.01 USD. */
  static final String YAML =
      """
      listen: 127.0.0.1:0
      logs: { calls: 0%% }
      %s
      providers:
        quick: { kind: sim, ttft: 1ms, input_tokens: 4000, output_tokens: 3000 }
        slow: { kind: sim, ttft: 20ms, tokens_per_second: 200, input_tokens: 7, output_tokens: 11 }
        failing: { kind: sim, fault: "503", fault_share: 0.5 }
      models: { quick: quick/m, slow: slow/m, failing: { targets: [ failing/m ], retry: { attempts: 1 } } }
      prices:
        quick/m: { input: 1.00, output: 2.00 }
        slow/m: { input: 1.37, output: 2.91 }
        failing/m: { input: 1.00, output: 2.00 }
      policies: { kept: { capture: full } }
      tenants:
        acme:
          budget: { total: 100000 USD, month: 100000 USD }
          apps:
            rich: { keys: [ sk-rich-1, sk-rich-2 ], budget: { total: 100000 USD, day: 90000 USD } }
            poor: { keys: [ sk-poor ], budget: { total: %s USD } }
            rated: { keys: [ sk-rated ], limits: { requests: 20/s, concurrent: 2 }, models: [ quick ] }
        other: { apps: { plain: { keys: [ sk-plain ], budget: { total: 5000 USD } } } }
        leavers: { policy: kept, apps: { house: { keys: [ sk-stayer, sk-leaver ], budget: { total: 5000 USD } } } }
      """;

  private static final List<String> KEYS =
      List.of(
          "sk-rich-1",
          "sk-rich-2",
          "sk-poor",
          "sk-rated",
          "sk-plain",
          "sk-rich-1",
          "sk-plain",
          "sk-stayer",
          "sk-unknown-to-all");
  private static final List<String> MODELS =
      List.of("quick", "quick", "quick", "slow", "slow", "failing", "unknown");

  /**
   * A call that has ended for its caller.
   *
   * @param app whose key it was; empty where the key is nobody's
   * @param cost in USD, where the reply says it
   */
  record Seen(String id, String app, int status, boolean stream, Optional<BigDecimal> cost) {}

  /** Somebody who wanted to be forgotten after those calls. */
  record Leaver(String user, List<String> calls, boolean promised) {}

  private static final int LONGEST_REST_MICROS = 10_000;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final int size;
  private final Queue<Seen> seen = new ConcurrentLinkedQueue<>();
  private final Queue<Leaver> leavers = new ConcurrentLinkedQueue<>();
  private final Queue<AssertionError> faults = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile URI url = URI.create("http://127.0.0.1:1");

  Crowd(int size) {
    this.size = size;
  }

  /** They begin to ask there; somebody leaves, too. */
  void ask(URI where, int round, Random random) {
    url = where;
    for (int i = 0; i < size; i++) {
      var own = new Random(random.nextLong());
      threads.add(Thread.ofPlatform().start(() -> askOn(own)));
    }
    var own = new Random(random.nextLong());
    threads.add(Thread.ofPlatform().start(() -> leave("leaver-" + round, own)));
  }

  /** Waits until nobody asks any more, as when the gateway is dead. */
  void rest() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
    threads.clear();
    AssertionError fault = faults.poll();
    if (fault != null) {
      throw fault;
    }
  }

  Queue<Seen> seen() {
    return seen;
  }

  Queue<Leaver> leavers() {
    return leavers;
  }

  private void askOn(Random random) {
    try {
      while (true) {
        String key = drawn(KEYS, random);
        var _ = call(key, drawn(MODELS, random), "user-" + random.nextInt(50), random);
        LockSupport.parkNanos(
            TimeUnit.MICROSECONDS.toNanos(random.nextInt(LONGEST_REST_MICROS) + 1));
      }
    } catch (IOException dead) {
      return;
    } catch (AssertionError fault) {
      faults.add(fault);
    }
  }

  private static <T> T drawn(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }

  private void leave(String user, Random random) {
    var calls = new ArrayList<String>();
    boolean promised = false;
    try {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(700) + 1));
      for (int i = 0; i < 3; i++) {
        calls.add(call("sk-leaver", "quick", user, random).id());
      }
      HttpResponse<String> reply =
          send(
              request("/admin/v1/tenants/" + LEAVERS + "/erase", Node.ADMIN)
                  .POST(BodyPublishers.ofString("{\"user\":\"" + user + "\"}"))
                  .build());
      promised = reply.statusCode() == 200 || reply.statusCode() == 202;
      if (!promised) {
        faults.add(new AssertionError("not erased: " + reply.statusCode() + " " + reply.body()));
      }
    } catch (IOException dead) {
      promised = false;
    }
    leavers.add(new Leaver(user, calls, promised));
  }

  /** Throws {@link IOException} where the gateway dies before the end of the reply is there. */
  private Seen call(String key, String model, String user, Random random) throws IOException {
    Tongue tongue = drawn(List.of(Tongue.values()), random);
    boolean stream = random.nextBoolean();
    HttpRequest request =
        request(tongue.path(model, stream), key)
            .header("x-lintel-user", user)
            .POST(
                BodyPublishers.ofString(
                    tongue.body(model, stream, "nonce-" + random.nextInt(1000), user)))
            .build();
    HttpResponse<InputStream> reply;
    try {
      reply = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
    boolean whole = !stream || reply.statusCode() != 200;
    String body = read(reply.body(), text -> !whole && tongue.ends(text));
    if (whole) {
      var _ = Json.parse(body);
    }
    if (reply.statusCode() >= 500 && !model.equals("failing")) {
      throw new AssertionError(request.uri() + " " + reply.statusCode() + " " + body);
    }
    var one =
        new Seen(
            reply
                .headers()
                .firstValue("x-lintel-request-id")
                .orElseThrow(() -> new AssertionError("a reply without an id: " + body)),
            app(key),
            reply.statusCode(),
            stream,
            reply.headers().firstValue("x-lintel-cost-usd").map(BigDecimal::new));
    seen.add(one);
    return one;
  }

  private static String app(String key) {
    return switch (key) {
      case "sk-rich-1", "sk-rich-2" -> "rich";
      case "sk-poor" -> "poor";
      case "sk-rated" -> "rated";
      case "sk-plain" -> "plain";
      case "sk-stayer", "sk-leaver" -> LEAVERS_APP;
      default -> "";
    };
  }

  private HttpRequest.Builder request(String path, String key) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(Duration.ofSeconds(60))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + key);
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }

  /** Until it is over, or says that it is. */
  private static String read(InputStream in, Predicate<String> ends) throws IOException {
    var all = new StringBuilder();
    var part = new byte[8192];
    try (in) {
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        all.append(new String(part, 0, n, StandardCharsets.UTF_8));
      }
    } catch (IOException broken) {
      if (!ends.test(all.toString())) {
        throw broken;
      }
    }
    return all.toString();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}

package dev.lintel.trace;

import dev.lintel.TraceExport;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings spans to one collector: a queue that calls never wait for, and a thread. A collector that
 * does not take them in time costs spans, which are counted, and nothing else.
 */
final class Exporter {
  private static final Logger LOG = LoggerFactory.getLogger(Exporter.class);

  private static final String PATH = "/v1/traces";
  private static final int MOST_WAITING = 8192;
  private static final int MOST_AT_ONCE = 512;
  private static final Duration TOGETHER = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration ENDING = Duration.ofSeconds(2);
  private static final List<Duration> PAUSES =
      List.of(Duration.ofSeconds(1), Duration.ofSeconds(4));
  private static final Duration QUIET = Duration.ofMinutes(1);

  private final TraceExport to;
  private final URI url;
  private final String version;
  private final String node;
  private final LongAdder exported;
  private final LongAdder dropped;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final BlockingQueue<Told> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final Thread thread;
  private long told = System.nanoTime() - QUIET.toNanos();
  private volatile boolean ending;

  Exporter(TraceExport to, String version, String node, LongAdder exported, LongAdder dropped) {
    this.to = to;
    this.url = below(to.url());
    this.version = version;
    this.node = node;
    this.exported = exported;
    this.dropped = dropped;
    this.thread = Thread.ofPlatform().daemon().name("lintel-traces").start(this::run);
  }

  private static URI below(URI base) {
    String text = base.toString().replaceAll("/+$", "");
    return URI.create(text.endsWith(PATH) ? text : text + PATH);
  }

  TraceExport to() {
    return to;
  }

  /** Does not wait. */
  void add(Told call) {
    if (ending || !waiting.offer(call)) {
      dropped.add(call.spans());
    }
  }

  /** Brings what is left, where the collector takes it soon; the rest is dropped. */
  void close() {
    ending = true;
    try {
      thread.join(ENDING);
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
    thread.interrupt();
  }

  private void run() {
    var batch = new ArrayList<Told>();
    try {
      while (!ending || !waiting.isEmpty()) {
        Told first = waiting.poll(TOGETHER.toMillis(), TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          gather(batch);
          send(batch);
          batch.clear();
        }
      }
    } catch (InterruptedException late) {
      waiting.drainTo(batch);
      batch.forEach(call -> dropped.add(call.spans()));
    } catch (RuntimeException | Error bug) {
      ending = true;
      LOG.error("no more traces are sent to {}", url.getHost(), bug);
    } finally {
      http.shutdownNow();
    }
  }

  /** What comes soon goes along. */
  private void gather(List<Told> batch) throws InterruptedException {
    long until = System.nanoTime() + TOGETHER.toNanos();
    while (batch.size() < MOST_AT_ONCE) {
      Told more = waiting.poll(ending ? 0 : until - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (more == null) {
        return;
      }
      batch.add(more);
    }
  }

  private void send(List<Told> batch) throws InterruptedException {
    int spans = batch.stream().mapToInt(Told::spans).sum();
    byte[] body = Spans.of(batch, version, node);
    String why = post(body);
    for (Duration pause : PAUSES) {
      if (!why.startsWith(AGAIN) || ending) {
        break;
      }
      Thread.sleep(pause);
      why = post(body);
    }
    if (why.isEmpty()) {
      exported.add(spans);
    } else {
      dropped.add(spans);
      complain(spans, why);
    }
  }

  /** Before what may be better at another time. */
  private static final String AGAIN = "again: ";

  /** Empty where the collector took them; else why it did not. */
  private String post(byte[] body) throws InterruptedException {
    var request =
        HttpRequest.newBuilder(url)
            .header("content-type", "application/x-protobuf")
            .header("user-agent", "lintel/" + version)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    to.headers().forEach(request::setHeader);
    CompletableFuture<HttpResponse<Void>> reply =
        http.sendAsync(request.build(), HttpResponse.BodyHandlers.discarding());
    try {
      int status = reply.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).statusCode();
      // Those that OTLP says may be tried again.
      boolean later = status == 429 || status >= 502 && status <= 504;
      return status / 100 == 2 ? "" : (later ? AGAIN : "") + "status " + status;
    } catch (ExecutionException failed) {
      // The message may hold the address, and that a secret.
      Throwable cause = failed.getCause() == null ? failed : failed.getCause();
      return AGAIN + cause.getClass().getSimpleName();
    } catch (TimeoutException late) {
      return AGAIN + "no answer within " + PATIENCE.toSeconds() + " s";
    } finally {
      reply.cancel(true);
    }
  }

  private void complain(int spans, String why) {
    if (System.nanoTime() - told >= QUIET.toNanos()) {
      told = System.nanoTime();
      LOG.warn(
          "{} spans could not be brought to {}: {}; {} in all are lost",
          spans,
          url.getHost(),
          why.replace(AGAIN, ""),
          dropped.sum());
    }
  }
}

package dev.lintel.hook;

import dev.lintel.Json;
import dev.lintel.Notice;
import dev.lintel.Webhook;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One receiver: a queue and a thread of its own, so that none waits for another. */
final class Hook {
  private static final Logger LOG = LoggerFactory.getLogger(Hook.class);
  private static final int MOST = 256;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Webhook hook;
  private final HttpClient http;
  private final List<Duration> pauses;
  private final LongAdder delivered;
  private final LongAdder lost;
  private final BlockingQueue<Notice> waiting = new ArrayBlockingQueue<>(MOST);
  private final Thread thread;

  /**
   * @param pauses before each further try
   */
  Hook(Webhook hook, HttpClient http, List<Duration> pauses, LongAdder delivered, LongAdder lost) {
    this.hook = hook;
    this.http = http;
    this.pauses = pauses;
    this.delivered = delivered;
    this.lost = lost;
    this.thread = Thread.ofPlatform().daemon().name("lintel-webhook").start(this::run);
  }

  Webhook webhook() {
    return hook;
  }

  /** Does not wait. */
  void send(Notice notice) {
    if (!waiting.offer(notice)) {
      lost(notice, "too many wait");
    }
  }

  /** What waits is lost. */
  void close() {
    thread.interrupt();
    waiting.forEach(notice -> lost(notice, "the gateway ends, or the webhook is gone"));
  }

  private void run() {
    try {
      while (!Thread.interrupted()) {
        deliver(waiting.take());
      }
    } catch (InterruptedException closed) {
      LOG.debug("nothing more is sent to {}", hook.host());
    }
  }

  private void deliver(Notice notice) throws InterruptedException {
    byte[] body =
        Json.bytes(
            Json.object()
                .put("id", notice.id())
                .put("event", notice.kind().word())
                .put("time", notice.at().toString())
                .set("data", notice.data()));
    Tried tried = post(notice, body);
    for (Duration pause : pauses) {
      if (!tried.again) {
        break;
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException closed) {
        lost(notice, "the gateway ends, or the webhook is gone");
        throw closed;
      }
      tried = post(notice, body);
    }
    if (tried.good) {
      delivered.increment();
    } else {
      lost(notice, tried.why);
    }
  }

  /**
   * What came of one try.
   *
   * @param again whether another may do better
   */
  private record Tried(boolean good, boolean again, String why) {
    static Tried of(int status) {
      boolean good = status / 100 == 2;
      return new Tried(
          good,
          !good && (status >= 500 || status == 408 || status == 425 || status == 429),
          "status " + status);
    }

    static Tried failed(Throwable cause) {
      // The message may hold the address, and that a secret.
      return new Tried(false, true, cause.getClass().getSimpleName());
    }
  }

  private Tried post(Notice notice, byte[] body) throws InterruptedException {
    CompletableFuture<HttpResponse<Void>> reply =
        http.sendAsync(request(notice, body), HttpResponse.BodyHandlers.discarding());
    try {
      return Tried.of(reply.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).statusCode());
    } catch (ExecutionException failed) {
      return Tried.failed(failed.getCause() == null ? failed : failed.getCause());
    } catch (TimeoutException late) {
      return Tried.failed(late);
    } finally {
      reply.cancel(true);
    }
  }

  private HttpRequest request(Notice notice, byte[] body) {
    var request =
        HttpRequest.newBuilder(hook.url())
            .header("content-type", "application/json")
            .header("user-agent", "lintel")
            .header("x-lintel-event", notice.kind().word())
            .header("x-lintel-delivery", notice.id())
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    hook.secret()
        .ifPresent(
            secret -> request.header("x-lintel-signature", signature(secret, Instant.now(), body)));
    return request.build();
  }

  /** {@code t=SECONDS,v1=HEX}: HMAC-SHA-256 of the seconds, a dot, and the body. */
  static String signature(String secret, Instant time, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      mac.update((time.getEpochSecond() + ".").getBytes(StandardCharsets.US_ASCII));
      return "t=" + time.getEpochSecond() + ",v1=" + HexFormat.of().formatHex(mac.doFinal(body));
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private void lost(Notice notice, String why) {
    lost.increment();
    LOG.warn(
        "{} {} could not be told to {}: {}", notice.kind().word(), notice.id(), hook.host(), why);
  }
}

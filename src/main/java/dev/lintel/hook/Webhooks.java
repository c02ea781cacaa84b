package dev.lintel.hook;

import dev.lintel.Failure;
import dev.lintel.Notice;
import dev.lintel.Webhook;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends notices to those who want them, on threads that no call waits for. */
public final class Webhooks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);

  /** Before each further try. */
  public static final List<Duration> PAUSES =
      List.of(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(30));

  private static final int MOST = 1000;
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Predicate<Notice> first;
  private final Runnable look;
  private final List<Duration> pauses;
  private final LongAdder delivered = new LongAdder();
  private final LongAdder lost = new LongAdder();
  private final BlockingQueue<Notice> waiting = new ArrayBlockingQueue<>(MOST);
  private volatile List<Hook> hooks = List.of();
  private @Nullable HttpClient http;
  private @Nullable Thread thread;
  private boolean closed;

  /**
   * @param first whether no other node has told of it; may wait, and throw {@link Failure} where
   *     nobody knows
   * @param look done about each second while there is anybody to tell
   * @param pauses before each further try
   */
  public Webhooks(Predicate<Notice> first, Runnable look, List<Duration> pauses) {
    this.first = first;
    this.look = look;
    this.pauses = pauses;
  }

  /** From now on those and no others are told. */
  public synchronized void use(List<Webhook> wanted) {
    if (closed) {
      return;
    }
    var next = new ArrayList<Hook>();
    for (Webhook webhook : wanted) {
      next.add(
          hooks.stream()
              .filter(hook -> hook.webhook().equals(webhook) && !next.contains(hook))
              .findFirst()
              .orElseGet(() -> new Hook(webhook, carrier(webhook), pauses, delivered, lost)));
    }
    List<Hook> before = hooks;
    hooks = List.copyOf(next);
    before.stream().filter(hook -> !next.contains(hook)).forEach(Hook::close);
    if (thread == null && !next.isEmpty()) {
      thread = Thread.ofPlatform().daemon().name("lintel-notices").start(this::run);
    }
  }

  private Carrier carrier(Webhook webhook) {
    return webhook.mail().isPresent()
        ? new Letters(webhook, webhook.mail().get())
        : new Posted(webhook, http());
  }

  private HttpClient http() {
    HttpClient known = http;
    if (known == null) {
      known =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(Duration.ofSeconds(5))
              .followRedirects(HttpClient.Redirect.NEVER)
              .build();
      http = known;
    }
    return known;
  }

  /** Whether anybody wants to hear of that. */
  public boolean wants(Notice.Kind kind) {
    for (Hook hook : hooks) {
      if (hook.webhook().kinds().contains(kind)) {
        return true;
      }
    }
    return false;
  }

  private boolean wants(Notice notice) {
    for (Hook hook : hooks) {
      if (hook.webhook().wants(notice)) {
        return true;
      }
    }
    return false;
  }

  /** Does not wait. */
  public void tell(Notice notice) {
    if (wants(notice) && !waiting.offer(notice)) {
      lost.increment();
      LOG.warn("{} {} could not be told: too many wait", notice.kind().word(), notice.id());
    }
  }

  /** How many were. */
  public long delivered() {
    return delivered.sum();
  }

  /** How many could not be. */
  public long lost() {
    return lost.sum();
  }

  private void run() {
    long looked = System.nanoTime();
    try {
      while (!Thread.interrupted()) {
        Notice notice = waiting.poll(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        if (notice != null) {
          send(notice);
        }
        if (System.nanoTime() - looked >= LOOK.toNanos() && !hooks.isEmpty()) {
          looked = System.nanoTime();
          look();
        }
      }
    } catch (InterruptedException ending) {
      LOG.debug("nothing more is told");
    }
  }

  private void look() {
    try {
      look.run();
    } catch (RuntimeException failed) {
      LOG.warn("it could not be looked what has changed: {}", failed.getMessage());
    }
  }

  private void send(Notice notice) {
    if (claimed(notice)) {
      for (Hook hook : hooks) {
        if (hook.webhook().wants(notice)) {
          hook.send(notice);
        }
      }
    }
  }

  /** Told twice is better than not at all. */
  private boolean claimed(Notice notice) {
    try {
      return first.test(notice);
    } catch (Failure away) {
      return true;
    }
  }

  /** What waits is lost. */
  @Override
  public synchronized void close() {
    closed = true;
    if (thread != null) {
      thread.interrupt();
    }
    hooks.forEach(Hook::close);
    hooks = List.of();
    if (http != null) {
      http.shutdownNow();
    }
  }
}

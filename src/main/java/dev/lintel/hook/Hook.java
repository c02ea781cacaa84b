package dev.lintel.hook;

import dev.lintel.Notice;
import dev.lintel.Webhook;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One receiver: a queue and a thread of its own, so that none waits for another. */
final class Hook {
  private static final Logger LOG = LoggerFactory.getLogger(Hook.class);
  private static final int MOST = 256;

  /** The longest that a try takes. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Webhook hook;
  private final Carrier carrier;
  private final List<Duration> pauses;
  private final LongAdder delivered;
  private final LongAdder lost;
  private final BlockingQueue<Notice> waiting = new ArrayBlockingQueue<>(MOST);
  private final Thread thread;

  /**
   * @param pauses before each further try
   */
  Hook(Webhook hook, Carrier carrier, List<Duration> pauses, LongAdder delivered, LongAdder lost) {
    this.hook = hook;
    this.carrier = carrier;
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
    Carrier.Tried tried = carrier.bring(notice);
    for (Duration pause : pauses) {
      if (!tried.again()) {
        break;
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException closed) {
        lost(notice, "the gateway ends, or the webhook is gone");
        throw closed;
      }
      tried = carrier.bring(notice);
    }
    if (tried.good()) {
      delivered.increment();
    } else {
      lost(notice, tried.why());
    }
  }

  private void lost(Notice notice, String why) {
    lost.increment();
    LOG.warn(
        "{} {} could not be told to {}: {}", notice.kind().word(), notice.id(), hook.host(), why);
  }
}

package dev.lintel.capture;

import dev.lintel.Captured;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Payloads;
import dev.lintel.Payloads.Payload;
import dev.lintel.Sealer;
import dev.lintel.Trail;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Words, seals and stores what calls said, on a thread of its own. What waits for it lies in
 * memory, so that nothing unsealed is ever on a disk; what finds no room there is lost and counted.
 */
public final class Scribe implements Captured.Taker, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scribe.class);

  /** Of what waits. */
  private static final long MOST_BYTES = 64L << 20;

  private static final int BATCH = 100;
  private static final long BATCH_BYTES = 4 << 20;
  private static final long PAUSE_NANOS = Duration.ofMillis(200).toNanos();
  private static final long AWAY_NANOS = Duration.ofSeconds(1).toNanos();
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private record Waiting(Captured captured, long bytes) {}

  private final Supplier<Payloads> payloads;
  private final Sealer sealer;
  private final Wording wording;
  private final InstantSource clock;
  private final long most;
  private final ConcurrentLinkedQueue<Waiting> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private final Thread thread;
  private volatile boolean closed;
  private boolean away;

  /**
   * @param payloads asked for each batch; may throw {@link Failure} {@code UNAVAILABLE}
   * @param redaction takes out of a text what tells of people
   */
  public Scribe(
      Supplier<Payloads> payloads,
      Sealer sealer,
      UnaryOperator<String> redaction,
      InstantSource clock) {
    this(payloads, sealer, redaction, clock, MOST_BYTES);
  }

  Scribe(
      Supplier<Payloads> payloads,
      Sealer sealer,
      UnaryOperator<String> redaction,
      InstantSource clock,
      long most) {
    this.payloads = payloads;
    this.sealer = sealer;
    this.wording = new Wording(redaction);
    this.clock = clock;
    this.most = most;
    this.thread = Thread.ofPlatform().daemon().name("lintel-capture").start(this::goOn);
  }

  @Override
  public boolean hold(long more) {
    boolean room = bytes.addAndGet(more) <= most;
    if (!room) {
      bytes.addAndGet(-more);
    }
    return room;
  }

  @Override
  public void take(Captured captured) {
    long rest =
        1000
            + Wording.original(captured.request())
                .map(known -> (long) known.body().bytes().length)
                .orElse(0L);
    if (closed || !hold(rest)) {
      bytes.addAndGet(-captured.held());
      lost.incrementAndGet();
      return;
    }
    waiting.add(new Waiting(captured, captured.held() + rest));
  }

  /** How many were lost since the start. */
  public long lost() {
    return lost.get();
  }

  /** Bytes that wait, about, with those of answers that are under way. */
  public long waiting() {
    return bytes.get();
  }

  private void goOn() {
    while (!closed) {
      LockSupport.parkNanos(this, PAUSE_NANOS);
      bring(false);
    }
    bring(true);
  }

  private void bring(boolean last) {
    List<Payload> batch = batch();
    while (!batch.isEmpty()) {
      add(batch, last);
      batch = batch();
    }
  }

  private List<Payload> batch() {
    var batch = new ArrayList<Payload>();
    long size = 0;
    while (batch.size() < BATCH && size < BATCH_BYTES) {
      Waiting next = waiting.poll();
      if (next == null) {
        break;
      }
      bytes.addAndGet(-next.bytes);
      size += next.bytes;
      try {
        batch.add(sealed(next.captured));
      } catch (RuntimeException bug) {
        lost.incrementAndGet();
        LOG.error("what {} said cannot be kept", next.captured.trail().id(), bug);
      }
    }
    return batch;
  }

  private Payload sealed(Captured captured) {
    Trail trail = captured.trail();
    return new Payload(
        trail.id(),
        trail.time(),
        trail.caller().tenant(),
        trail.caller().app(),
        trail.user(),
        captured.level(),
        captured.until(),
        sealer.seal(Payload.seal(trail.id()), Json.text(wording.of(captured))));
  }

  /** Waits as long as the store is away; what must be gone meanwhile goes. */
  private void add(List<Payload> sealed, boolean last) {
    List<Payload> batch = sealed;
    while (!batch.isEmpty()) {
      try {
        payloads.get().add(batch);
        if (away) {
          away = false;
          LOG.warn("the store is back and takes what calls said");
        }
        return;
      } catch (Failure failed) {
        if (!away) {
          away = true;
          LOG.warn("the store takes nothing of what calls said: {}", failed.getMessage());
        }
      } catch (RuntimeException bug) {
        lost.addAndGet(batch.size());
        LOG.error("what {} calls said cannot be stored and is lost", batch.size(), bug);
        return;
      }
      if (last || closed) {
        lost.addAndGet(batch.size());
        return;
      }
      LockSupport.parkNanos(this, AWAY_NANOS);
      batch = batch.stream().filter(one -> one.until().isAfter(clock.instant())).toList();
    }
  }

  /** What waits is brought where the store is there. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join(FAREWELL);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}

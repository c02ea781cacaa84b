package dev.lintel.batch;

import dev.lintel.Batch;
import dev.lintel.Batches;
import dev.lintel.Caller;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Rounds;
import dev.lintel.Store;
import dev.lintel.StoredFiles;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works off the batches of the store: a few at once, a bounded number of requests at once. What it
 * leaves when it ends, or dies, the next one goes on with.
 */
public final class Runner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Runner.class);
  private static final Duration LOOK = Duration.ofSeconds(5);

  /** Of a batch that could not go on. */
  private static final Duration REST = Duration.ofSeconds(15);

  /**
   * What a batch needs beside its requests.
   *
   * @param endpoints who serves a path
   * @param callers whose calls a batch's requests are; empty where that app may not call any more
   * @param loops gives the event loop for the next call
   * @param concurrent the most requests that are asked at once
   * @param longestLine the most bytes of a request
   * @param abroad how whole batches are handed on to providers; empty where none are
   */
  public record Means(
      Function<String, Optional<Endpoint>> endpoints,
      Function<Batch, Optional<Caller>> callers,
      Supplier<Executor> loops,
      int concurrent,
      int longestLine,
      InstantSource clock,
      Optional<Abroad> abroad) {}

  private final Store store;
  private final Means means;
  private final Semaphore slots;
  private final Map<String, Run> running = new ConcurrentHashMap<>();
  private final Rounds rounds = new Rounds("lintel-batches", this::look);

  public Runner(Store store, Means means) {
    this.store = store;
    this.means = means;
    this.slots = new Semaphore(means.concurrent(), true);
  }

  /** Looks for work, from now on again and again. */
  public void start() {
    rounds.begin(Duration.ZERO);
    rounds.hurry();
  }

  /** A batch that may be running here is to be cancelled. */
  void cancelled(String id) {
    Run run = running.get(id);
    if (run != null) {
      run.cancelled();
    }
  }

  private Duration look() {
    try {
      while (!closed() && atWork() < means.concurrent()) {
        Optional<Batch> next = batches().take();
        if (next.isEmpty()) {
          break;
        }
        begin(next.get());
      }
    } catch (Failure away) {
      LOG.warn("batches wait for the store: {}", away.message());
    }
    return LOOK;
  }

  /** Without those that wait for a provider. */
  private long atWork() {
    return running.values().stream().filter(run -> !run.waits()).count();
  }

  private void begin(Batch batch) {
    var run = new Run(this, batch);
    running.put(batch.id(), run);
    Thread.ofVirtual()
        .name("lintel-" + batch.id())
        .start(() -> {
          Duration rest = REST;
          boolean here = true;
          try {
            here = !isElsewhere(batch);
            if (!here) {
              return;
            }
            if (run.run() || closed()) {
              rest = Duration.ZERO;
            }
          } finally {
            running.remove(batch.id());
            if (here) {
              batches().letGo(batch.id(), rest);
            } else {
              batches().elsewhere(batch.id());
            }
            rounds.hurry();
          }
        });
  }

  /** Its files lie at another node; once its time is over any may say so. */
  private boolean isElsewhere(Batch batch) {
    try {
      boolean elsewhere =
          means.clock().instant().isBefore(batch.expires()) && files().elsewhere(batch.input());
      if (elsewhere) {
        LOG.info("{} is left to the node that has its files", batch.id());
      }
      return elsewhere;
    } catch (Failure away) {
      // It will not come far here either, and is left for later then.
      return false;
    }
  }

  Batches batches() {
    return store.batches();
  }

  StoredFiles files() {
    return store.files();
  }

  Means means() {
    return means;
  }

  Semaphore slots() {
    return slots;
  }

  boolean closed() {
    return rounds.ended();
  }

  /** Begins no more requests. */
  public void end() {
    rounds.end();
  }

  /** Begins no more requests, and breaks those off that run: they are asked anew another time. */
  @Override
  public void close() {
    close(Duration.ZERO);
  }

  /** The same, but lets those that run end within the time. */
  public void close(Duration patience) {
    end();
    long until = System.nanoTime() + patience.toNanos();
    while (!running.isEmpty() && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(20_000_000);
    }
    running.values().forEach(Run::breakOff);
    long last = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    while (!running.isEmpty() && System.nanoTime() - last < 0) {
      LockSupport.parkNanos(5_000_000);
    }
  }
}

package dev.lintel.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices what other nodes give back or let go of accounts for which calls of this node wait.
 * Nothing is asked while none does.
 */
final class Elsewhere {
  private static final Logger LOG = LoggerFactory.getLogger(Elsewhere.class);
  private static final long LOOK_MILLIS = 50;

  /** As long as any call waits. */
  private static final long LONGEST_NANOS = Duration.ofSeconds(60).toNanos();

  private static final int MOST = 200;

  /** What a call has found that has to wait. */
  private record Found(Place place, long spent, long reserved, long at) {}

  private final ConcurrentMap<String, Found> found = new ConcurrentHashMap<>();
  private final AtomicBoolean looking = new AtomicBoolean();
  private final ScheduledExecutorService worker;
  private final Function<List<Place>, CompletableFuture<List<String>>> levels;
  private final Runnable changed;

  /**
   * @param levels asks Redis how they stand; fails where there is none
   * @param changed told when somebody should look again
   */
  Elsewhere(
      ScheduledExecutorService worker,
      Function<List<Place>, CompletableFuture<List<String>>> levels,
      Runnable changed) {
    this.worker = worker;
    this.levels = levels;
    this.changed = changed;
  }

  /** A call of this node has to wait for others who hold what it wants. */
  void missed(Place place, long spent, long reserved) {
    found.put(place.key(), new Found(place, spent, reserved, System.nanoTime()));
    if (looking.compareAndSet(false, true)) {
      later();
    }
  }

  private void later() {
    try {
      var _ = worker.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException ended) {
      LOG.debug("closed while calls waited");
    }
  }

  private void look() {
    long now = System.nanoTime();
    found.values().removeIf(one -> now - one.at > LONGEST_NANOS);
    List<Found> asked = found.values().stream().limit(MOST).toList();
    if (asked.isEmpty()) {
      looking.set(false);
      // One may have come in between, and have taken this for at work.
      if (!found.isEmpty() && looking.compareAndSet(false, true)) {
        later();
      }
      return;
    }
    var _ =
        levels
            .apply(asked.stream().map(Found::place).toList())
            .handle((reply, failed) -> {
              if (failed != null || compare(asked, reply)) {
                changed.run();
              }
              later();
              return true;
            });
  }

  private boolean compare(List<Found> asked, List<String> reply) {
    var others = new ArrayList<Found>();
    for (int i = 0; i < asked.size(); i++) {
      Found before = asked.get(i);
      long spent = Long.parseLong(reply.get(1 + 3 * i));
      long reserved = Long.parseLong(reply.get(2 + 3 * i));
      if (spent != before.spent || reserved != before.reserved) {
        others.add(before);
      }
    }
    others.forEach(before -> found.remove(before.place.key(), before));
    return !others.isEmpty();
  }
}

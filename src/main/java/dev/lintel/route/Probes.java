package dev.lintel.route;

import dev.lintel.Provider;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Asks providers that rest for a sign of life, off the path of calls: where one answers, calls may
 * find out how it is before its time is over.
 */
public final class Probes {
  private static final long UNDER_WAY = Long.MIN_VALUE;

  private final Standings standings;
  private final Predicate<Provider> answers;
  private final Executor threads;
  private final LongSupplier clock;

  /** When the providers that rest are asked, in nanoseconds after the first look. */
  private final ConcurrentMap<String, Long> due = new ConcurrentHashMap<>();

  private final long origin;

  /**
   * @param answers whether the provider answers what costs nothing; may wait
   * @param threads on which that is found out
   * @param clock counts nanoseconds
   */
  public Probes(
      Standings standings, Predicate<Provider> answers, Executor threads, LongSupplier clock) {
    this.standings = standings;
    this.answers = answers;
    this.threads = threads;
    this.clock = clock;
    this.origin = clock.getAsLong();
  }

  /**
   * To be called often, by one thread at a time; does not wait.
   *
   * @param every how often a provider is asked, by its name; the others never are
   */
  public void look(Map<String, Duration> every, Map<String, Provider> providers) {
    if (every.isEmpty() && due.isEmpty()) {
      return;
    }
    due.keySet().retainAll(every.keySet());
    every.forEach((name, interval) -> {
      Provider provider = providers.get(name);
      if (provider == null || !standings.cooling(provider)) {
        due.remove(name);
        return;
      }
      long now = clock.getAsLong() - origin;
      Long at = due.putIfAbsent(name, now + interval.toNanos());
      if (at != null && at != UNDER_WAY && now >= at) {
        due.put(name, UNDER_WAY);
        threads.execute(() -> {
          try {
            if (answers.test(provider)) {
              standings.stirred(provider);
            }
          } finally {
            due.replace(name, UNDER_WAY, clock.getAsLong() - origin + interval.toNanos());
          }
        });
      }
    });
  }
}

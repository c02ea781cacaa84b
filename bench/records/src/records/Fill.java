package records;

import dev.lintel.DatabaseUrl;
import dev.lintel.Records;
import dev.lintel.store.SqlStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Puts the calls into a store by the way that every record takes, 5,000 at once. */
final class Fill {
  private static final int BATCH = 5000;
  private static final String JOURNAL = "bench";
  private static final SqlStore.Bounds KEPT =
      new SqlStore.Bounds(Duration.ofHours(24), 1 << 20, Duration.ofDays(3650));

  private Fill() {}

  static void fill(String where, Traffic traffic) throws Exception {
    try (SqlStore store =
        where.contains("://")
            ? SqlStore.shared(
                DatabaseUrl.of(where),
                name -> Optional.ofNullable(System.getenv(name)),
                Files.createTempDirectory("lintel-bench"),
                KEPT)
            : SqlStore.embedded(Path.of(where), KEPT, InstantSource.system())) {
      fill(store.records(), traffic);
    }
  }

  private static void fill(Records records, Traffic traffic) {
    // What is there already is not made again: it may be broken off and goes on.
    long first = records.last(JOURNAL) + 1;
    long begun = System.nanoTime();
    long spent = 0;
    long told = begun;
    long toldAt = first;
    var next = made(traffic, first);
    for (long number = first; number < traffic.records(); number += BATCH) {
      List<Records.Entry> batch = next.join();
      next = made(traffic, number + BATCH);
      long before = System.nanoTime();
      records.add(JOURNAL, batch);
      spent += System.nanoTime() - before;
      long now = System.nanoTime();
      if (now - told > 10_000_000_000L) {
        long done = number + batch.size();
        System.out.printf(
            "%,d records, %,d a second%n", done, (done - toldAt) * 1_000_000_000L / (now - told));
        told = now;
        toldAt = done;
      }
    }
    long all = traffic.records() - first;
    System.out.printf(
        "%,d records in %,d s: %,d a second while the store was at work%n",
        all,
        (System.nanoTime() - begun) / 1_000_000_000L,
        spent == 0 ? 0 : all * 1_000_000_000L / spent);
  }

  /** On another thread, while the store is at work on those before. */
  private static CompletableFuture<List<Records.Entry>> made(Traffic traffic, long first) {
    return CompletableFuture.supplyAsync(() ->
        traffic.calls(first, Math.max(first, Math.min(first + BATCH, traffic.records()))));
  }
}

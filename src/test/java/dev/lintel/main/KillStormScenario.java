package dev.lintel.main;

import dev.lintel.store.RealPostgres;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Killed over and over under load, a gateway loses no call whose end was seen, and counts none
 * twice. {@code bench/kill/run} makes a hundred kills of it.
 */
class KillStormScenario {
  private static final int KILLS = Integer.getInteger("lintel.kills", 2);

  /** A young process is slow: for a long storm it gets some time. */
  private static final int LONGEST_LOAD_MS = KILLS < 10 ? 800 : 3000;

  private static final long SEED = Long.getLong("lintel.seed", new Random().nextLong());

  @TempDir private Path folder;

  @Test
  void nothing_is_lost_or_doubled_with_sqlite() throws Exception {
    rage("SQLite", "");
  }

  @Test
  void nothing_is_lost_or_doubled_with_postgresql() throws Exception {
    rage("PostgreSQL", "database: " + RealPostgres.fresh());
  }

  private void rage(String store, String more) throws Exception {
    System.out.println("A storm on " + store + " with the seed " + SEED);
    try (var storm = new Storm(folder, more, KILLS, LONGEST_LOAD_MS, SEED)) {
      System.out.println(store + ": " + storm.rage(KILLS));
    }
  }
}

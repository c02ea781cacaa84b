package dev.lintel.store;

import dev.lintel.Store;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The store that several nodes share keeps the contracts. */
class PostgresStoreTest implements StoreContract {
  private static final SqlStore.Bounds BOUNDS =
      new SqlStore.Bounds(Duration.ofHours(24), 1_000_000);

  @TempDir private Path folder;
  private final MovingClock clock = new MovingClock();
  private final String url = RealPostgres.fresh();
  private SqlStore store;

  @BeforeEach
  void open() {
    store = RealPostgres.store(url, folder, BOUNDS, clock);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  public Store store() {
    return store;
  }

  @Override
  public MovingClock clock() {
    return clock;
  }

  @Override
  public Store reopened() {
    store.close();
    open();
    return store;
  }
}

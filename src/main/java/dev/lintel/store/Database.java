package dev.lintel.store;

import dev.lintel.CallThread;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;

/** Runs SQL on threads of its own. */
interface Database extends AutoCloseable {
  /** Something done with a connection, which it must not keep. */
  @FunctionalInterface
  interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  /**
   * Within a transaction; durable once it is complete. Work that throws leaves no trace, and the
   * work of others is not touched. Fails with {@link dev.lintel.Failure} {@code UNAVAILABLE} where
   * the database cannot do it.
   */
  <T> CompletableFuture<T> write(Work<T> work);

  /** Sees everything that was written before it was asked for. */
  <T> CompletableFuture<T> read(Work<T> work);

  /** Does what was asked for before, and nothing after. */
  @Override
  void close();

  default <T> T written(Work<T> work) {
    return CallThread.await(write(work));
  }

  default <T> T found(Work<T> work) {
    return CallThread.await(read(work));
  }
}

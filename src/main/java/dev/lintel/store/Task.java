package dev.lintel.store;

import dev.lintel.Failure;
import dev.lintel.store.Engine.Fault;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One piece of work and who waits for it. */
final class Task<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Task.class);
  private static final Duration LATER = Duration.ofSeconds(1);
  private static final int TRIES = 4;

  private final Database.Work<T> work;
  private final CompletableFuture<T> done = new CompletableFuture<>();
  private int tries;

  Task(Database.Work<T> work) {
    this.work = work;
  }

  CompletableFuture<T> done() {
    return done;
  }

  /**
   * What completes it once its transaction is durable; empty where it has failed. Throws where not
   * the work but the connection or its moment is to blame.
   */
  Optional<Runnable> run(Connection connection, Engine engine) throws SQLException {
    tries++;
    try {
      T result = work.run(connection);
      return Optional.of(() -> done.complete(result));
    } catch (SQLException failed) {
      if (engine.fault(failed) != Fault.WORK) {
        throw failed;
      }
      LOG.warn("the store did not do what was asked of it: {}", failed.getMessage());
      fail(failed, engine);
    } catch (RuntimeException failed) {
      done.completeExceptionally(failed);
    }
    return Optional.empty();
  }

  /** Whether it may be tried once more. */
  boolean again() {
    return tries < TRIES && !done.isDone();
  }

  void fail(Throwable why) {
    fail("The store cannot be used at the moment.", why);
  }

  void fail(SQLException why, Engine engine) {
    if (engine.full(why)) {
      fail("The store takes nothing more at the moment: its disk is full.", why);
    } else {
      fail((Throwable) why);
    }
  }

  void fail(String sentence, Throwable why) {
    done.completeExceptionally(
        Failure.of(Failure.Kind.UNAVAILABLE, sentence, why).retryAfter(Optional.of(LATER)));
  }
}

package dev.lintel.store;

import dev.lintel.CallThread;
import dev.lintel.Store.Presence;
import dev.lintel.Store.State;
import dev.lintel.store.Engine.Fault;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs SQL on threads of its own: some write, some read, and one opens the database, and opens it
 * anew when it has been away. While it is away nobody waits for it.
 */
final class Database implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Something done with a connection, which it must not keep. */
  @FunctionalInterface
  interface Work<T> {
    /** Runs once more where its transaction was lost before it was committed. */
    T run(Connection connection) throws SQLException;
  }

  private final Engine engine;
  private final Watch watch;
  private final Lane writes;
  private final Lane reads;
  private final Thread opener;
  private final AtomicBoolean started = new AtomicBoolean();
  private volatile boolean closed;

  /** Whether processes use it that have folders of their own. */
  boolean shared() {
    return engine.shared();
  }

  /** The same for the same database, wherever a data folder lies that has one. */
  String place() {
    return engine.shared() ? engine.name() : "embedded";
  }

  /** Opens nothing before {@link #open} or the first work. */
  Database(Engine engine) {
    this.engine = engine;
    watch = new Watch(engine.name());
    writes =
        new Lane(
            "lintel-store-writer-",
            engine,
            watch,
            engine.writers(),
            engine.together(),
            engine::writer,
            this::together);
    reads =
        new Lane(
            "lintel-store-reader-",
            engine,
            watch,
            engine.readers(),
            1,
            engine::reader,
            this::plain);
    opener = Thread.ofPlatform().daemon().name("lintel-store").unstarted(this::keepOpen);
  }

  /** Begins to open it. Does not wait. */
  void open() {
    if (!closed && !started.getAndSet(true)) {
      opener.start();
      writes.start();
      reads.start();
    }
  }

  State state() {
    return watch.state();
  }

  /**
   * Within a transaction; durable once it is complete. Work that throws leaves no trace, and the
   * work of others is not touched. Fails with {@link dev.lintel.Failure} {@code UNAVAILABLE} where
   * the database cannot do it; where the connection broke at the very end it may be done all the
   * same.
   */
  <T> CompletableFuture<T> write(Work<T> work) {
    return add(writes, work);
  }

  /** Sees everything whose writing was complete before it was asked for. */
  <T> CompletableFuture<T> read(Work<T> work) {
    return add(reads, work);
  }

  <T> T written(Work<T> work) {
    return CallThread.await(write(work));
  }

  /** The same for what is deleted and must not be found in the files any more. */
  <T> T shredded(Work<T> work) {
    T done = shred(work);
    settle();
    return done;
  }

  /** The same, but {@link #settle} is left to who has more to shred. */
  <T> T shred(Work<T> work) {
    return written(connection -> {
      shredding(connection, true);
      try {
        return work.run(connection);
      } finally {
        shredding(connection, false);
      }
    });
  }

  /** Within work that writes: whether what it deletes from now on leaves nothing in its place. */
  void shredding(Connection connection, boolean now) throws SQLException {
    engine.shredding(connection, now);
  }

  /**
   * Removes what was shredded, and what was deleted before, from where it still may be.
   *
   * @return false where that cannot be now
   */
  boolean rewrite() {
    try {
      return engine.rewrite();
    } catch (SQLException busy) {
      LOG.warn("what was deleted stays in the store's files for a while: {}", busy.getMessage());
      return false;
    }
  }

  /** Removes what was shredded from where it still may be. */
  void settle() {
    try {
      engine.settle();
    } catch (SQLException busy) {
      LOG.warn("what was deleted stays in the store's log for a while: {}", busy.getMessage());
    }
  }

  <T> T found(Work<T> work) {
    return CallThread.await(read(work));
  }

  private <T> CompletableFuture<T> add(Lane lane, Work<T> work) {
    open();
    var task = new Task<>(work);
    State now = watch.state();
    if (closed) {
      task.fail("The gateway is ending.", new IllegalStateException("closed"));
    } else if (now.presence() == Presence.AWAY || now.presence() == Presence.REFUSED) {
      task.fail(new IllegalStateException(now.why()));
    } else {
      lane.add(task);
    }
    return task.done();
  }

  /** Does what was asked for before, and nothing after. */
  @Override
  public void close() {
    closed = true;
    watch.wake();
    if (started.get()) {
      long until = System.nanoTime() + PATIENCE.toNanos();
      writes.end(PATIENCE);
      reads.end(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
      if (watch.state().presence() == Presence.OPEN) {
        putTogether();
      }
    }
  }

  /** Readers that close at one moment leave the log beside SQLite's file to each other. */
  private void putTogether() {
    try {
      engine.settle();
    } catch (SQLException busy) {
      LOG.debug("the next start reads the store's log: {}", busy.getMessage());
    }
  }

  private void keepOpen() {
    try {
      do {
        if (watch.state().presence() != Presence.OPEN) {
          attempt();
        }
        if (!closed) {
          watch.rest(PAUSE);
        }
      } while (!closed);
    } catch (InterruptedException stopped) {
      LOG.debug("the store is not opened any more");
    }
  }

  private void attempt() {
    try {
      engine.prepare();
      watch.opened();
    } catch (IllegalStateException refused) {
      watch.refused(refused);
    } catch (SQLException | RuntimeException | LinkageError failed) {
      watch.away(failed);
    }
  }

  private void plain(Connection connection, List<Task<?>> tasks) throws SQLException {
    for (Task<?> task : tasks) {
      task.run(connection, engine).ifPresent(Runnable::run);
    }
  }

  private void together(Connection connection, List<Task<?>> tasks) throws SQLException {
    var complete = new ArrayList<Runnable>(tasks.size());
    try {
      engine.begin(connection);
      if (tasks.size() == 1) {
        tasks.getFirst().run(connection, engine).ifPresent(complete::add);
      } else {
        apart(connection, tasks, complete);
      }
    } catch (SQLException failed) {
      undo(connection, failed);
      throw failed;
    }
    if (complete.isEmpty()) {
      engine.rollback(connection);
      return;
    }
    try {
      engine.commit(connection);
    } catch (SQLException failed) {
      if (engine.fault(failed) != Fault.PASSING) {
        // Nobody knows whether it is durable: to do it again might do it twice.
        tasks.forEach(task -> task.fail(failed, engine));
      }
      undo(connection, failed);
      throw failed;
    }
    complete.forEach(Runnable::run);
  }

  /** So that one which fails leaves the others as they are. */
  private void apart(Connection connection, List<Task<?>> tasks, List<Runnable> complete)
      throws SQLException {
    try (Statement marks = connection.createStatement()) {
      for (Task<?> task : tasks) {
        marks.execute("SAVEPOINT task");
        Optional<Runnable> done = task.run(connection, engine);
        if (done.isEmpty()) {
          marks.execute("ROLLBACK TO task");
        }
        marks.execute("RELEASE task");
        done.ifPresent(complete::add);
      }
    }
  }

  private void undo(Connection connection, SQLException failed) {
    try {
      engine.rollback(connection);
    } catch (SQLException gone) {
      // A full disk, for one: SQLite may have rolled all of it back already.
      failed.addSuppressed(gone);
    }
  }
}

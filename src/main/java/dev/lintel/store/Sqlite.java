package dev.lintel.store;

import dev.lintel.Failure;
import dev.lintel.Owned;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.JDBC;

/**
 * The database in one file. One thread writes, everything that waits in one transaction, so that
 * many writers share one flush to the disk; few threads read beside it.
 */
final class Sqlite implements Database {
  private static final Logger LOG = LoggerFactory.getLogger(Sqlite.class);

  /** SQLite's file format: the application's own version of its tables, big-endian. */
  private static final int USER_VERSION_AT = 60;

  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

  private static final int MOST_WAITING = 10_000;
  private static final int MOST_TOGETHER = 256;
  private static final int READERS = 2;
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** One piece of work and who waits for it. */
  private record Task<T>(Work<T> work, CompletableFuture<T> done) {
    /** Completes at once where it fails; else returns what completes it. */
    @Nullable Runnable run(Connection connection) {
      try {
        T result = work.run(connection);
        return () -> done.complete(result);
      } catch (SQLException failed) {
        done.completeExceptionally(unavailable(failed));
      } catch (RuntimeException failed) {
        done.completeExceptionally(failed);
      }
      return null;
    }

    void fail(RuntimeException failure) {
      done.completeExceptionally(failure);
    }
  }

  private final Path file;
  private final BlockingQueue<Task<?>> writes = new LinkedBlockingQueue<>(MOST_WAITING);
  private final BlockingQueue<Task<?>> reads = new LinkedBlockingQueue<>(MOST_WAITING);
  private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
  private final CountDownLatch opened = new CountDownLatch(1);
  private final Work<?> first;
  private final AtomicBoolean started = new AtomicBoolean();
  private volatile boolean closed;

  /** Why it could not be opened; of use until it could. */
  private volatile @Nullable Throwable broken;

  /**
   * Opens nothing yet but for a look at the file. Throws {@link IllegalStateException} with a
   * sentence where a newer version has written it or something else has, {@link
   * UncheckedIOException} where the folder cannot be used.
   *
   * @param first what is written before anything else, once the file is open
   */
  Sqlite(Path file, Work<?> first) {
    this.file = file;
    this.first = first;
    look(file);
  }

  /** Throws as the constructor does. */
  static void look(Path file) {
    try {
      Owned.folder(file.toAbsolutePath().getParent());
      int version = version(file);
      if (version > Migrations.NEWEST) {
        throw new IllegalStateException(Migrations.tooNew(version, Migrations.NEWEST));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException("The store " + file + " cannot be read.", failed);
    }
  }

  /**
   * What the file's own head says: to open it would take native code, which a start has no time
   * for. Throws {@link IllegalStateException} where it is the head of something else.
   */
  private static int version(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) == 0) {
      return 0;
    }
    ByteBuffer head = ByteBuffer.allocate(USER_VERSION_AT + 4);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.read(head);
    }
    if (head.hasRemaining() || Arrays.mismatch(head.array(), MAGIC) < MAGIC.length) {
      throw new IllegalStateException(
          "The store "
              + file
              + " is not a database: put a copy back in its place, or choose another data folder"
              + " with --data DIR.");
    }
    return head.getInt(USER_VERSION_AT);
  }

  /** At the first work: who needs no store does not pay for opening it. */
  private void start() {
    if (closed || started.getAndSet(true)) {
      return;
    }
    run("lintel-store", this::writer);
    for (int i = 0; i < READERS; i++) {
      run("lintel-store-reader-" + i, this::reader);
    }
  }

  private void run(String name, Runnable body) {
    threads.add(Thread.ofPlatform().daemon().name(name).start(body));
  }

  @Override
  public <T> CompletableFuture<T> write(Work<T> work) {
    return queue(writes, work);
  }

  @Override
  public <T> CompletableFuture<T> read(Work<T> work) {
    return queue(reads, work);
  }

  private <T> CompletableFuture<T> queue(BlockingQueue<Task<?>> queue, Work<T> work) {
    start();
    var task = new Task<>(work, new CompletableFuture<T>());
    if (closed || !queue.offer(task)) {
      task.fail(
          Failure.of(
                  Failure.Kind.UNAVAILABLE,
                  closed
                      ? "The gateway is ending."
                      : "The store has more to do than it can; try again in a moment.")
              .retryAfter(java.util.Optional.of(PAUSE)));
    }
    return task.done();
  }

  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      try {
        thread.join(Duration.ofSeconds(10));
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void writer() {
    serve(writes, this::open, this::together);
  }

  private void reader() {
    try {
      while (!opened.await(50, TimeUnit.MILLISECONDS)) {
        Throwable why = closed ? new IllegalStateException("closed") : broken;
        if (why != null) {
          next(reads).forEach(task -> task.fail(unavailable(why)));
        }
        if (closed) {
          return;
        }
      }
    } catch (InterruptedException stopped) {
      return;
    }
    serve(reads, this::connect, Sqlite::oneByOne);
  }

  @FunctionalInterface
  private interface Opening {
    Connection open() throws SQLException;
  }

  @FunctionalInterface
  private interface Serving {
    void serve(Connection connection, List<Task<?>> tasks) throws SQLException;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Until it is closed and nothing waits any more. Where the file cannot be opened, or stops
   * answering, who waits is told so, and it is opened anew.
   */
  private void serve(BlockingQueue<Task<?>> queue, Opening opening, Serving serving) {
    while (!ended(queue)) {
      try (Connection connection = opening.open()) {
        while (!ended(queue)) {
          List<Task<?>> tasks = next(queue);
          if (!tasks.isEmpty()) {
            serving.serve(connection, tasks);
          }
        }
      } catch (SQLException | RuntimeException | LinkageError failed) {
        LOG.error("the store {} cannot be used: {}", file, failed.getMessage());
        broken = failed;
        next(queue).forEach(task -> task.fail(unavailable(failed)));
        if (!closed) {
          pause();
        }
      }
    }
  }

  private boolean ended(BlockingQueue<Task<?>> queue) {
    return closed && queue.isEmpty();
  }

  private List<Task<?>> next(BlockingQueue<Task<?>> queue) {
    var tasks = new ArrayList<Task<?>>();
    try {
      Task<?> first = queue.poll(100, TimeUnit.MILLISECONDS);
      if (first != null) {
        tasks.add(first);
        queue.drainTo(tasks, MOST_TOGETHER - 1);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    return tasks;
  }

  private static void oneByOne(Connection connection, List<Task<?>> tasks) {
    for (Task<?> task : tasks) {
      Runnable complete = task.run(connection);
      if (complete != null) {
        complete.run();
      }
    }
  }

  private void together(Connection connection, List<Task<?>> tasks) throws SQLException {
    var complete = new ArrayList<Runnable>(tasks.size());
    try (Statement statement = connection.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      for (Task<?> task : tasks) {
        statement.execute("SAVEPOINT task");
        Runnable done = task.run(connection);
        if (done == null) {
          statement.execute("ROLLBACK TO task");
        } else {
          complete.add(done);
        }
        statement.execute("RELEASE task");
      }
      statement.execute("COMMIT");
    } catch (SQLException failed) {
      // A full disk, for one: SQLite may have rolled all of it back already.
      tasks.forEach(task -> task.fail(unavailable(failed)));
      throw failed;
    }
    complete.forEach(Runnable::run);
  }

  private Connection open() throws SQLException {
    try {
      Owned.file(file);
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot be written: " + failed.getMessage(), failed);
    }
    Connection connection = connect();
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA journal_mode = WAL");
      int version;
      try (var row = statement.executeQuery("PRAGMA user_version")) {
        version = row.getInt(1);
      }
      Migrations.all()
          .apply(connection, "BEGIN IMMEDIATE", step -> note(connection, step.version()));
      if (version < Migrations.NEWEST) {
        // Into the file's own head, where the next start looks.
        statement.execute("PRAGMA wal_checkpoint(TRUNCATE)");
      }
    } catch (SQLException | RuntimeException failed) {
      connection.close();
      throw failed;
    }
    if (opened.getCount() > 0) {
      var done = new CompletableFuture<Object>();
      together(connection, List.of(new Task<Object>(first::run, done)));
      opened.countDown();
    }
    return connection;
  }

  private static void note(Connection connection, int version) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = " + version);
    }
  }

  private Connection connect() throws SQLException {
    Connection connection = JDBC.createConnection("jdbc:sqlite:" + file, new Properties());
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 5000");
      // A commit that was answered outlasts a power cut, too; many share one flush.
      statement.execute("PRAGMA synchronous = FULL");
    }
    return connection;
  }

  private static Failure unavailable(Throwable failed) {
    return Failure.of(Failure.Kind.UNAVAILABLE, "The store cannot be used at the moment.", failed)
        .retryAfter(java.util.Optional.of(PAUSE));
  }
}

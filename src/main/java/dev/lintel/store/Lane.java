package dev.lintel.store;

import dev.lintel.Store.Presence;
import dev.lintel.Store.State;
import dev.lintel.store.Engine.Fault;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that work off one queue, each with a connection of its own, which it opens when there is
 * something to do.
 */
final class Lane {
  private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
  private static final int MOST_WAITING = 10_000;
  private static final Duration IDLE = Duration.ofMinutes(1);

  /** Ends the thread that takes it. */
  private static final Task<?> END = new Task<>(connection -> true);

  @FunctionalInterface
  interface Opening {
    Connection open() throws SQLException;
  }

  /** Throws where the tasks that are not done by then have left no trace. */
  @FunctionalInterface
  interface Serving {
    void serve(Connection connection, List<Task<?>> tasks) throws SQLException;
  }

  private final Engine engine;
  private final Watch watch;
  private final int together;
  private final Opening opening;
  private final Serving serving;
  private final BlockingQueue<Task<?>> queue = new LinkedBlockingQueue<>(MOST_WAITING);
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean ended;

  /**
   * @param together how many tasks are served at once
   */
  Lane(
      String name,
      Engine engine,
      Watch watch,
      int size,
      int together,
      Opening opening,
      Serving serving) {
    this.engine = engine;
    this.watch = watch;
    this.together = together;
    this.opening = opening;
    this.serving = serving;
    for (int i = 0; i < size; i++) {
      threads.add(Thread.ofPlatform().daemon().name(name + i).unstarted(new Worker()));
    }
  }

  void start() {
    threads.forEach(Thread::start);
  }

  void add(Task<?> task) {
    if (!queue.offer(task)) {
      task.fail(
          "The store has more to do than it can; try again in a moment.",
          new IllegalStateException("the queue is full"));
    }
    if (ended) {
      // Behind the end: nobody would take it.
      failRest(new IllegalStateException("closed"));
    }
  }

  /** Lets its threads do what is there, and end; after that time it is given up. */
  void end(Duration most) {
    long until = System.nanoTime() + most.toNanos();
    try {
      for (int i = 0; i < threads.size(); i++) {
        if (!queue.offer(END, left(until), TimeUnit.NANOSECONDS)) {
          LOG.warn("the store is closed before all that waits is done");
        }
      }
      for (Thread thread : threads) {
        thread.join(Duration.ofNanos(left(until)));
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    ended = true;
    failRest(new IllegalStateException("closed"));
  }

  private static long left(long until) {
    return Math.max(1, until - System.nanoTime());
  }

  private void failRest(Throwable why) {
    var rest = new ArrayList<Task<?>>();
    queue.drainTo(rest);
    rest.forEach(task -> task.fail(why));
  }

  /** One thread. */
  private final class Worker implements Runnable {
    private final List<Task<?>> tasks = new ArrayList<>();
    private @Nullable Connection connection;
    private long born;
    private boolean last;

    @Override
    public void run() {
      try {
        while (!last || !tasks.isEmpty()) {
          if (tasks.isEmpty()) {
            take();
          }
          if (tasks.isEmpty() || System.nanoTime() - born > engine.life().toNanos()) {
            disconnect();
          }
          if (!tasks.isEmpty()) {
            State now = watch.decided();
            if (now.presence() == Presence.OPEN) {
              serve();
            } else {
              disconnect();
              fail(new IllegalStateException(now.why()));
            }
            tasks.removeIf(task -> task.done().isDone());
          }
        }
      } catch (InterruptedException stopped) {
        fail(stopped);
      } finally {
        disconnect();
      }
    }

    private void take() throws InterruptedException {
      Task<?> first = queue.poll(IDLE.toMillis(), TimeUnit.MILLISECONDS);
      if (first != null) {
        tasks.add(first);
        queue.drainTo(tasks, together - 1);
        last = tasks.removeIf(task -> task == END);
      }
    }

    private void serve() {
      try {
        serving.serve(connected(), tasks);
      } catch (SQLException failed) {
        Fault fault = engine.fault(failed);
        switch (fault) {
          case PASSING -> {}
          case WORK, LOST -> disconnect();
          case SILENT -> {
            disconnect();
            watch.away(failed);
          }
          case CROWDED -> LOG.warn("the store has no room: {}", failed.getMessage());
        }
        boolean anew = fault == Fault.PASSING || fault == Fault.LOST;
        tasks.stream()
            .filter(task -> !anew || !task.again())
            .forEach(task -> task.fail(failed, engine));
      } catch (RuntimeException | LinkageError failed) {
        LOG.error("the store's work ended unexpectedly", failed);
        disconnect();
        fail(failed);
      }
    }

    private Connection connected() throws SQLException {
      Connection known = connection;
      if (known == null) {
        try {
          known = opening.open();
        } catch (SQLException failed) {
          if (engine.fault(failed) != Fault.CROWDED) {
            watch.away(failed);
          }
          throw failed;
        }
        connection = known;
        born = System.nanoTime();
      }
      return known;
    }

    private void disconnect() {
      try {
        if (connection != null) {
          connection.close();
        }
      } catch (SQLException failed) {
        LOG.debug("a connection is lost: {}", failed.getMessage());
      }
      connection = null;
    }

    private void fail(Throwable why) {
      tasks.forEach(task -> task.fail(why));
    }
  }
}

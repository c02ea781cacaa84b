package dev.lintel.journal;

import dev.lintel.Failure;
import dev.lintel.Records;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings on what the journal holds: at once to those who tell of it, and in batches to the store,
 * whose absence it waits out. What the store has, the journal forgets.
 */
public final class Courier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Courier.class);
  private static final long LOOK_NANOS = Duration.ofMillis(100).toNanos();
  private static final long BATCH_NANOS = Duration.ofSeconds(1).toNanos();
  private static final int BATCH = 4000;
  private static final long BATCH_BYTES = 1 << 20;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  /** How far one who tells may be behind before it misses something: its output may be stuck. */
  private static final long FARTHEST = 256L << 20;

  /** Tells of calls that have ended. On one thread of the courier's. */
  public interface Hearer {
    /**
     * @param json of the record
     * @param again whether a process before this one has told of it
     */
    void hear(byte[] json, boolean again);

    /** There is no more at the moment. */
    void pause();
  }

  private final MappedJournal journal;
  private final Supplier<Records> records;
  private final Hearer hearer;
  private final Runnable brought;
  private final Reader telling;
  private final Reader bringing;
  private final Thread teller;
  private final Thread bringer;
  private final Arrivals told = new Arrivals();
  private final Arrivals kept = new Arrivals();
  private volatile boolean hurried;
  private volatile boolean closed;
  private volatile boolean away;

  /**
   * Begins at once.
   *
   * @param records asked for each batch; may throw {@link Failure} {@code UNAVAILABLE}, as may they
   * @param brought told about once a second while the store has everything that was in the journal
   *     a moment ago; the first time, what the processes before this one have left
   */
  public Courier(
      MappedJournal journal, Supplier<Records> records, Hearer hearer, Runnable brought) {
    this.journal = journal;
    this.records = records;
    this.hearer = hearer;
    this.brought = brought;
    bringing = journal.reader(Segment.Mark.IMPORTED);
    telling =
        journal.quietReader(
            Math.min(
                journal.folder().mark(Segment.Mark.LOGGED),
                journal.folder().mark(Segment.Mark.IMPORTED)));
    teller = Thread.ofPlatform().daemon().name("lintel-call-log").start(this::tell);
    bringer = Thread.ofPlatform().daemon().name("lintel-courier").start(this::bring);
  }

  /** Whether the store could not be had at the last try. */
  public boolean away() {
    return away;
  }

  /**
   * Hurries to tell of the calls that have ended before, or to bring them: completes with true once
   * either is done, with false where that takes too long.
   */
  public CompletableFuture<Boolean> told(Duration most) {
    long end = journal.end();
    CompletableFuture<Boolean> there = told.at(end, most);
    if (!there.isDone()) {
      LockSupport.unpark(teller);
    }
    // Who tells may be stuck where nobody reads its output.
    return there.isDone() ? there : there.applyToEither(kept.at(end, most), Boolean::booleanValue);
  }

  /**
   * Hurries to bring the calls that have ended before: completes with true once the store has them,
   * with false where that takes too long or the store is away.
   */
  public CompletableFuture<Boolean> brought(Duration most) {
    if (away) {
      return CompletableFuture.completedFuture(false);
    }
    CompletableFuture<Boolean> there = kept.at(journal.end(), most);
    if (!there.isDone()) {
      hurried = true;
      LockSupport.unpark(bringer);
    }
    return there;
  }

  private void tell() {
    long latest = journal.folder().mark(Segment.Mark.LOGGED);
    while (true) {
      boolean ending = closed;
      journal.prepare();
      long before = latest;
      for (var entry = telling.next(); entry.isPresent(); entry = telling.next()) {
        long position = entry.get().position();
        try {
          if (entry.get().hasRecord()) {
            hearer.hear(entry.get().json(), position <= latest);
          }
        } catch (RuntimeException bug) {
          LOG.error("the record at {} cannot be told", position, bug);
        }
        latest = Math.max(latest, position);
      }
      if (latest > before) {
        hearer.pause();
        journal.mark(Segment.Mark.LOGGED, latest);
      }
      told.come(telling.position());
      if (ending) {
        return;
      }
      LockSupport.parkNanos(this, LOOK_NANOS);
    }
  }

  private void bring() {
    journal.left().forEach(this::bring);
    long since = System.nanoTime() - BATCH_NANOS;
    while (true) {
      boolean ending = closed;
      // What is not told of yet is not forgotten, so that telling must be over before.
      boolean last = ending && !teller.isAlive();
      if (ending
          || hurried
          || System.nanoTime() - since >= BATCH_NANOS
          || journal.waiting() >= BATCH_BYTES) {
        hurried = false;
        if (!bring(bringing, journal.folder(), journal.end(), ending)) {
          // What was read and not brought must come first at the next start.
          return;
        }
        kept.come(bringing.position());
        forget();
        since = System.nanoTime();
        makeUse();
      }
      if (last) {
        return;
      }
      LockSupport.parkNanos(this, LOOK_NANOS);
    }
  }

  /** Segments whose records are in the store and told of. */
  private void forget() {
    long base = bringing.base();
    journal.folder().drop(Math.min(base, Math.max(telling.base(), base - FARTHEST)));
  }

  private void makeUse() {
    try {
      brought.run();
    } catch (RuntimeException failed) {
      LOG.warn("what was brought to the store is not made use of: {}", failed.getMessage());
    }
  }

  /** What a process has left that used the data folder beside another. */
  private void bring(Folder left) {
    var reader = new Reader(left, 0, left.end(), journal::torn);
    if (bring(reader, left, Long.MAX_VALUE, false)) {
      try {
        left.clear();
      } catch (IOException failed) {
        LOG.warn("a journal that was brought in is not removed: {}", failed.getMessage());
      }
    }
  }

  /**
   * Everything before that position; false where it was given up. What comes meanwhile waits for
   * the next round: to run after it would make many small transactions under load.
   */
  private boolean bring(Reader from, Folder folder, long until, boolean last) {
    List<Records.Entry> batch = batch(from, until);
    while (!batch.isEmpty()) {
      if (!add(folder.name(), batch, last)) {
        return false;
      }
      if (folder == journal.folder()) {
        journal.mark(Segment.Mark.IMPORTED, batch.getLast().position());
        kept.come(from.position());
        forget();
      }
      batch = batch(from, until);
    }
    return true;
  }

  private static List<Records.Entry> batch(Reader from, long until) {
    var batch = new ArrayList<Records.Entry>();
    long bytes = 0;
    while (batch.size() < BATCH && bytes < BATCH_BYTES * 4 && from.position() < until) {
      Optional<Records.Entry> next = from.next();
      if (next.isEmpty()) {
        break;
      }
      batch.add(next.get());
      bytes += next.get().json().length;
    }
    return batch;
  }

  /** Waits as long as the store is away; false where there is no time for that. */
  private boolean add(String name, List<Records.Entry> batch, boolean last) {
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        records.get().add(name, batch);
        if (away) {
          away = false;
          LOG.warn("the store is back and takes the records of calls");
        }
        return true;
      } catch (Failure failed) {
        if (failed.kind() != Failure.Kind.UNAVAILABLE) {
          return addOneByOne(name, batch, failed, last);
        }
        if (!away) {
          away = true;
          LOG.warn("the store takes no records, they wait in the journal: {}", failed.getMessage());
        }
      } catch (RuntimeException bug) {
        return addOneByOne(name, batch, bug, last);
      }
      if (last || closed) {
        return false;
      }
      LockSupport.parkNanos(this, pause.toNanos());
      Duration twice = pause.multipliedBy(2);
      pause = twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
    }
  }

  /** So that one which cannot be stored does not keep the others out. */
  private boolean addOneByOne(
      String name, List<Records.Entry> batch, RuntimeException why, boolean last) {
    if (batch.size() == 1) {
      LOG.error(
          "a record cannot be stored and is lost: {}",
          new String(batch.getFirst().json(), StandardCharsets.UTF_8),
          why);
      journal.lost(1);
      return true;
    }
    for (Records.Entry entry : batch) {
      if (!add(name, List.of(entry), last)) {
        return false;
      }
    }
    return true;
  }

  /** What is in the journal is told, and brought where the store is there. */
  @Override
  public void close() {
    closed = true;
    for (Thread thread : List.of(teller, bringer)) {
      LockSupport.unpark(thread);
      try {
        thread.join(FAREWELL);
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

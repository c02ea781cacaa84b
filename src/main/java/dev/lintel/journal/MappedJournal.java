package dev.lintel.journal;

import dev.lintel.CallRecord;
import dev.lintel.Counters;
import dev.lintel.Failure;
import dev.lintel.Journal;
import dev.lintel.Owned;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal as mapped files. What was appended lies in the kernel's memory and is written to the
 * disk by it, so that the process may die at any moment; who appends neither locks nor calls the
 * kernel, but where a segment is full.
 */
public final class MappedJournal implements Journal {
  private static final Logger LOG = LoggerFactory.getLogger(MappedJournal.class);
  private static final String FOLDER = "journal";

  /** So many processes may share a data folder. */
  private static final int MOST_FOLDERS = 64;

  /** Of pens that wait; a power of two. */
  private static final int PENS = 16;

  private static final long AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

  /** The size of a segment, some 15,000 calls. */
  public static final int SEGMENT = 16 << 20;

  private record Key(String account, Instant period) {}

  private final Folder folder;
  private final List<Folder> left;

  /** Where this process began to write. */
  private final long written;

  private final Stamp stamp = new Stamp();
  private final AtomicReferenceArray<Pen> pens = new AtomicReferenceArray<>(PENS);
  private final Owed owed = new Owed();
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong torn = new AtomicLong();
  private final ReentrantLock rolling = new ReentrantLock();
  private volatile @Nullable Segment current;
  private volatile @Nullable Segment spare;
  private volatile boolean full;
  private volatile boolean closed;
  private long failedAt = System.nanoTime() - AGAIN_NANOS;
  private long lostBefore;

  private MappedJournal(Folder folder, List<Folder> left) {
    this.folder = folder;
    this.left = left;
    this.written = folder.end();
    torn.addAndGet(folder.broken());
    rolling.lock();
    try {
      roll();
    } finally {
      rolling.unlock();
    }
  }

  /**
   * The journal of a data folder, or one beside it where another process has it. Throws {@link
   * UncheckedIOException} where the folder cannot be used.
   */
  public static MappedJournal open(Path data) {
    return open(data, SEGMENT);
  }

  static MappedJournal open(Path data, int size) {
    try {
      Owned.folder(data.toAbsolutePath());
      Folder mine = null;
      var left = new ArrayList<Folder>();
      for (int i = 1; i <= MOST_FOLDERS; i++) {
        Path path = data.resolve(i == 1 ? FOLDER : FOLDER + "-" + i);
        boolean there = Files.exists(path);
        if (mine != null && !there) {
          break;
        }
        Optional<Folder> locked = Folder.lock(path, size);
        if (locked.isEmpty()) {
          LOG.info("another process writes its journal to {}", path);
        } else if (mine == null) {
          mine = locked.get();
        } else if (locked.get().segments().isEmpty()) {
          locked.get().close();
        } else {
          left.add(locked.get());
        }
      }
      if (mine == null) {
        throw new IOException("too many processes write their journals to " + data);
      }
      return new MappedJournal(mine, List.copyOf(left));
    } catch (IOException failed) {
      throw new UncheckedIOException(
          "The journal in " + data + " cannot be used: " + failed.getMessage(), failed);
    }
  }

  @Override
  public void append(CallRecord record, List<Counters.Charge> charges) {
    List<Counters.Charge> all = owed.with(charges);
    Pen pen = take();
    try {
      if (!pen.write(record, stamp.of(record.time()), all)) {
        throw refused("The record of a call is too long for the journal.", null);
      }
      put(pen);
    } catch (Failure noRoom) {
      lost.incrementAndGet();
      owed.add(all);
      throw noRoom;
    } finally {
      give(pen);
    }
  }

  @Override
  public void charge(List<Counters.Charge> charges) {
    List<Counters.Charge> all = owed.with(charges);
    Pen pen = take();
    try {
      if (!pen.write(all)) {
        throw refused("What a call used is too long for the journal.", null);
      }
      put(pen);
    } catch (Failure noRoom) {
      LOG.debug("it is owed: {}", noRoom.getMessage());
      owed.add(all);
    } finally {
      give(pen);
    }
  }

  private void put(Pen pen) {
    try {
      Segment now = current;
      while (now == null || now.append(pen.buffer(), pen.used(), pen.sum) < 0) {
        now = next(now);
      }
    } catch (InternalError noRoom) {
      // How the JVM tells that a mapped page could not be had.
      throw refused("The journal's disk does not take what is written.", noRoom);
    }
  }

  private static Failure refused(String why, @Nullable Throwable cause) {
    return cause == null
        ? Failure.of(Failure.Kind.UNAVAILABLE, why)
        : Failure.of(Failure.Kind.UNAVAILABLE, why, cause);
  }

  private Pen take() {
    int first = (int) Thread.currentThread().threadId() & 1;
    for (int i = 0; i < PENS; i++) {
      Pen kept = pens.getAndSet(i ^ first, null);
      if (kept != null) {
        return kept;
      }
    }
    return new Pen();
  }

  private void give(Pen pen) {
    pen.rest();
    int first = (int) Thread.currentThread().threadId() & 1;
    for (int i = 0; i < PENS; i++) {
      if (pens.compareAndSet(i ^ first, null, pen)) {
        return;
      }
    }
  }

  /** The segment after that one, which is full. */
  private Segment next(@Nullable Segment before) {
    rolling.lock();
    try {
      if (current == before && !closed) {
        roll();
      }
      Segment now = current;
      if (now == null || now == before) {
        throw refused("The journal has no room for the record of a call.", null);
      }
      return now;
    } finally {
      rolling.unlock();
    }
  }

  /** Goes on in another segment where one can be had. Under the lock. */
  private void roll() {
    make();
    Segment made = spare;
    if (made != null) {
      made.mark(Segment.Mark.LOGGED, folder.mark(Segment.Mark.LOGGED));
      made.mark(Segment.Mark.IMPORTED, folder.mark(Segment.Mark.IMPORTED));
      folder.add(made);
      current = made;
      spare = null;
    }
  }

  /** Where there is no spare segment; not more often than once a second where that fails. */
  private void make() {
    if (spare != null || System.nanoTime() - failedAt < AGAIN_NANOS) {
      return;
    }
    try {
      spare = folder.make();
      if (full) {
        full = false;
        LOG.warn(
            "the journal has room again; the records of {} calls are lost",
            lost.get() - lostBefore);
      }
    } catch (IOException | RuntimeException noRoom) {
      failedAt = System.nanoTime();
      if (!full) {
        lostBefore = lost.get();
        full = true;
        LOG.error("the journal finds no room for another segment: {}", noRoom.getMessage());
      }
    }
  }

  /** Has the next segment ready before the one in use is full. Often, not on a call's thread. */
  void prepare() {
    Segment now = current;
    if (now != null && !full && (spare != null || now.used() < now.size() / 2)) {
      return;
    }
    rolling.lock();
    try {
      if (!closed) {
        make();
      }
    } finally {
      rolling.unlock();
    }
  }

  /**
   * Goes on in another segment where one can be had, so that the one in use is forgotten once the
   * store has what is in it.
   */
  public void turn() {
    rolling.lock();
    try {
      Segment now = current;
      if (closed || now == null || now.used() == Segment.HEAD) {
        return;
      }
      make();
      if (spare != null) {
        now.seal();
        roll();
      }
    } finally {
      rolling.unlock();
    }
  }

  /** Whether records are lost, or soon will be, because there is no room for them. */
  public boolean full() {
    return full;
  }

  /** How many records were lost since the start: no room, or torn before it. */
  public long lost() {
    return lost.get() + torn.get();
  }

  /** Bytes that are not in the store yet, about. */
  public long waiting() {
    Segment now = current;
    return now == null
        ? 0
        : Math.max(0, now.base() + now.used() - folder.mark(Segment.Mark.IMPORTED));
  }

  /** Whether anything that was appended before that position still lies on the disk. */
  public boolean holds(long position) {
    var first = folder.segments().firstEntry();
    return first != null && first.getKey() + Segment.HEAD < position;
  }

  /** Behind all that was appended before. */
  public long end() {
    Segment now = current;
    return now == null ? 0 : now.base() + now.used();
  }

  /** One name for as long as positions grow. */
  public String name() {
    return folder.name();
  }

  Folder folder() {
    return folder;
  }

  /** What processes have left that used the data folder beside another. */
  List<Folder> left() {
    return left;
  }

  /** From behind the mark on. */
  Reader reader(Segment.Mark mark) {
    return new Reader(folder, folder.mark(mark), written, this::torn);
  }

  Reader quietReader(long after) {
    return new Reader(folder, after, written, position -> {});
  }

  void lost(int more) {
    torn.addAndGet(more);
  }

  void torn(long position) {
    lost(1);
    LOG.error("the journal is torn at {}: what stood there is lost", position);
  }

  void mark(Segment.Mark mark, long position) {
    Segment now = current;
    if (now != null) {
      now.mark(mark, position);
    }
  }

  /**
   * The sum of what the processes before this one have charged and the store may not have. Before
   * anything reads on.
   */
  public List<Counters.Charge> charges() {
    var sums = new HashMap<Key, Long>();
    add(folder, sums);
    left.forEach(one -> add(one, sums));
    return sums.entrySet().stream()
        .map(sum -> new Counters.Charge(sum.getKey().account, sum.getKey().period, sum.getValue()))
        .toList();
  }

  private void add(Folder from, Map<Key, Long> sums) {
    long end = from == folder ? written : from.end();
    var reader = new Reader(from, from.mark(Segment.Mark.IMPORTED), end, position -> {});
    for (var entry = reader.next();
        entry.isPresent() && entry.get().position() < end;
        entry = reader.next()) {
      for (Counters.Charge charge : entry.get().charges()) {
        sums.merge(new Key(charge.account(), charge.period()), charge.amount(), Math::addExact);
      }
    }
  }

  @Override
  public void close() {
    rolling.lock();
    try {
      closed = true;
      current = null;
      Segment unused = spare;
      spare = null;
      if (unused != null) {
        unused.drop();
      }
    } catch (IOException failed) {
      LOG.debug("an unused segment stays: {}", failed.getMessage());
    } finally {
      rolling.unlock();
    }
    folder.close();
    left.forEach(Folder::close);
  }
}

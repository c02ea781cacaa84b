package dev.lintel.journal;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * A file of the journal, mapped into memory. Entries stand one behind the other at multiples of
 * eight: a word for the length, a checksum, the payload. The length is written last, so that who
 * reads it finds the rest; a checksum over the payload and its position tells an entry from what a
 * crash has left in its place.
 *
 * <p>The first entry begins after the head: magic, the position of the segment in the journal, and
 * two marks of how far it has been read.
 */
final class Segment {
  static final int HEAD = 64;
  static final int ENTRY_HEAD = 8;

  /** Bounds what a search for the next whole entry takes where bytes are garbage. */
  static final int LONGEST = 1 << 20;

  private static final long MAGIC = 0x4c4e544c4a524e31L;
  private static final long BASE_AT = 8;

  /** Nothing comes after it in this segment: the next entry found no room. */
  private static final int END = -1;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final VarHandle LENGTH = INT.varHandle();
  private static final VarHandle WORD = LONG.varHandle();

  /** How far something has come, as a position; outlasts the process. */
  enum Mark {
    LOGGED(32),
    IMPORTED(40);

    private final long at;

    Mark(long at) {
      this.at = at;
    }
  }

  /** What a reader finds at a place. */
  enum State {
    WHOLE,
    /** An entry that its writer gave up. */
    VOID,
    /** Nothing yet. */
    OPEN,
    END,
    /** Neither an entry nor nothing. */
    TORN
  }

  private final Path file;
  private final Arena arena;
  private final MemorySegment memory;
  private final int size;
  private final long base;
  private final AtomicLong tail = new AtomicLong(HEAD);

  private Segment(Path file, Arena arena, MemorySegment memory, long base) {
    this.file = file;
    this.arena = arena;
    this.memory = memory;
    this.size = Math.toIntExact(memory.byteSize());
    this.base = base;
  }

  /**
   * A new one. All of it is written once, so that the disk has given the room before anybody counts
   * on it: a hole in a mapped file that finds no room kills who writes there.
   *
   * @param size a multiple of eight
   */
  static Segment make(Path file, int size, long base) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".part");
    try {
      try (var channel =
          FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        var zeros = ByteBuffer.allocateDirect(1 << 16);
        for (long left = size; left > 0; left -= zeros.limit()) {
          zeros.clear().limit((int) Math.min(left, zeros.capacity()));
          while (zeros.hasRemaining()) {
            channel.write(zeros);
          }
        }
        channel.write(ByteBuffer.allocate(16).putLong(MAGIC).putLong(base).flip(), 0);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException full) {
      Files.deleteIfExists(draft);
      throw full;
    }
    return open(file);
  }

  /** One that is there. Throws {@link IOException} where it is none. */
  static Segment open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      var head = ByteBuffer.allocate(16);
      channel.read(head, 0);
      if (head.hasRemaining() || head.getLong(0) != MAGIC || channel.size() < HEAD) {
        throw new IOException(file + " is no segment of a journal");
      }
      // Where a file was cut, what is left of it counts.
      long size = channel.size() / 8 * 8;
      MemorySegment memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
      return new Segment(file, arena, memory, head.getLong((int) BASE_AT));
    } catch (IOException | RuntimeException failed) {
      arena.close();
      throw failed;
    }
  }

  long base() {
    return base;
  }

  int size() {
    return size;
  }

  /** How much of it is taken by entries of this process. */
  int used() {
    return (int) Math.min(tail.get(), size);
  }

  /** The room that an entry with that payload takes. */
  static int room(int payload) {
    return (ENTRY_HEAD + payload + 7) & -8;
  }

  /**
   * Any thread; nobody waits for another.
   *
   * @param sum a scratch of the caller's own
   * @return the place of the entry; -1 where there is no room
   */
  int append(byte[] payload, int length, CRC32C sum) {
    int room = room(length);
    long at = tail.getAndAdd(room);
    if (at + room > size) {
      end(at);
      return -1;
    }
    boolean whole = false;
    try {
      MemorySegment.copy(payload, 0, memory, ValueLayout.JAVA_BYTE, at + ENTRY_HEAD, length);
      memory.set(INT, at + 4, sum(sum, payload, length, base + at));
      LENGTH.setRelease(memory, at, length);
      whole = true;
      return (int) at;
    } finally {
      if (!whole) {
        LENGTH.setRelease(memory, at, -length - 1);
      }
    }
  }

  /** Takes no more. */
  void seal() {
    end(tail.getAndAdd(size));
  }

  private void end(long at) {
    if (at + ENTRY_HEAD <= size) {
      LENGTH.setRelease(memory, at, END);
    }
  }

  private static int sum(CRC32C sum, byte[] payload, int length, long position) {
    sum.reset();
    sum.update(payload, 0, length);
    long mixed = sum.getValue() ^ position * 0x9e3779b97f4a7c15L;
    return (int) (mixed ^ mixed >>> 32);
  }

  /** What {@link #state} has read. For one thread at a time. */
  static final class Lens {
    private final CRC32C sum = new CRC32C();
    private byte[] bytes = new byte[1 << 12];
    private int length;

    /** Of the entry that was whole; until the next is read. */
    ByteBuffer payload() {
      return ByteBuffer.wrap(bytes, 0, length);
    }
  }

  /** Where there is a whole entry, the lens has its payload. */
  State state(int at, Lens lens) {
    if (at + ENTRY_HEAD > size) {
      return State.END;
    }
    int length = length(at);
    if (length == 0) {
      return State.OPEN;
    }
    if (length == END) {
      return State.END;
    }
    if (length < 0) {
      return length >= -LONGEST - 1 && at + room(-length - 1) <= size ? State.VOID : State.TORN;
    }
    return length <= LONGEST && at + room(length) <= size && sound(at, length, lens)
        ? State.WHOLE
        : State.TORN;
  }

  private boolean sound(int at, int length, Lens lens) {
    if (lens.bytes.length < length) {
      lens.bytes = new byte[Math.max(length, lens.bytes.length * 2)];
    }
    lens.length = length;
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at + ENTRY_HEAD, lens.bytes, 0, length);
    return memory.get(INT, at + 4) == sum(lens.sum, lens.bytes, length, base + at);
  }

  private int length(int at) {
    return (int) LENGTH.getAcquire(memory, (long) at);
  }

  /** The place behind an entry that is whole or void. */
  int after(int at) {
    int length = length(at);
    return at + room(length < 0 ? -length - 1 : length);
  }

  /** The next whole entry from there on; the segment's size where there is none. */
  int search(int from) {
    var lens = new Lens();
    int at = from;
    while (at + ENTRY_HEAD <= size) {
      // Zeros are passed over by words: most of a segment may be empty.
      if (memory.get(LONG, at) != 0 && length(at) > 0 && state(at, lens) == State.WHOLE) {
        return at;
      }
      at += 8;
    }
    return size;
  }

  /** Whether nothing was ever written from there on. */
  boolean empty(int from) {
    for (int at = from; at + 8 <= size; at += 8) {
      if (memory.get(LONG, at) != 0) {
        return false;
      }
    }
    return true;
  }

  long mark(Mark mark) {
    return (long) WORD.getAcquire(memory, mark.at);
  }

  void mark(Mark mark, long position) {
    WORD.setRelease(memory, mark.at, position);
  }

  /** Leaves the file. Nobody may read or write it any more. */
  void close() {
    arena.close();
  }

  /** The same without leaving the file. */
  void drop() throws IOException {
    close();
    Files.deleteIfExists(file);
  }
}

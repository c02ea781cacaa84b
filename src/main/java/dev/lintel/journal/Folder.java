package dev.lintel.journal;

import dev.lintel.Owned;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The segments of one journal, in a folder that no other process uses meanwhile. Its name holds as
 * long as there is a segment from whose position the next one goes on.
 */
final class Folder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Folder.class);
  private static final String SUFFIX = ".seg";

  private final Path path;
  private final FileChannel lock;
  private final String name;
  private final ConcurrentSkipListMap<Long, Segment> segments = new ConcurrentSkipListMap<>();
  private final int size;
  private long end;
  private int broken;

  private Folder(Path path, FileChannel lock, int size) throws IOException {
    this.path = path;
    this.lock = lock;
    this.size = size;
    open();
    this.name = segments.isEmpty() ? newName() : knownName();
  }

  /**
   * Empty where another has it. Throws where it cannot be made.
   *
   * @param size of the segments that are made
   */
  static Optional<Folder> lock(Path path, int size) throws IOException {
    Owned.folder(path.toAbsolutePath());
    Path file = path.resolve("lock");
    Owned.file(file);
    FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return Optional.of(new Folder(path, channel, size));
      }
    } catch (OverlappingFileLockException inThisProcess) {
      LOG.debug("{} is held by this process", file);
    } catch (IOException | RuntimeException failed) {
      channel.close();
      throw failed;
    }
    channel.close();
    return Optional.empty();
  }

  private void open() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(path)) {
      files = all.sorted().toList();
    }
    for (Path file : files) {
      String called = file.getFileName().toString();
      if (called.endsWith(".part")) {
        Files.deleteIfExists(file);
      } else if (called.endsWith(SUFFIX)) {
        // By the name and the usual size, whatever is left of the file: no position twice.
        end = Math.max(end, position(called) + Math.max(size, Files.size(file)));
        try {
          Segment segment = Segment.open(file);
          segments.put(segment.base(), segment);
        } catch (IOException | RuntimeException unreadable) {
          broken++;
          Path aside = file.resolveSibling(called + ".broken");
          LOG.error("{} cannot be read and is set aside: {}", file, unreadable.getMessage());
          Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private static long position(String called) {
    try {
      return Long.parseLong(called, 0, called.length() - SUFFIX.length(), 16);
    } catch (NumberFormatException notOurs) {
      return 0;
    }
  }

  private String newName() throws IOException {
    String made = UUID.randomUUID().toString();
    Path draft = path.resolve("name.part");
    Files.writeString(draft, made);
    Files.move(
        draft,
        path.resolve("name"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    return made;
  }

  private String knownName() throws IOException {
    Path file = path.resolve("name");
    return Files.exists(file) ? Files.readString(file).strip() : newName();
  }

  /** One name for as long as positions grow. */
  String name() {
    return name;
  }

  /** How many segments could not even be opened. */
  int broken() {
    return broken;
  }

  /** By their positions; those that are added while somebody reads are seen. */
  ConcurrentSkipListMap<Long, Segment> segments() {
    return segments;
  }

  /** Where the segment begins that comes after all that are there. */
  long end() {
    return end;
  }

  /** The next one, which is not among the segments yet. */
  Segment make() throws IOException {
    return Segment.make(path.resolve("%016x".formatted(end) + SUFFIX), size, end);
  }

  /** From now on it is. */
  void add(Segment made) {
    segments.put(made.base(), made);
    end = made.base() + made.size();
  }

  /** The furthest that any segment says. */
  long mark(Segment.Mark mark) {
    return segments.values().stream().mapToLong(one -> one.mark(mark)).max().orElse(0);
  }

  /** Forgets the segments before that one; the last one stays, for its position. */
  void drop(long base) {
    while (segments.size() > 1 && segments.firstKey() < base) {
      Segment first = segments.pollFirstEntry().getValue();
      try {
        first.drop();
      } catch (IOException failed) {
        LOG.warn("a segment of {} is not removed: {}", path, failed.getMessage());
      }
    }
  }

  /** Forgets all of them, and with them the name. */
  void clear() throws IOException {
    while (!segments.isEmpty()) {
      segments.pollFirstEntry().getValue().drop();
    }
  }

  @Override
  public void close() {
    segments.values().forEach(Segment::close);
    segments.clear();
    try {
      lock.close();
    } catch (IOException failed) {
      LOG.debug("the lock was lost: {}", failed.getMessage());
    }
  }
}

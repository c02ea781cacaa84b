package dev.lintel.store;

import dev.lintel.AuditTrail.Head;
import dev.lintel.Owned;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where this node's chain ends, beside the database: two places that are written in turn, so that
 * one is whole whenever the process dies. What it says counts only where the seal is good.
 */
final class HeadFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeadFile.class);
  private static final int PLACE = 512;
  private static final int PLACES = 2;

  private final Path file;
  private final FileChannel channel;
  private boolean said;
  private boolean unforced;

  HeadFile(Path file) throws IOException {
    this.file = file;
    Owned.folder(file.toAbsolutePath().getParent());
    Owned.file(file);
    channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** The same of a file that is not to be written. */
  static Optional<Head> look(Path file, Predicate<Head> good) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(channel, good);
    }
  }

  /** The furthest of those that are good. */
  synchronized Optional<Head> read(Predicate<Head> good) throws IOException {
    return read(channel, good);
  }

  private static Optional<Head> read(FileChannel channel, Predicate<Head> good) throws IOException {
    Optional<Head> furthest = Optional.empty();
    for (int place = 0; place < PLACES; place++) {
      ByteBuffer bytes = ByteBuffer.allocate(PLACE);
      channel.read(bytes, (long) place * PLACE);
      String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
      String[] words = text.lines().findFirst().orElse("").split(" ", -1);
      if (words.length == 4 && words[1].matches("[0-9]{1,18}")) {
        Head head = new Head(words[0], Long.parseLong(words[1]), words[2], words[3]);
        if (good.test(head)
            && furthest.map(other -> other.sequence() < head.sequence()).orElse(true)) {
          furthest = Optional.of(head);
        }
      }
    }
    return furthest;
  }

  /** Safe from the death of the process when it returns; from that of the machine by and by. */
  synchronized void write(Head head) {
    String line =
        String.join(
            " ", head.node(), Long.toString(head.sequence()), head.hash(), head.seal() + "\n");
    try {
      channel.write(
          ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)),
          head.sequence() % PLACES * PLACE);
      unforced = true;
      said = false;
    } catch (IOException failed) {
      if (!said) {
        said = true;
        LOG.error(
            "{} cannot be written, so that the end of the chain of evidence is known to the"
                + " database alone: {}",
            file,
            failed.getMessage());
      }
    }
  }

  synchronized void force() {
    try {
      if (unforced) {
        unforced = false;
        channel.force(false);
      }
    } catch (IOException failed) {
      LOG.debug("{} is not forced: {}", file, failed.getMessage());
    }
  }

  @Override
  public synchronized void close() {
    force();
    try {
      channel.close();
    } catch (IOException failed) {
      LOG.debug("{}: {}", file, failed.getMessage());
    }
  }
}

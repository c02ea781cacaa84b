package dev.lintel.store;

import dev.lintel.Disk;
import dev.lintel.Failure;
import dev.lintel.Owned;
import dev.lintel.Spool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Keeps what waits in a folder, each run of bytes in a file that goes with it. What a gateway that
 * was killed left behind goes when the next one opens the folder.
 */
public final class SpoolFolder implements Spool {
  private static final String ENDING = ".upload";

  private final Path folder;

  public SpoolFolder(Path folder) {
    this.folder = folder;
    clear();
  }

  private void clear() {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (var left = Files.newDirectoryStream(folder, "*" + ENDING)) {
      for (Path file : left) {
        Files.deleteIfExists(file);
      }
    } catch (IOException broken) {
      throw new UncheckedIOException("cannot clear the folder " + folder, broken);
    }
  }

  @Override
  public Slot open() {
    try {
      Owned.folder(folder.toAbsolutePath());
      Path file = Files.createTempFile(folder, "", ENDING);
      try {
        var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new Run(file, channel);
      } catch (IOException unopened) {
        Files.deleteIfExists(file);
        throw unopened;
      }
    } catch (IOException full) {
      throw noRoom(full);
    }
  }

  private static Failure noRoom(IOException cause) {
    return Failure.of(
        Failure.Kind.UNAVAILABLE,
        "The gateway could not keep the upload: " + Disk.trouble(cause) + ".",
        cause);
  }

  private record Run(Path file, FileChannel channel) implements Slot {
    @Override
    public void write(byte[] bytes) {
      try {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
          channel.write(left);
        }
      } catch (IOException full) {
        throw noRoom(full);
      }
    }

    @Override
    public byte[] read(long from, int most) {
      try {
        ByteBuffer into = ByteBuffer.allocate(most);
        while (into.hasRemaining() && channel.read(into, from + into.position()) >= 0) {
          // A read may give less than there is.
        }
        return into.hasRemaining() ? Arrays.copyOf(into.array(), into.position()) : into.array();
      } catch (IOException broken) {
        throw noRoom(broken);
      }
    }

    @Override
    public void close() {
      try {
        channel.close();
        Files.deleteIfExists(file);
      } catch (IOException stuck) {
        throw new UncheckedIOException("cannot delete " + file, stuck);
      }
    }
  }
}

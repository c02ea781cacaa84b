package dev.lintel.main;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * A file system of few megabytes in memory. It is mounted in a namespace of its own, for which
 * nobody needs to be root; a process that waits there holds it, and others enter its namespace or
 * reach it through its root.
 */
final class SmallDisk implements AutoCloseable {
  private final Process holder;
  private final Path root;

  private SmallDisk(Process holder, Path root) {
    this.holder = holder;
    this.root = root;
  }

  /** Skips the test where this machine permits no such thing. */
  static SmallDisk of(Path at, int megabytes) throws IOException {
    Process holder;
    try {
      holder =
          new ProcessBuilder(
                  "unshare",
                  "-rm",
                  "sh",
                  "-c",
                  "mount -t tmpfs -o size="
                      + megabytes
                      + "m tmpfs \"$0\" && echo mounted && exec cat",
                  at.toString())
              .redirectErrorStream(true)
              .start();
    } catch (IOException noSuchProgram) {
      Assumptions.abort("no file system can be made here: " + noSuchProgram.getMessage());
      throw noSuchProgram;
    }
    var lines =
        new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8));
    String said = lines.readLine();
    Path root = Path.of("/proc", Long.toString(holder.pid()), "root", at.toString());
    boolean there = "mounted".equals(said) && Files.isWritable(root);
    if (!there) {
      holder.destroyForcibly();
    }
    Assumptions.assumeTrue(
        there, "a file system of its own may not be mounted here (unshare -rm): " + said);
    return new SmallDisk(holder, root);
  }

  /** Of a command that sees it. */
  List<String> within() {
    return List.of(
        "nsenter",
        "--target=" + holder.pid(),
        "--user",
        "--mount",
        "--preserve-credentials",
        "--wd=" + Path.of("").toAbsolutePath());
  }

  private Path ballast() {
    return root.resolve("ballast");
  }

  /** Until nothing more goes on it. */
  void fill() {
    var zeros = ByteBuffer.allocate(1 << 12);
    try (var file =
        FileChannel.open(ballast(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        file.write(zeros.clear());
      }
    } catch (IOException full) {
      if (!String.valueOf(full.getMessage()).contains("No space left")) {
        throw new UncheckedIOException(full);
      }
    }
  }

  void free() throws IOException {
    Files.delete(ballast());
  }

  /** Whoever still uses it keeps it until it ends. */
  @Override
  public void close() {
    holder.destroyForcibly();
  }
}

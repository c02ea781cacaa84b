package dev.lintel.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a configuration file from time to time and tells of what has changed. It reads the
 * content, not the date: editors and Kubernetes replace files in ways that keep one or the other.
 *
 * <p>A change counts once two looks have seen the same, so that a file is not read while it is
 * being written.
 */
public final class Watch implements AutoCloseable {
  private final Path file;
  private volatile List<Path> named;
  private final Function<Path, Config> reading;
  private final Consumer<Config> changed;
  private final Consumer<List<Fault>> broken;
  private byte @Nullable [] told;
  private byte @Nullable [] seen;
  private volatile boolean closed;

  /**
   * The file as it is now counts as known. Both listeners run on the watching thread.
   *
   * @param changed takes a new configuration that is without fault; what it throws is told to
   *     {@code broken}
   * @param broken takes what is wrong with a change that cannot be used; must not throw
   */
  public Watch(Path file, Loader loader, Consumer<Config> changed, Consumer<List<Fault>> broken) {
    this(file, List.of(), loader::load, changed, broken);
  }

  /**
   * @param named the files that it names now
   * @param reading throws {@link Faulty} where the file is at fault
   */
  public Watch(
      Path file,
      List<Path> named,
      Function<Path, Config> reading,
      Consumer<Config> changed,
      Consumer<List<Fault>> broken) {
    this.file = file;
    this.named = named;
    this.reading = reading;
    this.changed = changed;
    this.broken = broken;
    this.told = content();
    this.seen = told;
  }

  /** Looks that often, on a thread of its own, until it is closed. */
  public void start(Duration interval) {
    Thread.ofPlatform()
        .daemon()
        .name("lintel-config-watch")
        .start(() -> {
          while (!closed) {
            LockSupport.parkNanos(interval.toNanos());
            look();
          }
        });
  }

  @Override
  public void close() {
    closed = true;
  }

  /** One look. */
  void look() {
    byte[] now = content();
    boolean settled = Arrays.equals(now, seen);
    seen = now;
    if (closed || !settled || Arrays.equals(now, told)) {
      return;
    }
    told = now;
    try {
      Config config = reading.apply(file);
      named = config.files();
      changed.accept(config);
    } catch (Faulty faulty) {
      broken.accept(faulty.faults());
    } catch (RuntimeException refused) {
      broken.accept(
          List.of(
              new Fault(
                  file.toString(),
                  1,
                  "the file is without fault but cannot be put to use: " + refused)));
    }
  }

  /** {@code null} where it cannot be read. */
  private byte @Nullable [] content() {
    try {
      byte[] own = Files.readAllBytes(file);
      List<Path> others = named;
      var all = ByteBuffer.allocate(own.length + others.size() * Long.BYTES).put(own);
      others.forEach(other -> all.putLong(sum(other)));
      return all.array();
    } catch (IOException unreadable) {
      return null;
    }
  }

  /** Stands for a large file's content; one that is missing has its own. */
  private static long sum(Path large) {
    var sum = new CRC32C();
    try {
      sum.update(Files.readAllBytes(large));
      return sum.getValue();
    } catch (IOException unreadable) {
      return -1;
    }
  }
}

package dev.lintel.batch;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The lines of a file, one after the other. */
final class Lines implements AutoCloseable {
  private final InputStream in;
  private final int longest;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private long number;
  private boolean cut;

  /**
   * @param longest the most bytes of a line that are kept
   */
  Lines(Path file, int longest) throws IOException {
    this.in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    this.longest = longest;
  }

  /** The next one without its end; {@code null} behind the last. */
  byte @Nullable [] next() throws IOException {
    line.reset();
    cut = false;
    int read = in.read();
    if (read < 0) {
      return null;
    }
    number++;
    for (; read >= 0 && read != '\n'; read = in.read()) {
      if (line.size() == longest) {
        cut = true;
      } else if (read != '\r') {
        line.write(read);
      }
    }
    return line.toByteArray();
  }

  /** Of the line that was given last, from 1. */
  long number() {
    return number;
  }

  /** Whether that line is longer than what was given. */
  boolean cut() {
    return cut;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

package dev.lintel.batch;

import dev.lintel.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** A provider's results on disk, found by the names of their requests. */
final class Loaded implements AutoCloseable {
  private record Place(int file, long from, int length) {}

  private final List<RandomAccessFile> files = new ArrayList<>();
  private final Map<String, Place> places = new HashMap<>();

  private Loaded() {}

  static Loaded open(List<Path> paths) throws IOException {
    var loaded = new Loaded();
    try {
      for (Path path : paths) {
        loaded.index(path);
        loaded.files.add(new RandomAccessFile(path.toFile(), "r"));
      }
      return loaded;
    } catch (IOException | RuntimeException broken) {
      loaded.close();
      throw broken;
    }
  }

  private void index(Path path) throws IOException {
    var line = new ByteArrayOutputStream();
    long from = 0;
    long at = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
      for (int read = in.read(); ; read = in.read()) {
        if (read >= 0 && read != '\n') {
          line.write(read);
          at++;
          continue;
        }
        if (line.size() > 0) {
          note(line.toByteArray(), from);
        }
        line.reset();
        from = ++at;
        if (read < 0) {
          return;
        }
      }
    }
  }

  private void note(byte[] line, long from) {
    try {
      String name = Json.parse(line, 0, line.length).path("custom_id").asString("");
      places.put(name, new Place(files.size(), from, line.length));
    } catch (JacksonException broken) {
      throw new IllegalStateException("the provider's results are not JSON lines", broken);
    }
  }

  /** {@code null} where there is none of that name. */
  byte @Nullable [] line(String name) throws IOException {
    Place place = places.get(name);
    if (place == null) {
      return null;
    }
    byte[] line = new byte[place.length];
    RandomAccessFile file = files.get(place.file);
    file.seek(place.from);
    file.readFully(line);
    return line;
  }

  @Override
  public void close() throws IOException {
    for (RandomAccessFile file : files) {
      file.close();
    }
  }
}

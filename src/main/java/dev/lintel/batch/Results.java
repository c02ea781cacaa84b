package dev.lintel.batch;

import dev.lintel.Answer;
import dev.lintel.Batch;
import dev.lintel.Bytes;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.StoredFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The results of a batch on their way: two files of lines, one of the answered and one of the
 * others, to which each result is added durably. What a process that died had written half is cut
 * off, so that a line counts as asked exactly where its result is whole.
 */
final class Results implements AutoCloseable {
  /** Why a line was not asked. */
  enum Unasked {
    EXPIRED("batch_expired", "The completion window ended before this request was asked."),
    CANCELLED("batch_cancelled", "The batch was cancelled before this request was asked."),
    FORBIDDEN("permission_denied", "The app that made this batch may not call any more.");

    private final String code;
    private final String message;

    Unasked(String code, String message) {
      this.code = code;
      this.message = message;
    }

    String code() {
      return code;
    }

    String message() {
      return message;
    }
  }

  private final Side good;
  private final Side bad;
  private final Set<String> asked = ConcurrentHashMap.newKeySet();
  private long unasked;
  private boolean expired;

  /** One of the two files. */
  private final class Side implements AutoCloseable {
    private final Path path;
    private @Nullable FileChannel out;
    private long lines;

    Side(StoredFiles files, String id) throws IOException {
      Path draft = files.draft(id);
      // A process that died after its last result has made a file of the draft already.
      path = Files.exists(files.content(id)) ? files.content(id) : draft;
      if (Files.exists(path)) {
        trim();
        try (var written = new Lines(path, Integer.MAX_VALUE)) {
          for (byte[] bytes = written.next(); bytes != null; bytes = written.next()) {
            lines++;
            JsonNode line = Json.parse(bytes, 0, bytes.length);
            asked.add(line.path("custom_id").asString());
            count(line.path("error").path("code").asString(""));
          }
        }
      }
    }

    /** Cuts off what follows the last whole line. */
    private void trim() throws IOException {
      try (FileChannel file =
          FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        long end = file.size();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (end > 0) {
          file.read(one.clear(), end - 1);
          if (one.get(0) == '\n') {
            break;
          }
          end--;
        }
        file.truncate(end);
      }
    }

    synchronized void add(byte[] line) throws IOException {
      FileChannel to = out;
      if (to == null) {
        to =
            FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.APPEND);
        out = to;
      }
      ByteBuffer bytes = ByteBuffer.wrap(line);
      while (bytes.hasRemaining()) {
        to.write(bytes);
      }
      to.force(false);
      lines++;
    }

    synchronized long lines() {
      return lines;
    }

    long bytes() throws IOException {
      return Files.exists(path) ? Files.size(path) : 0;
    }

    @Override
    public synchronized void close() throws IOException {
      if (out != null) {
        out.close();
      }
    }
  }

  private Results(StoredFiles files, Batch batch) throws IOException {
    good = new Side(files, batch.output());
    bad = new Side(files, batch.errors());
  }

  /** With what was written before. */
  static Results open(StoredFiles files, Batch batch) throws IOException {
    return new Results(files, batch);
  }

  /** Whether there are any. */
  boolean begun() {
    return !asked.isEmpty();
  }

  boolean has(String customId) {
    return asked.contains(customId);
  }

  /** Whether a line was given up because its time had come. */
  boolean expired() {
    return expired;
  }

  Batch.Counts counts(long total) {
    return new Batch.Counts(total, good.lines(), bad.lines(), unasked());
  }

  long goodBytes() throws IOException {
    return good.bytes();
  }

  long badBytes() throws IOException {
    return bad.bytes();
  }

  /** Adds what a line was answered, in OpenAI's form; durable when this returns. */
  void add(Line line, Answer answer, String requestId) throws IOException {
    var out = new Bytes(answer.body().length + 256);
    head(line, out);
    out.add("\"response\":{\"status_code\":" + answer.status() + ",\"request_id\":");
    out.add(Json.string(requestId)).add(",\"body\":").add(oneLine(answer.body()));
    out.add("},\"error\":null}\n");
    boolean well = answer.status() < 300;
    (well ? good : bad).add(out.take());
    asked.add(line.customId());
  }

  /** Adds that a line was not asked. */
  void add(Line line, Unasked why) throws IOException {
    var out = new Bytes(256);
    head(line, out);
    out.add("\"response\":null,\"error\":{\"code\":").add(Json.string(why.code));
    out.add(",\"message\":").add(Json.string(why.message)).add("}}\n");
    bad.add(out.take());
    asked.add(line.customId());
    count(why.code);
  }

  private synchronized void count(String code) {
    expired |= code.equals(Unasked.EXPIRED.code);
    unasked += code.equals(Unasked.EXPIRED.code) || code.equals(Unasked.CANCELLED.code) ? 1 : 0;
  }

  private synchronized long unasked() {
    return unasked;
  }

  private static void head(Line line, Bytes out) {
    out.add("{\"id\":").add(Json.string(Ids.of("batch_req_"))).add(",\"custom_id\":");
    out.add(Json.string(line.customId())).add(",");
  }

  /** The breaks between JSON's tokens, the only ones that it can have, become spaces. */
  static byte[] oneLine(byte[] json) {
    byte[] line = json.clone();
    for (int i = 0; i < line.length; i++) {
      if (line[i] == '\n' || line[i] == '\r') {
        line[i] = ' ';
      }
    }
    return line.length == 0 ? new byte[] {'n', 'u', 'l', 'l'} : line;
  }

  @Override
  public void close() throws IOException {
    good.close();
    bad.close();
  }
}

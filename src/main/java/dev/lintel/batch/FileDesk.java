package dev.lintel.batch;

import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Disk;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Form;
import dev.lintel.Held;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Spool;
import dev.lintel.StoredFile;
import dev.lintel.StoredFiles;
import dev.lintel.Upload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** A tenant's files, as OpenAI's API has them (API reference, "Files"). */
public final class FileDesk {
  private static final Logger LOG = LoggerFactory.getLogger(FileDesk.class);
  private static final Set<String> PURPOSES =
      Set.of("batch", "assistants", "fine-tune", "vision", "user_data", "evals");
  private static final int PIECE = 64 << 10;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long LONGEST_LIFE = 2_592_000;

  private final Supplier<StoredFiles> files;
  private final Spool spool;
  private final long most;
  private final InstantSource clock;

  /**
   * @param spool where an upload waits until its end has shown that it is whole
   * @param most bytes of all files of a tenant
   */
  public FileDesk(Supplier<StoredFiles> files, Spool spool, long most, InstantSource clock) {
    this.files = files;
    this.spool = spool;
    this.most = most;
    this.clock = clock;
  }

  public void upload(Caller caller, Exchange exchange, Map<String, String> headers) {
    StoredFiles all = files.get();
    Upload upload =
        exchange
            .request()
            .upload()
            .orElseThrow(() ->
                Failure.invalid("'file' is missing: this takes a multipart/form-data body.")
                    .at("file"));
    checkRoom(all, caller.tenant(), 0, most);
    try (var held = new Held(upload, spool)) {
      String type = exchange.request().headers().get("content-type").orElse("");
      StoredFile file = keep(Form.read(held, type, form -> false), caller, all);
      exchange.answer(Answer.json(200, json(file)), headers);
    }
  }

  private StoredFile keep(Form form, Caller caller, StoredFiles all) {
    String purpose = form.text("purpose").orElse("");
    if (!PURPOSES.contains(purpose)) {
      throw Failure.invalid(
              "'purpose' must be one of "
                  + String.join(", ", PURPOSES.stream().sorted().toList())
                  + ".")
          .at("purpose");
    }
    Optional<Instant> expires = expiry(form);
    Upload content =
        form.content("file")
            .orElseThrow(() -> Failure.invalid("The form has no file 'file'.").at("file"));
    if (content.length() == 0) {
      throw Failure.invalid("The file is empty.").at("file");
    }
    checkRoom(all, caller.tenant(), content.length(), most);
    String name =
        form.files().stream()
            .filter(file -> file.name().equals("file"))
            .map(Form.File::filename)
            .findFirst()
            .orElse("");
    var file =
        new StoredFile(
            Ids.of("file-"),
            caller.tenant(),
            purpose,
            name,
            content.length(),
            clock.instant(),
            expires);
    write(all.draft(file.id()), content);
    CallThread.current()
        .offload(() -> {
          try {
            all.add(file);
          } catch (Failure | UncheckedIOException refused) {
            // Without its row it would lie there for ever.
            discard(all.draft(file.id()));
            discard(all.content(file.id()));
            throw refused;
          }
          return true;
        });
    return file;
  }

  /** Throws {@link Failure} where so many bytes more are too many. */
  static void checkRoom(StoredFiles files, String tenant, long bytes, long most) {
    if (files.bytes(tenant) + bytes > most) {
      throw Failure.of(
              Failure.Kind.PAYLOAD_TOO_LARGE,
              "The files of this tenant would have more than "
                  + most
                  + " bytes together; delete some first.")
          .at("file");
    }
  }

  private Optional<Instant> expiry(Form form) {
    Optional<String> seconds = form.text("expires_after[seconds]");
    if (seconds.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(clock.instant().plusSeconds(seconds(seconds.get(), "expires_after")));
  }

  /** From an hour to thirty days. Throws {@link Failure} that names the field. */
  static long seconds(String text, String field) {
    try {
      long seconds = Long.parseLong(text.strip());
      if (seconds >= 3600 && seconds <= LONGEST_LIFE) {
        return seconds;
      }
    } catch (NumberFormatException noNumber) {
      throw wrongLife(field);
    }
    throw wrongLife(field);
  }

  private static Failure wrongLife(String field) {
    return Failure.invalid(
            "'" + field + ".seconds' must be a whole number from 3600 to " + LONGEST_LIFE + ".")
        .at(field);
  }

  /**
   * Durably, piece by piece, of which the disk takes none on the caller's own thread. Throws {@link
   * Failure} where it does not take them.
   */
  static void write(Path draft, Upload content) {
    CallThread thread = CallThread.current();
    try (FileChannel out = thread.offload(() -> begun(draft))) {
      for (byte[] piece = content.next(); piece != null; piece = content.next()) {
        ByteBuffer bytes = ByteBuffer.wrap(piece);
        thread.offload(() -> put(bytes, out));
      }
      thread.offload(() -> put(ByteBuffer.allocate(0), out));
    } catch (IOException failed) {
      throw unwritten(failed);
    } catch (Failure failed) {
      // Where the disk is full, what is there of it keeps it full.
      discard(draft);
      throw failed;
    }
  }

  private static FileChannel begun(Path draft) {
    try {
      return FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException failed) {
      throw unwritten(failed);
    }
  }

  /** No bytes are the end: all that came before is on the disk then. */
  private static boolean put(ByteBuffer bytes, FileChannel out) {
    try {
      if (!bytes.hasRemaining()) {
        out.force(true);
      }
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      return true;
    } catch (IOException failed) {
      throw unwritten(failed);
    }
  }

  private static Failure unwritten(IOException cause) {
    return Failure.of(
        Failure.Kind.UNAVAILABLE,
        "The gateway cannot write the file at the moment: " + Disk.trouble(cause) + ".",
        cause);
  }

  private static void discard(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException failed) {
      LOG.warn("{} cannot be removed: {}", path, failed.getMessage());
    }
  }

  public void list(Caller caller, Exchange exchange, Map<String, String> headers) {
    Map<String, String> query = exchange.request().query();
    int limit = Requested.limit(query, 10_000, 10_000);
    String order = query.getOrDefault("order", "desc");
    if (!order.equals("asc") && !order.equals("desc")) {
      throw Failure.invalid("'order' must be asc or desc.").at("order");
    }
    List<StoredFile> found =
        files
            .get()
            .list(
                caller.tenant(),
                Optional.ofNullable(query.get("purpose")),
                order.equals("desc"),
                query.getOrDefault("after", ""),
                limit + 1);
    ObjectNode body = Json.object().put("object", "list");
    boolean more = found.size() > limit;
    Requested.page(body, more ? found.subList(0, limit) : found, more, FileDesk::json);
    exchange.answer(Answer.json(200, body), headers);
  }

  public void one(Caller caller, Exchange exchange, Map<String, String> headers) {
    exchange.answer(Answer.json(200, json(find(caller, exchange))), headers);
  }

  public void delete(Caller caller, Exchange exchange, Map<String, String> headers) {
    String id = id(exchange);
    StoredFiles all = files.get();
    find(caller, exchange);
    if (!CallThread.current().offload(() -> all.remove(caller.tenant(), id))) {
      throw Requested.missing("file", id);
    }
    exchange.answer(
        Answer.json(200, Json.object().put("id", id).put("object", "file").put("deleted", true)),
        headers);
  }

  public void content(Caller caller, Exchange exchange, Map<String, String> headers) {
    StoredFile file = find(caller, exchange);
    CallThread.current().offload(() -> here(files.get(), file.id()));
    send(files.get().content(file.id()), "application/octet-stream", exchange, headers);
  }

  /** Throws {@link Failure} where the content lies at another node. */
  static boolean here(StoredFiles files, String id) {
    if (files.elsewhere(id)) {
      throw Failure.of(
              Failure.Kind.UNAVAILABLE,
              "The content of '"
                  + id
                  + "' lies at another node, the one to which it was sent or that has worked off its batch: ask that one.")
          .lasting();
    }
    return true;
  }

  /** Sends a file piece by piece. */
  static void send(Path path, String type, Exchange exchange, Map<String, String> headers) {
    CallThread thread = CallThread.current();
    try (FileChannel in = thread.offload(() -> open(path))) {
      exchange.begin(200, type, headers);
      try {
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        while (thread.offload(() -> in.read(piece)) >= 0) {
          var bytes = new byte[piece.flip().remaining()];
          piece.get(bytes).clear();
          exchange.write(bytes, System.nanoTime() + PATIENCE.toNanos());
        }
        exchange.end();
      } catch (RuntimeException broken) {
        exchange.abort();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static FileChannel open(Path path) throws IOException {
    try {
      return FileChannel.open(path, StandardOpenOption.READ);
    } catch (NoSuchFileException gone) {
      throw Failure.of(Failure.Kind.NOT_FOUND, "The file's content is gone.", gone)
          .code("not_found");
    }
  }

  private StoredFile find(Caller caller, Exchange exchange) {
    String id = id(exchange);
    return files.get().find(caller.tenant(), id).orElseThrow(() -> Requested.missing("file", id));
  }

  private static String id(Exchange exchange) {
    return exchange.request().path().getOrDefault("id", "");
  }

  private static ObjectNode json(StoredFile file) {
    ObjectNode json =
        Json.object()
            .put("id", file.id())
            .put("object", "file")
            .put("bytes", file.bytes())
            .put("created_at", file.created().getEpochSecond())
            .put("filename", file.name())
            .put("purpose", file.purpose())
            .put("status", "processed");
    file.expires().ifPresent(time -> json.put("expires_at", time.getEpochSecond()));
    return json;
  }
}

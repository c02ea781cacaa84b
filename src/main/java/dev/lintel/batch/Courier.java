package dev.lintel.batch;

import dev.lintel.Bytes;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Upload;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Asks one provider about batches, under one account, and waits for what it says. */
public final class Courier {
  private static final int MOST = 4 << 20;
  private static final int PIECE = 64 << 10;

  private final Abroad abroad;
  private final Target target;
  private final Credential account;
  private final Run run;
  private final Path requests;

  /**
   * @param run whose end breaks off what is asked
   * @param requests where they lie as they are sent
   */
  Courier(Abroad abroad, Target target, Credential account, Run run, Path requests) {
    this.abroad = abroad;
    this.target = target;
    this.account = account;
    this.run = run;
    this.requests = requests;
  }

  /** Gets, deletes, or posts without a body. */
  JsonNode ask(String method, String path, Map<String, String> headers) {
    return onCall(() -> asked(plain(method, path, headers, new byte[0])));
  }

  JsonNode post(String path, Map<String, String> headers, JsonNode body) {
    return onCall(
        () -> asked(plain("POST", path, with(headers, "application/json"), Json.bytes(body))));
  }

  /** Posts the requests. */
  JsonNode send(String path, Map<String, String> headers, String type) {
    return onCall(() -> {
      try (var file = new Sent(requests)) {
        return asked(
            new Outbound("POST", path, with(headers, type), new byte[0], Optional.of(file)));
      } catch (IOException unreadable) {
        throw new IllegalStateException(unreadable);
      }
    });
  }

  /** Writes what stands at the path into the file. */
  void load(String path, Map<String, String> headers, Path into) {
    onCall(() -> {
      try (OutputStream out = Files.newOutputStream(into)) {
        var reply =
            new Reply(bytes ->
                CallThread.current()
                    .offload(() -> {
                      out.write(bytes);
                      return true;
                    }));
        abroad.ask(target, account, plain("GET", path, headers, new byte[0]), reply);
        reply.granted();
        return true;
      } catch (IOException unwritable) {
        throw new IllegalStateException(unwritable);
      }
    });
  }

  /** The first line of what stands at the path. */
  String first(String path, Map<String, String> headers) {
    var beside = requests.resolveSibling(requests.getFileName() + ".first");
    try {
      load(path, headers, beside);
      try (var lines = new Lines(beside, MOST)) {
        byte[] line = lines.next();
        return line == null ? "" : new String(line, StandardCharsets.UTF_8);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException unreadable) {
      throw new IllegalStateException(unreadable);
    }
  }

  /** Of what was made there. */
  static String id(JsonNode made) {
    String id = made.path("id").asString("");
    if (id.isEmpty()) {
      throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider gave a batch no id.");
    }
    return id;
  }

  private static Outbound plain(
      String method, String path, Map<String, String> headers, byte[] body) {
    Map<String, String> all = headers.containsKey("content-type") ? headers : with(headers, "");
    return new Outbound(method, path, all, body, Optional.empty());
  }

  private static Map<String, String> with(Map<String, String> headers, String type) {
    var all = new java.util.HashMap<>(headers);
    all.put("content-type", type);
    return all;
  }

  private JsonNode asked(Outbound question) {
    var all = new Bytes(1 << 10);
    var reply =
        new Reply(bytes -> {
          if (all.length() + bytes.length > MOST) {
            throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "The provider said too much of a batch.");
          }
          all.add(bytes);
        });
    abroad.ask(target, account, question, reply);
    reply.granted();
    try {
      byte[] body = all.take();
      return body.length == 0 ? Json.object() : Json.parse(body, 0, body.length);
    } catch (JacksonException broken) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, "The provider's word of a batch is not JSON.", broken);
    }
  }

  /** On a call's thread, as sockets want it. */
  private <T> T onCall(Supplier<T> work) {
    var made = new CompletableFuture<T>();
    CallThread.start(
        run.means().loops().get(),
        () -> {
          run.begun(CallThread.current());
          try {
            made.complete(work.get());
          } catch (RuntimeException | StackOverflowError failed) {
            made.completeExceptionally(failed);
          } finally {
            run.ended(CallThread.current());
          }
        });
    try {
      return made.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof Failure failure) {
        throw failure;
      }
      throw failed;
    }
  }

  /** What the provider answers, piece by piece. */
  private static final class Reply implements Sink {
    private final Consumer<byte[]> to;
    private int status;

    Reply(Consumer<byte[]> to) {
      this.to = to;
    }

    @Override
    public void emit(Chunk chunk) {
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Head head) {
          status = head.status();
        } else if (part instanceof Part.Data data && status < 300) {
          to.accept(data.bytes());
        }
      }
    }

    void granted() {
      if (status < 200 || status > 299) {
        throw Failure.of(
                Failure.Kind.UPSTREAM_ERROR,
                "The provider answers a batch with status " + status + ".")
            .upstream(status);
      }
    }
  }

  /** A file as it is sent. */
  private static final class Sent implements Upload, AutoCloseable {
    private final FileChannel file;
    private final long length;

    Sent(Path path) throws IOException {
      file = FileChannel.open(path);
      length = file.size();
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    public byte @Nullable [] next(BooleanSupplier enough) {
      byte[] piece =
          CallThread.current()
              .offload(() -> {
                var buffer = java.nio.ByteBuffer.allocate(PIECE);
                int read = file.read(buffer);
                return read < 0 ? new byte[0] : java.util.Arrays.copyOf(buffer.array(), read);
              });
      return piece.length == 0 ? null : piece;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}

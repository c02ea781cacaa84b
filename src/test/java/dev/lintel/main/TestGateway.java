package dev.lintel.main;

import dev.lintel.Caller;
import dev.lintel.Json;
import dev.lintel.config.Config;
import dev.lintel.config.Loader;
import dev.lintel.secret.KeyRing;
import dev.lintel.store.SqlStore;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** A whole gateway on a free port, with the simulated providers that its configuration names. */
final class TestGateway implements AutoCloseable {
  static final String KEY = "sk-test-0001";

  /** A tenant whose app has {@link #KEY} and may ask for every model. */
  static final String TENANT = "tenants: { t: { apps: { a: { keys: [ " + KEY + " ] } } } }\n";

  /** Known while the configuration names no app, as the first start's key is. */
  static final String STORED_KEY = "sk-lintel-stored";

  /** The same for all: some share a data folder, or come after each other on it. */
  private static final KeyRing RING = KeyRing.of(List.of(KeyRing.random()));

  /** Of the data folders that are made for one gateway, and go with it. */
  private static final String FOLDER = "lintel-test";

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final Lintel lintel;

  private TestGateway(Revisions.Source source) {
    lintel =
        new Lintel(
            source,
            TestGateway::stored,
            "admin-key"::equals,
            log,
            Secrets.random(),
            agreed -> RING);
  }

  /** With that YAML, to which the address and a tenant are added where it names none. */
  static TestGateway of(String yaml) {
    return new TestGateway(source(yaml, Map.of()));
  }

  /** With those variables in its environment. */
  static TestGateway of(String yaml, Map<String, String> variables) {
    return new TestGateway(source(yaml, variables));
  }

  static Config config(String yaml) {
    return source(yaml, Map.of()).first();
  }

  static Revisions.Source source(String yaml, Map<String, String> variables) {
    String whole =
        "listen: 127.0.0.1:0\n"
            + (yaml.startsWith("data:") || yaml.contains("\ndata:")
                ? ""
                : "data: " + folder() + "\n")
            + yaml
            + (yaml.contains("tenants:") ? "" : "\n" + TENANT);
    Function<String, Optional<String>> environment =
        name -> Optional.ofNullable(variables.get(name));
    var origins =
        new Origins(
            environment,
            around ->
                new Origins.Opened(
                    SqlStore.embedded(
                        around.data().orElseThrow(), SqlStore.Bounds.USUAL, InstantSource.system()),
                    RING));
    Loader loader = Builtins.loader(environment, origins.sources());
    return Revisions.Source.of(loader, loader.read("test.yaml", whole), config -> config, origins);
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory(FOLDER);
    } catch (IOException full) {
      throw new UncheckedIOException(full);
    }
  }

  private static Optional<Caller> stored(String key) {
    return key.equals(STORED_KEY) ? Optional.of(Caller.FIRST) : Optional.empty();
  }

  URI url() {
    return lintel.url();
  }

  Lintel lintel() {
    return lintel;
  }

  /** The lines of calls so far; complete only after {@link #close}. */
  String log() {
    return log.toString(StandardCharsets.UTF_8);
  }

  /** As an admin. */
  HttpResponse<String> admin(String method, String path, String body) {
    return send(
        HttpRequest.newBuilder(URI.create(lintel.url() + path))
            .timeout(Duration.ofSeconds(20))
            .header("authorization", "Bearer admin-key")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(lintel.url() + path))
        .timeout(Duration.ofSeconds(20))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + KEY);
  }

  HttpResponse<String> post(String path, String body) {
    return send(request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build());
  }

  HttpResponse<String> get(String path) {
    return send(request(path).GET().build());
  }

  HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  HttpResponse<byte[]> bytes(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  /** What a simulated provider was asked so far, the last first. */
  List<JsonNode> visits(String provider) {
    URI base = lintel.providers().get(provider).url();
    var reply = send(HttpRequest.newBuilder(base.resolve("/sim/requests")).build());
    var visits = new ArrayList<JsonNode>();
    Json.parse(reply.body()).path("data").forEach(visits::addFirst);
    return visits;
  }

  /** A reply read byte by byte, and whether it came to a proper end. */
  record Raw(int status, String body, boolean complete) {}

  /** The same with the body's bytes. */
  record Arrived(int status, byte[] body, boolean complete) {}

  Raw raw(String path, String body) {
    Arrived arrived = arrived(path, body);
    return new Raw(
        arrived.status(), new String(arrived.body(), StandardCharsets.UTF_8), arrived.complete());
  }

  /**
   * Posts over a socket of its own and reads chunked bytes until the end or the break of the
   * connection.
   */
  Arrived arrived(String path, String body) {
    try (Socket socket = open(path, body)) {
      var in = socket.getInputStream();
      var all = new ByteArrayOutputStream();
      boolean broken = false;
      try {
        in.transferTo(all);
      } catch (IOException reset) {
        broken = true;
      }
      // A character a byte, so that places in the text are places in the bytes.
      String text = all.toString(StandardCharsets.ISO_8859_1);
      int split = text.indexOf("\r\n\r\n");
      if (split < 0) {
        return new Arrived(0, new byte[0], false);
      }
      String head = text.substring(0, split).toLowerCase(java.util.Locale.ROOT);
      int status = Integer.parseInt(head.substring(9, 12));
      byte[] rest = Arrays.copyOfRange(all.toByteArray(), split + 4, all.size());
      if (head.contains("transfer-encoding: chunked")) {
        return new Arrived(status, unchunk(rest), !broken && text.endsWith("0\r\n\r\n"));
      }
      return new Arrived(status, rest, !broken);
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  /** A connection on which that has been asked, and nothing read. */
  Socket open(String path, String body) throws IOException {
    var socket = new Socket(lintel.url().getHost(), lintel.url().getPort());
    socket.setSoTimeout(20_000);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: lintel\r\nConnection: close\r\nAuthorization: Bearer "
            + KEY
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + bytes.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return socket;
  }

  private static byte[] unchunk(byte[] bytes) {
    var out = new ByteArrayOutputStream();
    int at = 0;
    while (at < bytes.length) {
      int line = at;
      while (line < bytes.length && bytes[line] != '\r') {
        line++;
      }
      String size = new String(bytes, at, line - at, StandardCharsets.US_ASCII);
      int length = size.isEmpty() ? 0 : Integer.parseInt(size, 16);
      if (length == 0) {
        break;
      }
      int data = line + 2;
      out.write(bytes, data, Math.min(length, bytes.length - data));
      at = data + length + 2;
    }
    return out.toByteArray();
  }

  @Override
  public void close() {
    http.shutdownNow();
    lintel.close();
    Path folder = lintel.config().data();
    if (folder.getFileName().toString().startsWith(FOLDER)) {
      try (var files = Files.walk(folder)) {
        files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      } catch (IOException gone) {
        throw new UncheckedIOException(gone);
      }
    }
  }
}

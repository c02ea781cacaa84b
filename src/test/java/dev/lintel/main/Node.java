package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A gateway in a process of its own, which can be killed, paused and started again. */
final class Node implements AutoCloseable {
  static final String ADMIN = "admin";

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Path folder;
  private final String yaml;
  private final List<String> within;
  private final StringBuilder said = new StringBuilder();
  private Process process;
  private URI url = URI.create("http://127.0.0.1:1");

  /**
   * Starts it, and does not wait for that.
   *
   * @param folder of its own
   */
  Node(Path folder, String yaml) {
    this(folder, yaml, List.of());
  }

  /**
   * The same.
   *
   * @param within words of a command that runs another in its own place
   */
  Node(Path folder, String yaml, List<String> within) {
    this.folder = folder;
    this.yaml = yaml;
    this.within = within;
    launch();
  }

  /** On the data folder that it had before. */
  void launch() {
    try {
      process = launch(folder, yaml, within);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A gateway of that configuration, whose data lies in the folder, too. */
  static Process launch(Path folder, String yaml) throws IOException {
    return launch(folder, yaml, List.of());
  }

  private static Process launch(Path folder, String yaml, List<String> within) throws IOException {
    Files.createDirectories(folder);
    Path config = folder.resolve("lintel.yaml");
    Files.writeString(config, yaml);
    var command = new ArrayList<>(within);
    command.add(ThisJava.JAVA);
    command.addAll(
        List.of(
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            ThisJava.CLASSES,
            Main.class.getName(),
            "start",
            "--config",
            config.toString(),
            "--listen",
            "127.0.0.1:0",
            "--data",
            folder.resolve("data").toString()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", ADMIN);
    return builder.start();
  }

  /** Waits until it does. */
  void listening() {
    var lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        say(line);
        if (line.startsWith("listening on ")) {
          url = URI.create(line.substring("listening on ".length()));
          Thread.ofVirtual().start(() -> lines.lines().forEach(this::say));
          return;
        }
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    String all = said();
    throw new AssertionError("did not start: " + all.substring(Math.max(0, all.length() - 2000)));
  }

  private synchronized void say(String line) {
    said.append(line).append('\n');
  }

  /** Everything that it has written to its output, over all its starts. */
  synchronized String said() {
    return said.toString();
  }

  URI url() {
    return url;
  }

  /** As with {@code kill -9}. */
  void kill() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }

  /** It stands still until {@link #resume}, without knowing of it. */
  void pause() {
    signal("STOP");
  }

  void resume() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      var sent = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
      assertThat(sent.waitFor()).isZero();
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  HttpRequest.Builder request(String path, String key) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(Duration.ofSeconds(60))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + key);
  }

  /** Throws {@link IOException} where it dies meanwhile. */
  static HttpResponse<String> send(HttpRequest request) throws IOException {
    try {
      return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }

  private static HttpResponse<String> sent(HttpRequest request) {
    try {
      return send(request);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  HttpResponse<String> post(String path, String key, String body) {
    return sent(request(path, key).POST(BodyPublishers.ofString(body)).build());
  }

  HttpResponse<String> get(String path, String key) {
    return sent(request(path, key).GET().build());
  }

  HttpResponse<String> admin(String method, String path, String body) {
    return sent(
        request("/admin/v1" + path, ADMIN).method(method, BodyPublishers.ofString(body)).build());
  }

  /** What the admin API says there, which has to be something. */
  JsonNode admin(String path) {
    var reply = get("/admin/v1" + path, ADMIN);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  JsonNode health() {
    return Json.parse(get("/health", ADMIN).body());
  }

  @Override
  public void close() {
    kill();
  }
}

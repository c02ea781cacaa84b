package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A process of its own is killed at the worst moment, and the next one goes on. */
class KillScenario {
  @TempDir private Path folder;
  private Process process;
  private URI url;
  private final HttpClient http = HttpClient.newHttpClient();

  @AfterEach
  void stop() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  @Test
  void replies_and_batches_outlast_a_kill_and_no_result_is_lost_or_double() throws Exception {
    start();
    var first = post("/v1/chat/completions", chat("Hello"), "k");
    String file = upload(60);
    String batch = json(post("/v1/batches", batch(file), "")).get("id").asString();
    for (int kill = 0; kill < 2; kill++) {
      awaitResults(batch, 8 * (kill + 1));
      process.destroyForcibly().waitFor();
      start();
    }
    var second = post("/v1/chat/completions", chat("Hello"), "k");
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("x-lintel-replayed")).contains("true");

    JsonNode now =
        Soon.found(
            () -> json(get("/v1/batches/" + batch)),
            found -> found.get("status").asString().equals("completed"));
    assertThat(now.get("request_counts").toString())
        .isEqualTo("{\"total\":60,\"completed\":60,\"failed\":0}");
    List<String> ids =
        get("/v1/files/" + now.get("output_file_id").asString() + "/content")
            .body()
            .lines()
            .map(line -> Json.parse(line).get("custom_id").asString())
            .toList();
    assertThat(ids).hasSize(60).doesNotHaveDuplicates();
  }

  private HttpResponse<String> admin(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(url + path))
            .header("authorization", "Bearer admin")
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void what_a_conversation_has_cost_outlasts_a_kill_in_the_middle_of_it() throws Exception {
    start();
    for (int kill = 1; kill <= 2; kill++) {
      var talk = new Talk(url, "/v1/realtime?model=demo/paid", "sk-1");
      talk.next();
      for (int i = 0; i < 2; i++) {
        talk.say("{\"type\":\"response.create\",\"response\":{\"instructions\":\"Again\"}}");
        while (!talk.next().path("type").asString("").equals("response.done")) {}
      }
      String spent = "0.000" + 4 * kill;
      Soon.until(() -> spent().equals(spent));
      process.destroyForcibly().waitFor();
      start();
      assertThat(spent()).isEqualTo(spent);
    }
  }

  private String spent() {
    try {
      return json(admin("/admin/v1/budgets")).at("/data/0/spent").asString("");
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  @Test
  void a_newer_store_ends_the_start_with_one_sentence() throws Exception {
    start();
    post("/v1/chat/completions", chat("Hello"), "k");
    process.destroyForcibly().waitFor();
    try (var db = FileChannel.open(folder.resolve("data/lintel.db"), StandardOpenOption.WRITE)) {
      db.write(ByteBuffer.allocate(4).putInt(0, 99), 60);
    }
    Process refused = launch();
    String said = new String(refused.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(refused.waitFor()).isEqualTo(1);
    assertThat(said).contains("newer version of Lintel").hasLineCount(1);
  }

  private Process launch() throws IOException {
    return Node.launch(
        folder,
        """
        listen: 127.0.0.1:0
        providers: { demo: { kind: sim, ttft: 40ms } }
        models: { demo: demo/small }
        batches: { concurrent: 3 }
        prices: { demo/paid: { input: 10.00, output: 0, cache_read: 10.00 } }
        tenants: { t: { apps: { a: { keys: [ sk-1 ], budget: { total: 1 USD } } } } }
        """);
  }

  private void start() throws IOException {
    process = launch();
    var lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    var said = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      said.append(line).append('\n');
      if (line.startsWith("listening on ")) {
        url = URI.create(line.substring("listening on ".length()));
        Thread.ofVirtual().start(() -> lines.lines().forEach(rest -> {}));
        return;
      }
    }
    throw new AssertionError("did not start: " + said);
  }

  /** Until the file of results has that many lines at least. */
  private void awaitResults(String batch, int count) throws IOException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try (var files = Files.list(folder.resolve("data/files"))) {
        for (Path draft : files.filter(KillScenario::isResults).toList()) {
          try (var lines = Files.lines(draft)) {
            if (lines.count() >= count) {
              return;
            }
          }
        }
      }
      assertThat(System.nanoTime()).as(batch).isLessThan(until);
    }
  }

  /** Drafts of requests come and go beside those of results. */
  private static boolean isResults(Path path) {
    return path.getFileName().toString().matches("file-[0-9a-z]+\\.part");
  }

  private String upload(int lines) {
    String content =
        java.util.stream.IntStream.range(0, lines)
            .mapToObj(i ->
                "{\"custom_id\":\"c"
                    + i
                    + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                    + chat("Hello " + i)
                    + "}\n")
            .collect(Collectors.joining());
    String form =
        "--XX\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n"
            + content
            + "\r\n--XX--\r\n";
    return json(send(
            request("/v1/files")
                .header("content-type", "multipart/form-data; boundary=XX")
                .POST(BodyPublishers.ofString(form))))
        .get("id")
        .asString();
  }

  private static String batch(String file) {
    return "{\"input_file_id\":\""
        + file
        + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}";
  }

  private static String chat(String words) {
    return "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"" + words + "\"}]}";
  }

  private HttpResponse<String> post(String path, String body, String key) {
    var request =
        request(path)
            .header("content-type", "application/json")
            .POST(BodyPublishers.ofString(body));
    return send(key.isEmpty() ? request : request.header("idempotency-key", key));
  }

  private HttpResponse<String> get(String path) {
    return send(request(path));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(Duration.ofSeconds(20))
        .header("authorization", "Bearer sk-1");
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      var reply = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      return reply;
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  private static JsonNode json(HttpResponse<String> reply) {
    return Json.parse(reply.body());
  }
}

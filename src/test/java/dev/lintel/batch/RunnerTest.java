package dev.lintel.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Answer;
import dev.lintel.Batch;
import dev.lintel.Batch.Status;
import dev.lintel.Caller;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Json;
import dev.lintel.OnCallThread;
import dev.lintel.Soon;
import dev.lintel.StoredFile;
import dev.lintel.store.MovingClock;
import dev.lintel.store.SqlStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What becomes of a batch when time passes, files vanish, or its process died. */
class RunnerTest {
  private static final String ENDPOINT = "/v1/chat/completions";

  @TempDir private Path folder;
  private final MovingClock clock = new MovingClock();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private SqlStore store;
  private Runner runner;
  private volatile Optional<Caller> caller = Optional.of(Caller.FIRST);
  private volatile Consumer<String> meanwhile = word -> {};

  @BeforeEach
  void open() {
    store = SqlStore.embedded(folder, new SqlStore.Bounds(Duration.ofHours(24), 1_000_000), clock);
    Endpoint endpoint = this::answer;
    runner =
        new Runner(
            store,
            new Runner.Means(
                path -> Optional.of(endpoint),
                batch -> caller,
                OnCallThread::loop,
                1,
                1 << 20,
                clock,
                Optional.empty()));
  }

  @AfterEach
  void close() {
    runner.close();
    store.close();
  }

  private void answer(Exchange exchange) {
    String word =
        Json.parse(exchange.request().body(), 0, exchange.request().body().length)
            .get("word")
            .asString();
    asked.add(word);
    meanwhile.accept(word);
    exchange.answer(
        Answer.json(200, Json.object().put("word", word)), Map.of("x-lintel-request-id", "req_1"));
  }

  private Batch batch(Status status, String output, String errors) throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      text.append("{\"custom_id\":\"c" + i + "\",\"method\":\"POST\",\"url\":\"" + ENDPOINT)
          .append("\",\"body\":{\"word\":\"w" + i + "\"}}\n");
    }
    Files.writeString(store.files().draft("file-in"), text);
    store
        .files()
        .add(
            new StoredFile(
                "file-in", "t", "batch", "in", text.length(), clock.instant(), Optional.empty()));
    return new Batch(
        "batch_1",
        "t",
        "a",
        "k",
        ENDPOINT,
        "file-in",
        Map.of(),
        Map.of(),
        clock.instant(),
        clock.instant().plus(Duration.ofHours(24)),
        Optional.empty(),
        status,
        Map.of(),
        new Batch.Counts(output.isEmpty() ? 0 : 4, 0, 0, 0),
        output,
        errors,
        List.of());
  }

  private Batch ended(Batch batch) {
    store.batches().add(batch);
    runner.start();
    return Soon.found(
        () -> store.batches().find("t", "batch_1").orElseThrow(), now -> now.status().last());
  }

  private List<JsonNode> lines(String id) throws IOException {
    return Files.readAllLines(store.files().content(id)).stream().map(Json::parse).toList();
  }

  @Test
  void what_was_not_asked_when_the_window_ends_is_expired_and_the_rest_is_kept()
      throws IOException {
    meanwhile =
        word -> {
          if (word.equals("w1")) {
            clock.pass(Duration.ofHours(25));
          }
        };
    Batch batch = ended(batch(Status.VALIDATING, "", ""));
    assertThat(batch.status()).isEqualTo(Status.EXPIRED);
    assertThat(batch.times()).containsKey(Status.EXPIRED);
    assertThat(batch.counts()).isEqualTo(new Batch.Counts(4, 2, 2, 2));
    assertThat(lines(batch.output())).hasSize(2);
    assertThat(lines(batch.errors()))
        .extracting(line -> line.get("custom_id").asString() + line.get("error").get("code"))
        .containsExactly("c2\"batch_expired\"", "c3\"batch_expired\"");
  }

  @Test
  void a_result_that_a_dying_process_wrote_half_is_cut_off_and_asked_again() throws IOException {
    Files.writeString(
        store.files().draft("file-out"),
        "{\"id\":\"x\",\"custom_id\":\"c0\",\"response\":{\"status_code\":200,\"request_id\":\"r\",\"body\":{}},\"error\":null}\n"
            + "{\"id\":\"x\",\"custom_id\":\"c1\",\"respo");
    Batch batch = ended(batch(Status.IN_PROGRESS, "file-out", "file-err"));
    assertThat(batch.status()).isEqualTo(Status.COMPLETED);
    assertThat(asked).containsExactly("w1", "w2", "w3");
    assertThat(lines("file-out"))
        .extracting(line -> line.get("custom_id").asString())
        .containsExactly("c0", "c1", "c2", "c3");
    assertThat(batch.errors()).isEmpty();
  }

  @Test
  void one_whose_process_died_while_it_ended_only_ends() throws IOException {
    Batch open = batch(Status.FINALIZING, "file-out", "file-err");
    Files.writeString(
        store.files().content("file-out"),
        "{\"id\":\"x\",\"custom_id\":\"c0\",\"response\":{},\"error\":null}\n");
    Batch batch = ended(open);
    assertThat(batch.status()).isEqualTo(Status.COMPLETED);
    assertThat(asked).isEmpty();
    assertThat(store.files().find("t", "file-out")).isPresent();
  }

  @Test
  void lines_of_an_app_that_is_gone_are_refused() throws IOException {
    caller = Optional.empty();
    Batch batch = ended(batch(Status.VALIDATING, "", ""));
    assertThat(asked).isEmpty();
    assertThat(batch.counts()).isEqualTo(new Batch.Counts(4, 0, 4, 0));
    assertThat(lines(batch.errors()).getFirst().get("error").get("code").asString())
        .isEqualTo("permission_denied");
  }

  @Test
  void one_whose_file_is_deleted_before_it_ends_fails_and_says_so() throws IOException {
    Batch open = batch(Status.IN_PROGRESS, "file-out", "file-err");
    store.files().remove("t", "file-in");
    Batch batch = ended(open);
    assertThat(batch.status()).isEqualTo(Status.FAILED);
    assertThat(batch.faults()).extracting(Batch.Fault::code).containsExactly("file_not_found");
  }

  @Test
  void one_that_is_cancelled_before_it_began_asks_nothing() throws IOException {
    Batch open = batch(Status.VALIDATING, "", "").now(Status.CANCELLING, clock.instant());
    Batch batch = ended(open);
    assertThat(batch.status()).isEqualTo(Status.CANCELLED);
    assertThat(asked).isEmpty();
    assertThat(batch.counts()).isEqualTo(new Batch.Counts(4, 0, 4, 4));
  }
}

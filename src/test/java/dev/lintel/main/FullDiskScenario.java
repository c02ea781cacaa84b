package dev.lintel.main;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The disk of the data folder is full for a while: calls go on, and nobody is deceived. */
class FullDiskScenario {
  /** The journal has two segments to begin with; what waits in them must find room in the store. */
  private static final int MEGABYTES = 120;

  private static final Pattern LOST =
      Pattern.compile("^lintel_records_lost_total (\\S+)$", Pattern.MULTILINE);

  @TempDir private Path folder;
  private SmallDisk disk;
  private Node node;
  private final List<String> answered = new ArrayList<>();
  private BigDecimal spent = BigDecimal.ZERO;

  @BeforeEach
  void mount() throws IOException {
    disk = SmallDisk.of(Files.createDirectories(folder.resolve("data")), MEGABYTES);
  }

  @AfterEach
  void stop() {
    if (node != null) {
      node.close();
    }
    if (disk != null) {
      disk.close();
    }
  }

  private void start(String more) {
    node =
        new Node(
            folder,
            """
            listen: 127.0.0.1:0
            providers: { demo: { kind: sim, ttft: 0ms } }
            models: { demo: { targets: [ demo/small%s ] } }
            prices: { demo/small: { input: 1.00, output: 2.00 } }
            tenants: { t: { budget: { total: 50 USD }, apps: { a: { keys: [ sk-1 ] } } } }
            """
                    .formatted(others())
                + more,
            disk.within());
    node.listening();
  }

  /** A decision among so many makes a long record, so that few of them fill the journal. */
  private static String others() {
    return IntStream.range(0, 1000).mapToObj(i -> ", demo/other-" + i).collect(joining());
  }

  private HttpResponse<String> call() {
    var reply =
        node.post(
            "/v1/chat/completions",
            "sk-1",
            "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}");
    if (reply.statusCode() == 200) {
      answered.add(reply.headers().firstValue("x-lintel-request-id").orElseThrow());
      spent =
          spent.add(new BigDecimal(reply.headers().firstValue("x-lintel-cost-usd").orElseThrow()));
    }
    return reply;
  }

  private void answers(int count) {
    for (int i = 0; i < count; i++) {
      var reply = call();
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    }
  }

  private void until(BooleanSupplier holds) {
    long last = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime() - last).as(this::figures).isNegative();
      LockSupport.parkNanos(50_000_000);
    }
  }

  private String figures() {
    List<String> said = node.said().lines().filter(line -> !line.startsWith("{")).toList();
    return "%d answered for %s, %d lost, %d stored, spent %s; %s"
        .formatted(
            answered.size(),
            spent,
            lost(),
            stored(),
            spentNow(),
            String.join("\n", said.subList(Math.max(0, said.size() - 20), said.size())));
  }

  private long lost() {
    Matcher metric = LOST.matcher(node.get("/metrics", Node.ADMIN).body());
    return metric.find() ? (long) Double.parseDouble(metric.group(1)) : 0;
  }

  private String journal() {
    return node.health().path("journal").path("state").asString("");
  }

  private BigDecimal spentNow() {
    JsonNode budget = node.admin("/budgets").path("data").path(0);
    return new BigDecimal(budget.path("spent").asString());
  }

  private long stored() {
    return node.admin("/usage").path("data").path(0).path("calls").asLong();
  }

  private List<String> listed() {
    var ids = new ArrayList<String>();
    String cursor = "";
    do {
      JsonNode page = node.admin("/calls?limit=50" + cursor);
      page.path("data").forEach(record -> ids.add(record.path("request_id").asString()));
      cursor = page.path("next").isNull() ? "" : "&cursor=" + page.path("next").asString();
    } while (!cursor.isEmpty());
    return ids;
  }

  @Test
  void calls_go_on_what_is_lost_is_told_and_what_was_spent_stays_spent() throws IOException {
    start("");
    answers(3);
    until(() -> stored() == 3);
    disk.fill();
    until(() -> {
      answers(10);
      return lost() > 20;
    });
    assertThat(journal()).isEqualTo("full");
    assertThat(node.health().path("journal").path("lost").asString())
        .isEqualTo(Long.toString(lost()));
    assertThat(node.health().path("status").asString()).isEqualTo("degraded");
    assertThat(node.said()).contains("the journal finds no room for another segment");
    until(() -> spentNow().compareTo(spent) == 0);
    var made = node.admin("POST", "/tenants/t/apps/a/keys", "{}");
    assertThat(made.statusCode()).as(made.body()).isIn(503, 507);
    assertThat(Json.parse(made.body()).path("error").path("message").asString())
        .contains("Nothing was changed, because the store", "its disk is full");

    disk.free();
    until(() -> {
      answers(1);
      return !journal().equals("full");
    });
    long lost = lost();
    answers(20);
    assertThat(lost()).isEqualTo(lost);
    until(() -> stored() == answered.size() - lost);
    assertThat(listed())
        .hasSize((int) (answered.size() - lost))
        .doesNotHaveDuplicates()
        .startsWith(
            answered
                .subList(answered.size() - 20, answered.size())
                .reversed()
                .toArray(new String[0]));
    assertThat(new HashSet<>(answered)).containsAll(listed());
    assertThat(node.admin("POST", "/tenants/t/apps/a/keys", "{}").statusCode()).isEqualTo(201);

    List<String> before = listed();
    node.kill();
    node.launch();
    node.listening();
    assertThat(listed()).isEqualTo(before);
    until(() -> spentNow().compareTo(spent) == 0);
    assertThat(lost()).isZero();
    assertThat(node.said()).doesNotContain(" is torn ", "cannot be read");
  }

  @Test
  void no_call_is_answered_without_a_record_where_that_is_said() throws IOException {
    start("records: { when_full: refuse }\n");
    answers(3);
    disk.fill();
    until(() -> call().statusCode() == 503);
    var refused = call();
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body())
        .contains("\"unavailable\"", "no room for the records", "disk of this node is full");
    assertThat(refused.headers().firstValue("retry-after")).isPresent();
    until(() -> spentNow().compareTo(spent) == 0);
    disk.free();
    until(() -> call().statusCode() == 200);
    answers(5);
    until(() -> stored() >= answered.size() - lost());
  }
}

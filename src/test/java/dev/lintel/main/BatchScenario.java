package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Files of requests are asked for any model, one call each, and their answers come in files. */
class BatchScenario {
  private static final String ANSWER =
      "{\n \"id\":\"x\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\n\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n";

  @TempDir private Path folder;
  private RawProvider provider;
  private TestGateway gateway;
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger at = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private volatile CountDownLatch go = new CountDownLatch(0);
  private volatile int slowFrom = Integer.MAX_VALUE;
  private volatile int refusals;

  @BeforeEach
  void start() throws IOException {
    provider = new RawProvider(this::answer);
    gateway = TestGateway.of(yaml());
  }

  @AfterEach
  void stop() throws IOException {
    go.countDown();
    gateway.close();
    provider.close();
  }

  private String yaml() {
    return """
    data: "%s"
    batches: { concurrent: 4 }
    providers:
      raw: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
      demo: { kind: sim }
      claude: { kind: sim, dialect: anthropic }
    models:
      m: { targets: [ raw/m ], retry: { attempts: 1 } }
      roomy: { targets: [ { to: demo/large, concurrent: 1 } ] }
      tiny: demo/small
      other: claude/small
    tenants:
      t: { apps: { a: { keys: [ sk-test-0001 ] }, narrow: { keys: [ sk-narrow ], models: [ tiny ] } } }
      u: { apps: { a: { keys: [ sk-other ] } } }
    """
        .formatted(folder, provider.port());
  }

  private void answer(RawProvider.Visit visit) throws Exception {
    while (visit.read()) {
      int number = asked.incrementAndGet();
      most.accumulateAndGet(at.incrementAndGet(), Math::max);
      if (number >= slowFrom) {
        go.await(20, TimeUnit.SECONDS);
      }
      at.decrementAndGet();
      if (number <= refusals) {
        visit.answer("503 Busy", "Retry-After: 1\r\n", "{\"error\":{\"message\":\"busy\"}}");
      } else {
        visit.answer("200 OK", "", ANSWER);
      }
    }
  }

  private static String line(String id, String model, String more) {
    return "{\"custom_id\":\""
        + id
        + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\""
        + model
        + "\""
        + more
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}}\n";
  }

  private static String lines(int count, String model) {
    var all = new StringBuilder();
    for (int i = 0; i < count; i++) {
      all.append(line("c-" + i, model, ""));
    }
    return all.toString();
  }

  private HttpResponse<String> upload(String purpose, String content, String bearer) {
    String form =
        "--XX\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n"
            + purpose
            + "\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            + content
            + "\r\n--XX--\r\n";
    return gateway.send(
        gateway
            .request("/v1/files")
            .setHeader("authorization", "Bearer " + bearer)
            .setHeader("content-type", "multipart/form-data; boundary=XX")
            .POST(BodyPublishers.ofString(form))
            .build());
  }

  private String file(String content) {
    var reply = upload("batch", content, TestGateway.KEY);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body()).get("id").asString();
  }

  private JsonNode create(String file) {
    var reply = created(file, TestGateway.KEY, "");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private HttpResponse<String> created(String file, String bearer, String more) {
    return gateway.send(
        gateway
            .request("/v1/batches")
            .setHeader("authorization", "Bearer " + bearer)
            .POST(
                BodyPublishers.ofString(
                    "{\"input_file_id\":\""
                        + file
                        + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\""
                        + more
                        + "}"))
            .build());
  }

  private JsonNode get(String id) {
    var reply = gateway.get("/v1/batches/" + id);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private JsonNode until(String id, Predicate<JsonNode> wanted) {
    return Soon.found(() -> get(id), wanted);
  }

  private JsonNode ended(String id) {
    return until(
        id,
        batch ->
            Set.of("completed", "failed", "expired", "cancelled")
                .contains(batch.get("status").asString()));
  }

  private List<JsonNode> results(JsonNode batch, String field) {
    var reply = gateway.get("/v1/files/" + batch.get(field).asString() + "/content");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.body().lines().map(Json::parse).toList();
  }

  @Test
  void every_line_is_answered_in_openais_form() {
    JsonNode made =
        create(file(lines(5, "m") + line("c-t", "tiny", "") + line("c-o", "other", "")));
    assertThat(made.get("object").asString()).isEqualTo("batch");
    assertThat(made.get("status").asString()).isEqualTo("validating");
    JsonNode batch = ended(made.get("id").asString());
    assertThat(batch.get("status").asString()).as(batch.toString()).isEqualTo("completed");
    assertThat(batch.get("request_counts").toString())
        .isEqualTo("{\"total\":7,\"completed\":7,\"failed\":0}");
    assertThat(batch.get("error_file_id").isNull()).isTrue();
    assertThat(batch.get("errors").isNull()).isTrue();
    for (String time : List.of("created_at", "in_progress_at", "finalizing_at", "completed_at")) {
      assertThat(batch.get(time).asLong()).as(time).isPositive();
    }
    List<JsonNode> results = results(batch, "output_file_id");
    assertThat(results).hasSize(7);
    assertThat(results.stream().map(one -> one.get("custom_id").asString()))
        .containsExactlyInAnyOrder("c-0", "c-1", "c-2", "c-3", "c-4", "c-t", "c-o");
    for (JsonNode one : results) {
      assertThat(one.get("id").asString()).startsWith("batch_req_");
      assertThat(one.get("error").isNull()).isTrue();
      assertThat(one.get("response").get("status_code").asInt()).isEqualTo(200);
      assertThat(one.get("response").get("request_id").asString()).startsWith("req_");
      assertThat(one.get("response").get("body").get("choices")).hasSize(1);
    }
    assertThat(most.get()).isLessThanOrEqualTo(4);
    var output =
        Json.parse(gateway.get("/v1/files/" + batch.get("output_file_id").asString()).body());
    assertThat(output.get("purpose").asString()).isEqualTo("batch_output");
  }

  @Test
  void each_line_is_a_call_of_the_app_with_a_record_of_its_own() {
    JsonNode batch = ended(create(file(lines(3, "m"))).get("id").asString());
    var ids =
        results(batch, "output_file_id").stream()
            .map(one -> one.get("response").get("request_id").asString())
            .toList();
    gateway.close();
    String log = gateway.log();
    gateway = TestGateway.of(yaml());
    var records =
        log.lines()
            .map(Json::parse)
            .filter(one -> one.get("tenant").asString().equals("t"))
            .toList();
    assertThat(records.stream().map(one -> one.get("request_id").asString()))
        .containsExactlyInAnyOrderElementsOf(ids);
    assertThat(records)
        .allSatisfy(one -> {
          assertThat(one.get("app").asString()).isEqualTo("a");
          assertThat(one.get("target").asString()).isEqualTo("raw/m");
          assertThat(one.get("usage").get("input").asInt()).isEqualTo(1);
        });
  }

  @Test
  void vectors_are_asked_for_in_batches_too() {
    String line =
        line("v", "tiny", "")
            .replace("/v1/chat/completions", "/v1/embeddings")
            .replaceFirst("\"messages\":\\[.*?]", "\"input\":\"Hello\"");
    var made =
        gateway.post(
            "/v1/batches",
            "{\"input_file_id\":\""
                + file(line)
                + "\",\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"24h\"}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    JsonNode batch = ended(Json.parse(made.body()).get("id").asString());
    assertThat(batch.get("request_counts").get("completed").asInt())
        .as(batch.toString())
        .isEqualTo(1);
    JsonNode body = results(batch, "output_file_id").getFirst().get("response").get("body");
    assertThat(body.get("data").get(0).get("embedding").size()).isPositive();
  }

  @Test
  void lines_that_fail_are_in_the_error_file_and_the_others_in_the_output() {
    JsonNode batch =
        ended(
            create(file(line("good", "tiny", "") + line("bad", "nowhere", "")))
                .get("id")
                .asString());
    assertThat(batch.get("status").asString()).isEqualTo("completed");
    assertThat(batch.get("request_counts").toString())
        .isEqualTo("{\"total\":2,\"completed\":1,\"failed\":1}");
    assertThat(results(batch, "output_file_id").getFirst().get("custom_id").asString())
        .isEqualTo("good");
    JsonNode bad = results(batch, "error_file_id").getFirst();
    assertThat(bad.get("custom_id").asString()).isEqualTo("bad");
    assertThat(bad.get("response").get("status_code").asInt()).isEqualTo(404);
    assertThat(bad.get("response").get("body").get("error").get("message").asString())
        .contains("nowhere");
  }

  @Test
  void a_line_may_ask_only_what_its_app_may() {
    String file = file(line("c", "other", ""));
    var made = created(file, "sk-narrow", "");
    JsonNode batch = ended(Json.parse(made.body()).get("id").asString());
    assertThat(
            results(batch, "error_file_id").getFirst().get("response").get("status_code").asInt())
        .isEqualTo(403);
  }

  @Test
  void a_line_that_is_refused_for_a_moment_is_asked_again() {
    refusals = 1;
    JsonNode batch = ended(create(file(lines(1, "m"))).get("id").asString());
    assertThat(batch.get("request_counts").get("completed").asInt()).isEqualTo(1);
    assertThat(asked).hasValue(2);
  }

  @Test
  void a_line_waits_for_room_longer_than_a_failure_would_be_tried_again() throws Exception {
    var before = new Talk(gateway.url(), "/v1/realtime?model=roomy", TestGateway.KEY);
    before.next();
    String id = create(file(lines(1, "roomy"))).get("id").asString();
    until(
        id,
        batch ->
            !batch.get("status").asString().matches("validating|in_progress")
                || gateway
                    .get("/metrics")
                    .body()
                    .lines()
                    .anyMatch(line ->
                        line.matches("lintel_target_refusals_total.* ([7-9]|1\\d)(\\.0)?")));
    assertThat(get(id).get("status").asString()).isEqualTo("in_progress");
    before.leave();
    assertThat(ended(id).get("request_counts").get("completed").asInt()).isEqualTo(1);
  }

  @Test
  void what_is_wrong_with_a_file_is_said_line_by_line() {
    String content =
        line("a", "m", "")
            + "not json\n"
            + line("a", "m", "")
            + line("b", "m", "").replace("POST", "GET")
            + line("c", "m", "").replace("/v1/chat/completions", "/v1/embeddings")
            + line("d", "m", ",\"stream\":true")
            + "{\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":[]}\n";
    JsonNode batch = ended(create(file(content)).get("id").asString());
    assertThat(batch.get("status").asString()).isEqualTo("failed");
    assertThat(batch.get("failed_at").asLong()).isPositive();
    var found = new ArrayList<String>();
    for (JsonNode fault : batch.get("errors").get("data")) {
      found.add(fault.get("line").asInt() + " " + fault.get("code").asString());
    }
    assertThat(found)
        .containsExactly(
            "2 invalid_json_line",
            "3 duplicate_custom_id",
            "4 invalid_method",
            "5 invalid_url",
            "6 invalid_request",
            "7 missing_required_parameter",
            "7 missing_required_parameter");
    assertThat(asked).hasValue(0);
  }

  @Test
  void a_file_without_a_request_fails() {
    JsonNode batch = ended(create(file("\n\n")).get("id").asString());
    assertThat(batch.get("errors").get("data").get(0).get("code").asString())
        .isEqualTo("empty_file");
  }

  @Test
  void a_batch_goes_on_after_a_restart_and_asks_no_line_twice_whose_answer_it_has()
      throws Exception {
    slowFrom = 7;
    go = new CountDownLatch(1);
    String id = create(file(lines(12, "m"))).get("id").asString();
    // Six are answered; four wait with the provider when the gateway ends.
    until(id, batch -> asked.get() == 10);
    gateway.close();
    slowFrom = Integer.MAX_VALUE;
    go.countDown();
    gateway = TestGateway.of(yaml());
    JsonNode batch = ended(id);
    assertThat(batch.get("request_counts").toString())
        .isEqualTo("{\"total\":12,\"completed\":12,\"failed\":0}");
    assertThat(
            results(batch, "output_file_id").stream()
                .map(one -> one.get("custom_id").asString())
                .collect(Collectors.toSet()))
        .hasSize(12);
    assertThat(results(batch, "output_file_id")).hasSize(12);
    assertThat(asked).hasValue(16);
  }

  @Test
  void a_batch_goes_on_at_another_gateway_on_the_same_folder() throws Exception {
    String file = file(lines(3, "m"));
    slowFrom = 1;
    String id;
    try (var other = TestGateway.of(yaml())) {
      var reply =
          other.post(
              "/v1/batches",
              "{\"input_file_id\":\""
                  + file
                  + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      id = Json.parse(reply.body()).get("id").asString();
    }
    go.countDown();
    assertThat(ended(id).get("request_counts").get("completed").asInt()).isEqualTo(3);
  }

  @Test
  void a_cancelled_batch_ends_with_what_it_has() {
    slowFrom = 3;
    go = new CountDownLatch(1);
    String id = create(file(lines(20, "m"))).get("id").asString();
    until(id, batch -> asked.get() == 6);
    var reply = gateway.post("/v1/batches/" + id + "/cancel", "");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(Json.parse(reply.body()).get("status").asString()).isEqualTo("cancelling");
    go.countDown();
    JsonNode batch = ended(id);
    assertThat(batch.get("status").asString()).isEqualTo("cancelled");
    assertThat(batch.get("cancelled_at").asLong()).isPositive();
    assertThat(batch.get("request_counts").toString())
        .isEqualTo("{\"total\":20,\"completed\":6,\"failed\":14}");
    assertThat(results(batch, "output_file_id")).hasSize(6);
    assertThat(results(batch, "error_file_id"))
        .hasSize(14)
        .allSatisfy(one ->
            assertThat(one.get("error").get("code").asString()).isEqualTo("batch_cancelled"));
    assertThat(gateway.post("/v1/batches/" + id + "/cancel", "").statusCode()).isEqualTo(409);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "endpoint | \"endpoint\":\"/v1/nothing\",\"completion_window\":\"24h\"",
        "completion_window | \"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"1h\"",
        "completion_window | \"endpoint\":\"/v1/chat/completions\"",
        "metadata | \"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\",\"metadata\":{\"a\":1}",
        "priority | \"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\",\"priority\":1",
      })
  void a_wrong_batch_is_400_naming_the_field(String field, String rest) {
    var reply =
        gateway.post("/v1/batches", "{\"input_file_id\":\"" + file("x\n") + "\"," + rest + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).get("error").get("param").asString()).isEqualTo(field);
  }

  @Test
  void a_tenant_sees_only_its_own_files_and_batches() {
    String file = file(lines(1, "tiny"));
    String batch = create(file).get("id").asString();
    ended(batch);
    for (String path :
        List.of("/v1/files/" + file, "/v1/files/" + file + "/content", "/v1/batches/" + batch)) {
      var reply =
          gateway.send(
              gateway.request(path).setHeader("authorization", "Bearer sk-other").GET().build());
      assertThat(reply.statusCode()).as(path).isEqualTo(404);
      assertThat(Json.parse(reply.body()).get("error").get("lintel").get("kind").asString())
          .isEqualTo("not_found");
    }
    assertThat(created(file, "sk-other", "").statusCode()).isEqualTo(404);
    assertThat(created(file, "sk-stranger", "").statusCode()).isEqualTo(401);
    for (String path : List.of("/v1/files", "/v1/batches")) {
      var reply =
          gateway.send(
              gateway.request(path).setHeader("authorization", "Bearer sk-other").GET().build());
      assertThat(Json.parse(reply.body()).get("data")).isEmpty();
    }
  }

  @Test
  void batches_are_listed_page_by_page_the_newest_first() {
    String file = file(lines(1, "tiny"));
    var ids = new ArrayList<String>();
    for (int i = 0; i < 3; i++) {
      ids.addFirst(create(file).get("id").asString());
      ended(ids.getFirst());
    }
    JsonNode first = Json.parse(gateway.get("/v1/batches?limit=2").body());
    assertThat(first.get("has_more").asBoolean()).isTrue();
    assertThat(first.get("first_id").asString()).isEqualTo(ids.getFirst());
    JsonNode second =
        Json.parse(
            gateway.get("/v1/batches?limit=2&after=" + first.get("last_id").asString()).body());
    assertThat(second.get("has_more").asBoolean()).isFalse();
    assertThat(second.get("data")).hasSize(1);
    assertThat(second.get("last_id").asString()).isEqualTo(ids.getLast());
    assertThat(gateway.get("/v1/batches?limit=0").statusCode()).isEqualTo(400);
  }

  @Test
  void a_file_comes_back_as_it_was_and_can_be_deleted() {
    String content = "{\"a\":\"Grüße\"}\r\n--X\r\n\r\n";
    var made = upload("user_data", content, TestGateway.KEY);
    JsonNode file = Json.parse(made.body());
    assertThat(file.get("bytes").asInt())
        .isEqualTo(content.getBytes(java.nio.charset.StandardCharsets.UTF_8).length);
    assertThat(file.get("filename").asString()).isEqualTo("in.jsonl");
    String path = "/v1/files/" + file.get("id").asString();
    assertThat(gateway.get(path + "/content").body()).isEqualTo(content);
    assertThat(Json.parse(gateway.get(path).body())).isEqualTo(file);
    JsonNode list = Json.parse(gateway.get("/v1/files?purpose=user_data").body());
    assertThat(list.get("data").get(0)).isEqualTo(file);
    assertThat(Json.parse(gateway.get("/v1/files?purpose=batch").body()).get("data")).isEmpty();
    var deleted = gateway.send(gateway.request(path).DELETE().build());
    assertThat(Json.parse(deleted.body()).get("deleted").asBoolean()).isTrue();
    assertThat(gateway.get(path).statusCode()).isEqualTo(404);
    assertThat(gateway.get(path + "/content").statusCode()).isEqualTo(404);
  }

  @Test
  void azures_form_of_a_path_is_taken_too() {
    String input = file(line("a", "tiny", "").replace("/v1/chat", "/chat"));
    var made =
        gateway.post(
            "/openai/v1/batches",
            "{\"input_file_id\":\""
                + input
                + "\",\"endpoint\":\"/chat/completions\",\"completion_window\":\"24h\"}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    JsonNode batch = ended(Json.parse(made.body()).path("id").asString());
    assertThat(batch.path("status").asString()).isEqualTo("completed");
    assertThat(batch.path("request_counts").path("completed").asInt())
        .as(batch.toString())
        .isEqualTo(1);
  }

  @Test
  void an_upload_may_be_larger_than_a_body() throws IOException {
    var content = new byte[40 << 20];
    new Random(1).nextBytes(content);
    byte[] form =
        new Multiparts()
            .file("file", "big.bin", "application/octet-stream", content)
            .field("purpose", "user_data")
            .end();
    var made =
        gateway.send(
            gateway
                .request("/v1/files")
                .setHeader("content-type", Multiparts.TYPE)
                .POST(BodyPublishers.ofByteArray(form))
                .build());
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    JsonNode file = Json.parse(made.body());
    assertThat(file.get("bytes").asInt()).isEqualTo(content.length);
    Path kept = folder.resolve("files").resolve(file.get("id").asString());
    assertThat(Files.mismatch(kept, Files.write(folder.resolve("sent"), content))).isEqualTo(-1);
    gateway.send(gateway.request("/v1/files/" + file.get("id").asString()).DELETE().build());
    assertThat(kept).doesNotExist();
  }

  @Test
  void a_wrong_upload_is_400_naming_the_part() {
    assertThat(upload("batch_output", "x", TestGateway.KEY).body())
        .contains("\"param\":\"purpose\"");
    assertThat(upload("batch", "", TestGateway.KEY).body()).contains("\"param\":\"file\"");
    var noForm = gateway.post("/v1/files", "{}");
    assertThat(noForm.statusCode()).isEqualTo(400);
    var cut =
        gateway.send(
            gateway
                .request("/v1/files")
                .setHeader("content-type", "multipart/form-data; boundary=XX")
                .POST(
                    BodyPublishers.ofString(
                        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc"))
                .build());
    assertThat(cut.statusCode()).isEqualTo(400);
    assertThat(cut.body()).contains("ends before its closing boundary");
  }

  private HttpResponse<String> messages(String method, String rest, String body) {
    return gateway.send(
        gateway
            .request("/v1/messages/batches" + rest)
            .header("anthropic-version", "2023-06-01")
            .method(method, BodyPublishers.ofString(body))
            .build());
  }

  private static String message(String id, String model) {
    return "{\"custom_id\":\""
        + id
        + "\",\"params\":{\"model\":\""
        + model
        + "\",\"max_tokens\":20,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}}";
  }

  private JsonNode endedMessages(String id) {
    return Soon.found(
        () -> Json.parse(messages("GET", "/" + id, "").body()),
        batch -> batch.path("processing_status").asString("").equals("ended"));
  }

  @Test
  void anthropics_batches_ask_any_model_and_give_results_in_anthropics_form() {
    var made =
        messages(
            "POST",
            "",
            "{\"requests\":["
                + message("a", "other")
                + ","
                + message("b", "tiny")
                + ","
                + message("c", "nowhere")
                + "]}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    JsonNode first = Json.parse(made.body());
    assertThat(first.get("type").asString()).isEqualTo("message_batch");
    assertThat(first.get("processing_status").asString()).isEqualTo("in_progress");
    assertThat(first.get("request_counts").get("processing").asInt()).isEqualTo(3);
    assertThat(first.get("results_url").isNull()).isTrue();
    JsonNode batch = endedMessages(first.get("id").asString());
    assertThat(batch.get("request_counts").toString())
        .isEqualTo("{\"processing\":0,\"succeeded\":2,\"errored\":1,\"canceled\":0,\"expired\":0}");
    var reply = gateway.get(batch.get("results_url").asString());
    assertThat(reply.statusCode()).isEqualTo(200);
    for (String text : reply.body().lines().toList()) {
      JsonNode line = Json.parse(text);
      JsonNode result = line.get("result");
      if (line.get("custom_id").asString().equals("c")) {
        assertThat(result.get("type").asString()).isEqualTo("errored");
        assertThat(result.get("error").get("error").get("type").asString())
            .isEqualTo("not_found_error");
      } else {
        assertThat(result.get("type").asString()).isEqualTo("succeeded");
        assertThat(result.get("message").get("type").asString()).isEqualTo("message");
      }
    }
    assertThat(Json.parse(gateway.get("/v1/files").body()).get("data")).isEmpty();
    assertThat(gateway.get("/v1/batches/" + batch.get("id").asString()).statusCode())
        .isEqualTo(404);
    JsonNode list = Json.parse(messages("GET", "", "").body());
    assertThat(list.get("data")).hasSize(1);
    var deleted = messages("DELETE", "/" + batch.get("id").asString(), "");
    assertThat(Json.parse(deleted.body()).get("type").asString())
        .isEqualTo("message_batch_deleted");
    assertThat(messages("GET", "/" + batch.get("id").asString(), "").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "requests | {}",
        "requests | {\"requests\":[]}",
        "requests.0.custom_id | {\"requests\":[{\"custom_id\":\"a b\",\"params\":{}}]}",
        "requests.0.params | {\"requests\":[{\"custom_id\":\"a\"}]}",
        "requests.1.custom_id | {\"requests\":[{\"custom_id\":\"a\",\"params\":{}},{\"custom_id\":\"a\",\"params\":{}}]}",
        "requests.0.params.stream | {\"requests\":[{\"custom_id\":\"a\",\"params\":{\"stream\":true}}]}",
      })
  void a_wrong_batch_of_messages_is_400_in_anthropics_envelope(String field, String body) {
    var reply = messages("POST", "", body);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
    JsonNode error = Json.parse(reply.body());
    assertThat(error.get("type").asString()).isEqualTo("error");
    assertThat(error.get("error").get("type").asString()).isEqualTo("invalid_request_error");
    assertThat(reply.body()).contains(field.contains("stream") ? "stream" : field);
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A provider that works off whole batches is given them, and its discount is booked. */
class BatchRelayScenario {
  private static final String CREATE = "POST /v1/batches";
  private static final String CREATE_MESSAGES = "POST /v1/messages/batches";

  @TempDir private Path folder;
  private FakeBatches provider;
  private TestGateway gateway;

  @BeforeEach
  void start() throws IOException {
    provider = new FakeBatches();
    gateway = TestGateway.of(yaml());
  }

  @AfterEach
  void stop() {
    gateway.close();
    provider.close();
  }

  private String yaml() {
    return """
    data: "%1$s"
    providers:
      gpt: { kind: openai, url: "http://127.0.0.1:%2$d/v1", key: sk-up, batches: native }
      claude: { kind: anthropic, url: "http://127.0.0.1:%2$d", key: sk-up, batches: native }
      plain: { kind: openai, url: "http://127.0.0.1:%2$d/v1", key: sk-up }
    models:
      m: gpt/gpt-4o-mini
      c: claude/claude-3-5-haiku-20241022
      p: plain/gpt-4o-mini
    prices:
      gpt/gpt-4o-mini: { input: 1, output: 10, batch: { input: 0.5, output: 5 } }
      claude/claude-3-5-haiku-20241022: { input: 1, output: 10, batch: { input: 0.5, output: 5 } }
    tenants:
      t: { apps: { a: { keys: [ sk-test-0001 ] } } }
    """
        .formatted(folder, provider.port());
  }

  private void restart() {
    gateway.close();
    gateway = TestGateway.of(yaml());
  }

  private static String line(String id, String model, String text) {
    return "{\"custom_id\":\""
        + id
        + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\""
        + model
        + "\",\"seed\":7,\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\""
        + text
        + "\"}]}}\n";
  }

  private String create(String content) {
    String form =
        "--XX\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n"
            + content
            + "\r\n--XX--\r\n";
    var file =
        gateway.send(
            gateway
                .request("/v1/files")
                .setHeader("content-type", "multipart/form-data; boundary=XX")
                .POST(BodyPublishers.ofString(form))
                .build());
    String id = Json.parse(file.body()).path("id").asString();
    var made =
        gateway.post(
            "/v1/batches",
            "{\"input_file_id\":\""
                + id
                + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    return Json.parse(made.body()).path("id").asString();
  }

  private String createMessages(String... texts) {
    var body = Json.object();
    var requests = body.putArray("requests");
    for (String text : texts) {
      var one = requests.addObject().put("custom_id", "c-" + text);
      var params = one.putObject("params").put("model", "c").put("max_tokens", 9);
      params.putArray("messages").addObject().put("role", "user").put("content", text);
    }
    var made = gateway.post("/v1/messages/batches", body.toString());
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    return Json.parse(made.body()).path("id").asString();
  }

  private JsonNode until(String path, Predicate<JsonNode> wanted) {
    return Soon.found(() -> Json.parse(gateway.get(path).body()), wanted);
  }

  private void until(BooleanSupplier wanted) {
    until("/v1/batches", list -> wanted.getAsBoolean());
  }

  private JsonNode ended(String id) {
    return until(
        "/v1/batches/" + id,
        batch ->
            Set.of("completed", "failed", "expired", "cancelled")
                .contains(batch.path("status").asString()));
  }

  private JsonNode endedMessages(String id) {
    return until(
        "/v1/messages/batches/" + id,
        batch -> batch.path("processing_status").asString().equals("ended"));
  }

  private List<JsonNode> results(JsonNode batch, String field) {
    var reply = gateway.get("/v1/files/" + batch.path(field).asString() + "/content");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.body().lines().map(Json::parse).toList();
  }

  private List<JsonNode> records() {
    gateway.close();
    List<JsonNode> records =
        gateway
            .log()
            .lines()
            .map(Json::parse)
            .filter(one -> one.path("tenant").asString().equals("t"))
            .toList();
    gateway = TestGateway.of(yaml());
    return records;
  }

  @Test
  void openais_batch_goes_to_openai_whole_and_is_booked_at_the_price_of_batches() {
    JsonNode batch = ended(create(line("a", "m", "x") + line("b", "m", "fail")));
    assertThat(batch.path("status").asString()).as(batch.toString()).isEqualTo("completed");
    assertThat(batch.path("request_counts").toString())
        .isEqualTo("{\"total\":2,\"completed\":1,\"failed\":1}");
    JsonNode good = results(batch, "output_file_id").getFirst();
    assertThat(good.path("custom_id").asString()).isEqualTo("a");
    assertThat(good.path("response").path("body").path("vendor_field").asString())
        .isEqualTo("kept");
    JsonNode bad = results(batch, "error_file_id").getFirst();
    assertThat(bad.path("custom_id").asString()).isEqualTo("b");
    assertThat(bad.path("response").path("status_code").asInt()).isEqualTo(400);
    assertThat(bad.toString()).contains("bad words");
    assertThat(provider.count(CREATE)).isEqualTo(1);
    assertThat(provider.count("POST /v1/chat/completions")).isZero();
    assertThat(provider.keys).containsOnly("Bearer sk-up");
    until(() -> provider.kept().isEmpty());
    List<JsonNode> records = records();
    assertThat(records).hasSize(2);
    JsonNode record =
        records.stream().filter(one -> one.path("kind").isNull()).findFirst().orElseThrow();
    assertThat(record.path("target").asString()).isEqualTo("gpt/gpt-4o-mini");
    assertThat(record.path("model").asString()).isEqualTo("m");
    assertThat(record.path("cost_usd").asString()).as(record.toString()).startsWith("0.001");
    assertThat(record.path("usage").path("input").asInt()).isEqualTo(1000);
  }

  @Test
  void a_batch_of_messages_goes_to_anthropic_whole() {
    String id = createMessages("x", "fail");
    JsonNode batch = endedMessages(id);
    assertThat(batch.path("request_counts").path("succeeded").asInt()).isEqualTo(1);
    assertThat(batch.path("request_counts").path("errored").asInt()).isEqualTo(1);
    String results = gateway.get("/v1/messages/batches/" + id + "/results").body();
    assertThat(results).contains("\"c-x\"", "\"c-fail\"", "succeeded", "errored", "bad words");
    assertThat(provider.count(CREATE_MESSAGES)).isEqualTo(1);
    assertThat(provider.count("POST /v1/messages")).isZero();
    assertThat(provider.keys).containsOnly("sk-up 2023-06-01");
    assertThat(records().stream().map(one -> one.path("cost_usd").asString("")))
        .anyMatch(cost -> cost.startsWith("0.001"));
  }

  @Test
  void lines_in_openais_words_are_translated_for_anthropic() {
    JsonNode batch = ended(create(line("a b", "c", "x")));
    JsonNode good = results(batch, "output_file_id").getFirst();
    assertThat(good.path("custom_id").asString()).isEqualTo("a b");
    JsonNode body = good.path("response").path("body");
    assertThat(body.path("choices").path(0).path("message").path("content").asString())
        .isEqualTo("Hi");
    assertThat(provider.count(CREATE_MESSAGES)).isEqualTo(1);
  }

  @Test
  void lines_for_several_targets_and_for_others_than_the_vendors_are_asked_one_by_one() {
    ended(create(line("a", "m", "x") + line("b", "p", "x")));
    ended(create(line("a", "p", "x")));
    assertThat(provider.count(CREATE)).isZero();
    assertThat(provider.count("POST /v1/chat/completions")).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 405, 501})
  void a_batch_that_is_refused_is_asked_one_by_one(int status) {
    provider.refusal = status;
    JsonNode batch = ended(create(line("a", "m", "x")));
    assertThat(batch.path("status").asString()).isEqualTo("completed");
    assertThat(provider.count("POST /v1/chat/completions")).isEqualTo(1);
    assertThat(provider.kept()).isEmpty();
  }

  @Test
  void a_cancelled_batch_is_cancelled_there_and_keeps_what_was_answered() {
    provider.busy = true;
    String id = create(line("a", "m", "x") + line("b", "m", "x"));
    until(() -> provider.count("GET /v1/batches/batch_up1") > 0);
    gateway.post("/v1/batches/" + id + "/cancel", "");
    JsonNode batch = ended(id);
    assertThat(batch.path("status").asString()).isEqualTo("cancelled");
    assertThat(provider.count("POST /v1/batches/batch_up1/cancel")).isEqualTo(1);
    assertThat(results(batch, "output_file_id")).hasSize(1);
    assertThat(results(batch, "error_file_id").toString()).contains("batch_cancelled");
  }

  @Test
  void what_the_provider_did_not_ask_in_time_has_expired() {
    JsonNode batch = ended(create(line("a", "m", "x") + line("b", "m", "late")));
    assertThat(batch.path("status").asString()).isEqualTo("expired");
    assertThat(results(batch, "error_file_id").toString()).contains("batch_expired");
  }

  @Test
  void a_batch_that_the_provider_fails_has_failed_with_its_reasons() {
    provider.wrong = true;
    JsonNode batch = ended(create(line("a", "m", "x")));
    assertThat(batch.path("status").asString()).isEqualTo("failed");
    assertThat(batch.path("errors").toString()).contains("model_not_found");
    assertThat(provider.count("POST /v1/chat/completions")).isZero();
  }

  @Test
  void a_batch_goes_on_there_after_a_restart() {
    provider.busy = true;
    String id = create(line("a", "m", "x"));
    until(() -> provider.count("GET /v1/batches/batch_up1") > 0);
    restart();
    provider.busy = false;
    assertThat(ended(id).path("status").asString()).isEqualTo("completed");
    assertThat(provider.count(CREATE)).isEqualTo(1);
  }

  @Test
  void no_batch_is_handed_on_twice_though_nobody_was_told_that_it_was() {
    provider.mute = true;
    String id = create(line("a", "m", "x"));
    until(() -> provider.count(CREATE) == 1);
    restart();
    assertThat(ended(id).path("status").asString()).isEqualTo("completed");
    assertThat(provider.count(CREATE)).isEqualTo(1);
    assertThat(provider.count("POST /v1/chat/completions")).isZero();
  }

  @Test
  void no_batch_of_messages_is_handed_on_twice_either() {
    provider.mute = true;
    String id = createMessages("x");
    until(() -> provider.count(CREATE_MESSAGES) == 1);
    restart();
    endedMessages(id);
    assertThat(provider.count(CREATE_MESSAGES)).isEqualTo(1);
    assertThat(provider.count("POST /v1/messages")).isZero();
  }

  @Test
  void the_vendors_have_batches_at_their_usual_address_alone() {
    var usual =
        TestGateway.config(
            """
            providers:
              openai: { key: k }
              anthropic: { key: k, batches: own }
              mine: { kind: openai, url: "http://127.0.0.1:1/v1", key: k }
              groq: { key: k }
            """);
    assertThat(usual.remotes().get("openai").batches()).isTrue();
    assertThat(usual.remotes().get("anthropic").batches()).isFalse();
    assertThat(usual.remotes().get("mine").batches()).isFalse();
    assertThat(usual.remotes().get("groq").batches()).isFalse();
  }
}

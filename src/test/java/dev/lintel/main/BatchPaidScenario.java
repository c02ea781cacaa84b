package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What a provider's batch has cost is paid once, however often the gateway is killed meanwhile. */
class BatchPaidScenario {
  private static final String KEY = "sk-batch";
  private static final int LINES = 60;

  @TempDir private Path folder;

  private static String upload(Node node) throws Exception {
    var lines = new StringBuilder();
    for (int i = 0; i < LINES; i++) {
      lines
          .append("{\"custom_id\":\"c")
          .append(i)
          .append("\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":")
          .append("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}}\n");
    }
    String form =
        "--XX\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n"
            + lines
            + "\r\n--XX--\r\n";
    var file =
        Node.send(
            node.request("/v1/files", KEY)
                .setHeader("content-type", "multipart/form-data; boundary=XX")
                .POST(BodyPublishers.ofString(form))
                .build());
    assertThat(file.statusCode()).as(file.body()).isEqualTo(200);
    return Json.parse(file.body()).path("id").asString();
  }

  @Test
  void a_batch_is_paid_for_once_though_the_gateway_is_killed_while_it_books_the_results()
      throws Exception {
    try (var provider = new FakeBatches();
        var node =
            new Node(
                folder,
                """
                providers: { gpt: { kind: openai, url: "http://127.0.0.1:%d/v1", key: sk-up, batches: native } }
                models: { m: gpt/gpt-4o-mini }
                prices: { gpt/gpt-4o-mini: { input: 1, output: 10, batch: { input: 0.5, output: 5 } } }
                tenants: { t: { apps: { a: { keys: [ %s ], budget: { total: 10 USD } } } } }
                """
                    .formatted(provider.port(), KEY))) {
      node.listening();
      var made =
          node.post(
              "/v1/batches",
              KEY,
              "{\"input_file_id\":\""
                  + upload(node)
                  + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}");
      assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
      String id = Json.parse(made.body()).path("id").asString();
      for (int kill = 1; kill <= 3; kill++) {
        int fetched = kill;
        // Once the results are fetched they are booked, line by line; by then it may be over.
        Soon.until(() ->
            provider.count("GET /v1/files/file-good-batch_up1/content") >= fetched
                || status(node, id).equals("completed"));
        node.kill();
        node.launch();
        node.listening();
      }
      Soon.until(() -> status(node, id).equals("completed"));
      JsonNode budget =
          Soon.found(
              () -> node.admin("/budgets").at("/data/0"),
              row -> row.path("spent").asString().equals("0.06"));
      assertThat(budget.path("reserved").asString()).isEqualTo("0");
      JsonNode usage =
          Soon.found(
              () -> node.admin("/usage").at("/data/0"), row -> row.path("calls").asInt() >= LINES);
      assertThat(usage.path("calls").asInt()).isEqualTo(LINES);
      assertThat(usage.path("cost_usd").asString()).isEqualTo("0.06");
      assertThat(provider.count("POST /v1/batches")).isEqualTo(1);
    }
  }

  private static String status(Node node, String id) {
    return Json.parse(node.get("/v1/batches/" + id, KEY).body()).path("status").asString("");
  }
}

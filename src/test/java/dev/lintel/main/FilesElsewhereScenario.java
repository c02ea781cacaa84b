package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.store.RealPostgres;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Two nodes share a database, and each has the content of its own files. */
class FilesElsewhereScenario {
  private static final int BATCHES = 6;

  private static String upload(TestGateway node) {
    String form =
        """
        --XX
        Content-Disposition: form-data; name="purpose"

        batch
        --XX
        Content-Disposition: form-data; name="file"; filename="in.jsonl"

        {"custom_id":"c","method":"POST","url":"/v1/chat/completions","body":{"model":"demo/small","messages":[{"role":"user","content":"Hello"}]}}
        --XX--
        """;
    var reply =
        node.send(
            node.request("/v1/files")
                .setHeader("content-type", "multipart/form-data; boundary=XX")
                .POST(BodyPublishers.ofString(form.replace("\n", "\r\n")))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body()).path("id").asString();
  }

  private static void assertElsewhere(HttpResponse<String> reply) {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(503);
    assertThat(reply.body()).contains("another node", "\"unavailable\"");
  }

  @Test
  void a_node_that_has_not_a_files_content_says_so_and_leaves_its_batch_to_the_one_that_has() {
    String yaml = "database: " + RealPostgres.fresh() + "\nproviders: { demo: { kind: sim } }\n";
    try (var one = TestGateway.of(yaml);
        var other = TestGateway.of(yaml)) {
      for (int i = 0; i < BATCHES; i++) {
        TestGateway at = i % 2 == 0 ? one : other;
        TestGateway elsewhere = i % 2 == 0 ? other : one;
        String file = upload(at);
        assertThat(elsewhere.get("/v1/files/" + file).statusCode()).isEqualTo(200);
        assertElsewhere(elsewhere.get("/v1/files/" + file + "/content"));
        assertThat(at.get("/v1/files/" + file + "/content").statusCode()).isEqualTo(200);
        var made =
            elsewhere.post(
                "/v1/batches",
                "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}"
                    .formatted(file));
        assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
        String id = Json.parse(made.body()).path("id").asString();
        JsonNode batch =
            Soon.found(
                () -> Json.parse(one.get("/v1/batches/" + id).body()),
                now -> List.of("completed", "failed").contains(now.path("status").asString()));
        assertThat(batch.path("status").asString()).as(batch.toString()).isEqualTo("completed");
        String output = "/v1/files/" + batch.path("output_file_id").asString() + "/content";
        assertThat(at.get(output).statusCode()).isEqualTo(200);
        assertElsewhere(elsewhere.get(output));
      }
    }
  }
}

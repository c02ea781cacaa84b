package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.audit.Exported;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What was decided and done is proved afterwards, and nobody changes it unseen. */
class AuditScenario {
  private static final String CALL =
      "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";

  @TempDir private Path folder;

  private TestGateway start() {
    return TestGateway.of(
        """
        data: %s
        providers: { demo: { kind: sim } }
        models: { tiny: demo/small, other: demo/other }
        tenants: { t: { apps: { a: { keys: [ sk-test-0001 ], models: [ tiny ] } } } }
        """
            .formatted(folder));
  }

  private static HttpResponse<String> asked(TestGateway gateway, String path) {
    return gateway.admin("GET", path, "");
  }

  private static JsonNode json(TestGateway gateway, String path) {
    return Json.parse(asked(gateway, path).body());
  }

  private static JsonNode verified(TestGateway gateway) {
    return json(gateway, "/admin/v1/audit/verify?records=true");
  }

  private int sql(String text) throws Exception {
    try (Connection db = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("lintel.db"));
        var statement = db.createStatement()) {
      return statement.executeUpdate(text);
    }
  }

  @Test
  void calls_refusals_and_acts_are_proved_and_a_changed_entry_is_named_loudly() throws Exception {
    String answered;
    String refused;
    long named;
    try (var gateway = start()) {
      answered = id(gateway.post("/v1/chat/completions", CALL));
      refused = id(gateway.post("/v1/chat/completions", CALL.replace("tiny", "other")));
      assertThat(gateway.admin("POST", "/admin/v1/tenants", "{\"name\":\"u\"}").statusCode())
          .isEqualTo(201);
      JsonNode decisions =
          Soon.found(
              () -> json(gateway, "/admin/v1/audit?kind=decision"),
              found -> found.toString().contains(refused));
      assertThat(decisions.toString()).contains("\"permission\"").doesNotContain(answered);
      JsonNode acts = json(gateway, "/admin/v1/audit?kind=act").path("data");
      assertThat(acts.size()).isEqualTo(2);
      assertThat(acts.path(1).at("/body/what").asString()).isEqualTo("POST /admin/v1/tenants");
      assertThat(json(gateway, "/admin/v1/audit?kind=config").path("data").size()).isEqualTo(1);
      JsonNode found =
          Soon.found(() -> verified(gateway), one -> one.path("records").asLong() == 2);
      assertThat(found.path("intact").asBoolean()).isTrue();
      assertThat(found.path("entries").asLong()).isGreaterThanOrEqualTo(6);

      String export = asked(gateway, "/admin/v1/audit/export").body();
      assertThat(Exported.verified(export.lines()).broken()).isEmpty();
      assertThat(Exported.verified(export.replace("POST /admin", "GET /admin").lines()).broken())
          .isPresent();
      assertThat(Exported.verified(export.lines().skip(1)).broken()).isPresent();
      String proof = asked(gateway, "/admin/v1/audit/export?request_id=" + answered).body();
      var proved = Exported.verified(proof.lines());
      assertThat(proved.broken()).isEmpty();
      assertThat(proved.records()).isEqualTo(1);
      assertThat(
              Exported.verified(proof.replace("\\\"status\\\":200", "\\\"status\\\":201").lines())
                  .broken())
          .isPresent();
      assertThat(asked(gateway, "/admin/v1/audit/export?request_id=x").statusCode()).isEqualTo(404);

      Run intact = run("--records", "--url", gateway.url().toString());
      assertThat(intact.code).as(intact.out).isZero();
      assertThat(intact.out).startsWith("Intact: ").contains(" entries, 2 records.");
      Path file = Files.writeString(folder.resolve("export.jsonl"), export);
      assertThat(run("--file", file.toString()).out).startsWith("Intact: ");
      Files.writeString(file, export.replace("POST /admin", "GET /admin"));
      Run changed = run("--file", file.toString());
      assertThat(changed.code).isEqualTo(1);
      assertThat(changed.out).contains("broken at entry ");
      named = acts.path(1).path("sequence").asLong();
    }
    assertThat(
            sql("UPDATE audit SET body = replace(body, 'POST', 'GET') WHERE sequence = " + named))
        .isEqualTo(1);
    Path yaml =
        Files.writeString(folder.resolve("lintel.yaml"), "data: " + folder + "\nkeys: ${GONE}\n");
    Run stopped = run("--config", yaml.toString(), "--records");
    assertThat(stopped.code).as(stopped.out).isEqualTo(1);
    assertThat(stopped.out).contains("broken at entry " + named + ":");
    assertThat(run("--data", folder.resolve("none").toString()).out).contains("no store in");
    try (var gateway = start()) {
      assertThat(gateway.post("/v1/chat/completions", CALL).statusCode()).isEqualTo(200);
      JsonNode found = verified(gateway);
      assertThat(found.path("intact").asBoolean()).isFalse();
      assertThat(found.path("sequence").asLong()).isEqualTo(named);
      assertThat(found.at("/broken/sequence").asLong()).isEqualTo(named);
      JsonNode health = Json.parse(gateway.get("/health").body());
      assertThat(health.toString()).contains("\"audit\"").contains("broken");
      assertThat(gateway.get("/metrics").body()).contains("lintel_audit_intact 0");
    }
  }

  private record Run(int code, String out) {}

  /** {@code lintel audit verify}, in a process of its own. */
  private static Run run(String... options) throws Exception {
    var command = new ArrayList<>(List.of(ThisJava.JAVA, "-cp", ThisJava.CLASSES));
    command.addAll(List.of(Main.class.getName(), "audit", "verify"));
    command.addAll(List.of(options));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", "admin-key");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out);
  }

  private static String id(HttpResponse<String> reply) {
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }
}

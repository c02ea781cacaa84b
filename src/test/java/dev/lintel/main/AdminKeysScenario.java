package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.store.RealPostgres;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Admins have keys of their own, with a name and a role each. */
class AdminKeysScenario {
  private static final String FILE =
      """
      providers: { demo: { kind: sim } }
      models: { tiny: demo/small, big: demo/large }
      policies:
        strict: { models: [ tiny ], approval: second_admin }
      tenants: { t: { policy: strict, apps: { a: { keys: [ sk-test-0001 ] } } }, u: {} }
      """;

  @TempDir private Path folder;

  private TestGateway gateway(String more) {
    return TestGateway.of("data: \"" + folder.resolve("data") + "\"\n" + more + FILE);
  }

  private static HttpResponse<String> ask(
      TestGateway gateway, String key, String method, String path, String body) {
    return gateway.send(
        gateway
            .request("/admin/v1" + path)
            .setHeader("authorization", "Bearer " + key)
            .method(method, BodyPublishers.ofString(body))
            .build());
  }

  private static JsonNode made(TestGateway gateway, String by, String path, String body) {
    var reply = ask(gateway, by, "POST", path, body);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
    return Json.parse(reply.body());
  }

  private static JsonNode key(TestGateway gateway, String by, String name, String role) {
    return made(gateway, by, "/admins", "{\"name\":\"%s\",\"role\":\"%s\"}".formatted(name, role));
  }

  private static int status(TestGateway gateway, String key, String method, String path) {
    return ask(gateway, key, method, path, method.equals("PUT") ? "{\"value\":\"x1\"}" : "")
        .statusCode();
  }

  private static void until(BooleanSupplier holds) {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void a_key_may_what_its_role_may_and_acts_go_by_its_name() throws IOException {
    String deploy;
    try (var gateway = gateway("")) {
      JsonNode made = key(gateway, "admin-key", "deploy", "admin");
      deploy = made.path("key").asString();
      assertThat(deploy).startsWith(made.path("prefix").asString()).hasSizeGreaterThan(40);
      assertThat(status(gateway, deploy, "PUT", "/secrets/a")).isEqualTo(200);
      assertThat(ask(gateway, deploy, "GET", "/acts", "").body()).contains("\"by\":\"deploy\"");
      assertThat(ask(gateway, deploy, "GET", "/me", "").body())
          .isEqualTo(
              "{\"name\":\"deploy\",\"role\":\"admin\",\"tenants\":[],\"person\":\"deploy\"}");

      String auditor = key(gateway, deploy, "audit bot", "auditor").path("key").asString();
      assertThat(status(gateway, auditor, "GET", "/acts")).isEqualTo(200);
      assertThat(status(gateway, auditor, "GET", "/admins")).isEqualTo(200);
      assertThat(status(gateway, auditor, "PUT", "/secrets/a")).isEqualTo(403);
      assertThat(ask(gateway, auditor, "POST", "/admins", "{}").statusCode()).isEqualTo(403);
      String viewer = key(gateway, deploy, "wall", "viewer").path("key").asString();
      assertThat(status(gateway, viewer, "GET", "/providers")).isEqualTo(200);
      assertThat(status(gateway, viewer, "GET", "/acts")).isEqualTo(403);
      assertThat(status(gateway, viewer, "GET", "/admins")).isEqualTo(403);
      String lead =
          made(
                  gateway,
                  deploy,
                  "/admins",
                  "{\"name\":\"lead\",\"role\":\"tenant_admin\",\"tenants\":[\"t\"]}")
              .path("key")
              .asString();
      assertThat(status(gateway, lead, "GET", "/tenants/t/apps")).isEqualTo(200);
      assertThat(status(gateway, lead, "GET", "/tenants/u/apps")).isEqualTo(403);

      JsonNode all = Json.parse(ask(gateway, auditor, "GET", "/admins", "").body()).path("data");
      assertThat(all).hasSize(4);
      assertThat(all.path(0).path("last_use").isNull()).isFalse();
      assertThat(all.path(0).has("key")).isFalse();
      assertThat(all.path(3).path("tenants").toString()).isEqualTo("[\"t\"]");

      // It is no caller's, and callers' keys are no admin's.
      assertThat(
              gateway
                  .send(
                      gateway
                          .request("/v1/models")
                          .setHeader("authorization", "Bearer " + deploy)
                          .GET()
                          .build())
                  .statusCode())
          .isEqualTo(401);
      String caller = made(gateway, deploy, "/tenants/t/apps/a/keys", "{}").path("key").asString();
      assertThat(status(gateway, caller, "GET", "/providers")).isEqualTo(401);
    }
    try (var gateway = gateway("");
        var files = Files.walk(folder)) {
      assertThat(status(gateway, deploy, "GET", "/acts")).isEqualTo(200);
      assertThat(files.filter(Files::isRegularFile))
          .allSatisfy(file ->
              assertThat(new String(Files.readAllBytes(file), "ISO-8859-1"))
                  .doesNotContain(deploy));
      assertThat(ask(gateway, deploy, "GET", "/acts", "").body()).doesNotContain(deploy);
    }
  }

  @Test
  void a_key_ends_when_it_is_ended_rotated_or_over() {
    try (var gateway = gateway("")) {
      JsonNode made = key(gateway, "admin-key", "ops", "auditor");
      String old = made.path("key").asString();
      String path = "/admins/" + made.path("id").asString();
      JsonNode next = made(gateway, "admin-key", path + "/rotate", "{\"overlap\":\"1h\"}");
      String fresh = next.path("key").asString();
      assertThat(next.path("name").asString()).isEqualTo("ops");
      assertThat(status(gateway, old, "GET", "/acts")).isEqualTo(200);
      assertThat(status(gateway, fresh, "GET", "/acts")).isEqualTo(200);
      assertThat(status(gateway, "admin-key", "DELETE", path)).isEqualTo(204);
      assertThat(status(gateway, old, "GET", "/acts")).isEqualTo(401);
      assertThat(status(gateway, "admin-key", "DELETE", path)).isEqualTo(404);
      path = "/admins/" + next.path("id").asString();
      made(gateway, "admin-key", path + "/rotate", "{\"overlap\":\"0s\"}");
      assertThat(status(gateway, fresh, "GET", "/acts")).isEqualTo(401);

      String brief =
          made(
                  gateway,
                  "admin-key",
                  "/admins",
                  "{\"name\":\"brief\",\"role\":\"auditor\",\"expires\":\"%s\"}"
                      .formatted(Instant.now().plusSeconds(1)))
              .path("key")
              .asString();
      until(() -> status(gateway, brief, "GET", "/acts") == 401);
    }
  }

  @Test
  void wrong_input_names_the_field_and_makes_nothing() {
    try (var gateway = gateway("")) {
      key(gateway, "admin-key", "ops", "auditor");
      for (String[] wrong :
          new String[][] {
            {"{\"role\":\"admin\"}", "name", "400"},
            {"{\"name\":\"Admin Key\",\"role\":\"admin\"}", "name", "400"},
            {"{\"name\":\"ann@example.com\",\"role\":\"admin\"}", "name", "400"},
            {"{\"name\":\"OPS\",\"role\":\"admin\"}", "name", "409"},
            {"{\"name\":\"x\"}", "role", "400"},
            {"{\"name\":\"x\",\"role\":\"boss\"}", "role", "400"},
            {"{\"name\":\"x\",\"role\":\"admin\",\"tenants\":[\"t\"]}", "tenants", "400"},
            {"{\"name\":\"x\",\"role\":\"tenant_admin\"}", "tenants", "400"},
            {"{\"name\":\"x\",\"role\":\"tenant_admin\",\"tenants\":[\"z\"]}", "tenants[0]", "400"},
            {"{\"name\":\"x\",\"role\":\"viewer\",\"expires\":\"soon\"}", "expires", "400"},
            {"{\"name\":\"x\",\"role\":\"viewer\",\"scope\":1}", "scope", "400"},
          }) {
        var reply = ask(gateway, "admin-key", "POST", "/admins", wrong[0]);
        assertThat(reply.statusCode()).as(wrong[0]).isEqualTo(Integer.parseInt(wrong[2]));
        assertThat(Json.parse(reply.body()).path("error").path("param").asString())
            .as(wrong[0])
            .isEqualTo(wrong[1]);
      }
      assertThat(Json.parse(ask(gateway, "admin-key", "GET", "/admins", "").body()).path("data"))
          .hasSize(1);
    }
  }

  @Test
  void nobody_becomes_two_people_by_making_or_rotating_keys() {
    try (var gateway = gateway("")) {
      JsonNode annKey = key(gateway, "admin-key", "ann", "admin");
      String ann = annKey.path("key").asString();
      JsonNode bobKey = key(gateway, "admin-key", "bob", "admin");
      String mine = key(gateway, ann, "mallory", "admin").path("key").asString();
      String mineToo = key(gateway, mine, "mallet", "admin").path("key").asString();
      String bobs =
          made(gateway, ann, "/admins/" + bobKey.path("id").asString() + "/rotate", "{}")
              .path("key")
              .asString();
      var asked = ask(gateway, ann, "DELETE", "/policies/strict", "");
      assertThat(asked.statusCode()).isEqualTo(400);
      asked = ask(gateway, ann, "PATCH", "/policies/strict", "{\"models\":[\"big\"]}");
      assertThat(asked.statusCode()).as(asked.body()).isEqualTo(202);
      String approve = "/approvals/" + Json.parse(asked.body()).path("id").asString() + "/approve";
      for (String key : new String[] {ann, mine, mineToo, bobs}) {
        assertThat(status(gateway, key, "POST", approve)).isEqualTo(403);
      }
      assertThat(status(gateway, bobKey.path("key").asString(), "POST", approve)).isEqualTo(200);
      assertThat(ask(gateway, ann, "GET", "/config/revisions", "").body())
          .contains("\"by\":\"ann\"")
          .contains("approved by bob");
    }
  }

  @Test
  void what_is_asked_on_one_node_is_agreed_to_on_another_and_in_force_on_both() {
    String shared = "database: \"" + RealPostgres.fresh() + "\"\n";
    String big = "{\"model\":\"big\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    try (var one = TestGateway.of("data: \"" + folder.resolve("one") + "\"\n" + shared + FILE);
        var two = TestGateway.of("data: \"" + folder.resolve("two") + "\"\n" + shared + FILE)) {
      String ann = key(one, "admin-key", "ann", "admin").path("key").asString();
      String bob = key(two, "admin-key", "bob", "admin").path("key").asString();
      var asked = ask(one, ann, "PATCH", "/policies/strict", "{\"models\":[\"tiny\",\"big\"]}");
      assertThat(asked.statusCode()).as(asked.body()).isEqualTo(202);
      String id = Json.parse(asked.body()).path("id").asString();
      assertThat(ask(two, bob, "GET", "/approvals?state=pending", "").body()).contains(id);
      assertThat(status(two, bob, "POST", "/approvals/" + id + "/approve")).isEqualTo(200);
      assertThat(two.post("/v1/chat/completions", big).statusCode()).isEqualTo(200);
      until(() -> one.post("/v1/chat/completions", big).statusCode() == 200);
      assertThat(ask(one, ann, "GET", "/approvals/" + id, "").body())
          .contains("\"state\":\"approved\"")
          .contains("\"decided_by\":\"bob\"");
      assertThat(status(one, "admin-key", "POST", "/approvals/" + id + "/approve")).isEqualTo(409);

      JsonNode all = Json.parse(ask(one, ann, "GET", "/admins", "").body()).path("data");
      String bobs =
          all.path(all.path(0).path("name").asString().equals("bob") ? 0 : 1).path("id").asString();
      assertThat(status(one, ann, "DELETE", "/admins/" + bobs)).isEqualTo(204);
      until(() -> status(two, bob, "GET", "/acts") == 401);
    }
  }
}

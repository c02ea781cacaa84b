package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A policy that says so is not changed by one admin alone. */
class ApprovalScenario {
  private static final String GUARDED = "/policies/strict";
  private static final String LOOSER = "{\"models\":[\"tiny\",\"big\"]}";

  @TempDir private Path folder;
  private FakeIssuer issuer;
  private TestGateway gateway;

  private String file() {
    return """
    data: "%s"
    admin:
      oidc:
        issuer: "%s"
        client_id: lintel
        roles_claim: groups
        mapping:
          bosses: admin
          books: auditor
          leads: { role: tenant_admin, tenants: [ t ] }
    providers:
      demo: { kind: sim }
      other: { kind: openai, url: "http://127.0.0.1:1/v1", key: sk-geheim }
    models: { tiny: demo/small, big: demo/large }
    policies:
      strict: { models: [ tiny ], approval: second_admin }
      spare: { models: [ tiny ], approval: second_admin }
      free: { models: [ tiny, big ] }
    tenants: { t: { policy: strict, apps: { a: { keys: [ sk-test-0001 ] } } } }
    """
        .formatted(folder.resolve("data"), issuer.url());
  }

  @BeforeEach
  void begin() throws IOException {
    issuer = new FakeIssuer();
    gateway = TestGateway.of(file());
  }

  @AfterEach
  void end() {
    gateway.close();
    issuer.close();
  }

  private String person(String name, String group) {
    return issuer.token(
        claims -> claims.claim("email", name + "@example.com").claim("groups", List.of(group)));
  }

  private HttpResponse<String> ask(String token, String method, String path, String body) {
    return gateway.send(
        gateway
            .request("/admin/v1" + path)
            .setHeader("authorization", "Bearer " + token)
            .method(method, BodyPublishers.ofString(body))
            .build());
  }

  private JsonNode asked(String token, String method, String path, String body) {
    var reply = ask(token, method, path, body);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(202);
    JsonNode request = Json.parse(reply.body());
    assertThat(reply.headers().firstValue("location"))
        .contains("/admin/v1/approvals/" + request.path("id").asString());
    return request;
  }

  private String approval(String token, String method, String path, String body) {
    return asked(token, method, path, body).path("id").asString();
  }

  private HttpResponse<String> approve(String token, String id) {
    return ask(token, "POST", "/approvals/" + id + "/approve", "");
  }

  private int call() {
    return gateway
        .post(
            "/v1/chat/completions",
            "{\"model\":\"big\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
        .statusCode();
  }

  private String guarded() {
    return ask("admin-key", "GET", GUARDED, "").body();
  }

  @Test
  void a_change_waits_until_another_admin_agrees() {
    String ann = person("ann", "bosses");
    JsonNode request = asked(ann, "PATCH", GUARDED, LOOSER);
    assertThat(request.path("places").toString()).isEqualTo("[\"policies.strict\"]");
    assertThat(request.path("by").asString()).isEqualTo("ann@example.com");
    assertThat(request.path("state").asString()).isEqualTo("pending");
    assertThat(request.path("differences").path(0).path("path").asString())
        .startsWith("/policies/strict");
    assertThat(call()).isEqualTo(403);

    String id = request.path("id").asString();
    var own = approve(ann, id);
    assertThat(own.statusCode()).isEqualTo(403);
    assertThat(own.body()).contains("Another admin");
    assertThat(approve(person("eve", "books"), id).statusCode()).isEqualTo(403);
    assertThat(call()).isEqualTo(403);

    String bob = person("bob", "bosses");
    var done = approve(bob, id);
    assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
    assertThat(call()).isEqualTo(200);
    assertThat(approve(bob, id).statusCode()).isEqualTo(409);

    JsonNode listed =
        Json.parse(ask(bob, "GET", "/approvals?state=approved", "").body()).path("data").path(0);
    assertThat(listed.path("decided_by").asString()).isEqualTo("bob@example.com");
    assertThat(listed.path("revision").asInt()).isEqualTo(1);
    assertThat(ask(bob, "GET", "/config/revisions", "").body())
        .contains("\"by\":\"ann@example.com\"")
        .contains("approved by bob@example.com");
    assertThat(ask(bob, "GET", "/acts", "").body())
        .contains("POST /admin/v1/approvals/" + id + "/approve")
        .contains("\"status\":202")
        .contains("\"approval\":\"" + id + "\"");
  }

  @Test
  void whoever_has_the_admin_key_is_one_person() {
    String id = approval("admin-key", "PATCH", GUARDED, LOOSER);
    assertThat(approve("admin-key", id).statusCode()).isEqualTo(403);
    assertThat(approve(person("bob", "bosses"), id).statusCode()).isEqualTo(200);
    assertThat(call()).isEqualTo(200);
  }

  @Test
  void there_is_no_way_around() {
    String before = guarded();
    String ann = person("ann", "bosses");
    approval(ann, "DELETE", "/policies/spare", "");
    approval(ann, "PUT", GUARDED, "{\"models\":[\"big\"]}");
    approval(ann, "PATCH", GUARDED, "{\"approval\":null}");
    approval(ann, "PATCH", "/tenants/t", "{\"policy\":\"free\"}");
    approval(ann, "PUT", "/tenants/t", "{}");
    approval(
        ann,
        "POST",
        "/config/apply",
        Json.text(Json.object().put("text", file().replace("models: [ tiny ],", ""))));
    assertThat(guarded()).isEqualTo(before);
    assertThat(call()).isEqualTo(403);
    assertThat(ask(ann, "GET", "/config", "").body()).contains("\"revision\":0");

    // What is no change of it goes on as before.
    assertThat(ask(ann, "PATCH", "/policies/free", "{\"max_tokens\":5}").statusCode())
        .isEqualTo(200);
    assertThat(ask(ann, "PATCH", "/tenants/t", "{\"budget\":{\"day\":\"9 USD\"}}").statusCode())
        .isEqualTo(200);
  }

  @Test
  void what_a_guarded_policy_stands_at_is_not_removed_and_made_anew_without_it() {
    String ann = person("ann", "bosses");
    String bob = person("bob", "bosses");
    assertThat(ask(bob, "PUT", "/tenants/u/apps/b", "{\"policy\":\"strict\"}").statusCode())
        .isEqualTo(404);
    assertThat(ask(bob, "POST", "/tenants", "{\"name\":\"u\"}").statusCode()).isEqualTo(201);
    assertThat(
            ask(bob, "POST", "/tenants/u/apps", "{\"name\":\"b\",\"policy\":\"strict\"}")
                .statusCode())
        .isEqualTo(201);
    assertThat(
            ask(
                    bob,
                    "POST",
                    "/tenants/u/apps",
                    "{\"name\":\"c\",\"use_cases\":{\"faq\":{\"policy\":\"strict\"}}}")
                .statusCode())
        .isEqualTo(201);
    String t = "[\"tenants.t.policy\"]";
    String b = "[\"tenants.u.apps.b.policy\"]";
    String c = "[\"tenants.u.apps.c.use_cases.faq.policy\"]";
    String both = "[\"tenants.u.apps.b.policy\",\"tenants.u.apps.c.use_cases.faq.policy\"]";
    for (String[] way :
        new String[][] {
          {"DELETE", "/tenants/t", "", t},
          {"PUT", "/tenants/t", "{\"policy\":\"free\"}", t},
          {"PATCH", "/tenants/t?until=2999-01-01T00:00:00Z", "{\"policy\":null}", t},
          {"DELETE", "/tenants/t?until=2999-01-01T00:00:00Z", "", t},
          {"DELETE", "/tenants/u/apps/b", "", b},
          {"PUT", "/tenants/u/apps/b", "{}", b},
          {"PATCH", "/tenants/u", "{\"apps\":{\"b\":null}}", b},
          {"PATCH", "/tenants/u", "{\"apps\":{\"b\":{\"policy\":null}}}", b},
          {"PATCH", "/tenants/u", "{\"apps\":null}", both},
          {"DELETE", "/tenants/u", "", both},
          {"DELETE", "/tenants/u/apps/c", "", c},
          {"PATCH", "/tenants/u/apps/c", "{\"use_cases\":{\"faq\":null}}", c},
          {"PATCH", "/tenants/u/apps/c", "{\"use_cases\":{\"faq\":{\"policy\":\"free\"}}}", c},
          {"POST", "/config/revisions/1/rollback", "", both},
          {"POST", "/config/revisions/0/rollback", "", both},
        }) {
      assertThat(asked(ann, way[0], way[1], way[2]).path("places").toString())
          .as(String.join(" ", way))
          .isEqualTo(way[3]);
    }
    assertThat(ask(ann, "GET", "/config", "").body()).contains("\"revision\":3");

    String gone = approval(ann, "DELETE", "/tenants/u/apps/b", "");
    assertThat(approve(bob, gone).statusCode()).isEqualTo(200);
    assertThat(ask(ann, "GET", "/tenants/u/apps/b", "").statusCode()).isEqualTo(404);
  }

  @Test
  void a_caller_is_not_led_out_from_under_a_guarded_policy() {
    String ann = person("ann", "bosses");
    String bob = person("bob", "bosses");
    ask(bob, "POST", "/tenants", "{\"name\":\"u\"}");
    String moved =
        Json.text(
            Json.object()
                .put(
                    "text",
                    file()
                        .replace("apps: { a: { keys: [ sk-test-0001 ] } } }", "apps: { a: {} } }")
                        .replace(
                            "tenants: {",
                            "tenants: { u: { apps: { b: { keys: [ sk-test-0001 ] } } },")));
    assertThat(asked(ann, "POST", "/config/apply", moved).path("places").toString())
        .isEqualTo("[\"tenants.t.apps.a.keys\"]");
    // To take a key away is never held up.
    assertThat(ask(ann, "PATCH", "/tenants/t/apps/a", "{\"keys\":null}").statusCode())
        .isEqualTo(200);
  }

  @Test
  void nobody_names_a_second_admin_alone() {
    String ann = person("ann", "bosses");
    String other =
        Json.text(Json.object().put("text", file().replace("books: auditor", "books: admin")));
    assertThat(asked(ann, "POST", "/config/apply", other).path("places").toString())
        .isEqualTo("[\"admin.oidc\"]");
  }

  @Test
  void to_go_back_and_to_end_an_override_waits_too() {
    String ann = person("ann", "bosses");
    String bob = person("bob", "bosses");
    assertThat(approve(bob, approval(ann, "PATCH", GUARDED, LOOSER)).statusCode()).isEqualTo(200);
    String back = approval(ann, "POST", "/config/revisions/0/rollback", "");
    String end = approval(ann, "DELETE", "/overrides/policies/strict/models", "");
    assertThat(call()).isEqualTo(200);
    assertThat(approve(bob, end).statusCode()).isEqualTo(200);
    assertThat(call()).isEqualTo(403);
    var late = approve(bob, back);
    assertThat(late.statusCode()).isEqualTo(409);
    assertThat(late.body()).contains("approval_stale");
  }

  @Test
  void what_does_not_come_to_what_was_shown_is_not_done() {
    String ann = person("ann", "bosses");
    String bob = person("bob", "bosses");
    String first = approval(ann, "PATCH", GUARDED, LOOSER);
    String second = approval(ann, "PATCH", GUARDED, "{\"models\":[\"big\"]}");
    String drops = approval(ann, "DELETE", "/policies/spare", "");
    assertThat(
            approve(bob, approval(ann, "PATCH", "/policies/spare", "{\"max_tokens\":5}"))
                .statusCode())
        .isEqualTo(200);
    assertThat(approve(bob, first).statusCode()).isEqualTo(200);
    String before = guarded();
    var stale = approve(bob, second);
    assertThat(stale.statusCode()).as(stale.body()).isEqualTo(409);
    assertThat(approve(bob, drops).statusCode()).isEqualTo(409);
    assertThat(guarded()).isEqualTo(before);
    assertThat(ask(bob, "GET", "/approvals/" + second, "").body())
        .contains("\"state\":\"pending\"");
  }

  @Test
  void what_was_rejected_or_withdrawn_is_never_done() {
    String ann = person("ann", "bosses");
    String bob = person("bob", "bosses");
    String one = approval(ann, "PATCH", GUARDED, LOOSER);
    String other = approval(ann, "PATCH", GUARDED, LOOSER);
    assertThat(ask(bob, "POST", "/approvals/" + one + "/reject", "").statusCode()).isEqualTo(200);
    assertThat(ask(ann, "POST", "/approvals/" + other + "/reject", "").statusCode()).isEqualTo(200);
    for (String id : List.of(one, other)) {
      assertThat(approve(bob, id).statusCode()).isEqualTo(409);
      assertThat(ask(bob, "POST", "/approvals/" + id + "/reject", "").statusCode()).isEqualTo(409);
    }
    assertThat(call()).isEqualTo(403);
    assertThat(approve(bob, "apr_none").statusCode()).isEqualTo(404);
    assertThat(ask(bob, "POST", "/approvals/apr_none/reject", "").statusCode()).isEqualTo(404);
  }

  @Test
  void a_request_outlasts_the_process_and_is_good_on_another_node() {
    String id = approval(person("ann", "bosses"), "PATCH", GUARDED, LOOSER);
    gateway.close();
    gateway = TestGateway.of(file());
    assertThat(approve(person("bob", "bosses"), id).statusCode()).isEqualTo(200);
    assertThat(call()).isEqualTo(200);
  }

  @Test
  void a_tenant_admin_asks_and_a_wrong_change_does_not_wait() {
    String lead = person("lea", "leads");
    String bob = person("bob", "bosses");
    assertThat(ask(bob, "PATCH", "/tenants/t/apps/a", "{\"policy\":\"strict\"}").statusCode())
        .isEqualTo(200);
    String id = approval(lead, "PATCH", "/tenants/t/apps/a", "{\"policy\":null}");
    assertThat(approve(lead, id).statusCode()).isEqualTo(403);
    assertThat(ask(bob, "PATCH", GUARDED, "{\"models\":[\"none\"]}").statusCode()).isEqualTo(400);
    assertThat(ask(bob, "GET", "/approvals", "").body()).contains(id);
    assertThat(approve(bob, id).statusCode()).isEqualTo(200);
  }

  @Test
  void secrets_of_a_change_that_waits_are_nowhere_to_be_seen() {
    String ann = person("ann", "bosses");
    String body =
        Json.text(
            Json.object()
                .put(
                    "text",
                    file().replace("sk-geheim", "sk-c0ffee").replace("models: [ tiny ],", "")));
    String id = approval(ann, "POST", "/config/apply", body);
    for (String path : List.of("/approvals", "/approvals/" + id, "/acts")) {
      assertThat(ask(ann, "GET", path, "").body()).doesNotContain("sk-c0ffee");
    }
    assertThat(folder.resolve("data").toFile().listFiles())
        .filteredOn(java.io.File::isFile)
        .allSatisfy(file ->
            assertThat(new String(java.nio.file.Files.readAllBytes(file.toPath()), "ISO-8859-1"))
                .doesNotContain("sk-c0ffee"));
    var done = approve(person("bob", "bosses"), id);
    assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
    assertThat(done.body()).doesNotContain("sk-c0ffee");
  }
}

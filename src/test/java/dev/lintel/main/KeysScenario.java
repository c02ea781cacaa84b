package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Keys as admins make, watch, change and end them. */
class KeysScenario {
  private static final String KEYS = "/admin/v1/tenants/acme/apps/support/keys";
  private static final String CHAT =
      "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            "providers: { demo: { kind: sim } }\n"
                + "models: { tiny: demo/small, large: demo/large }\n"
                + "tenants: { acme: { apps: { support: { keys: [ sk-acme-support-0001 ] }, other: {} } } }\n");
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static JsonNode made(String body) {
    HttpResponse<String> reply = gateway.admin("POST", KEYS, body);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
    return Json.parse(reply.body());
  }

  private static HttpResponse<String> chat(String key, String body) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.url().resolve("/v1/chat/completions"))
            .timeout(Duration.ofSeconds(20))
            .header("authorization", "Bearer " + key)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private static int status(String key) {
    return chat(key, CHAT).statusCode();
  }

  private static JsonNode listed(String id) {
    for (JsonNode row : Json.parse(gateway.admin("GET", KEYS, "").body()).path("data")) {
      if (row.path("id").asString().equals(id)) {
        return row;
      }
    }
    throw new AssertionError("not listed: " + id);
  }

  @Test
  void a_key_is_shown_once_and_works_until_it_is_deleted() {
    JsonNode key = made("{\"name\":\"ci\"}");
    String secret = key.path("key").asString();
    String id = key.path("id").asString();
    assertThat(Instant.parse(key.path("created").asString())).isBefore(Instant.now());
    assertThat(status(secret)).isEqualTo(200);
    JsonNode row = listed(id);
    assertThat(row.toString()).doesNotContain(secret);
    assertThat(secret).startsWith(row.path("prefix").asString());
    assertThat(row.path("name").asString()).isEqualTo("ci");
    assertThat(row.path("source").asString()).isEqualTo("store");
    assertThat(gateway.admin("DELETE", KEYS + "/" + id, "").statusCode()).isEqualTo(204);
    HttpResponse<String> refused = chat(secret, CHAT);
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.body()).doesNotContain(secret);
    assertThat(gateway.admin("DELETE", KEYS + "/" + id, "").statusCode()).isEqualTo(404);
  }

  @Test
  void keys_of_the_file_are_listed_and_cannot_be_deleted_here() {
    String id = "acme/support#1";
    JsonNode row = listed(id);
    assertThat(row.path("source").asString()).isEqualTo("file");
    assertThat(row.path("prefix").asString()).isEqualTo("sk-acm");
    HttpResponse<String> refused = gateway.admin("DELETE", KEYS + "/acme/support%231", "");
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(status("sk-acme-support-0001")).isEqualTo(200);
  }

  @Test
  void the_list_says_at_once_when_a_key_was_used_last() {
    JsonNode key = made("{}");
    assertThat(listed(key.path("id").asString()).path("last_use").isNull()).isTrue();
    Instant before = Instant.now().truncatedTo(ChronoUnit.MINUTES);
    assertThat(status(key.path("key").asString())).isEqualTo(200);
    assertThat(status("sk-acme-support-0001")).isEqualTo(200);
    for (String id : new String[] {key.path("id").asString(), "acme/support#1"}) {
      assertThat(Instant.parse(listed(id).path("last_use").asString()))
          .isBetween(before, Instant.now());
    }
  }

  @Test
  void a_rotated_key_goes_on_for_its_overlap() {
    JsonNode old = made("{\"scopes\":{\"models\":[\"tiny\"]}}");
    String path = KEYS + "/" + old.path("id").asString() + "/rotate";
    JsonNode next = Json.parse(gateway.admin("POST", path, "{\"overlap\":\"1h\"}").body());
    assertThat(status(old.path("key").asString())).isEqualTo(200);
    assertThat(status(next.path("key").asString())).isEqualTo(200);
    assertThat(next.path("scopes")).isEqualTo(old.path("scopes"));
    Instant end = Instant.parse(listed(old.path("id").asString()).path("expires").asString());
    assertThat(end)
        .isBetween(
            Instant.now().plus(59, ChronoUnit.MINUTES), Instant.now().plus(61, ChronoUnit.MINUTES));
    gateway.admin("POST", path, "{\"overlap\":\"0s\"}");
    assertThat(status(old.path("key").asString())).isEqualTo(401);
    assertThat(status(next.path("key").asString())).isEqualTo(200);
  }

  @Test
  void scopes_narrow_what_the_app_may_do() {
    String key = made("{\"scopes\":{\"models\":[\"tiny\"]}}").path("key").asString();
    assertThat(status(key)).isEqualTo(200);
    HttpResponse<String> refused = chat(key, CHAT.replace("tiny", "large"));
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("'large'");
    String images = made("{\"scopes\":{\"endpoints\":[\"images\"]}}").path("key").asString();
    assertThat(status(images)).isEqualTo(403);
    String elsewhere =
        made("{\"scopes\":{\"addresses\":[\"192.0.2.0/24\"]}}").path("key").asString();
    assertThat(status(elsewhere)).isEqualTo(403);
    String here = made("{\"scopes\":{\"addresses\":[\"127.0.0.1\"]}}").path("key").asString();
    assertThat(status(here)).isEqualTo(200);
    String tools = made("{\"scopes\":{\"tools\":[\"lookup\"]}}").path("key").asString();
    assertThat(chat(tools, withTool("lookup")).statusCode()).isEqualTo(200);
    assertThat(chat(tools, withTool("erase")).statusCode()).isEqualTo(403);
  }

  private static String withTool(String name) {
    return CHAT.replace(
        "\"messages\"",
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"%s\",\"parameters\":{\"type\":\"object\"}}}],\"messages\""
            .formatted(name));
  }

  @Test
  void a_pair_is_given_in_aws_s_form() {
    JsonNode pair = made("{\"kind\":\"aws\"}");
    assertThat(pair.path("access_key_id").asString()).matches("AKIA[A-Z0-9]{16}");
    assertThat(pair.path("secret_access_key").asString()).hasSize(40);
    assertThat(pair.has("key")).isFalse();
    assertThat(listed(pair.path("id").asString()).toString())
        .doesNotContain(pair.path("secret_access_key").asString());
  }

  @Test
  void what_makes_no_sense_is_named_and_makes_no_key() {
    int before = Json.parse(gateway.admin("GET", KEYS, "").body()).path("data").size();
    for (String[] wrong :
        new String[][] {
          {"{\"expires\":\"soon\"}", "expires"},
          {"{\"expires\":\"2020-01-01T00:00:00Z\"}", "expires"},
          {"{\"kind\":\"gold\"}", "kind"},
          {"{\"nmae\":\"x\"}", "nmae"},
          {"{\"name\":7}", "name"},
          {"{\"scopes\":{\"models\":[\"nope\"]}}", "scopes.models[0]"},
          {"{\"scopes\":{\"endpoints\":[\"chatt\"]}}", "scopes.endpoints[0]"},
          {"{\"scopes\":{\"addresses\":[\"10.0.0.0/99\"]}}", "scopes.addresses[0]"},
          {"{\"scopes\":{\"addresses\":[]}}", "scopes.addresses"},
          {"[]", "object"},
          {"{", "JSON"}
        }) {
      HttpResponse<String> refused = gateway.admin("POST", KEYS, wrong[0]);
      assertThat(refused.statusCode()).as(wrong[0]).isEqualTo(400);
      assertThat(refused.body()).contains(wrong[1]);
    }
    assertThat(Json.parse(gateway.admin("GET", KEYS, "").body()).path("data")).hasSize(before);
    assertThat(gateway.admin("POST", KEYS.replace("acme", "acne"), "{}").body())
        .contains("tenant_not_found");
    assertThat(gateway.admin("POST", KEYS.replace("support", "sales"), "{}").body())
        .contains("app_not_found");
    assertThat(gateway.admin("GET", KEYS + "?limit=0", "").statusCode()).isEqualTo(400);
  }

  @Test
  void keys_outlast_the_process(@TempDir Path data) {
    String yaml =
        "data: " + data + "\nproviders: { demo: { kind: sim } }\nmodels: { tiny: demo/small }\n";
    String key;
    try (var first = TestGateway.of(yaml)) {
      key =
          Json.parse(first.admin("POST", "/admin/v1/tenants/t/apps/a/keys", "").body())
              .path("key")
              .asString();
    }
    try (var second = TestGateway.of(yaml)) {
      assertThat(second.send(chat(second, key)).statusCode()).isEqualTo(200);
    }
  }

  private static HttpRequest chat(TestGateway at, String key) {
    return HttpRequest.newBuilder(at.url().resolve("/v1/chat/completions"))
        .timeout(Duration.ofSeconds(20))
        .header("authorization", "Bearer " + key)
        .POST(HttpRequest.BodyPublishers.ofString(CHAT))
        .build();
  }

  private static String app(String tenant, String name) {
    return "/admin/v1/tenants/" + tenant + "/apps" + (name.isEmpty() ? "" : "/" + name);
  }

  private static String key(TestGateway at, String tenant, String app) {
    return Json.parse(at.admin("POST", app(tenant, app) + "/keys", "").body())
        .path("key")
        .asString();
  }

  private static void admin(TestGateway at, String method, String path, String body) {
    HttpResponse<String> reply = at.admin(method, path, body);
    assertThat(reply.statusCode()).as(reply.body()).isBetween(200, 299);
  }

  @Test
  void an_app_that_is_made_anew_knows_no_key_of_the_one_before(@TempDir Path data) {
    String yaml =
        "data: " + data + "\nproviders: { demo: { kind: sim } }\nmodels: { tiny: demo/small }\n";
    String deleted;
    String withTenant;
    String leftOut;
    String other;
    try (var first = TestGateway.of(yaml)) {
      admin(first, "PUT", "/admin/v1/tenants/made", "{\"apps\":{\"a\":{},\"b\":{},\"c\":{}}}");
      admin(first, "PUT", "/admin/v1/tenants/gone", "{\"apps\":{\"a\":{}}}");
      deleted = key(first, "made", "a");
      leftOut = key(first, "made", "b");
      other = key(first, "made", "c");
      withTenant = key(first, "gone", "a");
      for (String key : new String[] {deleted, leftOut, other, withTenant}) {
        assertThat(first.send(chat(first, key)).statusCode()).isEqualTo(200);
      }
      admin(first, "DELETE", app("made", "a"), "");
      admin(first, "PATCH", "/admin/v1/tenants/made", "{\"apps\":{\"b\":null}}");
      admin(first, "DELETE", "/admin/v1/tenants/gone", "");
      admin(first, "POST", app("made", ""), "{\"name\":\"a\"}");
      admin(first, "POST", app("made", ""), "{\"name\":\"b\"}");
      admin(first, "PUT", "/admin/v1/tenants/gone", "{\"apps\":{\"a\":{}}}");
      for (String key : new String[] {deleted, leftOut, withTenant}) {
        assertThat(first.send(chat(first, key)).statusCode()).isEqualTo(401);
      }
    }
    try (var second = TestGateway.of(yaml)) {
      for (String key : new String[] {deleted, leftOut, withTenant}) {
        assertThat(second.send(chat(second, key)).statusCode()).isEqualTo(401);
      }
      assertThat(second.send(chat(second, other)).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void an_app_that_comes_back_by_a_rollback_has_its_keys_again() {
    try (var own =
        TestGateway.of("providers: { demo: { kind: sim } }\nmodels: { tiny: demo/small }\n")) {
      admin(own, "PUT", "/admin/v1/tenants/made", "{\"apps\":{\"a\":{}}}");
      String key = key(own, "made", "a");
      admin(own, "POST", "/admin/v1/config/revisions/0/rollback", "");
      assertThat(own.send(chat(own, key)).statusCode()).isEqualTo(401);
      admin(own, "POST", "/admin/v1/config/revisions/1/rollback", "");
      assertThat(own.send(chat(own, key)).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void without_an_app_keys_are_the_first_app_s() {
    try (var bare =
        TestGateway.of(
            "providers: { demo: { kind: sim } }\nmodels: { tiny: demo/small }\ntenants: {}\n")) {
      JsonNode key =
          Json.parse(
              bare.admin("POST", "/admin/v1/tenants/default/apps/default/keys", "{}").body());
      for (String known : new String[] {key.path("key").asString(), TestGateway.STORED_KEY}) {
        assertThat(bare.send(chat(bare, known)).statusCode()).isEqualTo(200);
      }
    }
  }
}

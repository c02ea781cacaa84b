package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Admins change the configuration piece by piece while the gateway serves. */
class SettingsScenario {
  private static final String FILE =
      """
      providers:
        demo: { kind: sim }
        other: { kind: openai, url: "http://127.0.0.1:1/v1", key: sk-geheim }
      models:
        tiny: demo/small
        big: demo/large
      tenants:
        acme:
          budget: { month: 500 USD }
          apps:
            support:
              keys: [ sk-acme-support-0001 ]
              models: [ tiny ]
              budget: { day: 20 USD, total: 1.00 USD }
      """;

  private static final String SUPPORT = "/tenants/acme/apps/support";

  @TempDir private Path folder;

  private TestGateway gateway(String file) {
    return TestGateway.of("data: " + folder.resolve("data") + "\n" + file);
  }

  private static HttpResponse<String> ask(
      TestGateway gateway, String method, String path, String body, String... headers) {
    var request =
        gateway
            .request("/admin/v1" + path)
            .setHeader("authorization", "Bearer admin-key")
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return gateway.send(request.build());
  }

  private static JsonNode get(TestGateway gateway, String path) {
    var reply = ask(gateway, "GET", path, "");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static String tag(HttpResponse<String> reply) {
    return reply.headers().firstValue("etag").orElseThrow();
  }

  private static int call(TestGateway gateway, String key, String model) {
    return gateway
        .send(
            gateway
                .request("/v1/chat/completions")
                .setHeader("authorization", "Bearer " + key)
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\""
                            + model
                            + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
                .build())
        .statusCode();
  }

  @Test
  void a_tenant_and_its_app_are_made_and_the_app_calls_at_once() {
    try (var gateway = gateway(FILE)) {
      var made =
          ask(gateway, "POST", "/tenants", "{\"name\":\"beta\",\"budget\":{\"day\":\"1 USD\"}}");
      assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
      assertThat(made.body()).isEqualTo("{\"name\":\"beta\",\"budget\":{\"day\":\"1 USD\"}}");
      var app =
          ask(
              gateway,
              "POST",
              "/tenants/beta/apps",
              "{\"name\":\"bot\",\"keys\":[\"sk-beta-1\"],\"models\":[\"tiny\"],\"limits\":{\"requests\":\"600/min\"}}");
      assertThat(app.statusCode()).as(app.body()).isEqualTo(201);
      assertThat(app.body()).contains("\"keys\":[\"unchanged\"]").doesNotContain("sk-beta-1");
      assertThat(call(gateway, "sk-beta-1", "tiny")).isEqualTo(200);
      assertThat(call(gateway, "sk-beta-1", "big")).isEqualTo(403);
      assertThat(names(get(gateway, "/tenants"))).containsExactly("acme", "beta");
      assertThat(names(get(gateway, "/tenants/beta/apps"))).containsExactly("bot");

      assertThat(ask(gateway, "DELETE", "/tenants/beta/apps/bot", "").statusCode()).isEqualTo(204);
      assertThat(call(gateway, "sk-beta-1", "tiny")).isEqualTo(401);
      assertThat(ask(gateway, "GET", "/tenants/beta/apps/bot", "").statusCode()).isEqualTo(404);
      assertThat(ask(gateway, "DELETE", "/tenants/beta", "").statusCode()).isEqualTo(204);
      assertThat(get(gateway, "/overrides").path("data")).isEmpty();
    }
  }

  @Test
  void an_app_that_takes_the_name_of_another_has_none_of_its_keys() {
    try (var gateway = gateway(FILE)) {
      String key = key(gateway, SUPPORT);
      assertThat(ask(gateway, "DELETE", SUPPORT, "").statusCode()).isEqualTo(204);
      assertThat(call(gateway, key, "tiny")).isEqualTo(401);
      ask(gateway, "POST", "/tenants/acme/apps", "{\"name\":\"support\"}");
      assertThat(call(gateway, key(gateway, SUPPORT), "tiny")).isEqualTo(200);
      assertThat(call(gateway, key, "tiny")).isEqualTo(401);
      assertThat(get(gateway, SUPPORT + "/keys").path("data")).hasSize(1);

      String other = key(gateway, SUPPORT);
      ask(gateway, "DELETE", "/tenants/acme", "");
      ask(gateway, "POST", "/tenants", "{\"name\":\"acme\",\"apps\":{\"support\":{}}}");
      assertThat(call(gateway, other, "tiny")).isEqualTo(401);
      assertThat(get(gateway, SUPPORT + "/keys").path("data")).isEmpty();
    }
  }

  private static String key(TestGateway gateway, String app) {
    var made = ask(gateway, "POST", app + "/keys", "");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    return Json.parse(made.body()).path("key").asString();
  }

  @Test
  void a_list_goes_on_where_its_cursor_says() {
    try (var gateway = gateway(FILE)) {
      for (String name : List.of("zoo", "b:c", "äöü")) {
        ask(gateway, "POST", "/tenants", Json.text(Json.object().put("name", name)));
      }
      var all = new ArrayList<String>();
      String cursor = "";
      do {
        JsonNode page = get(gateway, "/tenants?limit=1" + cursor);
        all.addAll(names(page));
        cursor = page.path("next").isNull() ? "" : "&cursor=" + page.path("next").asString();
      } while (!cursor.isEmpty());
      assertThat(all).containsExactly("acme", "b:c", "zoo", "äöü");
    }
  }

  private static List<String> names(JsonNode page) {
    var names = new ArrayList<String>();
    page.path("data").forEach(entry -> names.add(entry.path("name").asString()));
    return names;
  }

  @Test
  void what_a_file_owns_is_overridden_and_listed_and_the_file_speaks_again() {
    try (var gateway = gateway(FILE)) {
      var patched = ask(gateway, "PATCH", SUPPORT, "{\"budget\":{\"total\":\"1.05 USD\"}}");
      assertThat(patched.statusCode()).as(patched.body()).isEqualTo(200);
      JsonNode app = get(gateway, SUPPORT);
      assertThat(app.path("budget").toString())
          .isEqualTo("{\"day\":\"20 USD\",\"total\":\"1.05 USD\"}");
      JsonNode override = get(gateway, "/overrides").path("data").path(0);
      assertThat(override.path("path").asString())
          .isEqualTo("/tenants/acme/apps/support/budget/total");
      assertThat(override.path("value").asString()).isEqualTo("1.05 USD");
      assertThat(override.path("by").asString()).isEqualTo("admin key");
      assertThat(Instant.parse(override.path("at").asString())).isBefore(Instant.now());
      assertThat(override.path("until").isNull()).isTrue();

      JsonNode plan =
          Json.parse(
              ask(gateway, "POST", "/config/plan", whole(FILE), "content-type", "text/yaml")
                  .body());
      assertThat(plan.path("faults")).isEmpty();
      assertThat(plan.path("differences").toString())
          .isEqualTo(
              "[{\"path\":\"/tenants/acme/apps/support/budget/total\",\"from\":\"1.05 USD\",\"to\":\"1.00"
                  + " USD\"}]");
      assertThat(plan.path("ends")).hasSize(1);

      assertThat(
              ask(gateway, "DELETE", "/overrides" + override.path("path").asString(), "")
                  .statusCode())
          .isEqualTo(204);
      assertThat(get(gateway, SUPPORT).path("budget").path("total").asString())
          .isEqualTo("1.00 USD");
    }
  }

  private String whole(String file) {
    return "listen: 127.0.0.1:0\ndata: " + folder.resolve("data") + "\n" + file;
  }

  @Test
  void wrong_input_names_the_field_and_changes_nothing() {
    try (var gateway = gateway(FILE)) {
      String before = get(gateway, "/config").toString();
      refused(
          gateway, "PATCH", SUPPORT, "{\"budget\":{\"total\":\"geheim\"}}", 400, "budget.total");
      refused(gateway, "PATCH", SUPPORT, "{\"modells\":[]}", 400, "modells");
      refused(gateway, "PATCH", SUPPORT, "{\"models\":[\"tiny\",\"nope\"]}", 400, "models[1]");
      refused(gateway, "PATCH", SUPPORT, "[1]", 400, "body");
      refused(gateway, "PATCH", SUPPORT, "{", 400, "body");
      refused(gateway, "PATCH", SUPPORT + "?until=soon", "{}", 400, "until");
      refused(gateway, "PATCH", SUPPORT, "{\"name\":\"x\"}", 400, "name");
      refused(gateway, "POST", "/tenants", "{}", 400, "name");
      refused(gateway, "POST", "/tenants", "{\"name\":\" \"}", 400, "name");
      refused(gateway, "POST", "/tenants", "{\"name\":\"acme\"}", 409, "name");
      refused(gateway, "POST", "/tenants/nobody/apps", "{\"name\":\"a\"}", 404, "tenant");
      refused(gateway, "PATCH", "/tenants/nobody", "{}", 404, "tenant");
      refused(gateway, "DELETE", "/tenants/acme/apps/nobody", "", 404, "app");
      refused(gateway, "DELETE", "/models/tiny", "", 400, "tenants.acme.apps.support.models[0]");
      refused(
          gateway,
          "PUT",
          "/providers/third",
          "{\"kind\":\"openai\",\"url\":\"http://127.0.0.1:1/v1\",\"key\":\"unchanged\"}",
          400,
          "key");
      refused(gateway, "POST", "/tenants", "{\"name\":\"a/b\"}", 400, "name");
      refused(gateway, "POST", "/tenants", "{\"name\":\"..\"}", 400, "name");
      refused(gateway, "POST", "/tenants/acme/apps", "{\"name\":\"a/b\"}", 400, "name");
      refused(gateway, "POST", "/tenants", "{\"name\":\"x\",\"apps\":1}", 400, "apps");
      refused(gateway, "POST", "/config/apply", "{\"text\":\"\"}", 400, "text");
      refused(gateway, "POST", "/config/apply", "{\"text\":\" \\n\"}", 400, "text");
      refused(gateway, "GET", "/tenants?limit=0", "", 400, "limit");
      refused(gateway, "GET", "/tenants?cursor=zzz", "", 400, "cursor");
      refused(gateway, "GET", "/overrides?cursor=%20", "", 400, "cursor");
      refused(gateway, "GET", SUPPORT + "/keys?cursor=zzz", "", 400, "cursor");
      refused(gateway, "POST", "/config/revisions/99/rollback", "", 404, "revision");
      refused(gateway, "DELETE", "/overrides/tenants/acme", "", 404, "path");
      assertThat(get(gateway, "/config").toString()).isEqualTo(before);
      assertThat(get(gateway, "/config/revisions").path("data")).isEmpty();
    }
  }

  private static void refused(
      TestGateway gateway, String method, String path, String body, int status, String param) {
    var reply = ask(gateway, method, path, body);
    assertThat(reply.statusCode()).as(method + " " + path + " " + reply.body()).isEqualTo(status);
    JsonNode error = Json.parse(reply.body()).path("error");
    assertThat(error.path("param").asString("")).as(reply.body()).isEqualTo(param);
    assertThat(reply.body()).doesNotContain("geheim");
  }

  @Test
  void secrets_are_never_shown_and_unchanged_keeps_them() {
    try (var gateway = gateway(FILE)) {
      var provider = ask(gateway, "GET", "/providers/other", "");
      assertThat(provider.body()).contains("\"key\":\"unchanged\"").doesNotContain("geheim");
      var put =
          ask(
              gateway,
              "PUT",
              "/providers/other",
              provider.body().replace(":1/v1", ":2/v1"),
              "if-match",
              tag(provider));
      assertThat(put.statusCode()).as(put.body()).isEqualTo(200);
      assertThat(get(gateway, "/overrides").path("data")).hasSize(1);
      assertThat(gateway.lintel().config().remotes().get("other").credentials().getFirst().secret())
          .isEqualTo("sk-geheim");
      ask(gateway, "PATCH", "/providers/other", "{\"key\":\"sk-neu\"}");
      assertThat(gateway.lintel().config().remotes().get("other").credentials().getFirst().secret())
          .isEqualTo("sk-neu");
      for (String path :
          List.of(
              "/overrides",
              "/config",
              "/config/revisions/2",
              "/config/revisions/2?diff=0",
              "/providers/other",
              "/acts")) {
        assertThat(ask(gateway, "GET", path, "").body())
            .as(path)
            .doesNotContain("sk-neu")
            .doesNotContain("sk-geheim");
      }
    }
  }

  @Test
  void a_tag_guards_against_writing_over_what_somebody_else_wrote() {
    try (var gateway = gateway(FILE)) {
      String tag = tag(ask(gateway, "GET", SUPPORT, ""));
      var first = ask(gateway, "PATCH", SUPPORT, "{\"explain\":true}", "if-match", tag);
      assertThat(first.statusCode()).isEqualTo(200);
      assertThat(tag(first)).isNotEqualTo(tag);
      var stale = ask(gateway, "PATCH", SUPPORT, "{\"explain\":false}", "if-match", tag);
      assertThat(stale.statusCode()).isEqualTo(412);
      assertThat(ask(gateway, "DELETE", SUPPORT, "", "if-match", tag).statusCode()).isEqualTo(412);
      assertThat(
              ask(gateway, "PATCH", SUPPORT, "{\"explain\":false}", "if-match", tag(first))
                  .statusCode())
          .isEqualTo(200);
      assertThat(ask(gateway, "PUT", "/tenants/new", "{}", "if-match", "*").statusCode())
          .isEqualTo(412);
    }
  }

  @Test
  void the_same_key_makes_a_thing_once() {
    try (var gateway = gateway(FILE)) {
      String body = "{\"name\":\"beta\"}";
      var first = ask(gateway, "POST", "/tenants", body, "idempotency-key", "k1");
      var again = ask(gateway, "POST", "/tenants", body, "idempotency-key", "k1");
      assertThat(again.statusCode()).isEqualTo(201);
      assertThat(again.body()).isEqualTo(first.body());
      assertThat(again.headers().firstValue("x-lintel-replayed")).contains("true");
      assertThat(
              ask(gateway, "POST", "/tenants", "{\"name\":\"gamma\"}", "idempotency-key", "k1")
                  .statusCode())
          .isEqualTo(422);
      assertThat(get(gateway, "/config/revisions").path("data")).hasSize(1);
    }
  }

  @Test
  void a_rollback_is_a_revision_of_its_own() {
    try (var gateway = gateway(FILE)) {
      ask(gateway, "PATCH", SUPPORT, "{\"budget\":{\"total\":\"2 USD\"}}");
      ask(gateway, "PATCH", SUPPORT, "{\"budget\":{\"total\":\"3 USD\"}}");
      var back = ask(gateway, "POST", "/config/revisions/1/rollback", "");
      assertThat(back.statusCode()).as(back.body()).isEqualTo(200);
      assertThat(Json.parse(back.body()).path("revision").asLong()).isEqualTo(3);
      assertThat(get(gateway, SUPPORT).path("budget").path("total").asString()).isEqualTo("2 USD");
      ask(gateway, "POST", "/config/revisions/0/rollback", "");
      assertThat(get(gateway, SUPPORT).path("budget").path("total").asString())
          .isEqualTo("1.00 USD");
      JsonNode revisions = get(gateway, "/config/revisions?limit=3");
      assertThat(revisions.path("data").path(0).path("number").asLong()).isEqualTo(4);
      assertThat(
              get(gateway, "/config/revisions?cursor=" + revisions.path("next").asString())
                  .path("data"))
          .hasSize(1);
      assertThat(get(gateway, "/config/revisions/2?diff=1").path("differences").toString())
          .contains("\"from\":\"2 USD\",\"to\":\"3 USD\"");
    }
  }

  @Test
  void an_override_ends_by_itself_at_its_time() {
    try (var gateway = gateway(FILE)) {
      Instant until = Instant.now().plusSeconds(2);
      ask(gateway, "PATCH", SUPPORT + "?until=" + until, "{\"budget\":{\"total\":\"9 USD\"}}");
      assertThat(get(gateway, "/overrides").path("data").path(0).path("until").asString())
          .isEqualTo(until.truncatedTo(java.time.temporal.ChronoUnit.MILLIS).toString());
      Soon.until(
          () -> get(gateway, SUPPORT).path("budget").path("total").asString().equals("1.00 USD"));
      Soon.until(() -> get(gateway, "/config").path("revision").asLong() == 2);
      assertThat(get(gateway, "/overrides").path("data")).isEmpty();
    }
  }

  @Test
  void changes_outlast_the_process_and_a_changed_file_ends_its_overrides() {
    try (var gateway = gateway(FILE)) {
      ask(gateway, "PATCH", SUPPORT, "{\"models\":[\"tiny\",\"big\"]}");
      ask(
          gateway,
          "POST",
          "/tenants",
          "{\"name\":\"beta\",\"apps\":{\"b\":{\"keys\":[\"sk-b\"]}}}");
    }
    try (var gateway = gateway(FILE)) {
      assertThat(call(gateway, "sk-acme-support-0001", "big")).isEqualTo(200);
      assertThat(call(gateway, "sk-b", "tiny")).isEqualTo(200);
      var loader = TestGateway.source(FILE, Map.of()).loader();
      gateway.lintel().file(loader.read("test.yaml", whole(FILE) + "unknown_price: allow\n"));
      assertThat(call(gateway, "sk-acme-support-0001", "big")).isEqualTo(403);
      assertThat(call(gateway, "sk-b", "tiny")).isEqualTo(200);
      assertThat(get(gateway, "/overrides").path("data")).isEmpty();
      assertThat(get(gateway, "/config/revisions").path("data").path(0).path("why").asString())
          .contains("has changed");
    }
  }

  @Test
  void an_applied_file_takes_the_place_of_the_nodes_own_until_that_changes() {
    String next = FILE.replace("1.00 USD", "7 USD");
    try (var gateway = gateway(FILE)) {
      ask(gateway, "PATCH", SUPPORT, "{\"budget\":{\"total\":\"2 USD\"}}");
      var applied =
          ask(
              gateway,
              "POST",
              "/config/apply",
              Json.text(Json.object().put("text", whole(next)).put("file", "next.yaml")));
      assertThat(applied.statusCode()).as(applied.body()).isEqualTo(200);
      assertThat(Json.parse(applied.body()).path("differences")).hasSize(1);
      assertThat(get(gateway, SUPPORT).path("budget").path("total").asString()).isEqualTo("7 USD");
      assertThat(get(gateway, "/overrides").path("data")).isEmpty();
      refused(
          gateway,
          "POST",
          "/config/apply",
          "{\"text\":\"models: { x: nope/y }\"}",
          400,
          "models.x");
    }
    try (var gateway = gateway(FILE)) {
      assertThat(get(gateway, SUPPORT).path("budget").path("total").asString()).isEqualTo("7 USD");
      assertThat(get(gateway, "/config").path("applied").asBoolean()).isTrue();
      ask(gateway, "POST", "/config/revisions/1/rollback", "");
      assertThat(get(gateway, SUPPORT).path("budget").path("total").asString()).isEqualTo("2 USD");
      assertThat(get(gateway, "/config").path("applied").asBoolean()).isFalse();
    }
  }

  @Test
  void two_gateways_on_one_store_see_each_others_changes_within_a_second() {
    try (var one = gateway(FILE);
        var two = gateway(FILE)) {
      Soon.within(
          Duration.ofSeconds(1),
          () -> {
            ask(one, "PATCH", SUPPORT, "{\"models\":[\"tiny\"]}");
            Soon.until(() -> call(two, "sk-acme-support-0001", "big") != 200);
            ask(one, "PATCH", SUPPORT, "{\"models\":[\"tiny\",\"big\"]}");
            return Soon.taken(() -> call(two, "sk-acme-support-0001", "big") == 200);
          });
      ask(two, "DELETE", SUPPORT, "");
      Soon.until(() -> call(one, "sk-acme-support-0001", "tiny") == 401);
    }
  }

  @Test
  void of_concurrent_changes_none_is_lost_on_one_node_or_on_two() throws Exception {
    try (var one = gateway(FILE);
        var two = gateway(FILE);
        var threads = Executors.newFixedThreadPool(8)) {
      var asked = new ArrayList<Future<Integer>>();
      IntStream.range(0, 24)
          .forEach(i ->
              asked.add(
                  threads.submit(() ->
                      ask(i % 2 == 0 ? one : two, "POST", "/tenants", "{\"name\":\"t" + i + "\"}")
                          .statusCode())));
      for (Future<Integer> status : asked) {
        assertThat(status.get()).isEqualTo(201);
      }
      assertThat(get(one, "/config/revisions").path("data")).hasSize(24);
      assertThat(Math.max(names(get(one, "/tenants")).size(), names(get(two, "/tenants")).size()))
          .isEqualTo(25);
      String tag = tag(ask(one, "GET", SUPPORT, ""));
      var guarded = new ArrayList<Future<Integer>>();
      IntStream.range(0, 8)
          .forEach(i ->
              guarded.add(
                  threads.submit(() ->
                      ask(
                              i % 2 == 0 ? one : two,
                              "PATCH",
                              SUPPORT,
                              "{\"budget\":{\"total\":\"" + (i + 10) + " USD\"}}",
                              "if-match",
                              tag)
                          .statusCode())));
      int won = 0;
      for (Future<Integer> status : guarded) {
        won += status.get() == 200 ? 1 : 0;
      }
      assertThat(won).isEqualTo(1);
    }
  }
}

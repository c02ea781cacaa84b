package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Who administers one tenant sees and changes nothing of another, nor what binds their own. */
class TenantAdminScenario {
  private static final String VARIABLE = "a-variable-of-the-gateway";

  @TempDir private Path folder;
  private FakeIssuer issuer;
  private TestGateway gateway;
  private String lead;

  @BeforeEach
  void begin() throws IOException {
    issuer = new FakeIssuer();
    gateway =
        TestGateway.of(
            """
            data: "%s"
            admin:
              oidc:
                issuer: "%s"
                client_id: lintel
                client_secret: client-secret-c0ffee
                roles_claim: groups
                mapping: { leads: { role: tenant_admin, tenants: [ t ] }, books: auditor, lookers: viewer }
            providers: { demo: { kind: sim } }
            models: { tiny: { targets: [ { to: demo/small, region: eu } ] } }
            prices: { demo/small: { input: 1.00, output: 2.00 } }
            tenants:
              t:
                residency: eu
                budget: { day: 7 USD }
                apps: { a: { keys: [ %s ], budget: { total: 5 USD } } }
              other: { budget: { day: 9 USD }, apps: { b: { keys: [ sk-other-0001 ], budget: { total: 3 USD } } } }
            """
                .formatted(folder, issuer.url(), TestGateway.KEY),
            Map.of("LINTEL_SECRET", VARIABLE));
    lead = who("leads");
  }

  @AfterEach
  void end() {
    gateway.close();
    issuer.close();
  }

  private String who(String group) {
    return issuer.token(
        claims -> claims.claim("email", group + "@example.com").claim("groups", List.of(group)));
  }

  private HttpResponse<String> ask(String token, String method, String path, String body) {
    return gateway.send(
        gateway
            .request("/admin/v1" + path)
            .setHeader("authorization", "Bearer " + token)
            .method(method, BodyPublishers.ofString(body))
            .build());
  }

  private HttpResponse<String> get(String path) {
    return ask(lead, "GET", path, "");
  }

  private HttpResponse<String> everybodys(String path) {
    return gateway.admin("GET", "/admin/v1" + path, "");
  }

  private static JsonNode data(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.parse(answer.body()).path("data");
  }

  private String call(String key) {
    var answer =
        gateway.send(
            gateway
                .request("/v1/chat/completions")
                .setHeader("authorization", "Bearer " + key)
                .POST(
                    BodyPublishers.ofString(
                        "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"))
                .build());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  @Test
  void budgets_usage_and_calls_are_the_tenants_own() {
    String own = call(TestGateway.KEY);
    String others = call("sk-other-0001");
    for (int i = 0; i < 200 && data(everybodys("/usage?group_by=tenant")).size() < 2; i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30));
    }
    assertThat(data(everybodys("/usage?group_by=tenant"))).hasSize(2);

    assertThat(data(get("/budgets?tenant=t")))
        .hasSize(2)
        .allSatisfy(row -> assertThat(row.path("tenant").asString("")).isEqualTo("t"));
    JsonNode usage = data(get("/usage?tenant=t&group_by=tenant,app"));
    assertThat(usage).hasSize(1);
    assertThat(usage.get(0).path("calls").asInt()).isEqualTo(1);
    assertThat(usage.get(0).path("app").asString()).isEqualTo("a");
    assertThat(data(get("/usage?tenant=t&from=2020-01-01T00:30:00Z&interval=hour"))).hasSize(1);
    assertThat(data(get("/calls?tenant=t")))
        .singleElement()
        .satisfies(row -> assertThat(row.path("request_id").asString()).isEqualTo(own));
    assertThat(get("/calls/" + own + "?tenant=t").statusCode()).isEqualTo(200);
    assertThat(get("/tenants/t/export").body()).contains(own).doesNotContain(others);
    assertThat(ask(who("lookers"), "GET", "/tenants/t/export", "").statusCode()).isEqualTo(403);
    assertThat(ask(who("books"), "GET", "/tenants/t/export", "").statusCode()).isEqualTo(200);
    var hidden = get("/calls/" + others + "?tenant=t");
    assertThat(hidden.statusCode()).isEqualTo(404);
    assertThat(hidden.body()).doesNotContain("\"other\"");
    assertThat(get("/calls/" + others).statusCode()).isEqualTo(403);
    assertThat(get("/pairs?tenant=t").statusCode()).isEqualTo(200);
    assertThat(ask(who("lookers"), "GET", "/pairs", "").statusCode()).isEqualTo(403);
    for (String path : List.of("/budgets", "/usage", "/calls", "/pairs")) {
      assertThat(get(path).statusCode()).as(path).isEqualTo(403);
      assertThat(get(path + "?tenant=other").statusCode()).as(path).isEqualTo(403);
      assertThat(get(path + "?tenant=").statusCode()).as(path).isEqualTo(403);
    }
  }

  @Test
  void whatever_is_of_all_tenants_or_another_is_refused() {
    for (String path :
        List.of(
            "/tenants",
            "/tenants/other",
            "/tenants/other/export",
            "/tenants/other/apps",
            "/tenants/other/apps/b",
            "/tenants/other/apps/b/keys",
            "/tenants/t%2F..%2Fother",
            "/policies",
            "/policies/report",
            "/policies/report?tenant=t",
            "/policies/resolved?tenant=other&app=b",
            "/config",
            "/config/revisions",
            "/config/revisions/1",
            "/overrides",
            "/acts",
            "/secrets",
            "/approvals",
            "/shadows",
            "/rollouts",
            "/models",
            "/prices",
            "/providers")) {
      assertThat(get(path).statusCode()).as(path).isIn(403, 404);
      assertThat(get(path).body()).as(path).doesNotContain("sk-other").doesNotContain("9 USD");
    }
    for (var asked :
        List.of(
            List.of("POST", "/tenants/other/apps", "{\"name\":\"x\"}"),
            List.of("POST", "/tenants/other/apps/b/keys", "{}"),
            List.of("PATCH", "/tenants/other/apps/b", "{}"),
            List.of("PUT", "/tenants/other/apps/b", "{}"),
            List.of("DELETE", "/tenants/other/apps/b", ""),
            List.of("PATCH", "/tenants/t", "{\"budget\":{\"day\":\"99 USD\"}}"),
            List.of("DELETE", "/tenants/t", ""),
            List.of("POST", "/tenants", "{\"name\":\"x\"}"),
            List.of("DELETE", "/overrides/tenants/t/budget/day", ""),
            List.of("POST", "/config/revisions/0/rollback", ""),
            List.of("POST", "/config/apply", "{}"),
            List.of("POST", "/config/plan", "{}"),
            List.of("POST", "/route", "{\"tenant\":\"other\",\"app\":\"b\",\"model\":\"tiny\"}"),
            List.of("POST", "/policies/try", "{\"policy\":{}}"),
            List.of("PUT", "/secrets/a", "{\"value\":\"x1\"}"))) {
      assertThat(ask(lead, asked.get(0), asked.get(1), asked.get(2)).statusCode())
          .as(asked.toString())
          .isEqualTo(403);
    }
  }

  @Test
  void a_key_is_changed_by_its_own_app_alone() {
    String id =
        Json.parse(gateway.admin("POST", "/admin/v1/tenants/other/apps/b/keys", "{}").body())
            .path("id")
            .asString();
    assertThat(ask(lead, "DELETE", "/tenants/t/apps/a/keys/" + id, "").statusCode()).isEqualTo(404);
    assertThat(ask(lead, "POST", "/tenants/t/apps/a/keys/" + id + "/rotate", "{}").statusCode())
        .isEqualTo(404);
    assertThat(ask(lead, "POST", "/tenants/t/apps/a/keys", "{\"name\":\"ci\"}").statusCode())
        .isEqualTo(201);
  }

  /** An app's text may be shown to its callers, and must not be the gateway's environment. */
  @Test
  void nothing_is_read_from_where_the_gateway_keeps_its_secrets() {
    for (String value :
        List.of(
            "\"${LINTEL_SECRET}\"", "{\"env\":\"LINTEL_SECRET\"}", "{\"file\":\"/etc/hosts\"}")) {
      for (String body :
          List.of(
              "{\"budget\":{\"total\":\"0.000001 USD\",\"at_limit\":{\"answer\":VALUE}}}",
              "{\"use_cases\":{\"x\":{\"policy\":VALUE}}}",
              "{\"models\":[VALUE]}",
              "{\"keys\":[VALUE]}")) {
        var answer = ask(lead, "PATCH", "/tenants/t/apps/a", body.replace("VALUE", value));
        assertThat(answer.statusCode()).as(body + value).isIn(400, 403);
        assertThat(answer.body()).doesNotContain(VARIABLE);
      }
    }
    assertThat(ask(lead, "PATCH", "/tenants/t/apps/a", "{\"models\":[\"tiny\"]}").statusCode())
        .isEqualTo(200);
  }

  @Test
  void what_the_gateway_grants_an_app_is_not_theirs_to_change() {
    for (String body :
        List.of(
            "{\"residency\":\"us\"}",
            "{\"own_keys\":true}",
            "{\"unknown_price\":\"allow\"}",
            "{\"keys\":[\"sk-of-my-own-0001\"]}",
            "{\"aws_keys\":[]}")) {
      var answer = ask(lead, "PATCH", "/tenants/t/apps/a", body);
      assertThat(answer.statusCode()).as(body).isEqualTo(403);
      assertThat(answer.body()).contains(Json.parse(body).propertyNames().iterator().next());
      String named = "{\"name\":\"fresh\"," + body.substring(1);
      assertThat(ask(lead, "POST", "/tenants/t/apps", named).statusCode()).as(named).isEqualTo(403);
      assertThat(ask(lead, "PUT", "/tenants/t/apps/fresh", body).statusCode()).isEqualTo(403);
    }
    // To leave out what is there would drop it.
    assertThat(ask(lead, "PUT", "/tenants/t/apps/a", "{}").statusCode()).isEqualTo(403);
    String put = "{\"keys\":[\"unchanged\"],\"limits\":{\"requests\":\"9/min\"}}";
    assertThat(ask(lead, "PUT", "/tenants/t/apps/a", put).statusCode()).isEqualTo(200);
    assertThat(
            ask(lead, "POST", "/tenants/t/apps", "{\"name\":\"fresh\",\"explain\":true}")
                .statusCode())
        .isEqualTo(201);
    assertThat(ask(lead, "DELETE", "/tenants/t/apps/fresh", "").statusCode()).isEqualTo(204);
  }

  @Test
  void an_app_has_no_name_that_could_be_taken_for_another_place() {
    for (String name : List.of("x/y", "x#y", "x|y", "x\\u0000y")) {
      assertThat(ask(lead, "POST", "/tenants/t/apps", "{\"name\":\"" + name + "\"}").statusCode())
          .as(name)
          .isEqualTo(400);
    }
  }

  @Test
  void what_goes_on_is_shown_of_the_tenants_own_calls_alone() {
    String own = call(TestGateway.KEY);
    call("sk-other-0001");

    var told = get("/top?tenant=t");
    assertThat(told.statusCode()).as(told.body()).isEqualTo(200);
    JsonNode slowest = Json.parse(told.body()).path("slowest");
    assertThat(slowest).hasSize(1);
    assertThat(slowest.get(0).path("request_id").asString("")).isEqualTo(own);
    assertThat(get("/top").statusCode()).isEqualTo(403);
    assertThat(get("/top?tenant=other").statusCode()).isEqualTo(403);
    assertThat(ask(who("lookers"), "GET", "/top", "").statusCode()).isEqualTo(200);
  }

  @Test
  void auditors_and_viewers_change_nothing() {
    var writes = new ArrayList<List<String>>();
    Json.parse(gateway.admin("GET", "/admin/v1/openapi.json", "").body())
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .propertyNames()
                .forEach(method -> {
                  if (!method.equals("get") && !method.equals("parameters")) {
                    writes.add(
                        List.of(
                            method.toUpperCase(java.util.Locale.ROOT),
                            path.getKey()
                                .replace("/admin/v1", "")
                                .replaceAll("\\{n}", "1")
                                .replaceAll("\\{[^}]*}", "t")));
                  }
                }));
    assertThat(writes).hasSizeGreaterThan(20);
    for (String group : List.of("books", "lookers")) {
      String token = who(group);
      for (List<String> write : writes) {
        boolean asks =
            List.of("/route", "/config/plan", "/whatif", "/reports/reconcile")
                .contains(write.get(1));
        assertThat(ask(token, write.get(0), write.get(1), "{}").statusCode())
            .as(group + write)
            .isIn(asks ? List.of(200, 400, 403, 404) : List.of(403));
      }
    }
    assertThat(ask(who("lookers"), "POST", "/whatif", "{}").statusCode()).isEqualTo(403);
    for (String path : List.of("/config", "/secrets", "/acts", "/overrides", "/config/revisions")) {
      assertThat(ask(who("lookers"), "GET", path, "").statusCode()).as(path).isEqualTo(403);
    }
    for (String path : List.of("/audit", "/audit/verify", "/audit/export")) {
      assertThat(ask(who("books"), "GET", path, "").statusCode()).as(path).isEqualTo(200);
      assertThat(ask(who("lookers"), "GET", path, "").statusCode()).as(path).isEqualTo(403);
      assertThat(get(path).statusCode()).as(path).isEqualTo(403);
    }
  }
}

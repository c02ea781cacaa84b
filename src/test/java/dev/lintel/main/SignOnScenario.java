package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.lintel.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** People administer by what their issuer says of them. */
class SignOnScenario {
  @TempDir private Path folder;
  private FakeIssuer issuer;
  private TestGateway gateway;

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
                roles_claim: realm.roles
                mapping:
                  bosses: admin
                  books: auditor
                  lookers: viewer
                  acme-leads: { role: tenant_admin, tenants: [ t ] }
            providers: { demo: { kind: sim } }
            """
                    .formatted(folder, issuer.url())
                + TestGateway.TENANT);
  }

  @AfterEach
  void end() {
    gateway.close();
    issuer.close();
  }

  private static UnaryOperator<JWTClaimsSet.Builder> group(String... groups) {
    return claims ->
        claims
            .claim("email", "ann@example.com")
            .claim("realm", java.util.Map.of("roles", List.of(groups)));
  }

  private HttpResponse<String> ask(String token, String method, String path, String body) {
    return gateway.send(
        gateway
            .request("/admin/v1" + path)
            .setHeader("authorization", "Bearer " + token)
            .method(method, BodyPublishers.ofString(body))
            .build());
  }

  private int status(String token, String method, String path) {
    return ask(token, method, path, method.equals("PUT") ? "{\"value\":\"x1\"}" : "").statusCode();
  }

  @Test
  void a_token_is_good_for_what_the_group_in_it_may() {
    String boss = issuer.token(group("others", "bosses"));
    assertThat(status(boss, "PUT", "/secrets/a")).isEqualTo(200);
    assertThat(ask(boss, "GET", "/acts", "").body()).contains("\"by\":\"ann@example.com\"");

    String books = issuer.token(group("books"));
    assertThat(status(books, "GET", "/acts")).isEqualTo(200);
    assertThat(status(books, "GET", "/secrets")).isEqualTo(200);
    assertThat(status(books, "PUT", "/secrets/a")).isEqualTo(403);

    String looker = issuer.token(group("lookers"));
    assertThat(status(looker, "GET", "/providers")).isEqualTo(200);
    assertThat(status(looker, "GET", "/acts")).isEqualTo(403);
    assertThat(status(looker, "GET", "/secrets")).isEqualTo(403);
    assertThat(status(looker, "PUT", "/secrets/a")).isEqualTo(403);

    String lead = issuer.token(group("acme-leads"));
    assertThat(status(lead, "GET", "/calls?tenant=t")).isEqualTo(200);
    assertThat(status(lead, "GET", "/calls?tenant=u")).isEqualTo(403);
    assertThat(status(lead, "GET", "/calls")).isEqualTo(403);
    assertThat(status(lead, "GET", "/tenants/t")).isEqualTo(200);
    assertThat(status(lead, "GET", "/tenants/u")).isEqualTo(403);
    assertThat(status(lead, "GET", "/tenants")).isEqualTo(403);
    assertThat(ask(lead, "PATCH", "/tenants/t", "{\"budget\":{\"day\":\"9 USD\"}}").statusCode())
        .isEqualTo(403);
    assertThat(
            ask(lead, "PATCH", "/tenants/t/apps/a", "{\"limits\":{\"requests\":\"9/min\"}}")
                .statusCode())
        .isEqualTo(200);
    assertThat(
            ask(lead, "PATCH", "/tenants/u/apps/a", "{\"limits\":{\"requests\":\"9/min\"}}")
                .statusCode())
        .isEqualTo(403);
    assertThat(status(lead, "GET", "/providers")).isEqualTo(403);

    assertThat(status(issuer.token(group("others")), "GET", "/providers")).isEqualTo(403);
    assertThat(status("admin-key", "GET", "/providers")).isEqualTo(200);
  }

  @Test
  void a_token_that_does_not_hold_is_refused_and_says_why() {
    var bosses = group("bosses");
    for (var wrong :
        new String[][] {
          {issuer.forged(bosses), "algorithm"},
          {issuer.token(c -> bosses.apply(c).audience("others")), "audience"},
          {issuer.token(c -> bosses.apply(c).issuer("https://others")), "issuer"},
          {
            issuer.token(
                c -> bosses.apply(c).expirationTime(Date.from(Instant.now().minusSeconds(90)))),
            "expired"
          },
          {
            issuer.token(
                c -> bosses.apply(c).notBeforeTime(Date.from(Instant.now().plusSeconds(90)))),
            "not valid yet"
          },
          {"a.b.c", "no signed token"}
        }) {
      var answer = ask(wrong[0], "GET", "/providers", "");
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(answer.body()).contains(wrong[1]).doesNotContain(wrong[0]);
    }
    String good = issuer.token(bosses);
    String other = good.substring(0, good.length() - 8) + "AAAAAAAA";
    assertThat(ask(other, "GET", "/providers", "").body()).contains("signature");
  }

  @Test
  void keys_are_kept_while_the_issuer_is_away() {
    String boss = issuer.token(group("bosses"));
    assertThat(status(boss, "GET", "/providers")).isEqualTo(200);
    issuer.away(true);
    assertThat(status(boss, "GET", "/providers")).isEqualTo(200);
    assertThat(issuer.asked()).isEqualTo(1);
  }

  @Test
  void an_issuer_that_is_away_from_the_beginning_is_nobodys_wrong_key() {
    issuer.away(true);
    String boss = issuer.token(group("bosses"));
    assertThat(status(boss, "GET", "/providers")).isEqualTo(503);
    assertThat(status("admin-key", "GET", "/providers")).isEqualTo(200);
  }

  private HttpResponse<String> visit(String url, String cookie) {
    var request = HttpRequest.newBuilder(URI.create(url));
    if (!cookie.isEmpty()) {
      request.header("cookie", cookie);
    }
    return gateway.send(request.build());
  }

  private static String header(HttpResponse<String> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  private static String cookie(HttpResponse<String> answer) {
    return header(answer, "set-cookie").replaceAll(";.*", "");
  }

  @Test
  void a_browser_logs_in_and_changes_things_with_the_sessions_own_word_alone() {
    issuer.person(group("bosses"));
    var begun = visit(gateway.url() + "/admin/login", "");
    assertThat(begun.statusCode()).isEqualTo(302);
    assertThat(header(begun, "set-cookie"))
        .contains("HttpOnly")
        .contains("Secure")
        .contains("SameSite=Lax");
    var back = visit(header(begun, "location"), "");
    String callback = header(back, "location");

    assertThat(visit(callback, "").statusCode()).isEqualTo(401);
    assertThat(visit(callback.replace("state=", "state=x"), cookie(begun)).statusCode())
        .isEqualTo(401);
    var in = visit(callback, cookie(begun));
    assertThat(in.statusCode()).isEqualTo(200);
    assertThat(header(in, "set-cookie")).contains("HttpOnly").contains("SameSite=Strict");
    assertThat(header(in, "cache-control")).isEqualTo("no-store");
    assertThat(visit(callback, cookie(begun)).statusCode()).isEqualTo(401);

    String session = cookie(in);
    var me = Json.parse(visit(gateway.url() + "/admin/session", session).body());
    assertThat(me.path("name").asString()).isEqualTo("ann@example.com");
    assertThat(me.path("role").asString()).isEqualTo("admin");
    assertThat(visit(gateway.url() + "/admin/v1/acts", session).body())
        .contains("\"what\":\"login\"");

    assertThat(put(session, "")).isEqualTo(403);
    assertThat(put(session, "wrong")).isEqualTo(403);
    assertThat(put(session, me.path("csrf").asString())).isEqualTo(200);
    assertThat(put("lintel_admin=" + cookie(begun).replaceAll(".*=", ""), "")).isEqualTo(401);

    var out =
        gateway.send(
            HttpRequest.newBuilder(gateway.url().resolve("/admin/logout"))
                .header("cookie", session)
                .POST(BodyPublishers.noBody())
                .build());
    assertThat(header(out, "set-cookie")).contains("Max-Age=0");
    assertThat(gateway.log()).doesNotContain("c0ffee");
  }

  private int put(String cookie, String csrf) {
    return gateway
        .send(
            HttpRequest.newBuilder(gateway.url().resolve("/admin/v1/secrets/b"))
                .header("cookie", cookie)
                .header("x-lintel-csrf", csrf)
                .PUT(BodyPublishers.ofString("{\"value\":\"x1\"}"))
                .build())
        .statusCode();
  }

  @Test
  void a_token_of_a_callers_issuer_administers_by_its_roles() throws IOException {
    String file =
        """
        jwt:
          - issuer: "%s"
            audience: lintel
            insecure: true
            claims: { tenant: org, app: azp, roles: realm.roles }
            roles:
              root: admin
              books: auditor
              lookers: viewer
              leads: tenant_admin
              pairs: { role: tenant_admin, tenants: [ t, u ] }
        providers: { demo: { kind: sim } }
        models: { tiny: demo/small }
        tenants: { t: { apps: { a: {} } }, u: {} }
        """;
    String chat = "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    try (var callers = new FakeIssuer();
        var own = TestGateway.of(file.formatted(callers.url()))) {
      TestGateway before = gateway;
      gateway = own;
      UnaryOperator<JWTClaimsSet.Builder> ofApp = c -> c.claim("org", "t").claim("azp", "a");
      String root = callers.token(c -> ofApp.apply(group("root").apply(c)));
      assertThat(status(root, "PUT", "/secrets/a")).isEqualTo(200);
      assertThat(ask(root, "GET", "/acts", "").body()).contains("\"by\":\"ann@example.com\"");
      assertThat(
              own.send(
                      own.request("/v1/chat/completions")
                          .setHeader("authorization", "Bearer " + root)
                          .POST(BodyPublishers.ofString(chat))
                          .build())
                  .statusCode())
          .as("and calls for its app")
          .isEqualTo(200);
      String books = callers.token(group("books"));
      assertThat(status(books, "GET", "/acts")).isEqualTo(200);
      assertThat(status(books, "PUT", "/secrets/a")).isEqualTo(403);
      String looker = callers.token(group("lookers"));
      assertThat(status(looker, "GET", "/providers")).isEqualTo(200);
      assertThat(status(looker, "GET", "/acts")).isEqualTo(403);
      String lead = callers.token(c -> ofApp.apply(group("leads").apply(c)));
      assertThat(status(lead, "GET", "/tenants/t")).isEqualTo(200);
      assertThat(status(lead, "GET", "/tenants/u")).as("its own alone").isEqualTo(403);
      assertThat(status(callers.token(group("leads")), "GET", "/tenants/t"))
          .as("of no tenant")
          .isEqualTo(401);
      String pairs = callers.token(group("pairs"));
      assertThat(status(pairs, "GET", "/tenants/u")).isEqualTo(200);
      assertThat(status(callers.token(group("others")), "GET", "/providers")).isEqualTo(403);
      assertThat(status(callers.token(ofApp), "GET", "/providers")).isEqualTo(403);
      for (String wrong :
          List.of(
              callers.token(c -> group("root").apply(c).audience("others")),
              callers.forged(group("root")),
              issuer.token(group("root")))) {
        assertThat(status(wrong, "GET", "/providers")).isEqualTo(401);
      }
      gateway = before;
    }
  }
}

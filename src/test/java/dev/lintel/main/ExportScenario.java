package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Who asks for all that is kept of a tenant gets all of it, and nothing of another. */
class ExportScenario {
  @TempDir private Path folder;

  private TestGateway start() {
    return TestGateway.of(
        """
        data: %s
        providers: { demo: { kind: sim } }
        models: { tiny: demo/small }
        prices: { demo/small: { input: 1.00, output: 2.00 } }
        policies:
          all: { capture: full }
          clean: { capture: redacted }
          shapes: { capture: metadata }
          apart: { training: opted_out }
          unused: {}
        tenants:
          acme:
            policy: all
            budget: { day: 7 USD }
            apps:
              a:
                keys: [ sk-acme-written-0001 ]
                use_cases: { clean: { policy: clean }, shapes: { policy: shapes }, apart: { policy: apart } }
          other: { policy: all, apps: { b: { keys: [ sk-other-written-0001 ] } } }
        """
            .formatted(folder));
  }

  private static String call(TestGateway gateway, String key, String text, String... headers) {
    String body =
        "{\"model\":\"tiny\",\"max_tokens\":500,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted(text);
    var request =
        gateway
            .request("/v1/chat/completions")
            .setHeader("authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    HttpResponse<String> reply = gateway.send(request.build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static void until(BooleanSupplier holds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!holds.getAsBoolean() && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    assertThat(holds.getAsBoolean()).isTrue();
  }

  private static void keepsAll(TestGateway gateway, String... ids) {
    for (String id : ids) {
      String path = "/admin/v1/calls/" + id;
      until(() -> gateway.admin("GET", path + "/payload", "").statusCode() == 200);
    }
    until(() ->
        Json.parse(gateway.admin("GET", "/admin/v1/usage", "").body()).at("/data/0/calls").asInt()
            == ids.length);
  }

  private static List<JsonNode> of(List<JsonNode> lines, String type) {
    return lines.stream()
        .filter(line -> line.path("type").asString().equals(type))
        .map(line -> line.path(type))
        .toList();
  }

  private static List<String> texts(List<JsonNode> found, String member) {
    return found.stream().map(one -> one.path(member).asString()).toList();
  }

  @Test
  void an_export_has_all_that_is_kept_of_a_tenant_and_nothing_of_another() {
    try (var gateway = start()) {
      String made =
          gateway.admin("POST", "/admin/v1/tenants/acme/apps/a/keys", "{\"name\":\"ci\"}").body();
      String secret = Json.parse(made).path("key").asString();
      String ours = call(gateway, secret, "Quokka", "x-lintel-user", "ann");
      String clean = call(gateway, secret, "mail ben@example.com", "x-lintel-use-case", "clean");
      String theirs = call(gateway, "sk-other-written-0001", "Bilby", "x-lintel-user", "cid");
      keepsAll(gateway, ours, clean, theirs);
      String opinion = "{\"request_id\":\"%s\",\"score\":0.75,\"label\":\"good\"}".formatted(ours);
      var said =
          gateway.send(
              gateway
                  .request("/v1/feedback")
                  .setHeader("authorization", "Bearer " + secret)
                  .POST(BodyPublishers.ofString(opinion))
                  .build());
      assertThat(said.statusCode()).as(said.body()).isEqualTo(200);

      HttpResponse<String> export = gateway.admin("GET", "/admin/v1/tenants/acme/export", "");

      assertThat(export.statusCode()).as(export.body()).isEqualTo(200);
      assertThat(export.headers().firstValue("content-type")).contains("application/x-ndjson");
      assertThat(export.body())
          .contains("Quokka", "mail [email]")
          .doesNotContain(
              "ben@example.com",
              "Bilby",
              "cid",
              theirs,
              secret,
              "sk-acme-written-0001",
              "sk-other",
              "/policies/unused");
      List<JsonNode> lines = export.body().lines().map(Json::parse).toList();
      assertThat(lines.getFirst().at("/export/tenant").asString()).isEqualTo("acme");
      assertThat(texts(of(lines, "configuration"), "path"))
          .containsExactly(
              "/tenants/acme",
              "/tenants/acme/apps/a",
              "/policies/all",
              "/policies/apart",
              "/policies/clean",
              "/policies/shapes");
      assertThat(texts(of(lines, "key"), "source")).containsExactly("file", "store");
      assertThat(of(lines, "budget"))
          .singleElement()
          .satisfies(row -> assertThat(row.path("spent").asString()).matches("0\\.0*[1-9].*"));
      assertThat(of(lines, "usage").stream().mapToInt(row -> row.path("calls").asInt()).sum())
          .isEqualTo(2);
      assertThat(texts(of(lines, "record"), "request_id")).containsExactly(clean, ours);
      assertThat(texts(of(lines, "payload"), "request_id")).containsExactly(clean, ours);
      assertThat(of(lines, "feedback"))
          .singleElement()
          .satisfies(one -> {
            assertThat(one.path("request_id").asString()).isEqualTo(ours);
            assertThat(one.path("score").asDouble()).isEqualTo(0.75);
          });
      assertThat(texts(of(lines, "act"), "what"))
          .startsWith("GET /admin/v1/tenants/acme/export")
          .contains(
              "GET /admin/v1/calls/" + ours + "/payload", "POST /admin/v1/tenants/acme/apps/a/keys")
          .doesNotContain("GET /admin/v1/calls/" + theirs + "/payload");
      JsonNode last = lines.getLast();
      assertThat(last.path("type").asString()).isEqualTo("end");
      assertThat(last.at("/lines/record").asInt()).isEqualTo(2);
      assertThat(last.at("/lines/payload").asInt()).isEqualTo(2);
      assertThat(gateway.admin("GET", "/admin/v1/audit?kind=act", "").body())
          .contains("GET /admin/v1/tenants/acme/export");
    }
  }

  private record Run(int code, String out) {}

  private static Run run(TestGateway gateway, String... arguments) throws Exception {
    var command = new ArrayList<>(List.of(ThisJava.JAVA, "-cp", ThisJava.CLASSES));
    command.addAll(List.of(Main.class.getName(), "export"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--url", gateway.url().toString()));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", "admin-key");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out);
  }

  @Test
  void what_was_erased_is_in_no_export_and_that_it_was_is() throws Exception {
    try (var gateway = start()) {
      String anns = call(gateway, "sk-acme-written-0001", "Quokka", "x-lintel-user", "ann");
      String bens = call(gateway, "sk-acme-written-0001", "Numbat", "x-lintel-user", "ben");
      keepsAll(gateway, anns, bens);
      gateway.admin("POST", "/admin/v1/tenants/acme/erase", "{\"user\":\"ann\"}");
      until(() ->
          gateway
              .admin("GET", "/admin/v1/tenants/acme/erasures", "")
              .body()
              .contains("\"state\":\"done\",\"before\""));

      Path file = folder.resolve("acme.jsonl");
      Run run = run(gateway, "tenant", "acme", "--since", "1d", "--out", file.toString());
      assertThat(run.code).as(run.out).isZero();
      String export = Files.readString(file);

      assertThat(export).contains("Numbat").doesNotContain("Quokka", "\"ann\"");
      List<JsonNode> lines = export.lines().map(Json::parse).toList();
      assertThat(of(lines, "record")).hasSize(1);
      assertThat(of(lines, "erasure"))
          .singleElement()
          .satisfies(one -> assertThat(one.path("one_user").asBoolean()).isTrue());
    }
  }

  @Test
  void a_tenant_of_which_nothing_is_known_is_named_and_so_is_a_time_that_is_none() {
    try (var gateway = start()) {
      var unknown = gateway.admin("GET", "/admin/v1/tenants/acne/export", "");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(unknown.body()).contains("tenant_not_found", "acne");
      for (String wrong :
          List.of("from=soon", "since=7d", "from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z")) {
        var refused = gateway.admin("GET", "/admin/v1/tenants/acme/export?" + wrong, "");
        assertThat(refused.statusCode()).as(wrong).isEqualTo(400);
      }
    }
  }

  @Test
  void a_client_that_leaves_in_the_middle_is_let_go_and_the_next_one_gets_all() throws IOException {
    try (var gateway = start()) {
      var ids = new ArrayList<String>();
      for (int i = 0; i < 24; i++) {
        ids.add(call(gateway, "sk-acme-written-0001", "x".repeat(400_000)));
      }
      keepsAll(gateway, ids.toArray(String[]::new));

      try (var socket = new Socket(gateway.url().getHost(), gateway.url().getPort())) {
        socket.setReceiveBufferSize(1 << 12);
        socket
            .getOutputStream()
            .write(
                ("GET /admin/v1/tenants/acme/export HTTP/1.1\r\nHost: lintel\r\n"
                        + "Authorization: Bearer admin-key\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        InputStream in = socket.getInputStream();
        assertThat(new String(in.readNBytes(15), StandardCharsets.US_ASCII)).contains("200");
        socket.setSoLinger(true, 0);
      }

      String export = gateway.admin("GET", "/admin/v1/tenants/acme/export", "").body();
      assertThat(export).endsWith("}}\n");
      List<JsonNode> lines = export.lines().map(Json::parse).toList();
      assertThat(of(lines, "payload")).hasSize(24);
      assertThat(lines.getLast().at("/lines/payload").asInt()).isEqualTo(24);
      assertThat(texts(of(lines, "act"), "what"))
          .startsWith("GET /admin/v1/tenants/acme/export", "GET /admin/v1/tenants/acme/export");
    }
  }

  private static HttpResponse<String> pairs(TestGateway gateway, String query) {
    return gateway.admin("GET", "/admin/v1/pairs" + query, "");
  }

  private static String leftOut(HttpResponse<String> page) {
    return page.headers().firstValue("x-lintel-left-out").orElse("");
  }

  private static void scores(TestGateway gateway, String id, String score) {
    String body = "{\"request_id\":\"%s\",\"score\":%s}".formatted(id, score);
    var said =
        gateway.send(
            gateway
                .request("/v1/feedback")
                .setHeader("authorization", "Bearer sk-acme-written-0001")
                .POST(BodyPublishers.ofString(body))
                .build());
    assertThat(said.statusCode()).as(said.body()).isEqualTo(200);
  }

  @Test
  void pairs_are_what_may_be_trained_with_and_the_rest_is_counted() throws Exception {
    try (var gateway = start()) {
      String key = "sk-acme-written-0001";
      String good = call(gateway, key, "Quokka");
      String clean = call(gateway, key, "mail ben@example.com", "x-lintel-use-case", "clean");
      String shape = call(gateway, key, "Wombat", "x-lintel-use-case", "shapes");
      String apart = call(gateway, key, "Potoroo", "x-lintel-use-case", "apart");
      String wish = call(gateway, key, "Bettong", "x-lintel-training", "opted_out");
      String gone = call(gateway, key, "Numbat", "x-lintel-user", "ann");
      String theirs = call(gateway, "sk-other-written-0001", "Bilby");
      var failed =
          gateway.send(
              gateway
                  .request("/v1/chat/completions")
                  .setHeader("authorization", "Bearer " + key)
                  .POST(
                      BodyPublishers.ofString(
                          "{\"model\":\"demo/small+fault=503\",\"messages\":[{\"role\":\"user\",\"content\":\"Dingo\"}]}"))
                  .build());
      assertThat(failed.statusCode()).isGreaterThanOrEqualTo(500);
      String bad = failed.headers().firstValue("x-lintel-request-id").orElseThrow();
      keepsAll(gateway, good, clean, shape, apart, wish, gone, theirs, bad);
      scores(gateway, good, "0.9");
      scores(gateway, clean, "0.3");
      scores(gateway, apart, "1");
      gateway.admin("POST", "/admin/v1/tenants/acme/erase", "{\"user\":\"ann\"}");
      until(() ->
          gateway.admin("GET", "/admin/v1/calls/" + gone + "/payload", "").statusCode() == 404);

      HttpResponse<String> ours = pairs(gateway, "?tenant=acme");

      assertThat(ours.statusCode()).as(ours.body()).isEqualTo(200);
      assertThat(leftOut(ours)).isEqualTo("failed=1, no_text=1, opted_out=2");
      List<JsonNode> lines = ours.body().lines().map(Json::parse).toList();
      assertThat(lines).hasSize(2);
      assertThat(lines)
          .allSatisfy(line -> {
            assertThat(line.propertyNames()).containsExactly("messages");
            assertThat(line.at("/messages/1/role").asString()).isEqualTo("assistant");
            assertThat(line.at("/messages/1/content").asString()).isNotEmpty();
          });
      assertThat(lines.getFirst().at("/messages/0/content").asString()).isEqualTo("mail [email]");
      assertThat(lines.getLast().at("/messages/0/content").asString()).isEqualTo("Quokka");
      assertThat(gateway.admin("GET", "/admin/v1/acts?limit=1", "").body())
          .contains("GET /admin/v1/pairs", "\"tenants\":{\"acme\":2}", "\"opted_out\":2");

      HttpResponse<String> liked = pairs(gateway, "?min_score=0.8&form=evaluation");
      assertThat(leftOut(liked)).isEqualTo("opted_out=1");
      JsonNode one = Json.parse(liked.body());
      assertThat(one.path("request_id").asString()).isEqualTo(good);
      assertThat(one.at("/usage/output").asInt()).isPositive();
      assertThat(one.path("cost_usd").asString()).startsWith("0.000");
      assertThat(one.at("/feedback/0/score").asDouble()).isEqualTo(0.9);
      assertThat(one.at("/answer/content").asString()).isNotEmpty();
      assertThat(one.path("messages")).hasSize(1);

      assertThat(pairs(gateway, "?use_case=clean").body().lines()).hasSize(1);
      assertThat(pairs(gateway, "?model=large").body()).isEmpty();
      assertThat(pairs(gateway, "?to=2026-01-01T00:00:00Z").body()).isEmpty();
      HttpResponse<String> first = pairs(gateway, "?limit=1");
      assertThat(first.body()).contains("Bilby").doesNotContain("Quokka");
      String next = first.headers().firstValue("x-lintel-next").orElseThrow();
      assertThat(pairs(gateway, "?limit=1&cursor=" + next).body()).contains("[email]");
      for (String wrong :
          List.of("form=csv", "min_score=2", "min_score=x", "limit=0", "cursor=-")) {
        assertThat(pairs(gateway, "?" + wrong).statusCode()).as(wrong).isEqualTo(400);
      }

      Path file = folder.resolve("train.jsonl");
      Run run = run(gateway, "pairs", "--tenant", "acme", "--out", file.toString());
      assertThat(run.code).as(run.out).isZero();
      assertThat(run.out).contains("2 pairs; left out: {failed=1, no_text=1, opted_out=2}");
      assertThat(Files.readString(file)).isEqualTo(ours.body());

      var opted = gateway.admin("PATCH", "/admin/v1/policies/all", "{\"training\":\"opted_out\"}");
      assertThat(opted.statusCode()).as(opted.body()).isEqualTo(200);
      HttpResponse<String> none = pairs(gateway, "");
      assertThat(none.body()).isEmpty();
      assertThat(leftOut(none)).isEqualTo("opted_out=7");
    }
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * How much is logged is settled while the gateway runs, and nothing that is logged breaks a line.
 */
class LogScenario {
  private static final String YAML =
      """
      providers: { demo: { kind: sim, ttft: 0ms } }
      models: { good: demo/small }
      """;

  private static HttpResponse<String> chat(TestGateway gateway, String model, String... headers) {
    HttpRequest.Builder request = gateway.request("/v1/chat/completions");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    var body = Json.object().put("model", model);
    body.putArray("messages").addObject().put("role", "user").put("content", "my prompt");
    return gateway.send(request.POST(HttpRequest.BodyPublishers.ofString(Json.text(body))).build());
  }

  private static JsonNode patch(TestGateway gateway, String query, String body) {
    var reply = gateway.admin("PATCH", "/admin/v1/logs" + query, body);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static Level level(String logger) {
    return ((LoggerContext) LoggerFactory.getILoggerFactory())
        .getLogger(logger)
        .getEffectiveLevel();
  }

  @Test
  void whatever_callers_send_each_call_has_one_line() {
    String bad = "a\n{\"event\":\"call\"}\r\u001b[2J\u0000\u009b\u2028" + "x".repeat(10_000);
    TestGateway gateway = TestGateway.of(YAML);
    try (gateway) {
      assertThat(chat(gateway, bad).statusCode()).isEqualTo(404);
      assertThat(chat(gateway, "good", "x-request-id", "x".repeat(10_000)).statusCode())
          .isEqualTo(400);
      assertThat(chat(gateway, "good", "x-lintel-user", "u".repeat(10_000)).statusCode())
          .isEqualTo(400);
      assertThat(chat(gateway, "good", "x-lintel-user", "sk-proj-0123456789abcdef").statusCode())
          .isEqualTo(200);
    }
    String log = gateway.log();
    List<String> lines = log.lines().toList();
    assertThat(lines)
        .hasSize(4)
        .allSatisfy(line -> {
          assertThat(Json.parse(line).path("event").asString()).isEqualTo("call");
          assertThat(line.chars()).noneMatch(c -> Character.isISOControl(c) || c == 0x2028);
        });
    assertThat(log).doesNotContain("my prompt", "sk-proj", TestGateway.KEY);
    assertThat(Json.parse(lines.getLast()).path("user").asString()).isEqualTo("[key]");
  }

  @Test
  void an_admin_says_which_calls_have_lines_and_how_much_else_is_said() {
    TestGateway gateway =
        TestGateway.of(YAML + "logs: { calls: 0%, levels: { dev.lintel.trace: error } }\n");
    try (gateway) {
      chat(gateway, "good");
      chat(gateway, "none");
      JsonNode now = Json.parse(gateway.admin("GET", "/admin/v1/logs", "").body());
      assertThat(now.path("calls").asString()).isEqualTo("0%");
      assertThat(now.path("level").asString()).isEqualTo("info");
      assertThat(now.path("until").isNull()).isTrue();
      assertThat(level("dev.lintel.trace.Exporter")).isEqualTo(Level.ERROR);
      Soon.until(() -> gateway.log().lines().count() == 1);

      now =
          patch(
              gateway,
              "",
              "{\"calls\":\"100%\",\"level\":\"warn\",\"levels\":{\"dev.lintel.trace\":\"debug\"}}");
      assertThat(now.path("calls").asString()).isEqualTo("100%");
      assertThat(now.path("configured").path("calls").asString()).isEqualTo("0%");
      assertThat(level("dev.lintel.main.Lintel")).isEqualTo(Level.WARN);
      assertThat(level("dev.lintel.trace.Exporter")).isEqualTo(Level.DEBUG);
      chat(gateway, "good");
      Soon.until(() -> gateway.log().lines().count() == 2);

      now = patch(gateway, "", "{\"calls\":null,\"level\":null,\"levels\":null}");
      assertThat(now.path("calls").asString()).isEqualTo("0%");
      assertThat(level("dev.lintel.main.Lintel")).isEqualTo(Level.INFO);
      assertThat(level("dev.lintel.trace.Exporter")).isEqualTo(Level.ERROR);
      chat(gateway, "good");
    }
    String log = gateway.log();
    assertThat(log.lines()).hasSize(2);
    assertThat(Json.parse(log.lines().findFirst().orElseThrow()).path("kind").asString())
        .isEqualTo("not_found");
  }

  @Test
  void what_an_admin_wants_for_a_time_ends_by_itself() {
    try (var gateway = TestGateway.of(YAML)) {
      String until = Instant.now().plusMillis(1500).toString();
      patch(gateway, "?until=" + until, "{\"levels\":{\"dev.lintel.admin\":\"off\"}}");
      Soon.until(() ->
          Json.parse(gateway.admin("GET", "/admin/v1/logs", "").body()).path("levels").isEmpty());
      assertThat(level("dev.lintel.admin.LogDial")).isEqualTo(Level.INFO);
    }
  }

  @Test
  void what_makes_no_sense_is_named_and_changes_nothing() {
    try (var gateway = TestGateway.of(YAML)) {
      List.of(
              List.of("{\"level\":\"loud\"}", "level"),
              List.of("{\"levels\":{\"dev.lintel\":7}}", "levels.dev.lintel"),
              List.of("{\"levels\":{\"a b\":\"info\"}}", "levels.a b"),
              List.of("{\"levels\":{\"io.netty\":\"debug\"}}", "levels.io.netty"),
              List.of("{\"levels\":[]}", "levels"),
              List.of("{\"level\":\"error\",\"calls\":\"101%\"}", "calls"),
              List.of("{\"volume\":1}", "volume"))
          .forEach(wrong -> {
            var reply = gateway.admin("PATCH", "/admin/v1/logs", wrong.getFirst());
            assertThat(reply.statusCode()).as(wrong.getFirst()).isEqualTo(400);
            assertThat(Json.parse(reply.body()).path("error").path("param").asString())
                .isEqualTo(wrong.getLast());
          });
      JsonNode now = Json.parse(gateway.admin("GET", "/admin/v1/logs", "").body());
      assertThat(now.path("level").asString()).isEqualTo("info");
      assertThat(now.path("levels").isEmpty()).isTrue();
    }
  }
}

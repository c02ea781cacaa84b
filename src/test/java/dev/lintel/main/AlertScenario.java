package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** People are told what metrics do. */
class AlertScenario {
  private final List<JsonNode> ops = new CopyOnWriteArrayList<>();
  private final List<JsonNode> others = new CopyOnWriteArrayList<>();
  private HttpServer receiver;

  @BeforeEach
  void begin() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    for (var path : Map.of("/ops", ops, "/others", others).entrySet()) {
      receiver.createContext(
          path.getKey(),
          exchange -> {
            path.getValue().add(Json.parse(exchange.getRequestBody().readAllBytes()));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
          });
    }
    receiver.start();
  }

  @AfterEach
  void end() {
    receiver.stop(0);
  }

  private String file(String alerts) {
    return """
    providers:
      demo: { kind: sim }
      gone: { kind: openai, url: "http://127.0.0.1:1/v1", key: k }
    models: { tiny: demo/small, lost: gone/x }
    prices: { demo/small: { input: 0, output: 1000 } }
    webhooks:
      - { name: ops, url: "http://127.0.0.1:%1$d/ops", events: [ approval ] }
      - { url: "http://127.0.0.1:%1$d/others", events: [ alert ] }
    alerts:
    %2$s
    """
        .formatted(receiver.getAddress().getPort(), alerts.indent(2));
  }

  private static void call(TestGateway gateway, String model) {
    gateway.post(
        "/v1/chat/completions",
        "{\"model\":\""
            + model
            + "\",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
  }

  private static JsonNode alert(TestGateway gateway, String id) {
    for (JsonNode one :
        Json.parse(gateway.admin("GET", "/admin/v1/alerts", "").body()).path("data")) {
      if (one.path("id").asString().equals(id)) {
        return one;
      }
    }
    return Json.object();
  }

  @Test
  void rules_are_told_to_those_whom_they_name_and_shown_and_silenced() {
    String alerts =
        """
        errors: { watch: error_rate, least: 1, to: [ ops ], severity: critical }
        dear:   { watch: cost_per_hour, above: 0.001 USD, by: tenant }
        quiet:  { watch: rate, metric: lintel_attempts_total, labels: { kind: "!ok" }, above: 0, silent: true }
        typo:   { watch: value, metric: lintel_nothing, below: 1 }
        audit:  audit_broken
        """;
    try (var gateway = TestGateway.of(file(alerts))) {
      // What is counted before it was first looked at is not growth.
      Soon.until(() -> {
        call(gateway, "lost");
        call(gateway, "tiny");
        return !ops.isEmpty() && !others.isEmpty();
      });
      JsonNode told = ops.getFirst();
      assertThat(told.path("event").asString()).isEqualTo("alert");
      assertThat(told.at("/data/alert").asString()).isEqualTo("errors");
      assertThat(told.at("/data/state").asString()).isEqualTo("firing");
      assertThat(told.at("/data/severity").asString()).isEqualTo("critical");
      assertThat(told.at("/data/labels/model").asString()).isEqualTo("lost");
      assertThat(told.at("/data/summary").asString())
          .isEqualTo("errors: error rate 100 %, above 5 % (model=lost)");
      assertThat(others)
          .allSatisfy(one -> assertThat(one.at("/data/alert").asString()).isEqualTo("dear"));
      assertThat(others.getFirst().at("/data/labels/tenant").asString()).isEqualTo("t");

      Soon.until(() -> alert(gateway, "quiet").path("state").asString().equals("firing"));
      assertThat(alert(gateway, "errors").path("state").asString()).isEqualTo("firing");
      assertThat(alert(gateway, "errors").at("/alarms/0/value").asDouble()).isEqualTo(1.0);
      assertThat(alert(gateway, "typo").path("seen").asBoolean()).isFalse();
      assertThat(alert(gateway, "audit").path("state").asString()).isEqualTo("ok");

      String until = Instant.now().plus(Duration.ofHours(1)).toString();
      var silenced =
          gateway.admin(
              "POST",
              "/admin/v1/alerts/errors/silence",
              "{\"until\":\"" + until + "\",\"why\":\"we know\"}");
      assertThat(silenced.statusCode()).as(silenced.body()).isEqualTo(200);
      assertThat(alert(gateway, "errors").path("silent").asBoolean()).isTrue();
      assertThat(alert(gateway, "errors").path("state").asString()).isEqualTo("firing");
      assertThat(gateway.admin("GET", "/admin/v1/overrides", "").body())
          .contains("/alerts/errors/silent")
          .contains(until.substring(0, 19));
      assertThat(gateway.admin("GET", "/admin/v1/config/revisions", "").body()).contains("we know");
      assertThat(
              gateway
                  .admin("POST", "/admin/v1/alerts/nobody/silence", "{\"until\":\"" + until + "\"}")
                  .statusCode())
          .isEqualTo(404);
      assertThat(gateway.admin("POST", "/admin/v1/alerts/errors/silence", "{}").statusCode())
          .isEqualTo(400);
      assertThat(ops).hasSize(1);
    }
  }

  @Test
  void a_breaker_that_opens_is_told_once() {
    try (var gateway = TestGateway.of(file("resting: { watch: breaker_open, to: [ ops ] }"))) {
      Soon.until(() -> {
        call(gateway, "lost");
        return !ops.isEmpty();
      });
      assertThat(ops.getFirst().at("/data/labels/provider").asString()).isEqualTo("gone");
      assertThat(ops).hasSize(1);
    }
  }

  @Test
  void a_wrong_rule_is_a_fault_that_names_its_field() {
    for (var wrong :
        Map.ofEntries(
                Map.entry("a: { watch: latency }", "alerts.a needs the key 'above' or 'below'"),
                Map.entry("a: { watch: rate, above: 1 }", "alerts.a needs the key 'metric'"),
                Map.entry("a: { watch: nonsense }", "alerts.a.watch must be one of"),
                Map.entry("a: { watch: error_rate, above: 5s }", "alerts.a.above must be"),
                Map.entry("a: { watch: error_rate, above: 1, below: 2 }", "alerts.a.below cannot"),
                Map.entry("a: { watch: error_rate, to: [ opps ] }", "alerts.a.to"),
                Map.entry("a: { watch: error_rate, over: 1s }", "alerts.a.over must be 10s to 1d"),
                Map.entry("a: { watch: error_rate, quantile: 9% }", "alerts.a.quantile"),
                Map.entry(
                    "a: { watch: value, metric: \"x{}\", above: 1 }", "alerts.a.metric must be"),
                Map.entry(
                    "a: { watch: error_rate, labels: { kind: [ \"!ok\", timeout ] } }",
                    "alerts.a.labels.kind must have a !"))
            .entrySet()) {
      assertThat(faults(file(wrong.getKey()))).contains(wrong.getValue());
    }
    for (var wrong :
        Map.of(
                "{ kind: email, url: \"smtp://u:geheim@x\" }", "webhooks[0].url",
                "{ kind: email, url: \"smtp://x\", to: [ a@b ] }", "needs 'from' and 'to'",
                "{ kind: email, url: \"smtp://x\", from: nobody, to: [ a@b ] }",
                    "webhooks[0].from must be",
                "{ kind: slack, url: \"https://x/geheim\", user: me }", "webhooks[0].user is of")
            .entrySet()) {
      assertThat(
              faults("webhooks: [ " + wrong.getKey() + " ]\nproviders: { demo: { kind: sim } }\n"))
          .contains(wrong.getValue())
          .doesNotContain("geheim");
    }
  }

  private static String faults(String yaml) {
    try {
      TestGateway.config(yaml);
      return "";
    } catch (dev.lintel.config.Faulty faulty) {
      return faulty.faults().toString();
    }
  }
}

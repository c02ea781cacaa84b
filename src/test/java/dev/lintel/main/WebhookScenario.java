package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** People hear of what happens, by webhooks. */
class WebhookScenario {
  private static final String SECRET = "whsec-c0ffee";

  private record Told(String event, String id, String signature, byte[] body) {
    JsonNode json() {
      return Json.parse(body);
    }
  }

  @TempDir private Path folder;
  private final List<Told> told = new CopyOnWriteArrayList<>();
  private final AtomicInteger refuse = new AtomicInteger();
  private volatile int refusal = 503;
  private HttpServer receiver;

  @BeforeEach
  void begin() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          var headers = exchange.getRequestHeaders();
          told.add(
              new Told(
                  headers.getFirst("x-lintel-event"),
                  headers.getFirst("x-lintel-delivery"),
                  String.valueOf(headers.getFirst("x-lintel-signature")),
                  exchange.getRequestBody().readAllBytes()));
          exchange.sendResponseHeaders(refuse.getAndDecrement() > 0 ? refusal : 204, -1);
          exchange.close();
        });
    receiver.start();
  }

  @AfterEach
  void end() {
    receiver.stop(0);
  }

  private String file(String events) {
    return """
    data: "%s"
    providers: { demo: { kind: sim } }
    models: { tiny: demo/small }
    prices: { demo/small: { input: 0, output: 1000 } }
    policies: { p: { max_tokens: 50, approval: second_admin } }
    webhooks:
      - { url: "http://127.0.0.1:%d/hooks/token-geheim", events: [ %s ], secret: %s }
    tenants:
      t:
        policy: p
        apps:
          a:
            keys: [ sk-test-0001 ]
            budget: { total: 100 USD, thresholds: [ 1, 2 ] }
    """
        .formatted(folder.resolve("data"), receiver.getAddress().getPort(), events, SECRET);
  }

  private static void within(BooleanSupplier holds) {
    Soon.until(holds);
  }

  private static void call(TestGateway gateway) {
    assertThat(
            gateway
                .post(
                    "/v1/chat/completions",
                    "{\"model\":\"tiny\",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                .statusCode())
        .isEqualTo(200);
  }

  private static void patch(TestGateway gateway) {
    assertThat(
            gateway
                .admin(
                    "PATCH", "/admin/v1/tenants/t/apps/a", "{\"limits\":{\"requests\":\"99/min\"}}")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void a_threshold_is_told_once_also_by_the_next_start() throws Exception {
    try (var gateway = TestGateway.of(file("budget"))) {
      within(() -> {
        call(gateway);
        return !told.isEmpty();
      });
      for (int i = 0; i < 5; i++) {
        call(gateway);
      }
      within(() -> gateway.get("/metrics").body().contains("lintel_webhooks_delivered_total"));
    }
    int before = told.size();
    try (var gateway = TestGateway.of(file("budget"))) {
      for (int i = 0; i < 3; i++) {
        call(gateway);
      }
    }
    Told first = told.getFirst();
    assertThat(first.event).isEqualTo("budget");
    assertThat(first.json().path("id").asString()).isEqualTo(first.id);
    JsonNode data = first.json().path("data");
    assertThat(data.path("limit").asString()).isEqualTo("100");
    assertThat(data.path("unit").asString()).isEqualTo("usd");
    assertThat(data.path("owner").asString()).isEqualTo("t/a");
    assertThat(data.path("percent").asInt()).isIn(1, 2);
    var ids = new ArrayList<String>();
    told.forEach(one -> ids.add(one.id));
    assertThat(ids).doesNotHaveDuplicates().hasSizeLessThanOrEqualTo(2);
    assertThat(before).isLessThanOrEqualTo(2);
  }

  @Test
  void a_provider_that_rests_is_told() {
    String down =
        file("breaker").replace("sim } }", "openai, url: \"http://127.0.0.1:1/v1\", key: k } }");
    try (var gateway = TestGateway.of(down)) {
      within(() -> {
        gateway.post(
            "/v1/chat/completions",
            "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
        return !told.isEmpty();
      });
    }
    JsonNode data = told.getFirst().json().path("data");
    assertThat(data.path("provider").asString()).isEqualTo("demo");
    assertThat(data.path("state").asString()).isEqualTo("open");
    assertThat(data.path("kind").asString()).isNotEmpty();
  }

  @Test
  void each_is_signed_and_says_what_has_changed_and_what_waits() throws Exception {
    try (var gateway = TestGateway.of(file("configuration, approval"))) {
      patch(gateway);
      within(() -> told.size() == 1);
      assertThat(gateway.admin("PATCH", "/admin/v1/policies/p", "{\"max_tokens\":9}").statusCode())
          .isEqualTo(202);
      within(() -> told.size() == 2);
    }
    Told changed = told.getFirst();
    assertThat(changed.event).isEqualTo("configuration");
    assertThat(changed.json().path("data").path("by").asString()).isEqualTo("admin key");
    assertThat(changed.json().at("/data/places/0").asString())
        .startsWith("/tenants/t/apps/a/limits");
    assertThat(told.getLast().event).isEqualTo("approval");
    assertThat(told.getLast().json().at("/data/places/0").asString()).isEqualTo("policies.p");

    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    String[] parts = changed.signature.split(",");
    mac.update((parts[0].substring(2) + ".").getBytes(StandardCharsets.UTF_8));
    assertThat(parts[1]).isEqualTo("v1=" + HexFormat.of().formatHex(mac.doFinal(changed.body)));
  }

  @Test
  void what_fails_is_tried_again_and_what_is_refused_is_lost_and_counted() {
    try (var gateway = TestGateway.of(file("configuration"))) {
      refuse.set(1);
      patch(gateway);
      within(() -> told.size() == 2);
      assertThat(told.getFirst().id).isEqualTo(told.getLast().id);
      within(() -> gateway.get("/metrics").body().contains("lintel_webhooks_delivered_total 1"));

      refusal = 400;
      refuse.set(1);
      assertThat(
              gateway
                  .admin(
                      "PATCH",
                      "/admin/v1/tenants/t/apps/a",
                      "{\"limits\":{\"requests\":\"98/min\"}}")
                  .statusCode())
          .isEqualTo(200);
      within(() -> gateway.get("/metrics").body().contains("lintel_webhooks_lost_total 1"));
      assertThat(told).hasSize(3);
    }
  }

  @Test
  void neither_the_secret_nor_the_address_is_shown() {
    try (var gateway = TestGateway.of(file(""))) {
      patch(gateway);
      within(() -> told.size() == 1);
      for (String path : List.of("/admin/v1/config", "/admin/v1/acts", "/metrics")) {
        assertThat(gateway.admin("GET", path, "").body())
            .doesNotContain(SECRET)
            .doesNotContain("geheim");
      }
      assertThat(gateway.lintel().config().webhooks().toString())
          .doesNotContain(SECRET)
          .doesNotContain("geheim");
    }
  }

  @Test
  void a_wrong_webhook_is_a_fault_that_names_its_field() {
    for (var wrong :
        Map.of(
                "{ url: \"ftp://x/\" }", "webhooks[0].url",
                "{ url: \"http:/x\" }", "webhooks[0].url",
                "{ url: \"https://u:geheim@x/\" }", "webhooks[0].url",
                "{ events: [ budget ] }", "webhooks[0] needs the key 'url'",
                "{ url: \"https://x/\", events: [ nonsense ] }", "webhooks[0].events")
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

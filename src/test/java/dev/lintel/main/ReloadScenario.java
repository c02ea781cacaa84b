package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.config.Faulty;
import dev.lintel.store.KeyFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A changed configuration serves the calls that come after it; those that run end on the old one.
 */
@Tag("threads")
class ReloadScenario {
  private static final String SLOW =
      """
      providers:
        demo: { kind: sim, tokens_per_second: 100 }
      models:
        m: demo/small+tokens=40
      """;

  @Test
  void a_stream_goes_on_while_the_configuration_changes_under_it() throws Exception {
    try (var gateway = TestGateway.of(SLOW);
        var client = gateway.open("/v1/chat/completions", body("m", true))) {
      var lines =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
      while (!lines.readLine().startsWith("data:")) {}

      gateway
          .lintel()
          .use(
              TestGateway.config(
                  "providers:\n  demo: { kind: sim }\nmodels:\n  other: demo/small\n"));

      assertThat(gateway.post("/v1/chat/completions", body("m", false)).statusCode())
          .isEqualTo(404);
      assertThat(gateway.post("/v1/chat/completions", body("other", false)).statusCode())
          .isEqualTo(200);
      assertThat(lines.lines().filter(line -> line.equals("data: [DONE]")).count()).isEqualTo(1);
    }
  }

  @Test
  void keys_change_with_the_configuration() {
    try (var gateway = TestGateway.of(SLOW)) {
      assertThat(gateway.get("/v1/models").statusCode()).isEqualTo(200);
      gateway
          .lintel()
          .use(
              TestGateway.config(
                  SLOW + "tenants: { t: { apps: { a: { keys: [ sk-another ] } } } }\n"));
      assertThat(gateway.get("/v1/models").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void the_made_key_counts_while_the_file_in_force_names_no_app() {
    String nobody = SLOW + "tenants: {}\n";
    try (var gateway = TestGateway.of(SLOW)) {
      assertThat(models(gateway, TestGateway.STORED_KEY)).isEqualTo(401);
      gateway.lintel().use(TestGateway.config(nobody));
      assertThat(models(gateway, TestGateway.STORED_KEY)).isEqualTo(200);
      assertThat(models(gateway, TestGateway.KEY)).isEqualTo(401);
      gateway.lintel().use(TestGateway.config(SLOW));
      assertThat(models(gateway, TestGateway.STORED_KEY)).isEqualTo(401);
      assertThat(models(gateway, TestGateway.KEY)).isEqualTo(200);
    }
  }

  @Test
  void a_caller_key_is_made_once_where_a_reload_leaves_nobody_who_may_call(@TempDir Path folder) {
    try (var gateway = TestGateway.of(SLOW)) {
      KeyFile keys = KeyFile.open(folder);
      gateway.lintel().use(TestGateway.config(SLOW + "tenants: {}\n"));
      Start.told(gateway.lintel(), keys);
      assertThat(keys.firstCallerKey()).isEmpty();
    }
  }

  @Test
  void what_a_reload_cannot_change_is_named_until_it_is_taken_back(@TempDir Path folder) {
    String file = SLOW + "data: " + folder + "\n";
    try (var gateway = TestGateway.of(file)) {
      assertThat(gateway.lintel().use(TestGateway.config(file))).isEmpty();
      String other = SLOW + "limits: { body: 1MB }\ndata: elsewhere\nthreads: stock\n";
      assertThat(gateway.lintel().use(TestGateway.config(other)))
          .containsExactly("data", "limits", "threads");
      assertThat(gateway.lintel().use(TestGateway.config(other))).hasSize(3);
      assertThat(gateway.lintel().use(TestGateway.config(file))).isEmpty();
    }
  }

  @Test
  void a_simulator_stops_once_no_call_can_ask_it_any_more() throws Exception {
    try (var gateway = TestGateway.of(SLOW);
        var client = gateway.open("/v1/chat/completions", body("m", true))) {
      URI simulator = gateway.lintel().providers().get("demo").url();
      var lines =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
      while (!lines.readLine().startsWith("data:")) {}

      gateway.lintel().use(TestGateway.config(SLOW.replace("100", "200")));
      assertThat(gateway.lintel().providers().get("demo").url()).isNotEqualTo(simulator);
      assertThat(listens(simulator)).isTrue();
      assertThat(lines.lines().filter(line -> line.equals("data: [DONE]")).count()).isEqualTo(1);

      Soon.until(() -> !listens(simulator));
      assertThat(gateway.post("/v1/chat/completions", body("m", false)).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void a_simulator_that_is_named_still_goes_on() {
    try (var gateway = TestGateway.of(SLOW)) {
      URI simulator = gateway.lintel().providers().get("demo").url();
      for (int i = 0; i < 3; i++) {
        gateway.lintel().use(TestGateway.config(SLOW + "prices: {}\n"));
      }
      assertThat(gateway.lintel().providers().get("demo").url()).isEqualTo(simulator);
      assertThat(gateway.post("/v1/chat/completions", body("m", false)).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void a_provider_s_breaker_holds_for_its_models_by_name_and_changes_with_the_configuration() {
    String file = "providers: { demo: { kind: sim, breaker: { failures: 2, when_all_open: %s } } }";
    String failing = body("demo/small+fault=500", false);
    try (var gateway = TestGateway.of(file.formatted("refuse"))) {
      kind(gateway, failing);
      assertThat(kind(gateway, failing)).isEqualTo("unavailable");
      assertThat(kind(gateway, body("demo/small", false))).isEqualTo("unavailable");

      assertThatThrownBy(
              () -> gateway.lintel().use(TestGateway.config(file.formatted("try, failures: 0"))))
          .isInstanceOf(Faulty.class);
      assertThat(kind(gateway, failing)).isEqualTo("unavailable");

      gateway.lintel().use(TestGateway.config(file.formatted("try")));
      assertThat(kind(gateway, failing)).isEqualTo("upstream_error");
    }
  }

  private static String kind(TestGateway gateway, String body) {
    return Json.parse(gateway.post("/v1/chat/completions", body).body())
        .path("error")
        .path("lintel")
        .path("kind")
        .asString();
  }

  private static int models(TestGateway gateway, String key) {
    return gateway
        .send(
            HttpRequest.newBuilder(gateway.url().resolve("/v1/models"))
                .header("authorization", "Bearer " + key)
                .build())
        .statusCode();
  }

  private static boolean listens(URI url) {
    try (var socket = new Socket(url.getHost(), url.getPort())) {
      return socket.isConnected();
    } catch (IOException refused) {
      return false;
    }
  }

  @Test
  void a_broken_configuration_is_refused_before_it_can_be_used() {
    assertThatThrownBy(() -> TestGateway.config("providers:\n  demo: { kind: simm }\n"))
        .isInstanceOfSatisfying(Faulty.class, faulty -> assertThat(faulty.faults()).isNotEmpty());
  }

  private static String body(String model, boolean stream) {
    return "{\"model\":\""
        + model
        + "\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  }
}

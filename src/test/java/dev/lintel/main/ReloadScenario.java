package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.config.Faulty;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/**
 * A changed configuration serves the calls that come after it; those that run end on the old one.
 */
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

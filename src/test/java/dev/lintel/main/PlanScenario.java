package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lintel plan} and {@code lintel apply}, each in a process of its own. */
class PlanScenario {
  private static final String FILE =
      """
      listen: 127.0.0.1:0
      providers:
        demo: { kind: sim, key: sk-geheim }
      models:
        tiny: demo/small
      tenants:
        acme: { apps: { support: { keys: [ sk-1 ], budget: { total: 1.00 USD } } } }
      """;

  @TempDir private Path folder;

  private record Run(int code, String out) {}

  private Run run(TestGateway gateway, String key, String command, String text) throws Exception {
    Path file = folder.resolve("lintel.yaml");
    Files.writeString(file, text);
    var builder =
        new ProcessBuilder(
                ThisJava.JAVA,
                "-cp",
                ThisJava.CLASSES,
                Main.class.getName(),
                command,
                "--config",
                file.toString(),
                "--url",
                gateway.url().toString())
            .redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", key);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out);
  }

  @Test
  void an_apply_that_a_second_admin_has_to_agree_to_says_so() throws Exception {
    String own =
        "data: "
            + folder.resolve("data")
            + "\npolicies: { p: { max_tokens: 5, approval: second_admin } }\n"
            + FILE.replace("listen: 127.0.0.1:0\n", "");
    try (var gateway = TestGateway.of(own)) {
      Run waits = run(gateway, "admin-key", "apply", FILE);
      assertThat(waits.code).as(waits.out).isEqualTo(2);
      assertThat(waits.out)
          .contains("- /policies")
          .contains("Nothing has changed yet")
          .contains("apr_");
    }
  }

  @Test
  void a_plan_tells_drift_and_an_apply_ends_it() throws Exception {
    String own =
        "data: " + folder.resolve("data") + "\n" + FILE.replace("listen: 127.0.0.1:0\n", "");
    try (var gateway = TestGateway.of(own)) {
      assertThat(run(gateway, "admin-key", "plan", FILE))
          .isEqualTo(new Run(0, "No differences.\n"));
      gateway.send(
          gateway
              .request("/admin/v1/tenants/acme/apps/support")
              .setHeader("authorization", "Bearer admin-key")
              .method(
                  "PATCH",
                  HttpRequest.BodyPublishers.ofString("{\"budget\":{\"total\":\"1.05 USD\"}}"))
              .build());
      String next =
          FILE.replace("sk-geheim", "sk-anders") + "prices: { demo/small: { input: 1 } }\n";
      Run drift = run(gateway, "admin-key", "plan", next);
      assertThat(drift.code).as(drift.out).isEqualTo(2);
      assertThat(drift.out)
          .contains(
              "~ /tenants/acme/apps/support/budget/total: \"1.05 USD\" -> \"1.00 USD\"   (changed by"
                  + " admin key, ")
          .contains("~ /providers/demo/key: another secret")
          .contains("+ /prices: {\"demo/small\":{\"input\":1}}")
          .doesNotContain("geheim")
          .doesNotContain("sk-anders");
      Run applied = run(gateway, "admin-key", "apply", next);
      assertThat(applied.code).as(applied.out).isZero();
      assertThat(applied.out).endsWith("Revision 2 is in force.\n");
      Run again = run(gateway, "admin-key", "plan", next);
      assertThat(again.code).as(again.out).isZero();
      assertThat(again.out)
          .startsWith("Note: what was applied for all nodes runs there")
          .endsWith("No differences.\n");
      for (String command : List.of("plan", "apply")) {
        Run faulty = run(gateway, "admin-key", command, FILE + "modells: {}\n");
        assertThat(faulty.code).isEqualTo(1);
        assertThat(faulty.out).contains("modells is not a known key");
        Run stranger = run(gateway, "wrong", command, FILE);
        assertThat(stranger.code).isEqualTo(1);
        assertThat(stranger.out).contains("(401)");
      }
    }
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.store.RealPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A file that is changed while its node is down is applied when the node comes back. */
class FileApplyScenario {
  private static final String FILE =
      """
      providers: { demo: { kind: sim } }
      models:
        tiny: demo/small
      tenants:
        acme: { apps: { support: { budget: { total: 1.00 USD } } } }
      """;

  private static final String SUPPORT = "/admin/v1/tenants/acme/apps/support";

  @TempDir private Path folder;

  private String own(String name) {
    return "data: \"" + folder.resolve(name) + "\"\n";
  }

  private TestGateway gateway(String file) {
    return TestGateway.of(own("data") + file);
  }

  private static JsonNode get(TestGateway gateway, String path) {
    var reply = gateway.admin("GET", path, "");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static void override(TestGateway gateway, String total) {
    var reply = gateway.admin("PATCH", SUPPORT, "{\"budget\":{\"total\":\"%s\"}}".formatted(total));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
  }

  private static String total(TestGateway gateway) {
    return get(gateway, SUPPORT).path("budget").path("total").asString();
  }

  private static int revisions(TestGateway gateway) {
    return get(gateway, "/admin/v1/config/revisions").path("data").size();
  }

  private static String ownFile(TestGateway gateway) {
    return Json.parse(gateway.get("/health").body())
        .path("own_file")
        .path("state")
        .asString("in_force");
  }

  private static void until(BooleanSupplier holds) {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void an_override_ends_where_the_file_was_changed_while_the_gateway_was_down() {
    try (var gateway = gateway(FILE)) {
      until(() -> gateway.admin("GET", "/admin/v1/config", "").statusCode() == 200);
      override(gateway, "1.05 USD");
      gateway.admin("POST", "/admin/v1/tenants", "{\"name\":\"beta\"}");
    }
    try (var gateway = gateway(FILE)) {
      assertThat(total(gateway)).as("a restart alone ends nothing").isEqualTo("1.05 USD");
    }
    try (var gateway = gateway("# by ops\n" + FILE)) {
      assertThat(total(gateway)).isEqualTo("1.00 USD");
      assertThat(get(gateway, "/admin/v1/overrides").path("data")).isEmpty();
      JsonNode last = get(gateway, "/admin/v1/config/revisions").path("data").path(0);
      assertThat(last.path("why").asString()).contains("changed while its node was down");
      assertThat(gateway.admin("GET", "/admin/v1/tenants/beta", "").statusCode()).isEqualTo(200);
      override(gateway, "1.10 USD");
    }
    try (var gateway = gateway(FILE)) {
      assertThat(total(gateway)).as("put back to what it was").isEqualTo("1.00 USD");
      override(gateway, "1.15 USD");
    }
    try (var gateway = gateway("\n" + FILE.replace("models:", "threads: stock\nmodels:"))) {
      assertThat(total(gateway)).as("what is a node's own is no change").isEqualTo("1.15 USD");
    }
  }

  @Test
  void a_file_that_no_longer_has_what_was_overridden_is_applied_and_not_refused() {
    try (var gateway = gateway(FILE)) {
      until(() -> gateway.admin("PATCH", SUPPORT, "{\"models\":[\"tiny\"]}").statusCode() == 200);
    }
    String without = FILE.replace("tiny: demo/small", "other: demo/large");
    try (var gateway = gateway(without)) {
      assertThat(get(gateway, SUPPORT).has("models")).isFalse();
    }
  }

  @Test
  void what_was_applied_stays_until_the_nodes_own_file_changes() {
    String applied = FILE.replace("1.00 USD", "7 USD");
    try (var gateway = gateway(FILE)) {
      var reply = gateway.admin("POST", "/admin/v1/config/apply", applied);
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(ownFile(gateway)).isEqualTo("passed_over");
    }
    try (var gateway = gateway(FILE)) {
      assertThat(total(gateway)).isEqualTo("7 USD");
      assertThat(get(gateway, "/admin/v1/config").path("own_file").asString())
          .isEqualTo("passed_over");
      assertThat(ownFile(gateway)).isEqualTo("passed_over");
      assertThat(Json.parse(gateway.get("/health").body()).path("status").asString())
          .isEqualTo("healthy");
      override(gateway, "8 USD");
    }
    try (var gateway = gateway(applied)) {
      assertThat(total(gateway)).as("it is what was applied").isEqualTo("8 USD");
      assertThat(ownFile(gateway)).isEqualTo("in_force");
    }
    try (var gateway = gateway(FILE.replace("1.00 USD", "2 USD"))) {
      assertThat(total(gateway)).isEqualTo("2 USD");
      assertThat(ownFile(gateway)).isEqualTo("in_force");
      gateway.admin("POST", "/admin/v1/config/revisions/1/rollback", "");
      assertThat(total(gateway)).isEqualTo("7 USD");
    }
    try (var gateway = gateway(FILE.replace("1.00 USD", "2 USD"))) {
      assertThat(total(gateway)).as("a rollback outlasts a restart").isEqualTo("7 USD");
    }
  }

  @Test
  void a_file_that_nodes_are_given_one_after_the_other_is_applied_once() {
    String database = "database: \"" + RealPostgres.fresh() + "\"\n";
    String next = FILE + "unknown_price: allow\n";
    String third = FILE + "unknown_price: refuse\n";
    try (var two = TestGateway.of(own("two") + database + FILE)) {
      try (var one = TestGateway.of(own("one") + database + FILE)) {
        override(one, "1.05 USD");
        until(() -> total(two).equals("1.05 USD"));
      }
      try (var one = TestGateway.of(own("one") + database + next)) {
        until(() -> total(one).equals("1.00 USD") && total(two).equals("1.00 USD"));
        assertThat(revisions(one)).isEqualTo(2);
        until(() -> ownFile(two).equals("older"));
        override(one, "1.10 USD");
        try (var three = TestGateway.of(own("three") + database + FILE)) {
          until(() -> total(three).equals("1.10 USD") && ownFile(three).equals("older"));
        }
        try (var three = TestGateway.of(own("three") + database + next)) {
          until(() -> total(three).equals("1.10 USD") && ownFile(three).equals("in_force"));
        }
        assertThat(revisions(one)).isEqualTo(3);

        reload(one, own("one") + database + third);
        assertThat(total(one)).isEqualTo("1.00 USD");
        override(one, "1.15 USD");
        reload(two, own("two") + database + third);
        assertThat(total(two)).isEqualTo("1.15 USD");
        assertThat(ownFile(two)).isEqualTo("in_force");
        assertThat(revisions(one)).isEqualTo(5);
      }
    }
  }

  private static void reload(TestGateway gateway, String file) {
    gateway.lintel().file(TestGateway.source(file, Map.of()).own());
  }
}

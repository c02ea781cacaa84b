package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What a policy would refuse is told before it is enforced, and is what it then refuses. */
class ObserveScenario {
  private static final List<String> APPS = List.of("names", "often", "money", "words", "free");
  private static final int CALLS = 1500;

  /** One call of the day. */
  private record Asked(String app, String model, String user, String body) {}

  /** What came of it all: who was refused, or would have been, by the numbers of the calls. */
  private record Came(Set<Integer> against, Map<String, Long> report) {}

  /** The same day each time: who calls, what for, with and without what rules ask for. */
  private static List<Asked> day() {
    var random = new Random(20261122);
    var day = new ArrayList<Asked>();
    for (int i = 0; i < CALLS; i++) {
      String app = APPS.get(random.nextInt(APPS.size()));
      String model = random.nextInt(4) == 0 ? "large" : "tiny";
      String text = app.equals("money") ? "always the same" : "x ".repeat(random.nextInt(50));
      day.add(
          new Asked(
              app,
              app.equals("money") ? "tiny" : model,
              random.nextInt(5) == 0 ? "" : "user-" + random.nextInt(20),
              "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"hello %s\"}]}"
                  .formatted(app.equals("money") ? "tiny" : model, text)));
    }
    return day;
  }

  private static String yaml(String mode) {
    return """
    providers: { demo: { kind: sim, ttft: 0ms } }
    models: { tiny: demo/small, large: demo/large }
    prices: { demo/small: { input: 1.00, output: 2.00 }, demo/large: { input: 3.00, output: 9.00 } }
    policies:
      names: { mode: MODE, models: [ tiny ] }
      often: { mode: MODE, limits: { requests: 200/day } }
      money: { mode: MODE, budgets: [ { amount: 0.01 USD, window: total } ] }
      words: { mode: MODE, require: [ user ] }
    tenants:
      t:
        apps:
          names: { keys: [ sk-names ], policy: names }
          often: { keys: [ sk-often ], policy: often }
          money: { keys: [ sk-money ], policy: money }
          words: { keys: [ sk-words ], policy: words }
          free: { keys: [ sk-free ] }
    """
        .replace("MODE", mode);
  }

  private static Came replay(String mode) {
    try (var gateway = TestGateway.of(yaml(mode))) {
      var numbers = new TreeMap<String, Integer>();
      var refused = new HashSet<Integer>();
      List<Asked> day = day();
      for (int i = 0; i < day.size(); i++) {
        Asked asked = day.get(i);
        var request =
            gateway
                .request("/v1/chat/completions")
                .setHeader("authorization", "Bearer sk-" + asked.app);
        if (!asked.user.isEmpty()) {
          request.header("x-lintel-user", asked.user);
        }
        var reply = gateway.send(request.POST(BodyPublishers.ofString(asked.body)).build());
        numbers.put(reply.headers().firstValue("x-lintel-request-id").orElseThrow(), i);
        if (reply.statusCode() != 200) {
          refused.add(i);
        }
      }
      JsonNode report =
          Soon.found(
              () -> admin(gateway, "/policies/report"),
              now -> now.path("calls").asInt() == day.size());
      var found = new HashSet<Integer>();
      String cursor = "";
      do {
        JsonNode page = admin(gateway, "/calls?limit=1000" + cursor);
        for (JsonNode record : page.path("data")) {
          if (!record.path("policy").isEmpty()) {
            found.add(numbers.get(record.path("request_id").asString()));
          }
        }
        cursor = page.path("next").isNull() ? "" : "&cursor=" + page.path("next").asString();
      } while (!cursor.isEmpty());
      var counts = new TreeMap<String, Long>();
      for (JsonNode row : report.path("data")) {
        assertThat(row.path("mode").asString()).isEqualTo(mode);
        counts.put(
            row.path("rule").asString() + " " + row.path("kind").asString(),
            row.path("calls").asLong());
      }
      assertThat(refused).isEqualTo(mode.equals("enforce") ? found : Set.of());
      return new Came(found, counts);
    }
  }

  private static JsonNode admin(TestGateway gateway, String path) {
    return Json.parse(
        gateway
            .send(
                gateway
                    .request("/admin/v1" + path)
                    .setHeader("authorization", "Bearer admin-key")
                    .build())
            .body());
  }

  @Test
  void the_report_of_an_observed_day_is_what_enforcing_refuses_of_the_same_day() {
    Came observed = replay("observe");
    Came enforced = replay("enforce");
    assertThat(observed.against).isEqualTo(enforced.against);
    assertThat(observed.report).isEqualTo(enforced.report).hasSize(4);
    assertThat(observed.report.values().stream().mapToLong(calls -> calls).sum())
        .isEqualTo(observed.against.size())
        .isPositive();
  }
}

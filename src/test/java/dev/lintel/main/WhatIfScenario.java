package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallThread;
import dev.lintel.Json;
import dev.lintel.Soon;
import java.math.BigDecimal;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What a what-if says of a candidate is what happens once that is applied. */
@Tag("threads")
class WhatIfScenario {
  private static final String BEFORE =
      """
      providers:
        p: { kind: sim }
        q: { kind: sim }
      models:
        plain: { targets: [ p/small, q/small ] }
        gone: q/old
        dear: p/large
        long: p/long+tokens=100
        falls: { targets: [ "p/down+fault=500", q/small ], retry: { attempts: 3, backoff: 1ms..2ms } }
      prices:
        p/small: { input: 1.00, output: 2.00 }
        q/small: { input: 3.00, output: 4.00 }
        q/old: { input: 1.00, output: 1.00 }
        p/large: { input: 10.00, output: 20.00 }
        "p/long+tokens=100": { input: 1.00, output: 10.00 }
      policies:
        strict: { models: { deny: [ dear ] } }
      tenants:
        t:
          apps:
            a: { keys: [ sk-a ] }
            limited: { keys: [ sk-limited ] }
            paying: { keys: [ sk-paying ] }
            strict: { keys: [ sk-strict ], policy: strict }
        u:
          apps:
            b: { keys: [ sk-b ] }
      """;

  /** Another order, other prices, a model less, limits, budgets, policies. */
  private static final String AFTER =
      """
      providers:
        p: { kind: sim }
        q: { kind: sim }
      models:
        plain: { targets: [ q/small, p/small ] }
        dear: p/large
        long: p/long+tokens=100
        falls: { targets: [ "p/down+fault=500", q/small ], retry: { attempts: 3, backoff: 1ms..2ms } }
      prices:
        p/small: { input: 1.00, output: 2.00 }
        q/small: { input: 3.50, output: 4.50 }
        p/large: { input: 10.00, output: 20.00 }
        "p/long+tokens=100": { input: 1.00, output: 10.00 }
      policies:
        short: { max_tokens: 40 }
        cheap: { models: { deny: [ dear ] } }
      tenants:
        t:
          apps:
            a: { keys: [ sk-a ], policy: short }
            limited: { keys: [ sk-limited ], limits: { requests: 3/day } }
            paying: { keys: [ sk-paying ], budget: { total: 0.0005 USD } }
            strict: { keys: [ sk-strict ] }
        u:
          policy: cheap
          apps:
            b: { keys: [ sk-b ] }
      """;

  @BeforeAll
  static void needsLoops() {
    Assumptions.assumeTrue(CallThread.mode().equals("loop"));
  }

  private static void traffic(TestGateway gateway) {
    for (int round = 0; round < 4; round++) {
      ask(gateway, "sk-a", "plain", 8 + round);
      ask(gateway, "sk-a", "long", 0);
      ask(gateway, "sk-a", "falls", 0);
      ask(gateway, "sk-a", "gone", 0);
      ask(gateway, "sk-limited", "plain", 0);
      ask(gateway, "sk-limited", "dear", 0);
      ask(gateway, "sk-paying", "plain", 16);
      ask(gateway, "sk-paying", "plain", 16);
      ask(gateway, "sk-strict", "dear", 0);
      ask(gateway, "sk-b", "dear", 0);
      ask(gateway, "sk-b", "plain", 0);
    }
  }

  private static void ask(TestGateway gateway, String key, String model, int most) {
    gateway.send(
        gateway
            .request("/v1/chat/completions")
            .setHeader("authorization", "Bearer " + key)
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\""
                        + model
                        + "\","
                        + (most > 0 ? "\"max_tokens\":" + most + "," : "")
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"Hello you there\"}]}"))
            .build());
  }

  private static final int CALLS = 44;

  /** The newest first. */
  private static List<JsonNode> records(TestGateway gateway, int count) {
    return Soon.found(
        () -> {
          var all = new ArrayList<JsonNode>();
          Json.parse(gateway.admin("GET", "/admin/v1/calls?limit=1000", "").body())
              .path("data")
              .forEach(all::add);
          return all;
        },
        all -> all.size() == count);
  }

  private static BigDecimal cost(List<JsonNode> records) {
    return records.stream()
        .map(record -> record.path("cost_usd").asString(""))
        .filter(cost -> !cost.isEmpty())
        .map(BigDecimal::new)
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  @Test
  void what_is_foretold_is_what_happens() {
    try (var gateway = TestGateway.of(BEFORE)) {
      Instant begin = Instant.now().minusSeconds(1);
      traffic(gateway);
      List<JsonNode> before = records(gateway, CALLS).reversed();
      var asked =
          Json.object().put("config", AFTER).put("since", begin.toString()).put("limit", 1000);
      var reply = gateway.admin("POST", "/admin/v1/whatif", Json.text(asked));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      JsonNode told = Json.parse(reply.body());
      var applied = gateway.admin("POST", "/admin/v1/config/apply", AFTER);
      assertThat(applied.statusCode()).as(applied.body()).isEqualTo(200);
      traffic(gateway);
      List<JsonNode> after = records(gateway, 2 * CALLS).reversed().subList(CALLS, 2 * CALLS);

      Map<String, Long> routes = new TreeMap<>();
      Map<String, Long> newly = new TreeMap<>();
      Map<String, Long> noLonger = new TreeMap<>();
      for (int i = 0; i < CALLS; i++) {
        String from = before.get(i).path("target").asString("");
        String to = after.get(i).path("target").asString("");
        if (!from.isEmpty() && !to.isEmpty() && !from.equals(to)) {
          routes.merge(from + " -> " + to, 1L, Long::sum);
        }
        String was = refusal(before.get(i));
        String is = refusal(after.get(i));
        if (was.isEmpty() && !is.isEmpty()) {
          newly.merge(is, 1L, Long::sum);
        } else if (!was.isEmpty() && is.isEmpty()) {
          noLonger.merge(was, 1L, Long::sum);
        }
      }
      assertThat(
              counts(
                  told.path("routes"),
                  row -> row.path("from").asString() + " -> " + row.path("to").asString()))
          .isEqualTo(routes)
          .isNotEmpty();
      assertThat(counts(told.path("newly_refused_by"), WhatIfScenario::rule))
          .isEqualTo(newly)
          .hasSizeGreaterThan(3);
      assertThat(counts(told.path("no_longer_refused_by"), WhatIfScenario::rule))
          .isEqualTo(noLonger)
          .hasSize(1);
      JsonNode cost = told.path("cost_usd");
      assertThat(new BigDecimal(cost.path("before").asString())).isEqualByComparingTo(cost(before));
      assertThat(new BigDecimal(cost.path("after").asString())).isEqualByComparingTo(cost(after));
      assertThat(told.path("seen").asInt()).isEqualTo(CALLS);
    }
  }

  private static String refusal(JsonNode record) {
    boolean refused = !record.path("kind").isNull() && record.path("attempts").isEmpty();
    if (!refused) {
      return "";
    }
    String rule = "";
    for (JsonNode finding : record.path("policy")) {
      rule = finding.path("rule").asString();
    }
    return rule + " " + record.path("kind").asString();
  }

  private static String rule(JsonNode row) {
    return row.path("rule").asString("") + " " + row.path("kind").asString();
  }

  private static Map<String, Long> counts(
      JsonNode rows, java.util.function.Function<JsonNode, String> name) {
    var counts = new TreeMap<String, Long>();
    rows.forEach(row -> counts.put(name.apply(row), row.path("calls").asLong()));
    return counts;
  }
}

package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** A policy says of whom calls are asked rather than of others. */
class PreferenceScenario {
  private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              a: { kind: sim }
              b: { kind: sim }
              c: { kind: sim }
            models:
              tiny: a/one
              all:
                targets:
                  - { to: a/one, region: us }
                  - { to: b/two, region: eu-west }
                  - { to: c/three, region: eu }
              kept:
                targets: [ a/one, b/two, c/three ]
                sticky: { on: [ user ], for: 5min }
              falls: { targets: [ "a/bad+fault=503" ], retry: { attempts: 1 }, fallback: { any: [ all ] } }
              broken: { targets: [ "b/two+fault=503", a/one ], retry: { attempts: 2, backoff: 1ms..2ms } }
              parted: { targets: [ a/one, b/two ], canary: { to: [ a/new, c/new ], percent: 100 } }
            prices:
              a/one: { input: 3, output: 3 }
              b/two: { input: 2, output: 2 }
              c/three: { input: 1, output: 1 }
            policies:
              prefers: { routing: { prefer: [ b ] } }
              near: { routing: { prefer: { regions: [ eu ] } } }
              away: { routing: { avoid: [ a, b/two ] } }
              both: { routing: { prefer: { targets: [ b, c ], regions: [ eu ] }, avoid: [ b ] } }
              pinned: { routing: { order: [ c, a/one ] } }
              cheap: { routing: { strategy: cheapest } }
              turns: { routing: { strategy: round_robin } }
              parts: { routing: { strategy: weighted, weights: { a: 1000000, b/two: 1, c: 1 } } }
              dear: { routing: { strategy: cheapest, avoid: [ c ] } }
              warns: { mode: warn, routing: { prefer: [ c ] } }
              sees: { routing: { strategy: cheapest, mode: observe } }
            tenants:
              t:
                apps:
                  plain: { keys: [ sk-plain ] }
                  prefers: { keys: [ sk-prefers ], policy: prefers }
                  near: { keys: [ sk-near ], policy: near }
                  away: { keys: [ sk-away ], policy: away }
                  both: { keys: [ sk-both ], policy: both }
                  pinned: { keys: [ sk-pinned ], policy: pinned }
                  cheap: { keys: [ sk-cheap ], policy: cheap }
                  turns: { keys: [ sk-turns ], policy: turns }
                  parts: { keys: [ sk-parts ], policy: parts }
                  dear: { keys: [ sk-dear ], policy: dear }
                  warns: { keys: [ sk-warns ], policy: warns }
                  sees: { keys: [ sk-sees ], policy: sees }
              u:
                policy: prefers
                apps:
                  below: { keys: [ sk-below ], policy: near, use_cases: { faq: { policy: away }, slow: { policy: cheap } } }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource({
    "plain, a/one b/two c/three",
    "prefers, b/two a/one c/three",
    "near, b/two c/three a/one",
    "away, c/three a/one b/two",
    "both, c/three a/one b/two",
    "pinned, c/three a/one b/two",
    "cheap, c/three b/two a/one",
    "dear, b/two a/one c/three",
    "parts, a/one",
    "warns, a/one b/two c/three",
    "sees, a/one b/two c/three",
  })
  void targets_are_asked_in_the_order_that_the_policy_wants(String app, String order) {
    var reply = chat("sk-" + app, "all", Map.of());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    List<String> expected = List.of(order.split(" "));
    assertThat(reply.headers().firstValue("x-lintel-target")).contains(expected.getFirst());
    List<String> decided = targets(recorded(reply).path("decision"));
    assertThat(decided.subList(0, expected.size())).isEqualTo(expected);
    JsonNode foretold = Json.parse(route(app, "all").body());
    assertThat(foretold.path("target").asString()).isEqualTo(expected.getFirst());
    assertThat(targets(foretold.path("decision")).subList(0, expected.size())).isEqualTo(expected);
  }

  @Test
  void the_decision_says_which_rule_wanted_it_so() {
    JsonNode decision = recorded(chat("sk-dear", "all", Map.of())).path("decision");
    assertThat(decision.at("/0/policy").asString()).isEqualTo("policies.dear.routing: cheapest");
    assertThat(decision.at("/2/policy").asString())
        .isEqualTo("policies.dear.routing: avoided, cheapest");
    assertThat(recorded(chat("sk-plain", "all", Map.of())).at("/decision/0").has("policy"))
        .isFalse();
    assertThat(recorded(chat("sk-pinned", "all", Map.of())).at("/decision/0/policy").asString())
        .isEqualTo("policies.pinned.routing: number 1 of the order");
  }

  @Test
  void the_policy_furthest_below_has_the_last_word() {
    assertThat(target("sk-below", "all", Map.of())).isEqualTo("b/two");
    // Of those in the region the tenant's provider comes first; the use case avoids it.
    assertThat(target("sk-below", "all", Map.of("x-lintel-use-case", "faq"))).isEqualTo("c/three");
    // A strategy orders those whom no rule tells apart.
    JsonNode decision =
        recorded(chat("sk-below", "all", Map.of("x-lintel-use-case", "slow"))).path("decision");
    assertThat(targets(decision)).containsExactly("b/two", "c/three", "a/one");
    assertThat(decision.at("/0/policy").asString())
        .isEqualTo(
            "policies.cheap.routing: cheapest; policies.near.routing: preferred; policies.prefers.routing: preferred");
  }

  @Test
  void who_is_avoided_is_asked_where_nobody_else_answers() {
    assertThat(target("sk-prefers", "broken", Map.of())).isEqualTo("a/one");
    assertThat(target("sk-away", "tiny", Map.of())).isEqualTo("a/one");
  }

  @Test
  void arms_and_fallbacks_obey_too() {
    assertThat(target("sk-away", "parted", Map.of())).isEqualTo("c/new");
    assertThat(target("sk-prefers", "falls", Map.of())).isEqualTo("b/two");
  }

  @Test
  void each_model_has_its_own_turn() {
    var asked = new TreeMap<String, Integer>();
    for (int i = 0; i < 6; i++) {
      asked.merge(target("sk-turns", "all", Map.of()), 1, Integer::sum);
      chat("sk-turns", "kept", Map.of());
    }
    assertThat(asked).isEqualTo(Map.of("a/one", 2, "b/two", 2, "c/three", 2));
  }

  @Test
  void a_session_stays_among_those_that_are_preferred_alike() {
    Map<String, String> ann = Map.of("x-lintel-user", "ann");
    assertThat(target("sk-plain", "kept", ann)).isEqualTo("a/one");
    // Of the same tenant, and so the same session: it may not keep the call from who is preferred.
    assertThat(target("sk-prefers", "kept", ann)).isEqualTo("b/two");
    assertThat(target("sk-plain", "kept", ann)).isEqualTo("b/two");
  }

  @Test
  void what_moved_a_call_is_told_in_every_mode() {
    var moved = chat("sk-prefers", "all", Map.of());
    assertThat(moved.headers().firstValue("x-lintel-warning")).isEmpty();
    assertThat(recorded(moved).at("/policy/0"))
        .isEqualTo(finding("prefers", "enforce", "has 'b/two' asked before 'a/one'"));
    var warned = chat("sk-warns", "all", Map.of());
    assertThat(warned.headers().firstValue("x-lintel-warning").orElse("")).contains("'c/three'");
    assertThat(recorded(warned).at("/policy/0"))
        .isEqualTo(finding("warns", "warn", "would have 'c/three' asked before 'a/one'"));
    var seen = chat("sk-sees", "all", Map.of());
    assertThat(seen.headers().firstValue("x-lintel-warning")).isEmpty();
    assertThat(recorded(seen).at("/policy/0"))
        .isEqualTo(finding("sees", "observe", "would have 'c/three' asked before 'a/one'"));
    assertThat(recorded(chat("sk-cheap", "tiny", Map.of())).has("policy")).isFalse();
  }

  @Test
  void the_resolved_policy_shows_it() {
    JsonNode held = admin("/admin/v1/policies/resolved?tenant=t&app=dear");
    assertThat(held.at("/routing/0/rule").asString()).isEqualTo("policies.dear.routing");
    assertThat(held.at("/routing/0/strategy").asString()).isEqualTo("cheapest");
    assertThat(held.at("/routing/0/avoid/targets/0").asString()).isEqualTo("c");
  }

  private static JsonNode finding(String policy, String mode, String words) {
    return Json.object()
        .put("rule", "policies." + policy + ".routing")
        .put("mode", mode)
        .put("kind", "permission")
        .put("message", "This app's policy " + words + ".");
  }

  private static List<String> targets(JsonNode decision) {
    return StreamSupport.stream(decision.spliterator(), false)
        .map(one -> one.path("target").asString())
        .toList();
  }

  private static String target(String key, String model, Map<String, String> headers) {
    var reply = chat(key, model, headers);
    return reply.headers().firstValue("x-lintel-target").orElse(reply.body());
  }

  private static HttpResponse<String> route(String app, String model) {
    return gateway.send(
        gateway
            .request("/admin/v1/route")
            .setHeader("authorization", "Bearer admin-key")
            .POST(
                BodyPublishers.ofString(
                    "{\"tenant\":\"t\",\"app\":\"%s\",\"model\":\"%s\"}".formatted(app, model)))
            .build());
  }

  /** Records are there a moment after their calls. */
  private static JsonNode recorded(HttpResponse<String> reply) {
    String id = reply.headers().firstValue("x-lintel-request-id").orElseThrow();
    long end = System.nanoTime() + 30_000_000_000L;
    while (true) {
      JsonNode record = admin("/admin/v1/calls/" + id);
      if (record.has("request_id") || System.nanoTime() > end) {
        return record;
      }
      Thread.onSpinWait();
    }
  }

  private static JsonNode admin(String path) {
    return Json.parse(
        gateway
            .send(gateway.request(path).setHeader("authorization", "Bearer admin-key").build())
            .body());
  }

  private static HttpResponse<String> chat(String key, String model, Map<String, String> headers) {
    HttpRequest.Builder request =
        gateway.request("/v1/chat/completions").setHeader("authorization", "Bearer " + key);
    headers.forEach(request::setHeader);
    return gateway.send(
        request
            .POST(BodyPublishers.ofString("{\"model\":\"" + model + "\"," + HELLO + "}"))
            .build());
  }
}

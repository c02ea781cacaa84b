package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.BreakerRule;
import dev.lintel.BreakerRules;
import dev.lintel.Caller;
import dev.lintel.Fakes;
import dev.lintel.Limits;
import dev.lintel.Model;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Rate;
import dev.lintel.Routing;
import dev.lintel.Target;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoutingConfigTest {
  private static final String[] START = {
    "providers:",
    "  a: { kind: openai, url: 'http://a/v1' }",
    "  b: { kind: openai, url: 'http://b/v1' }",
    "models:"
  };

  /** Where the first line after the start stands. */
  private static final int FIRST = START.length + 1;

  @Test
  void every_routing_key_of_the_contract_s_file_acts() throws Exception {
    Config config = Loaders.with(Map.of()).load(LoaderTest.resource("contract-clouds.yaml"));

    Model main = models(config).get("main");
    assertThat(main.targets())
        .extracting(Target::profile)
        .containsExactly(
            new Profile(1, "eu", "high", "gpt", OptionalDouble.of(0.9), 0, 0),
            new Profile(1, "us", "standard", "", OptionalDouble.empty(), 200_000, 10));
    Routing routing = main.routing();
    assertThat(routing.sticky())
        .contains(new Routing.Sticky(List.of("prompt_cache_key", "user"), Duration.ofMinutes(5)));
    assertThat(routing.hedge())
        .contains(new Routing.Hedge(Optional.of(Duration.ofMillis(800)), 0.05));
    assertThat(routing.queue()).contains(new Routing.Queueing(100, Duration.ofSeconds(5)));
    assertThat(routing.coalesce()).isTrue();
    assertThat(routing.insists()).isTrue();
    assertThat(routing.fallback())
        .isEqualTo(
            Map.of(
                Routing.Cause.CONTEXT_LENGTH, List.of("big"),
                Routing.Cause.CONTENT_POLICY, List.of("big"),
                Routing.Cause.OVERLOADED, List.of("tiny"),
                Routing.Cause.BUDGET, List.of("tiny"),
                Routing.Cause.ANY, List.of("tiny")));
    Routing.Split split = routing.split().orElseThrow();
    assertThat(split.on()).isEqualTo("user");
    Routing.Arm canary = split.arms().getFirst();
    assertThat(canary.name()).isEqualTo("canary");
    assertThat(canary.percent()).isEqualTo(10);
    assertThat(canary.over()).isZero();
    assertThat(names(canary.to())).containsExactly("caps/next");
    assertThat(canary.stopIf())
        .contains(new Routing.StopIf(OptionalDouble.of(0.05), Optional.of(Duration.ofSeconds(4))));
    Routing.Shadow shadow = routing.shadow().orElseThrow();
    assertThat(names(shadow.to())).containsExactly("caps/next");
    assertThat(shadow.percent()).isEqualTo(20);
    Routing.Rule rule = routing.rules().getFirst();
    assertThat(rule.text())
        .isEqualTo("terms.use_case == \"support\" && request.input_tokens < 500");
    assertThat(rule.condition().holds(Fakes.call(main), Instant.EPOCH)).isFalse();
    assertThat(names(rule.use())).containsExactly("caps/small");
    Caller caller = Objects.requireNonNull(config.callers().get("sk-1"));
    assertThat(caller.residency()).isEqualTo("eu");
    assertThat(caller.explain()).isTrue();
    assertThat(models(config).get("tiny").routing()).isSameAs(Routing.NONE);
  }

  @Test
  void what_is_left_out_has_a_default() {
    Routing routing =
        routing(
            "  m:",
            "    targets: a/x",
            "    sticky: {}",
            "    hedge: { after: p95 }",
            "    queue: {}",
            "    variants: { blue: { to: a/x } }");

    assertThat(routing.sticky())
        .contains(
            new Routing.Sticky(
                List.of("prompt_cache_key", "session", "user"), Duration.ofMinutes(5)));
    assertThat(routing.hedge()).contains(new Routing.Hedge(Optional.empty(), 0.05));
    assertThat(routing.queue()).contains(new Routing.Queueing(100, Duration.ofSeconds(5)));
    assertThat(routing.split().orElseThrow().on()).isEqualTo("user");
  }

  @Test
  void variants_share_what_is_left_unless_they_have_a_share_of_their_own() {
    Routing routing =
        routing(
            "  m:",
            "    targets: a/x",
            "    variants:",
            "      on: tags",
            "      red: { percent: 40%, to: a/y }",
            "      blue: { to: [ b/y, a/x ] }",
            "      green: { to: b/z }");

    Routing.Split split = routing.split().orElseThrow();
    assertThat(split.on()).isEqualTo("tags");
    assertThat(split.arms().stream().map(Routing.Arm::name))
        .containsExactly("red", "blue", "green");
    assertThat(split.arms().stream().map(Routing.Arm::percent)).containsExactly(40.0, 30.0, 30.0);
    assertThat(names(split.arms().get(1).to())).containsExactly("b/y", "a/x");
  }

  @Test
  void a_canary_may_grow_over_a_time() {
    Routing routing =
        routing("  m: { targets: a/x, canary: { to: b/x, percent: 50, over: 2h, on: session } }");

    Routing.Split split = routing.split().orElseThrow();
    assertThat(split.on()).isEqualTo("session");
    assertThat(split.arms().getFirst().over()).isEqualTo(Duration.ofHours(2));
    assertThat(split.arms().getFirst().stopIf()).isEmpty();
  }

  @Test
  void a_target_elsewhere_in_a_model_inherits_from_the_model_s_own_of_its_name() {
    Routing routing =
        routing(
            "  m:",
            "    targets: [ { to: a/x, region: eu, tier: high, weight: 3, concurrent: 4 } ]",
            "    shadow: { to: [ a/x, b/x, { to: a/x, region: us } ], percent: 1 }",
            "    rules: [ { if: 'true', use: a/x } ]");

    List<Target> shadow = routing.shadow().orElseThrow().to();
    var own = new Profile(3, "eu", "high", "", OptionalDouble.empty(), 0, 4);
    assertThat(shadow.get(0).profile()).isEqualTo(own);
    assertThat(shadow.get(1).profile()).isEqualTo(Profile.NONE);
    assertThat(shadow.get(2).profile())
        .isEqualTo(new Profile(3, "us", "high", "", OptionalDouble.empty(), 0, 4));
    assertThat(routing.rules().getFirst().use().getFirst().profile()).isEqualTo(own);
  }

  @Test
  void a_model_s_word_on_trouble_everywhere_goes_before_its_providers() {
    Config config =
        Loaders.load(
            "providers:",
            "  a: { kind: openai, url: 'http://a/v1', breaker: { when_all_open: refuse } }",
            "  b: { kind: openai, url: 'http://b/v1' }",
            "models:",
            "  silent: [ b/x, a/x ]",
            "  other: b/x",
            "  trying: { targets: a/x, breaker: { when_all_open: try } }",
            "  refusing: { targets: b/x, breaker: { when_all_open: refuse } }");

    assertThat(
            models(config).values().stream()
                .filter(model -> model.routing().insists())
                .map(Model::name))
        .containsExactly("other", "trying");
  }

  @Test
  void breakers_are_told_by_provider_and_by_every_target_of_a_model() {
    Config config =
        Loaders.load(
            "providers:",
            "  a: { kind: openai, url: 'http://a/v1', breaker: { failures: 9 } }",
            "  b: { kind: sim, breaker: { open: 5s, when_all_open: refuse } }",
            "models:",
            "  m: { targets: a/x, breaker: { failures: 7, window: 10s, probes: 1 },",
            "       canary: { to: b/y, percent: 1 }, shadow: { to: b/z, percent: 1 },",
            "       rules: [ { if: 'true', use: a/w } ] }",
            "  n: { targets: a/x, breaker: { failures: 3, window: 5s } }");

    var own = new BreakerRule(7, Duration.ofSeconds(10), Duration.ZERO, 1);
    assertThat(config.breakers())
        .isEqualTo(
            new BreakerRules(
                Map.of(
                    "a", new BreakerRule(9, Duration.ZERO, Duration.ZERO, 0),
                    "b", new BreakerRule(0, Duration.ZERO, Duration.ofSeconds(5), 0)),
                Map.of(
                    "a/x", new BreakerRule(3, Duration.ofSeconds(10), Duration.ZERO, 1),
                    "a/w", own,
                    "b/y", own,
                    "b/z", own)));
    assertThat(config.refusing()).containsExactly("b");
  }

  @Test
  void an_app_s_residency_goes_before_its_tenant_s() {
    Config config =
        load(
            "  m: [ { to: a/x, region: eu }, { to: b/x, region: us } ]",
            "  part: [ { to: a/x, region: eu-west } ]",
            "tenants:",
            "  t:",
            "    residency: eu",
            "    apps:",
            "      one: { keys: k1, models: m }",
            "      two: { keys: k2, residency: us }",
            "      part: { residency: EU, models: part }",
            "  u: { apps: { three: { keys: k3, explain: true } } }");

    assertThat(List.of("k1", "k2", "k3"))
        .extracting(key -> Objects.requireNonNull(config.callers().get(key)).residency())
        .containsExactly("eu", "us", "");
    assertThat(List.of("k1", "k3"))
        .extracting(key -> Objects.requireNonNull(config.callers().get(key)).explain())
        .containsExactly(false, true);
  }

  @Test
  void a_residency_that_leaves_a_listed_model_without_a_target_is_refused() {
    assertFaults(
        List.of(
            "  here: { targets: [ { to: a/x, region: eu }, b/x ] }",
            "  there: { targets: [ { to: a/x, region: us } ] }",
            "  nowhere: a/x",
            "  other: { targets: [ { to: a/x, region: eu } ], canary: { to: b/x, percent: 1 },",
            "           shadow: { to: b/x, percent: 1 }, fallback: { any: there } }",
            "tenants:",
            "  t:",
            "    residency: eu",
            "    apps:",
            "      all: { keys: k1 }",
            "      some:",
            "        models:",
            "          - here",
            "          - other",
            "          - there",
            "          - nowhere",
            "          - a/x",
            "      away: { residency: us, models: [ there, here ] }",
            "      blank: { residency: ' ' }"),
        List.of(
            (FIRST + 14) + ":tenants.t.apps.some.models[2] has no target in the region",
            (FIRST + 15) + ":tenants.t.apps.some.models[3] has no target in the region",
            (FIRST + 16) + ":tenants.t.apps.some.models[4] is of no region",
            (FIRST + 17) + ":tenants.t.apps.away.models[1] has no target in the region",
            (FIRST + 18) + ":tenants.t.apps.blank.residency must not be empty"));
  }

  @Test
  void fallbacks_that_lead_back_are_refused_whatever_their_causes() {
    assertFaults(
        List.of(
            "  one: { targets: a/x, fallback: { any: [ two, five ] } }",
            "  two: { targets: a/x, fallback: { overloaded: three, context_length: four } }",
            "  three:",
            "    targets: a/x",
            "    fallback:",
            "      budget: [ four, a/y ]",
            "      content_policy: one",
            "  four: a/x",
            "  five: { targets: a/x, fallback: { any: [ four, five ] } }"),
        List.of(
            (FIRST + 6)
                + ":models.three.fallback.content_policy leads back: one -> two -> three -> one",
            (FIRST + 8) + ":models.five.fallback.any[1] leads back: five -> five"));
  }

  @Test
  void a_long_chain_of_fallbacks_is_no_circle() {
    String file =
        String.join("\n", START)
            + IntStream.range(0, 20_000)
                .mapToObj(
                    i -> "\n  m" + i + ": { targets: a/x, fallback: { any: m" + (i + 1) + " } }")
                .collect(Collectors.joining())
            + "\n  m20000: a/x";

    assertThat(Loaders.load(file).models()).hasSize(20_001);
  }

  @Test
  void every_fault_of_a_rollout_is_found_in_one_pass() {
    assertFaults(
        List.of(
            "  one: { targets: a/x, canary: { to: nobody/x, percent: 120 } }",
            "  two: { targets: a/x, shadow: { to: x, percent: 100.5% } }",
            "  three:",
            "    targets: a/x",
            "    variants:",
            "      red: { percent: 60, to: a/x }",
            "      blue: { percent: 40.1, to: a/y }",
            "  four: { targets: a/x, canary: { to: b/x, percent: 1 }, variants: { v: { to: b/x } } }",
            "  five:",
            "    targets: a/x",
            "    variants:",
            "      on: { percent: 1, to: a/x }",
            "      base: { to: a/x }",
            "      canary: { to: a/x }",
            "      loose: a/x",
            "      idle: { percent: 1 }",
            "      empty: { to: [] }",
            "  six: { targets: a/x, variants: { on: user } }",
            "  seven: { targets: a/x, canary: { to: [], percent: 1, stop_if: {} } }",
            "  eight: { targets: a/x, canary: { to: b/x, percent: 1, onn: user } }",
            "  nine: { targets: a/x, canary: { to: b/x, percent: 1, on: usr } }",
            "  ten: { targets: a/x, variants: { on: usr, v: { to: b/x } } }",
            "  eleven: { targets: a/x, sticky: { on: [ cookie, use-case ] } }"),
        List.of(
            (FIRST + 0) + ":models.one.canary.percent must be a share of 100% at most",
            (FIRST + 0) + ":models.one.canary.to names a provider that is not configured",
            (FIRST + 1) + ":models.two.shadow.percent must be a share of 100% at most",
            (FIRST + 1) + ":models.two.shadow.to must be a provider and its model",
            (FIRST + 4) + ":models.three.variants must have shares of 100% at most in all",
            (FIRST + 7) + ":models.four.canary must stand alone, or 'variants' in its place",
            (FIRST + 11) + ":models.five.variants.on must be one of user, session,",
            (FIRST + 12) + ":models.five.variants.base must have another name",
            (FIRST + 13) + ":models.five.variants.canary must have another name",
            (FIRST + 14) + ":models.five.variants.loose must be a map with 'to'",
            (FIRST + 15) + ":models.five.variants.idle needs the key 'to'",
            (FIRST + 16) + ":models.five.variants.empty.to must list one target or more",
            (FIRST + 17) + ":models.six.variants must have a variant or more",
            (FIRST + 18) + ":models.seven.canary.stop_if needs the key 'errors' or the key 'p95'",
            (FIRST + 18) + ":models.seven.canary.to must list one target or more",
            (FIRST + 19) + ":models.eight.canary.onn is not a known key; did you mean 'on'?",
            (FIRST + 20) + ":models.nine.canary.on must be one of user, session,",
            (FIRST + 21) + ":models.ten.variants.on must be one of user, session,",
            (FIRST + 22) + ":models.eleven.sticky.on[0] must be one of user, session,"));
  }

  @Test
  void every_fault_of_a_model_s_resilience_is_found_in_one_pass() {
    assertFaults(
        List.of(
            "  one: { targets: [ { to: a/x, quality: 1.1 }, { to: a/y, context: 0 } ] }",
            "  two: { targets: a/x, breaker: { failures: 0, probes: 0 } }",
            "  three: { targets: a/x, breaker: { window: 0s } }",
            "  four: { targets: a/x, breaker: { when_all_open: maybe, opne: 5s } }",
            "  five: { targets: a/x, hedge: { after: soon, share: 101% } }",
            "  six: { targets: a/x, hedge: { after: 0s } }",
            "  seven: { targets: a/x, sticky: { on: [ user, usr ] } }",
            "  eight: { targets: a/x, queue: { size: 0 } }",
            "  nine: { targets: a/x, queue: { wait: 0ms } }",
            "  ten: { targets: a/x, fallback: { any: elevn, overlaoded: one } }",
            "  eleven: { targets: a/x, strategy: { round_robin: { on: user } } }",
            "  twelve: { targets: [ { to: a/x, concurrent: 0 } ] }",
            "  last: { targets: a/x, rules: [ { if: 'terms.usr == 1', use: nobody/x }, { if: 'true', use: [] } ] }"),
        List.of(
            (FIRST + 0) + ":models.one.targets[0].quality must be a number from 0 to 1",
            (FIRST + 0) + ":models.one.targets[1].context must be a number of 1 or more",
            (FIRST + 1) + ":models.two.breaker.failures must be a whole number of 1 or more",
            (FIRST + 1) + ":models.two.breaker.probes must be a whole number of 1 or more",
            (FIRST + 2) + ":models.three.breaker must have a time longer than 0 as 'window'",
            (FIRST + 3) + ":models.four.breaker.when_all_open must be one of try, refuse",
            (FIRST + 3) + ":models.four.breaker.opne is not a known key; did you mean 'open'?",
            (FIRST + 4) + ":models.five.hedge.after must be a time such as 800ms, or p95",
            (FIRST + 4) + ":models.five.hedge.share must be a share of 100% at most",
            (FIRST + 5) + ":models.six.hedge must have a time longer than 0 as 'after'",
            (FIRST + 6) + ":models.seven.sticky.on[1] must be one of user, session",
            (FIRST + 7) + ":models.eight.queue.size must be a whole number of 1 or more",
            (FIRST + 8) + ":models.nine.queue must have a time longer than 0 as 'wait'",
            (FIRST + 9) + ":models.ten.fallback.overlaoded must be one of",
            (FIRST + 9) + ":models.ten.fallback.any names a model that is not configured",
            (FIRST + 10) + ":models.eleven.strategy.on is not a known key",
            (FIRST + 11)
                + ":models.twelve.targets[0].concurrent must be a whole number of 1 or more",
            (FIRST + 12) + ":models.last.rules[0].use names a provider that is not configured",
            (FIRST + 12)
                + ":models.last.rules[0].if is no condition: column 1: 'terms' has no 'usr'",
            (FIRST + 12) + ":models.last.rules[1].use must list one target or more"));
  }

  @Test
  void a_provider_s_limits_go_with_it() {
    Map<String, Provider> providers =
        Loaders.load(
                "providers:",
                "  a:",
                "    kind: openai",
                "    url: http://a/v1",
                "    limits: { requests: [ 5/s, 1k/day ], tokens: 1M/min, concurrent: 20 }",
                "  demo: { kind: sim, limits: { concurrent_per_key: 2 } }")
            .providers(sim -> URI.create("http://127.0.0.1:1"));

    assertThat(providers.get("a").limits())
        .isEqualTo(
            new Limits(
                List.of(new Rate(5, Duration.ofSeconds(1)), new Rate(1000, Duration.ofDays(1))),
                List.of(new Rate(1_000_000, Duration.ofMinutes(1))),
                20,
                0));
    assertThat(providers.get("demo").limits()).isEqualTo(new Limits(List.of(), List.of(), 0, 2));
    assertThatThrownBy(
            () -> Loaders.load("providers: { demo: { kind: sim, limits: { tokens: 0/min } } }"))
        .hasMessageContaining("providers.demo.limits must have rates above 0");
  }

  @Test
  void one_target_may_stand_alone_with_what_is_said_of_it() {
    Routing.Shadow shadow =
        routing("  m: { targets: a/x, shadow: { to: { to: b/x, region: eu }, percent: 20 } }")
            .shadow()
            .orElseThrow();

    assertThat(names(shadow.to())).containsExactly("b/x");
    assertThat(shadow.to().getFirst().profile().region()).isEqualTo("eu");
  }

  private static void assertFaults(List<String> lines, List<String> beginnings) {
    assertThatThrownBy(() -> load(lines.toArray(String[]::new)))
        .isInstanceOfSatisfying(
            Faulty.class,
            faulty -> {
              var found = new ArrayList<String>();
              faulty.faults().forEach(fault -> found.add(fault.line() + ":" + fault.text()));
              assertThat(found).hasSameSizeAs(beginnings);
              for (int i = 0; i < beginnings.size(); i++) {
                assertThat(found.get(i)).startsWith(beginnings.get(i));
              }
            });
  }

  private static Config load(String... lines) {
    return Loaders.load(String.join("\n", START) + "\n" + String.join("\n", lines));
  }

  private static Routing routing(String... lines) {
    return models(load(lines)).get("m").routing();
  }

  private static Map<String, Model> models(Config config) {
    return config.models(config.providers(sim -> URI.create("http://127.0.0.1:1")));
  }

  private static List<String> names(List<Target> targets) {
    return targets.stream().map(Target::name).toList();
  }
}

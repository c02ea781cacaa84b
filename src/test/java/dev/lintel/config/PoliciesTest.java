package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Allowance;
import dev.lintel.Dimension;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Policy;
import dev.lintel.Policy.Names;
import dev.lintel.Policy.Whereto;
import dev.lintel.Preference;
import dev.lintel.Retention;
import dev.lintel.Ruled;
import dev.lintel.Span;
import dev.lintel.Spec;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoliciesTest {
  private static final String START =
      """
      providers: { a: { kind: openai, url: 'http://a/v1' }, b: { kind: openai, url: 'http://b/v1' } }
      models: { tiny: a/s, fast: a/f, smart: b/l }
      """;

  @Test
  void a_policy_says_all_that_it_says() {
    Policy policy =
        policy(
            """
            policies:
              strict:
                mode: warn
                models: [ tiny, fast ]
                providers: { allow: [ a ], deny: [ b ], mode: enforce }
                endpoints: chat
                tools: { deny: [ drop_table ] }
                require: [ use_case, user ]
                force: { tier: standard, strict: true, mode: observe }
                max_tokens: 4k
                data_classes: { confidential: { regions: [ eu ], providers: [ a ] }, secret: refuse }
            policy: strict
            """,
            "");
    assertThat(policy.models())
        .containsExactly(
            new Ruled<>(Names.of(Set.of("tiny", "fast")), Mode.WARN, "policies.strict.models"));
    assertThat(policy.providers())
        .containsExactly(
            new Ruled<>(
                new Names(Optional.of(Set.of("a")), Set.of("b")),
                Mode.ENFORCE,
                "policies.strict.providers"));
    assertThat(policy.endpoints().getFirst().value().allows("embeddings")).isFalse();
    assertThat(policy.tools().getFirst().value())
        .isEqualTo(new Names(Optional.empty(), Set.of("drop_table")));
    assertThat(policy.required())
        .containsExactly(
            new Ruled<>(Set.of("use_case", "user"), Mode.WARN, "policies.strict.require"));
    assertThat(policy.forced())
        .containsExactly(
            new Ruled<>(
                Map.of("tier", "standard", "strict", "true"),
                Mode.OBSERVE,
                "policies.strict.force"));
    assertThat(policy.maxTokens())
        .containsExactly(new Ruled<>(4000L, Mode.WARN, "policies.strict.max_tokens"));
    assertThat(policy.dataClasses())
        .containsExactly(
            new Ruled<>(
                Map.of(
                    "confidential",
                    new Whereto(false, Set.of("eu"), Set.of("a")),
                    "secret",
                    Whereto.NOWHERE),
                Mode.WARN,
                "policies.strict.data_classes"));
  }

  @Test
  void limits_and_budgets_have_short_and_long_forms() {
    Policy policy =
        policy(
            """
            policies:
              p:
                mode: observe
                limits:
                  - { requests: 10/min, per: user }
                  - { tokens: 100k/day, per: model, only: [ tiny ], mode: enforce }
                  - { concurrent: 5, per: [ key ] }
                budgets:
                  - { amount: 5 USD, window: day, zone: Europe/Berlin, per: user,
                      thresholds: [ 100, 50%, 80 ], at_limit: { downgrade: [ tiny ], then: approve } }
                  - { amount: 1M tokens, window: month, at_limit: approve }
                  - { total: 7 USD, at_limit: { answer: "No more today." } }
            tenants:
              t:
                apps:
                  x:
                    policy: p
                    limits: { requests: [ 10/s, 600/min ], concurrent: 50 }
                    budget: { day: 20 USD, month: 1M tokens }
            """,
            "");
    assertThat(policy.allowances())
        .containsExactly(
            allowance("p.limits[0].requests", Measure.REQUESTS, 10, rolling(60), Mode.OBSERVE)
                .per(Dimension.USER)
                .made(),
            allowance("p.limits[1].tokens", Measure.TOKENS, 100_000, rolling(86_400), Mode.ENFORCE)
                .per(Dimension.MODEL)
                .only("tiny")
                .made(),
            allowance("p.limits[2].concurrent", Measure.CONCURRENT, 5, new Span.Now(), Mode.OBSERVE)
                .per(Dimension.KEY)
                .made(),
            allowance(
                    "p.budgets[0]",
                    Measure.PICO_USD,
                    5_000_000_000_000L,
                    new Span.Calendar(Span.Unit.DAY, ZoneId.of("Europe/Berlin")),
                    Mode.OBSERVE)
                .per(Dimension.USER)
                .thresholds(50, 80, 100)
                .atLimit(new Allowance.AtLimit(List.of("tiny"), Optional.empty(), true))
                .made(),
            allowance(
                    "p.budgets[1]",
                    Measure.TOKENS,
                    1_000_000,
                    new Span.Calendar(Span.Unit.MONTH, ZoneOffset.UTC),
                    Mode.OBSERVE)
                .atLimit(new Allowance.AtLimit(List.of(), Optional.empty(), true))
                .made(),
            allowance(
                    "p.budgets[2].total",
                    Measure.PICO_USD,
                    7_000_000_000_000L,
                    new Span.Total(),
                    Mode.OBSERVE)
                .atLimit(new Allowance.AtLimit(List.of(), Optional.of("No more today."), false))
                .made(),
            own("limits.requests", Measure.REQUESTS, 10, rolling(1)),
            own("limits.requests", Measure.REQUESTS, 600, rolling(60)),
            own("limits.concurrent", Measure.CONCURRENT, 50, new Span.Now()),
            own(
                "budget.day",
                Measure.PICO_USD,
                20_000_000_000_000L,
                new Span.Calendar(Span.Unit.DAY, ZoneOffset.UTC)),
            own(
                "budget.month",
                Measure.TOKENS,
                1_000_000,
                new Span.Calendar(Span.Unit.MONTH, ZoneOffset.UTC)));
  }

  /** Who is above whom: which policies there are, and what a call of a use case is under. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        // everybody | tenant | app | use case | asked as | models rules of, from above
        "-    | -    | -    | -    | faq   | ''",
        "all  | -    | -    | -    | ''    | all",
        "all  | ten  | -    | -    | ''    | all ten",
        "all  | ten  | app  | -    | ''    | all ten app",
        "all  | ten  | app  | use  | ''    | all ten app",
        "all  | ten  | app  | use  | faq   | all ten app use",
        "all  | ten  | app  | use  | other | all ten app",
        "-    | ten  | -    | use  | faq   | ten use",
        "-    | -    | -    | use  | faq   | use",
        "all  | all  | -    | -    | ''    | all all",
      })
  void what_stands_above_holds_below(
      String everybody, String tenant, String app, String use, String asked, String expected) {
    String named =
        List.of("all", "ten", "app", "use").stream()
            .map(name -> "  " + name + ": { models: { deny: [ tiny ] } }\n")
            .collect(Collectors.joining("", "policies:\n", ""));
    Config config =
        load(
            named
                + (everybody == null ? "" : "policy: " + everybody + "\n")
                + "tenants: { t: { "
                + (tenant == null ? "" : "policy: " + tenant + ", ")
                + "apps: { x: { keys: [ k ], "
                + (app == null ? "" : "policy: " + app + ", ")
                + "use_cases: { faq: { "
                + (use == null ? "" : "policy: " + use)
                + " } } } } } }\n");
    Policy policy = config.callers().get("k").policies().of(asked);
    assertThat(
            policy.models().stream()
                .map(rule -> rule.rule().split("\\.")[1])
                .collect(Collectors.joining(" ")))
        .isEqualTo(expected);
  }

  @Test
  void allowances_belong_to_where_they_stand() {
    Policy policy =
        policy(
            """
            policies: { p: { limits: { concurrent: 1 } } }
            policy: p
            tenants:
              t:
                policy: p
                budget: { day: 1 USD }
                apps:
                  x:
                    policy: p
                    limits: { requests: 1/s }
                    use_cases: { faq: { policy: p, budget: { total: 1 USD }, limits: { tokens: 9/s } } }
            """,
            "faq");
    assertThat(policy.allowances())
        .extracting(Allowance::owner, Allowance::rule)
        .extracting(tuple -> tuple.toList().toString())
        .containsExactly(
            "[, policies.p.limits.concurrent]",
            "[t, policies.p.limits.concurrent]",
            "[t, tenants.t.budget.day]",
            "[t/x, policies.p.limits.concurrent]",
            "[t/x, tenants.t.apps.x.limits.requests]",
            "[t/x#faq, policies.p.limits.concurrent]",
            "[t/x#faq, tenants.t.apps.x.use_cases.faq.limits.tokens]",
            "[t/x#faq, tenants.t.apps.x.use_cases.faq.budget.total]");
  }

  @Test
  void everybody_s_policy_holds_where_no_app_is_configured() {
    Config config = load("policies: { p: { models: [ tiny ] } }\npolicy: p\n");
    assertThat(config.policies().of("default", "default").of("").models()).hasSize(1);
    assertThat(load("").policies().of("default", "default")).isSameAs(Policy.Source.NONE);
  }

  @Test
  void apps_with_the_same_policies_share_them() {
    Config config =
        load(
            """
            policies: { p: { models: [ tiny ] }, q: { models: [ fast ] } }
            tenants:
              t: { policy: p, apps: { x: { policy: q }, y: { policy: q }, z: {} } }
            """);
    Policies all = config.policies();
    assertThat(all.of("t", "x").of("")).isSameAs(all.of("t", "y").of(""));
    assertThat(all.of("t", "z").of("any").models()).hasSize(1);
  }

  @Test
  void it_can_be_said_which_policies_hold() {
    Config config =
        load(
            """
            policies: { p: { models: [ tiny ] }, q: { models: [ fast ] } }
            policy: p
            tenants: { t: { apps: { x: { use_cases: { faq: { policy: q } } } } } }
            """);
    assertThat(config.policies().layers("t", "x", "faq"))
        .containsExactly(new Policies.Layer("", "p"), new Policies.Layer("t/x#faq", "q"));
    assertThat(config.policies().layers("t", "x", "")).containsExactly(new Policies.Layer("", "p"));
  }

  @Test
  void every_fault_is_named_at_its_place() {
    Faulty faulty =
        catchThrowableOfType(
            Faulty.class,
            () ->
                load(
                    """
                    policies:
                      p:
                        models: [ tinny ]
                        providers: { deny: [ c ] }
                        endpoints: [ chats ]
                        tools: { mode: warn }
                        require: [ usecase ]
                        force: { tiers: high, use_case: faq, priority: soon, mode: maybe }
                        max_tokens: 0
                        data_classes: { secret: refused, open: {} }
                        limits: [ { per: user }, { requests: 0/s }, { concurrent: 1, only: [ a ] } ]
                        budgets:
                          - { amount: 5 USD }
                          - { amount: 5 EUR, window: day }
                          - { amount: 5 USD, window: day, zone: Europe/Bern }
                          - { day: 5 USD, thresholds: [ 0.5 ] }
                          - { day: 5 USD, at_limit: { downgrade: [ cheap ] } }
                          - { amount: 5 USD, window: day, day: 1 USD }
                        approval: two
                        modes: warn
                    policy: q
                    tenants: { t: { policy: r, apps: { x: { use_cases: { faq: { policy: s } } } } } }
                    """));
    assertThat(faulty.faults().stream().map(Fault::text).map(text -> text.split(" ")[0]))
        .containsExactlyInAnyOrder(
            "policies.p.models[0]",
            "policies.p.providers.deny[0]",
            "policies.p.endpoints[0]",
            "policies.p.tools",
            "policies.p.require[0]",
            "policies.p.force.tiers",
            "policies.p.force.use_case",
            "policies.p.force.priority",
            "policies.p.force.mode",
            "policies.p.max_tokens",
            "policies.p.data_classes.secret",
            "policies.p.data_classes.open",
            "policies.p.limits[0]",
            "policies.p.limits[1]",
            "policies.p.limits[2]",
            "policies.p.budgets[0]",
            "policies.p.budgets[1].amount",
            "policies.p.budgets[2].zone",
            "policies.p.budgets[3]",
            "policies.p.budgets[4].at_limit.downgrade[0]",
            "policies.p.budgets[5]",
            "policies.p.approval",
            "policies.p.modes",
            "policy",
            "tenants.t.policy",
            "tenants.t.apps.x.use_cases.faq.policy");
  }

  @Test
  void a_preference_says_all_that_it_says() {
    Policy policy =
        policy(
            """
            policies:
              p:
                routing:
                  strategy: { consistent_hash: { on: user } }
                  weights: { a: 3, b/l: 1 }
                  order: [ a/f, b ]
                  prefer: { targets: [ a ], regions: [ eu ] }
                  avoid: b/l
                  mode: warn
              q: { mode: observe, routing: { strategy: round_robin } }
            policy: p
            tenants: { t: { apps: { x: { policy: q } } } }
            """,
            "");
    assertThat(policy.routing())
        .extracting(rule -> rule.rule() + " " + rule.mode().word())
        .containsExactly("policies.p.routing warn", "policies.q.routing observe");
    Preference said = policy.routing().getFirst().value();
    assertThat(said.strategy().map(Spec::word)).contains("consistent_hash");
    assertThat(said)
        .isEqualTo(
            new Preference(
                said.strategy(),
                Map.of("a", 3, "b/l", 1),
                List.of("a/f", "b"),
                new Preference.Some(Set.of("a"), Set.of("eu")),
                new Preference.Some(Set.of("b/l"), Set.of())));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                        | policies.p.routing needs one of the keys 'strategy', 'order', 'prefer' and 'avoid'",
        "{ weights: { a: 1 }, prefer: a }          | policies.p.routing needs the key 'strategy' for its 'weights'",
        "{ stratgy: weighted, order: a }            | policies.p.routing.stratgy is not a known key; did you mean 'strategy'?",
        "{ strategy: wieghted }                    | policies.p.routing.strategy must be one of balanced, classified, consistent_hash, in_order, learned, round_robin, weighted; did you mean 'weighted'?",
        "{ strategy: weighted, weights: { a: 0 } } | policies.p.routing.weights.a must be a whole number of 1 or more",
        "{ order: [ a/x ] }                        | policies.p.routing.order[0] names a target that no model has; did you mean 'a/",
        "{ prefer: [ openay ] }                    | policies.p.routing.prefer[0] names a provider that is not known; did you mean 'openai'?",
        "{ avoid: {} }                             | policies.p.routing.avoid needs the key 'targets' or the key 'regions'",
        "{ prefer: a, mode: enforced }             | policies.p.routing.mode must be one of observe, warn, enforce; did you mean 'enforce'?",
      })
  void a_preference_that_makes_no_sense_is_refused_at_its_place(String routing, String expected) {
    Faulty faulty =
        catchThrowableOfType(
            Faulty.class, () -> load("policies: { p: { routing: " + routing + " } }\n"));
    assertThat(faulty.faults()).hasSize(1);
    assertThat(faulty.faults().getFirst().text()).contains(expected);
  }

  @Test
  void what_no_policy_knows_is_refused_as_any_unknown_word_is() {
    Faulty faulty =
        catchThrowableOfType(
            Faulty.class, () -> load("policies: { p: { guards: [ pii ], cache: true } }\n"));
    assertThat(faulty.faults())
        .hasSize(2)
        .allSatisfy(fault ->
            assertThat(fault.text()).startsWith("policies.p.").contains("is not a known key"));
  }

  @Test
  void how_long_things_are_kept_is_said_of_each_place() {
    Config config =
        load(
            """
            policies:
              p: { retention: { records: 7d, replies: 1h, files: 90d, mode: warn } }
              q: { retention: 1d }
            policy: p
            tenants: { t: { apps: { x: { policy: q, use_cases: { faq: { policy: q } } } } } }
            """);
    assertThat(config.policies().of("t", "x").of("faq").retention())
        .extracting(rule -> rule.rule() + " " + rule.mode().word())
        .containsExactly(
            "policies.p.retention warn",
            "policies.q.retention enforce",
            "policies.q.retention enforce");
    assertThat(config.policies().retentions())
        .extracting(rule -> rule.whose().place())
        .containsExactlyInAnyOrder("", "t/x", "t/x#faq");
    assertThat(config.policies().of("t", "x").of("").retention().getFirst().value())
        .isEqualTo(
            new Retention(
                Optional.of(Duration.ofDays(7)),
                Optional.of(Duration.ofHours(1)),
                Optional.of(Duration.ofDays(90))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                            | policies.p.retention needs one of the keys 'records', 'replies' and 'files'",
        "10m                           | policies.p.retention must be an hour or more",
        "60d                           | policies.p.retention must not be longer than everybody's: records.keep",
        "{ replies: 25h }              | policies.p.retention.replies must not be longer than everybody's: idempotency.keep",
        "{ recrods: 1d, files: 1d }    | policies.p.retention.recrods is not a known key; did you mean 'records'?",
        "{ files: 2d }                 | tenants.t.apps.x.policy names a policy with 'retention.files', and files are of a whole tenant",
        "{ records: week }             | policies.p.retention.records must be a time such as",
      })
  void a_retention_that_makes_no_sense_is_refused_at_its_place(String retention, String expected) {
    Faulty faulty =
        catchThrowableOfType(
            Faulty.class,
            () ->
                load(
                    "policies: { p: { retention: "
                        + retention
                        + " } }\ntenants: { t: { apps: { x: { policy: p } } } }\n"));
    assertThat(faulty.faults().stream().map(Fault::text))
        .anySatisfy(text -> assertThat(text).contains(expected));
  }

  @Test
  void a_thousand_policies_and_ten_thousand_apps_load_quickly() {
    String policies =
        IntStream.range(0, 1000)
            .mapToObj(i ->
                "  p"
                    + i
                    + ": { models: [ tiny, fast ], limits: { requests: "
                    + (i + 1)
                    + "/min }, require: [ user ] }\n")
            .collect(Collectors.joining("", "policies:\n", ""));
    String apps =
        IntStream.range(0, 10_000)
            .mapToObj(i ->
                "    a"
                    + i
                    + ": { keys: [ k"
                    + i
                    + " ], policy: p"
                    + i % 1000
                    + ", budget: { day: 1 USD } }\n")
            .collect(Collectors.joining("", "tenants:\n  t:\n   apps:\n", ""));
    long began = System.nanoTime();
    Config config = load(policies + apps);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
    assertThat(config.callers().get("k9999").policies().of("").allowances()).hasSize(2);
  }

  @Test
  void a_second_admin_is_needed_where_a_guarded_policy_changes_or_goes() {
    String guarded = "policies: { p: { models: [ tiny ], approval: second_admin }, q: {} }\n";
    String attached = "tenants: { t: { apps: { x: { policy: p }, y: {} } } }\n";
    Config before = load(guarded + attached);
    assertThat(before.secondAdmin(load(guarded + attached))).isEmpty();
    assertThat(before.secondAdmin(load(guarded + "tenants: { t: { apps: { x: { policy: p } } } }")))
        .as("what goes was not guarded")
        .isEmpty();
    assertThat(before.secondAdmin(load(guarded + "tenants: { t: { apps: { y: {} } } }")))
        .as("an app that goes could be made anew without it")
        .containsExactly("tenants.t.apps.x.policy");
    assertThat(before.secondAdmin(load(guarded.replace("tiny", "fast") + attached)))
        .containsExactly("policies.p");
    assertThat(before.secondAdmin(load(guarded.replace(", approval: second_admin", "") + attached)))
        .containsExactly("policies.p");
    assertThat(before.secondAdmin(load(guarded + attached.replace("x: { policy: p }", "x: {}"))))
        .containsExactly("tenants.t.apps.x.policy");
    assertThat(
            before.secondAdmin(
                load(guarded + attached.replace("x: { policy: p }", "x: { policy: q }"))))
        .containsExactly("tenants.t.apps.x.policy");
  }

  private static Policy policy(String yaml, String useCase) {
    return load(yaml).policies().of("t", "x").of(useCase);
  }

  private static Config load(String yaml) {
    return Loaders.load(START + yaml);
  }

  private static Span rolling(long seconds) {
    return new Span.Rolling(Duration.ofSeconds(seconds));
  }

  private static Allowance own(String rule, Measure measure, long amount, Span span) {
    return Allowance.of("tenants.t.apps.x." + rule, "t/x", measure, amount, span);
  }

  private static Made allowance(String rule, Measure measure, long amount, Span span, Mode mode) {
    return new Made(Allowance.of("policies." + rule, "t/x", measure, amount, span), mode);
  }

  /** An allowance of the app's policy. */
  private static final class Made {
    private final Allowance plain;
    private final Mode mode;
    private List<Dimension> per = List.of();
    private Set<String> only = Set.of();
    private List<Integer> thresholds = List.of();
    private Allowance.AtLimit atLimit = Allowance.AtLimit.REFUSE;

    Made(Allowance plain, Mode mode) {
      this.plain = plain;
      this.mode = mode;
    }

    Made per(Dimension one) {
      per = List.of(one);
      return this;
    }

    Made only(String value) {
      only = Set.of(value);
      return this;
    }

    Made thresholds(Integer... percents) {
      thresholds = List.of(percents);
      return this;
    }

    Made atLimit(Allowance.AtLimit what) {
      atLimit = what;
      return this;
    }

    Allowance made() {
      return new Allowance(
          plain.rule(),
          plain.owner(),
          plain.measure(),
          plain.amount(),
          plain.span(),
          per,
          only,
          mode,
          thresholds,
          atLimit);
    }
  }
}

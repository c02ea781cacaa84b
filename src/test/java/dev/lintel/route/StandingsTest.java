package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.BreakerRule;
import dev.lintel.BreakerRules;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Headers;
import dev.lintel.Health;
import dev.lintel.Health.Fitness;
import dev.lintel.Health.Word;
import dev.lintel.Leave;
import dev.lintel.Leave.Why;
import dev.lintel.Provider;
import dev.lintel.RawRequest;
import dev.lintel.Request;
import dev.lintel.Standing;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StandingsTest {
  private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");
  private static final Duration MINUTE = Duration.ofSeconds(60);
  private static final Call CALL =
      Call.begin(
          new Trail("id", Instant.EPOCH, 0),
          "",
          Caller.UNKNOWN,
          new Request.Unread(
              Targets.SILENT, new RawRequest(Map.of(), Map.of(), Headers.NONE, new byte[0])));

  private final Provider provider = Targets.provider("p", "a", "b");
  private final Credential a = provider.credentials().get(0);
  private final Credential b = provider.credentials().get(1);

  /** Near the end of what a long holds, as {@link System#nanoTime} may be. */
  private long now = Long.MAX_VALUE - 1_000;

  private Duration passed = Duration.ZERO;
  private final Standings standings = new Standings(() -> now, () -> START.plus(passed));
  private final Standing large = standings.of(provider, "large", 0);
  private final Standing small = standings.of(provider, "small", 0);

  @Test
  void who_never_failed_may_be_asked_by_everybody() {
    assertThat(large.well()).isTrue();
    assertThat(large.ask(CALL, a)).isInstanceOf(Leave.Pass.class);
    assertThat(large.ask(CALL, a)).isInstanceOf(Leave.Pass.class);
    assertThat(health().word()).isEqualTo(Word.HEALTHY);
    assertThat(health().keys()).hasSize(2);
    assertThat(health().models()).isEmpty();
  }

  /** What may be asked after five such failures of the model "large" with the key "a". */
  @ParameterizedTest
  @CsvSource({
    // kind, upstream status, the same, other key, other model, state of the provider
    "UPSTREAM_ERROR,       500, PROVIDER, PROVIDER, PROVIDER, COOLING",
    "UPSTREAM_UNAVAILABLE, 502, PROVIDER, PROVIDER, PROVIDER, COOLING",
    "UPSTREAM_UNAVAILABLE, 503, PROVIDER, PROVIDER, PROVIDER, COOLING",
    "UPSTREAM_UNAVAILABLE, 0,   PROVIDER, PROVIDER, PROVIDER, COOLING",
    "TIMEOUT,              0,   PROVIDER, PROVIDER, PROVIDER, COOLING",
    "TIMEOUT,              504, PROVIDER, PROVIDER, PROVIDER, COOLING",
    "UPSTREAM_ERROR,       200, PROVIDER, PROVIDER, PROVIDER, COOLING",
    "UPSTREAM_RATE_LIMITED,429, KEY,      well,     KEY,      HEALTHY",
    "UPSTREAM_ERROR,       401, KEY,      well,     KEY,      HEALTHY",
    "UPSTREAM_ERROR,       402, KEY,      well,     KEY,      HEALTHY",
    "UPSTREAM_ERROR,       403, KEY,      well,     KEY,      HEALTHY",
    "NOT_FOUND,            404, MODEL,    MODEL,    well,     HEALTHY",
    "UPSTREAM_OVERLOADED,  529, MODEL,    MODEL,    well,     HEALTHY",
    "UPSTREAM_OVERLOADED,  503, MODEL,    MODEL,    well,     HEALTHY",
    "INVALID_REQUEST,      400, well,     well,     well,     HEALTHY",
    "CONTEXT_LENGTH_EXCEEDED,400, well,   well,     well,     HEALTHY",
    "CONTENT_BLOCKED,      400, well,     well,     well,     HEALTHY",
    "PAYLOAD_TOO_LARGE,    413, well,     well,     well,     HEALTHY",
    "RATE_LIMITED,         0,   well,     well,     well,     HEALTHY",
    "BUDGET_EXCEEDED,      0,   well,     well,     well,     HEALTHY",
    "CANCELLED,            0,   well,     well,     well,     HEALTHY",
    "INTERNAL,             0,   well,     well,     well,     HEALTHY",
  })
  void one_scope_s_trouble_never_closes_another(
      Kind kind, int status, String same, String otherKey, String otherModel, Word word) {
    for (int i = 0; i < 5; i++) {
      fail(large, a, Failure.of(kind, "no").upstream(status));
    }

    assertThat(said(large, a)).isEqualTo(same);
    assertThat(said(large, b)).isEqualTo(otherKey);
    assertThat(said(small, a)).isEqualTo(otherModel);
    assertThat(health().word()).isEqualTo(word);
    assertThat(said(standings.of(Targets.provider("q", "a"), "large", 0), a)).isEqualTo("well");
  }

  @Test
  void a_bar_says_why_and_for_how_long_and_what_failed_last() {
    for (int i = 0; i < 5; i++) {
      fail(large, b, Failure.of(Kind.UPSTREAM_ERROR, "broken " + i).upstream(500));
    }
    after(Duration.ofSeconds(20));
    fail(large, a, limited(Duration.ofSeconds(5)));

    Leave.Bar bar = bar(large, a);
    assertThat(bar.why()).isEqualTo(Why.PROVIDER);
    assertThat(bar.rest()).isEqualTo(Duration.ofSeconds(40));
    assertThat(bar.last()).map(Failure::message).contains("broken 4");

    after(Duration.ofSeconds(40));
    fail(large, a, limited(Duration.ofMinutes(30)));
    assertThat(bar(large, a).why()).isEqualTo(Why.KEY);
    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofMinutes(30));
    assertThat(bar(large, a).last()).map(Failure::kind).contains(Kind.UPSTREAM_RATE_LIMITED);
  }

  @Test
  void a_bar_says_the_longest_of_the_rests_that_have_to_end() {
    overload(large);
    fail(small, a, limited(Duration.ofMinutes(10)));

    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofMinutes(10));
    assertThat(bar(large, b).rest()).isEqualTo(MINUTE);
  }

  @Test
  void half_open_with_all_probes_out_is_a_short_rest() {
    outage();
    after(MINUTE);
    assertThat(large.well()).isTrue();
    pass(large, a);
    pass(small, b);
    pass(large, b);

    assertThat(large.well()).isFalse();
    assertThat(small.well()).isFalse();
    assertThat(bar(small, a).why()).isEqualTo(Why.PROVIDER);
    assertThat(bar(small, a).rest()).isBetween(Duration.ofNanos(1), Duration.ofSeconds(5));
  }

  @Test
  void a_target_is_not_well_where_all_keys_rest() {
    fail(large, a, limited(Duration.ofSeconds(10)));
    assertThat(large.well()).isTrue();

    fail(large, b, Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(401));
    assertThat(large.well()).isFalse();
    assertThat(small.well()).isFalse();

    after(Duration.ofSeconds(3));
    assertThat(large.well()).isTrue();
  }

  @Test
  void a_limited_key_rests_exactly_as_long_as_the_provider_asks_and_an_hour_at_most() {
    fail(large, a, limited(Duration.ofSeconds(42)));
    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofSeconds(42));
    after(Duration.ofSeconds(42).minusNanos(1));
    assertThat(said(large, a)).isEqualTo("KEY");
    after(Duration.ofNanos(1));
    assertThat(said(large, a)).isEqualTo("well");

    fail(large, a, limited(Duration.ofDays(3)));
    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void each_failed_probe_of_a_key_doubles_its_rest_up_to_five_minutes() {
    fail(large, a, refused());
    var rests = new ArrayList<Long>();
    for (int i = 0; i < 9; i++) {
      Duration rest = bar(large, a).rest();
      rests.add(rest.toSeconds());
      after(rest);
      fail(large, a, refused());
    }

    assertThat(rests).containsExactly(3L, 6L, 12L, 24L, 48L, 96L, 192L, 300L, 300L);
  }

  @Test
  void a_probe_that_is_answered_ends_a_key_s_rest_and_what_it_had_grown_to() {
    fail(large, a, refused());
    after(Duration.ofSeconds(3));
    fail(large, a, refused());
    after(Duration.ofSeconds(6));

    answer(pass(large, a));

    assertThat(said(large, a)).isEqualTo("well");
    fail(large, a, refused());
    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void many_calls_whose_key_is_refused_at_once_are_one_refusal() {
    var passes = new ArrayList<Leave.Pass>();
    for (int i = 0; i < 50; i++) {
      passes.add(pass(large, a));
    }
    passes.forEach(pass -> pass.failed(refused()));

    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void a_later_word_about_a_key_lengthens_its_rest_and_never_shortens_it() {
    Leave.Pass one = pass(large, a);
    Leave.Pass other = pass(large, a);
    fail(large, a, limited(Duration.ofSeconds(10)));
    one.failed(limited(Duration.ofSeconds(5)));
    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofSeconds(10));

    other.failed(limited(Duration.ofSeconds(20)));

    assertThat(bar(large, a).rest()).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void exactly_one_of_many_threads_probes_a_key() throws Exception {
    fail(large, a, refused());
    after(Duration.ofSeconds(3));
    var admitted = new AtomicInteger();
    var ready = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        threads.submit(() -> {
          ready.await();
          return large.ask(CALL, a) instanceof Leave.Pass ? admitted.incrementAndGet() : 0;
        });
      }
      ready.countDown();
    }

    assertThat(admitted).hasValue(1);
  }

  @Test
  void a_call_that_began_before_its_key_was_limited_neither_ends_the_rest_nor_takes_the_probe() {
    Leave.Pass good = pass(large, a);
    Leave.Pass bad = pass(large, a);
    Leave.Pass gone = pass(large, a);
    fail(large, a, limited(MINUTE));

    answer(good);
    assertThat(said(large, a)).isEqualTo("KEY");

    after(MINUTE);
    pass(large, a);
    gone.left();
    bad.failed(Failure.of(Kind.UPSTREAM_RATE_LIMITED, "slow"));
    assertThat(said(large, a)).isEqualTo("KEY");
  }

  @Test
  void a_probe_of_a_key_that_never_reports_is_taken_for_lost() {
    fail(large, a, refused());
    after(Duration.ofSeconds(3));
    pass(large, a);
    assertThat(said(large, a)).isEqualTo("KEY");

    after(Duration.ofMinutes(10));

    assertThat(said(large, a)).isEqualTo("well");
  }

  @Test
  void who_insists_and_is_answered_ends_the_rest_of_its_key() {
    fail(large, a, limited(MINUTE));
    insisted(large, a).failed(limited(Duration.ofSeconds(1)));
    assertThat(bar(large, a).rest()).isEqualTo(MINUTE);

    answer(insisted(large, a));

    assertThat(said(large, a)).isEqualTo("well");
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"UPSTREAM_RATE_LIMITED", "NOT_FOUND", "INVALID_REQUEST", "UPSTREAM_OVERLOADED"})
  void a_failure_of_one_scope_gives_the_probes_of_the_others_back(Kind kind) {
    outage();
    after(MINUTE);
    for (int i = 0; i < 4; i++) {
      fail(large, i % 2 == 0 ? a : b, Failure.of(kind, "no"));
      after(Duration.ofSeconds(10));
    }

    assertThat(health().word()).isEqualTo(Word.HALF_OPEN);
    assertThat(said(small, a)).isEqualTo("well");
    fail(small, a, broken());
    assertThat(health().word()).isEqualTo(Word.COOLING);
  }

  @Test
  void a_key_that_rests_does_not_use_up_the_provider_s_probes() {
    outage();
    fail(large, a, limited(Duration.ofMinutes(10)));
    after(MINUTE);

    for (int i = 0; i < 10; i++) {
      assertThat(said(large, a)).isEqualTo("KEY");
    }

    assertThat(said(large, b)).isEqualTo("well");
  }

  /** One that has never asked, and hears all that this one tells. */
  private Standing told(Provider itsOwn, String model) {
    var node = new Standings(() -> now, () -> START.plus(passed));
    standings.tell(trouble -> node.heard(itsOwn, Trouble.of(trouble.text())));
    return node.of(itsOwn, model, 0);
  }

  @Test
  void a_key_that_rests_rests_on_other_nodes_too_as_long_and_no_other_key() {
    Provider there = Targets.provider("p", "a", "b");
    Standing elsewhere = told(there, "large");
    fail(large, a, limited(Duration.ofSeconds(42)));
    assertThat(bar(elsewhere, there.credentials().get(0)).why()).isEqualTo(Why.KEY);
    assertThat(bar(elsewhere, there.credentials().get(0)).rest()).isEqualTo(Duration.ofSeconds(42));
    assertThat(said(elsewhere, there.credentials().get(1))).isEqualTo("well");
    after(Duration.ofSeconds(42));
    assertThat(said(elsewhere, there.credentials().get(0))).isEqualTo("well");
  }

  @Test
  void a_model_that_rests_rests_on_other_nodes_too_which_find_out_by_themselves_how_it_is() {
    Standing elsewhere = told(provider, "large");
    overload(large);
    assertThat(bar(elsewhere, a).why()).isEqualTo(Why.MODEL);
    assertThat(bar(elsewhere, a).rest()).isEqualTo(MINUTE);
    after(MINUTE);
    Leave.Pass pass = pass(elsewhere, a);
    answer(pass);
    answer(pass(elsewhere, a));
    answer(pass(elsewhere, a));
    assertThat(elsewhere.well()).isTrue();
  }

  @Test
  void a_pass_is_heard_once() {
    outage();
    after(MINUTE);
    Leave.Pass pass = pass(large, a);
    answer(pass);
    answer(pass);
    answer(pass);
    assertThat(health().word()).isEqualTo(Word.HALF_OPEN);
    pass.failed(broken());
    assertThat(health().word()).isEqualTo(Word.HALF_OPEN);
  }

  @Test
  void a_provider_s_breaker_goes_by_the_strictest_rule_of_all_that_share_it() {
    standings.use(
        new BreakerRules(
            Map.of("p", new BreakerRule(4, Duration.ZERO, Duration.ofSeconds(10), 0)),
            Map.of(
                "p/large", new BreakerRule(3, Duration.ZERO, Duration.ofSeconds(20), 2),
                "p/small", new BreakerRule(2, Duration.ZERO, Duration.ofSeconds(5), 1),
                "q/large", new BreakerRule(1, Duration.ZERO, Duration.ofSeconds(90), 1))));
    fail(large, a, broken());
    assertThat(health().word()).isEqualTo(Word.HEALTHY);
    fail(large, a, broken());

    assertThat(bar(small, a).rest()).isEqualTo(Duration.ofSeconds(20));
    after(Duration.ofSeconds(20));
    Leave.Pass only = pass(large, a);
    assertThat(said(large, a)).isEqualTo("PROVIDER");
    answer(only);
    assertThat(health().word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void a_model_s_breaker_goes_by_its_own_rule_and_its_provider_s_alone() {
    standings.use(
        new BreakerRules(
            Map.of("p", new BreakerRule(4, Duration.ZERO, Duration.ZERO, 0)),
            Map.of("p/small", new BreakerRule(2, Duration.ZERO, Duration.ZERO, 0))));
    for (int i = 0; i < 3; i++) {
      fail(large, a, overloaded());
    }
    assertThat(said(large, a)).isEqualTo("well");
    fail(large, a, overloaded());
    assertThat(said(large, a)).isEqualTo("MODEL");

    fail(small, a, overloaded());
    assertThat(said(small, a)).isEqualTo("well");
    fail(small, a, overloaded());
    assertThat(said(small, a)).isEqualTo("MODEL");
  }

  @Test
  void state_survives_a_reload_and_the_rules_do_not() {
    standings.use(
        new BreakerRules(
            Map.of("p", new BreakerRule(1, Duration.ZERO, Duration.ofSeconds(30), 0)), Map.of()));
    overload(small);
    fail(large, a, broken());
    fail(standings.of(Targets.provider("q", "a"), "m", 0), a, limited(MINUTE));

    standings.use(BreakerRules.NONE);
    Provider again = Targets.provider("p", "a", "b");

    assertThat(bar(standings.of(again, "large", 0), a).rest()).isEqualTo(Duration.ofSeconds(30));
    assertThat(standings.health(again).models().getFirst().until()).contains(START.plusSeconds(30));
    assertThat(said(standings.of(Targets.provider("q", "a"), "m", 0), a)).isEqualTo("KEY");
    after(Duration.ofSeconds(30));
    for (int i = 0; i < 3; i++) {
      answer(pass(large, a));
    }
    fail(large, a, broken());
    assertThat(health().word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void models_that_callers_make_up_do_not_fill_the_memory() {
    for (int i = 0; i < 5_000; i++) {
      fail(standings.named(provider, "made-up-" + i, 0), a, Failure.of(Kind.NOT_FOUND, "no"));
    }
    assertThat(health().models()).hasSize(1_000);
    overload(large);
    overload(standings.of(provider, "configured-later", 0));
    for (int i = 0; i < 5; i++) {
      fail(standings.named(provider, "one-more", 0), a, overloaded());
    }
    assertThat(said(standings.named(provider, "one-more", 0), a)).isEqualTo("well");
    assertThat(said(large, a)).isEqualTo("MODEL");
    assertThat(said(standings.named(provider, "large", 0), a)).isEqualTo("MODEL");
    assertThat(said(standings.of(provider, "configured-later", 0), a)).isEqualTo("MODEL");

    outage();
    assertThat(said(standings.named(provider, "one-more", 0), a)).isEqualTo("PROVIDER");

    after(MINUTE);
    for (int i = 0; i < 5; i++) {
      fail(standings.named(provider, "one-more", 0), a, overloaded());
    }
    assertThat(said(standings.named(provider, "one-more", 0), a)).isEqualTo("MODEL");
  }

  @Test
  void a_model_that_a_caller_named_first_keeps_its_state_when_it_is_configured() {
    overload(standings.named(provider, "new", 0));

    assertThat(said(standings.of(provider, "new", 0), a)).isEqualTo("MODEL");
  }

  @Test
  void the_health_says_who_rests_until_when_and_why() {
    fail(large, a, refused());
    fail(large, b, limited(MINUTE));
    overload(small);

    Health health = health();

    assertThat(health.word()).isEqualTo(Word.HEALTHY);
    assertThat(health.resting()).isTrue();
    assertThat(health.until()).isEmpty();
    assertThat(health.lastFailure()).map(Failure::kind).contains(Kind.UPSTREAM_RATE_LIMITED);
    assertThat(health.keys())
        .containsExactly(
            new Health.Key("p#a", Fitness.INVALID, Optional.of(START.plusSeconds(3))),
            new Health.Key("p#b", Fitness.RESTING, Optional.of(START.plusSeconds(60))));
    assertThat(health.models()).hasSize(1);
    Health.Model model = health.models().getFirst();
    assertThat(model.name()).isEqualTo("small");
    assertThat(model.word()).isEqualTo(Word.COOLING);
    assertThat(model.until()).contains(START.plusSeconds(60));
    assertThat(model.lastFailure()).map(Failure::kind).contains(Kind.UPSTREAM_OVERLOADED);
  }

  @ParameterizedTest
  @CsvSource({
    "UPSTREAM_ERROR,        401, '',                         INVALID",
    "UPSTREAM_ERROR,        403, '',                         INVALID",
    "UPSTREAM_ERROR,        200, invalid_api_key,            INVALID",
    "UPSTREAM_ERROR,        402, '',                         NO_CREDIT",
    "UPSTREAM_ERROR,        200, payment_required,           NO_CREDIT",
    "UPSTREAM_RATE_LIMITED, 429, insufficient_quota,         NO_CREDIT",
    "UPSTREAM_RATE_LIMITED, 429, rate_limit_exceeded,        RESTING",
    "UPSTREAM_RATE_LIMITED, 200, '',                         RESTING",
  })
  void what_a_key_is_good_for_is_named(Kind kind, int status, String code, Fitness fitness) {
    fail(large, a, Failure.of(kind, "no").upstream(status).code(code).blame(Failure.Blame.KEY));

    assertThat(health().keys().getFirst().fitness()).isEqualTo(fitness);
    after(Duration.ofSeconds(3));
    assertThat(health().keys().getFirst().fitness()).isEqualTo(fitness);
    answer(pass(large, a));
    assertThat(health().keys().getFirst().fitness()).isEqualTo(Fitness.OK);
  }

  @Test
  void a_provider_is_half_open_once_it_has_rested_and_healthy_after_its_probes() {
    outage();
    assertThat(health().word()).isEqualTo(Word.COOLING);
    assertThat(health().until()).contains(START.plus(MINUTE));
    assertThat(health().resting()).isTrue();

    after(MINUTE);
    assertThat(health().word()).isEqualTo(Word.HALF_OPEN);
    assertThat(health().until()).isEmpty();
    assertThat(health().resting()).isFalse();

    for (int i = 0; i < 3; i++) {
      answer(pass(large, a));
    }
    assertThat(health().word()).isEqualTo(Word.HEALTHY);
    assertThat(health().lastFailure()).isPresent();
  }

  private Health health() {
    return standings.health(provider);
  }

  /** Five failures of the provider. */
  private void outage() {
    for (int i = 0; i < 5; i++) {
      fail(large, b, broken());
    }
  }

  private void overload(Standing target) {
    for (int i = 0; i < 5; i++) {
      fail(target, b, overloaded());
    }
  }

  /** A call that begins whatever it is told, as long as it may, and fails. */
  private static void fail(Standing target, Credential key, Failure failure) {
    (target.ask(CALL, key) instanceof Leave.Pass pass ? pass : insisted(target, key))
        .failed(failure);
  }

  private static Leave.Pass insisted(Standing target, Credential key) {
    return (Leave.Pass) target.insist(CALL, key);
  }

  private static Leave.Pass pass(Standing target, Credential key) {
    return (Leave.Pass) target.ask(CALL, key);
  }

  private static Leave.Bar bar(Standing target, Credential key) {
    return (Leave.Bar) target.ask(CALL, key);
  }

  private static void answer(Leave.Pass pass) {
    pass.answered(1, 2, Usage.UNKNOWN);
  }

  /** {@code well}, or why not. */
  private static String said(Standing target, Credential key) {
    return switch (target.ask(CALL, key)) {
      case Leave.Pass pass -> {
        pass.left();
        yield "well";
      }
      case Leave.Bar bar -> bar.why().name();
    };
  }

  private void after(Duration time) {
    now += time.toNanos();
    passed = passed.plus(time);
  }

  private static Failure limited(Duration wait) {
    return Failure.of(Kind.UPSTREAM_RATE_LIMITED, "slow down")
        .upstream(429)
        .retryAfter(Optional.of(wait));
  }

  private static Failure refused() {
    return Failure.of(Kind.UPSTREAM_ERROR, "bad key").upstream(401);
  }

  private static Failure broken() {
    return Failure.of(Kind.UPSTREAM_ERROR, "broken").upstream(500);
  }

  private static Failure overloaded() {
    return Failure.of(Kind.UPSTREAM_OVERLOADED, "busy").upstream(529);
  }
}

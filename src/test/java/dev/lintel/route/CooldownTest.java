package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Health.State;
import dev.lintel.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CooldownTest {
  private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");

  private final Target large = Targets.of("p", "large", "a", "b");
  private final Target small = Targets.of("p", "small", "a", "b");
  private final Credential a = large.provider().credentials().get(0);
  private final Credential b = large.provider().credentials().get(1);

  /** Near the end of what a long holds, as {@link System#nanoTime} may be. */
  private long now = Long.MAX_VALUE - 1_000;

  private Duration passed = Duration.ZERO;
  private final Cooldown health = new Cooldown(() -> now, () -> START.plus(passed));

  @Test
  void who_never_failed_is_admitted_by_everybody() {
    assertThat(health.admit(large, a)).isTrue();
    assertThat(health.admit(large, a)).isTrue();
    assertThat(health.rests(large, a)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 402, 403})
  void a_refused_key_rests_alone(int status) {
    fail(large, a, Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(status));

    assertThat(health.admit(large, a)).isFalse();
    assertThat(health.admit(small, a)).isFalse();
    assertThat(health.admit(large, b)).isTrue();
  }

  @Test
  void a_limited_key_rests_alone_and_exactly_as_long_as_the_provider_asks() {
    fail(large, a, limited(Duration.ofSeconds(42)));

    assertThat(health.rests(large, a)).contains(Duration.ofSeconds(42));
    assertThat(health.rests(large, b)).isEmpty();
    after(Duration.ofSeconds(42).minusNanos(1));
    assertThat(health.admit(large, a)).isFalse();
    after(Duration.ofNanos(1));
    assertThat(health.admit(large, a)).isTrue();
  }

  @Test
  void nobody_rests_longer_than_an_hour_on_a_provider_s_word() {
    fail(large, a, limited(Duration.ofDays(3)));

    assertThat(health.rests(large, a)).contains(Duration.ofHours(1));
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {
        "NOT_FOUND",
        "UPSTREAM_OVERLOADED",
        "UPSTREAM_UNAVAILABLE",
        "UPSTREAM_ERROR",
        "TIMEOUT"
      })
  void a_model_in_trouble_rests_alone_whatever_key_asked_it(Kind kind) {
    fail(large, a, Failure.of(kind, "no"));

    assertThat(health.admit(large, a)).isFalse();
    assertThat(health.admit(large, b)).isFalse();
    assertThat(health.admit(small, a)).isTrue();
    assertThat(health.admit(Targets.of("q", "large", "a"), a)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {
        "INVALID_REQUEST",
        "CONTEXT_LENGTH_EXCEEDED",
        "CONTENT_BLOCKED",
        "CANCELLED",
        "PAYLOAD_TOO_LARGE",
        "RATE_LIMITED",
        "BUDGET_EXCEEDED"
      })
  void what_the_caller_did_rests_nobody(Kind kind) {
    fail(large, a, Failure.of(kind, "no"));

    assertThat(health.admit(large, a)).isTrue();
    assertThat(health.state(large.provider()).word()).isEqualTo(State.Word.HEALTHY);
  }

  @Test
  void a_failure_that_is_blamed_on_nobody_rests_nobody_and_gives_the_probe_back() {
    fail(large, a, Failure.of(Kind.TIMEOUT, "the call's").blame(Failure.Blame.NOBODY));
    assertThat(health.state(large.provider()).word()).isEqualTo(State.Word.HEALTHY);

    fail(large, a, broken());
    after(Duration.ofSeconds(3));
    fail(large, a, Failure.of(Kind.TIMEOUT, "the call's").blame(Failure.Blame.NOBODY));
    assertThat(health.admit(large, a)).isTrue();
  }

  @Test
  void a_key_refused_inside_a_good_status_rests_as_a_key() {
    fail(
        large,
        a,
        Failure.of(Kind.UPSTREAM_ERROR, "bad key").upstream(200).blame(Failure.Blame.KEY));

    assertThat(health.admit(small, a)).isFalse();
    assertThat(health.admit(large, b)).isTrue();
    assertThat(health.state(large.provider()).keys().getFirst().fitness())
        .isEqualTo(State.Fitness.RESTING);
  }

  @Test
  void each_failed_probe_doubles_the_rest_up_to_five_minutes() {
    fail(large, a, broken());
    var rests = new ArrayList<Long>();
    for (int i = 0; i < 9; i++) {
      Duration rest = health.rests(large, a).orElseThrow();
      rests.add(rest.toSeconds());
      after(rest);
      assertThat(health.admit(large, a)).isTrue();
      health.failed(large, a, broken());
    }

    assertThat(rests).containsExactly(3L, 6L, 12L, 24L, 48L, 96L, 192L, 300L, 300L);
  }

  @Test
  void a_probe_that_succeeds_ends_the_rest_and_what_it_had_grown_to() {
    fail(large, a, broken());
    after(Duration.ofSeconds(3));
    fail(large, a, broken());
    after(Duration.ofSeconds(6));

    assertThat(health.admit(large, a)).isTrue();
    health.succeeded(large, a);

    assertThat(health.admit(large, a)).isTrue();
    assertThat(health.admit(large, a)).isTrue();
    health.failed(large, a, broken());
    assertThat(health.rests(large, a)).contains(Duration.ofSeconds(3));
  }

  @Test
  void many_calls_that_fail_at_once_are_one_failure() {
    assertThat(health.admit(large, a)).isTrue();
    for (int i = 0; i < 50; i++) {
      health.failed(large, a, broken());
    }

    assertThat(health.rests(large, a)).contains(Duration.ofSeconds(3));
  }

  @Test
  void a_later_word_of_the_provider_lengthens_a_rest_and_never_shortens_it() {
    fail(large, a, limited(Duration.ofSeconds(10)));
    health.failed(large, a, limited(Duration.ofSeconds(5)));
    assertThat(health.rests(large, a)).contains(Duration.ofSeconds(10));

    health.failed(large, a, limited(Duration.ofSeconds(20)));
    assertThat(health.rests(large, a)).contains(Duration.ofSeconds(20));
  }

  @Test
  void exactly_one_of_many_threads_probes() throws Exception {
    fail(large, a, broken());
    after(Duration.ofSeconds(3));
    var admitted = new AtomicInteger();
    var ready = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        threads.submit(() -> {
          ready.await();
          return health.admit(large, a) ? admitted.incrementAndGet() : 0;
        });
      }
      ready.countDown();
    }

    assertThat(admitted).hasValue(1);
  }

  @Test
  void a_caller_who_leaves_gives_the_probe_back() {
    fail(large, a, broken());
    after(Duration.ofSeconds(3));
    assertThat(health.admit(large, a)).isTrue();
    assertThat(health.admit(large, a)).isFalse();

    health.left(large, a);

    assertThat(health.admit(large, a)).isTrue();
  }

  @Test
  void a_failure_of_the_key_gives_the_model_s_probe_back() {
    fail(large, a, broken());
    after(Duration.ofSeconds(3));
    assertThat(health.admit(large, a)).isTrue();

    health.failed(large, a, limited(Duration.ofSeconds(60)));

    assertThat(health.admit(large, b)).isTrue();
  }

  @Test
  void a_key_that_rests_does_not_use_up_the_model_s_probe() {
    fail(large, a, broken());
    after(Duration.ofSeconds(3));
    fail(small, a, limited(Duration.ofSeconds(60)));

    assertThat(health.admit(large, a)).isFalse();
    assertThat(health.admit(large, b)).isTrue();
  }

  @Test
  void a_call_that_began_before_the_failure_neither_ends_the_rest_nor_takes_the_probe()
      throws Exception {
    fail(large, a, limited(Duration.ofSeconds(60)));

    elsewhere(() -> health.succeeded(large, a));
    assertThat(health.admit(large, a)).isFalse();

    after(Duration.ofSeconds(60));
    assertThat(health.admit(large, a)).isTrue();
    elsewhere(() -> health.left(large, a));
    elsewhere(() -> health.succeeded(large, a));
    elsewhere(() -> health.failed(large, a, Failure.of(Kind.UPSTREAM_RATE_LIMITED, "slow")));
    assertThat(health.admit(large, a)).isFalse();
    assertThat(health.rests(large, a)).isPresent();
  }

  @Test
  void a_probe_that_never_reports_is_taken_for_lost() {
    fail(large, a, broken());
    after(Duration.ofSeconds(3));
    assertThat(health.admit(large, a)).isTrue();

    after(Duration.ofMinutes(10));

    assertThat(health.admit(large, a)).isTrue();
  }

  @Test
  void a_caller_s_own_key_never_rests() {
    var own = new Credential("own", "theirs");

    fail(large, own, Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(401));

    assertThat(health.admit(large, own)).isTrue();
  }

  @Test
  void models_that_callers_make_up_do_not_fill_the_memory() {
    for (int i = 0; i < 5_000; i++) {
      fail(Targets.of("p", "made-up-" + i, "a"), a, Failure.of(Kind.NOT_FOUND, "no"));
    }
    assertThat(health.admit(Targets.of("p", "made-up-1", "a"), a)).isFalse();

    after(Duration.ofSeconds(3));
    fail(large, a, broken());

    assertThat(health.admit(large, a)).isFalse();
  }

  @Test
  void the_state_says_who_rests_until_when_and_why() {
    fail(large, a, Failure.of(Kind.UPSTREAM_ERROR, "bad key").upstream(401));
    fail(large, b, limited(Duration.ofSeconds(60)));

    State state = health.state(large.provider());

    assertThat(state.word()).isEqualTo(State.Word.COOLING);
    assertThat(state.until()).contains(START.plusSeconds(3));
    assertThat(state.lastFailure()).map(Failure::kind).contains(Kind.UPSTREAM_RATE_LIMITED);
    assertThat(state.keys())
        .containsExactly(
            new State.Key("p#a", State.Fitness.INVALID, Optional.of(START.plusSeconds(3))),
            new State.Key("p#b", State.Fitness.RESTING, Optional.of(START.plusSeconds(60))));
  }

  @Test
  void a_provider_is_healthy_while_one_key_is_and_whatever_model_is_not_found() {
    fail(large, a, Failure.of(Kind.UPSTREAM_ERROR, "no credit").upstream(402));
    fail(small, b, Failure.of(Kind.NOT_FOUND, "no"));

    State state = health.state(large.provider());

    assertThat(state.word()).isEqualTo(State.Word.HEALTHY);
    assertThat(state.until()).isEmpty();
    assertThat(state.keys().stream().map(State.Key::fitness))
        .containsExactly(State.Fitness.NO_CREDIT, State.Fitness.OK);
  }

  @Test
  void a_provider_is_half_open_once_it_has_rested_and_healthy_again_after_the_probe() {
    fail(large, a, broken());
    assertThat(health.state(large.provider()).word()).isEqualTo(State.Word.COOLING);

    after(Duration.ofSeconds(3));
    assertThat(health.state(large.provider()).word()).isEqualTo(State.Word.HALF_OPEN);

    assertThat(health.admit(large, a)).isTrue();
    health.succeeded(large, a);
    assertThat(health.state(large.provider()).word()).isEqualTo(State.Word.HEALTHY);
    assertThat(health.state(large.provider()).lastFailure()).isPresent();
  }

  @Test
  void an_unknown_provider_is_healthy() {
    State state = health.state(large.provider());

    assertThat(state.word()).isEqualTo(State.Word.HEALTHY);
    assertThat(state.keys()).hasSize(2);
  }

  private void fail(Target target, Credential key, Failure failure) {
    assertThat(health.admit(target, key)).isTrue();
    health.failed(target, key, failure);
  }

  private void after(Duration time) {
    now += time.toNanos();
    passed = passed.plus(time);
  }

  private static void elsewhere(Runnable work) throws InterruptedException {
    Thread.ofVirtual().start(work).join();
  }

  private static Failure limited(Duration wait) {
    return Failure.of(Kind.UPSTREAM_RATE_LIMITED, "slow down")
        .upstream(429)
        .retryAfter(Optional.of(wait));
  }

  private static Failure broken() {
    return Failure.of(Kind.UPSTREAM_ERROR, "broken").upstream(500);
  }
}

package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Profile;
import dev.lintel.Rollout;
import dev.lintel.Routing;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.TokenCounter;
import dev.lintel.Trail;
import dev.lintel.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RolloutTest {
  private static final int USERS = 10_000;

  private final VirtualTime time = new VirtualTime();
  private final Rollouts rollouts = new Rollouts(time, time.wall());
  private final Fakes.Wellness health = new Fakes.Wellness();
  private final Target base = health.watched(Fakes.provider("base"), "m");
  private final Target next = health.watched(Fakes.provider("next"), "m");

  /** How the canary answers. */
  private Handler canary = (call, sink) -> sink.emit(Chunk.of(new Part.Text("new")));

  /** Whether the base's targets may not be asked. */
  private boolean resting;

  @Test
  void who_is_in_the_first_ten_percent_is_in_the_first_twenty() {
    Set<String> ten = inCanary(split(10, Duration.ZERO));
    Set<String> twenty = inCanary(split(20, Duration.ZERO));
    assertThat(twenty).containsAll(ten);
    assertThat((double) ten.size() / USERS).isCloseTo(0.10, within(0.012));
    assertThat((double) twenty.size() / USERS).isCloseTo(0.20, within(0.015));
    assertThat(inCanary(split(10, Duration.ZERO))).isEqualTo(ten);
  }

  @Test
  void a_hundredth_of_a_percent_is_a_share() {
    assertThat(inCanary(split(0, Duration.ZERO))).isEmpty();
    assertThat(inCanary(split(100, Duration.ZERO))).hasSize(USERS);
    assertThat((double) inCanary(split(0.5, Duration.ZERO)).size() / USERS)
        .isCloseTo(0.005, within(0.003));
    assertThat(Division.slot("m", "user-1"))
        .as("the same after a restart, and on another node")
        .isEqualTo(Division.slot("m", "user-1"))
        .isNotEqualTo(Division.slot("other", "user-1"));
  }

  @Test
  void variants_share_the_calls_and_leave_the_rest_to_the_base() {
    var arms = List.of(arm("a", 30), arm("b", 50));
    var counts = new TreeMap<String, Integer>();
    Choose choose = begin(new Routing.Split("user", arms));
    for (int i = 0; i < USERS; i++) {
      counts.merge(call(choose, "u" + i).trail().variant(), 1, Integer::sum);
    }
    assertThat(counts.keySet()).containsExactly("a", "b", "base");
    assertThat(counts.get("a") / (double) USERS).isCloseTo(0.3, within(0.02));
    assertThat(counts.get("b") / (double) USERS).isCloseTo(0.5, within(0.02));
  }

  @Test
  void callers_without_a_mark_are_drawn() {
    Choose choose = begin(split(50, Duration.ZERO));
    int canaries = 0;
    for (int i = 0; i < 1000; i++) {
      canaries += call(choose, "").trail().variant().equals("canary") ? 1 : 0;
    }
    assertThat(canaries).isBetween(400, 600);
  }

  @Test
  void the_share_grows_from_when_the_configuration_first_had_it() {
    Routing.Split split = split(40, Duration.ofHours(1));
    begin(split);
    assertThat(percent()).isZero();
    pass(Duration.ofMinutes(30));
    assertThat(percent()).isCloseTo(20, within(0.01));
    begin(split(40, Duration.ofHours(1)));
    assertThat(percent()).as("a reload that changes nothing of it").isCloseTo(20, within(0.01));
    begin(split(60, Duration.ofHours(1)));
    pass(Duration.ofMinutes(30));
    assertThat(percent()).as("on from where it was").isCloseTo(40, within(0.01));
    pass(Duration.ofHours(2));
    assertThat(percent()).isEqualTo(60);
  }

  @Test
  void nobody_leaves_an_arm_that_grows() {
    Choose choose = begin(split(100, Duration.ofHours(1)));
    Set<String> before = new HashSet<>();
    for (int minute = 0; minute < 60; minute += 10) {
      Set<String> now = inCanary(choose, 1000);
      assertThat(now).containsAll(before);
      before = now;
      pass(Duration.ofMinutes(10));
    }
    assertThat(inCanary(choose, 1000)).hasSize(1000);
  }

  @Test
  void errors_above_the_bound_stop_the_arm_and_no_caller_sees_one() {
    canary = failing();
    Choose choose = begin(stopping(OptionalDouble.of(0.05), Optional.empty()));
    for (int i = 0; i < 100; i++) {
      Call call = call(choose, "u" + i);
      assertThat(call.trail().variant()).as("answered by the base").isEqualTo("base");
    }
    Rollout.Arm arm = arm("canary");
    assertThat(arm.calls()).as("judged from twenty calls").isEqualTo(20);
    assertThat(arm.errors()).isEqualTo(20);
    assertThat(arm.stopped().orElseThrow().why())
        .isEqualTo("100.0 % of 20 calls failed, more than 5.0 %");
    assertThat(arm.stopped().orElseThrow().since()).isEqualTo(Instant.EPOCH.plusNanos(1));
    assertThat(arm("base").calls()).isEqualTo(100);
    assertThat(arm("base").percent()).isEqualTo(100);
  }

  @Test
  void a_share_of_errors_within_the_bound_stops_nothing() {
    int[] calls = new int[1];
    canary =
        (call, sink) -> {
          if (++calls[0] % 25 == 0) {
            failing().handle(call, sink);
          }
          sink.emit(Chunk.of(new Part.Text("new")));
        };
    Choose choose = begin(stopping(OptionalDouble.of(0.05), Optional.empty()));
    for (int i = 0; i < 200; i++) {
      call(choose, "u" + i);
    }
    assertThat(arm("canary").stopped()).isEmpty();
    assertThat(arm("canary").errors()).isEqualTo(8);
  }

  @Test
  void an_arm_whose_targets_rest_before_twenty_calls_have_failed_is_stopped_all_the_same() {
    canary = failing();
    Choose choose = begin(stopping(OptionalDouble.of(0.05), Optional.empty()));
    for (int i = 0; i < 5; i++) {
      call(choose, "u" + i);
    }
    health.resting.add("next/m");
    for (int i = 5; i < 20; i++) {
      assertThat(arm("canary").stopped()).isEmpty();
      call(choose, "u" + i);
    }
    health.resting.clear();
    assertThat(arm("canary").stopped()).isPresent();
    assertThat(call(choose, "u").trail().variant()).as("also when it is well").isEqualTo("base");
  }

  @Test
  void what_callers_do_wrong_is_not_the_arms_fault() {
    canary =
        (call, sink) -> {
          throw Failure.invalid("no such field");
        };
    Choose choose = begin(stopping(OptionalDouble.of(0.05), Optional.empty()));
    for (int i = 0; i < 30; i++) {
      String user = "u" + i;
      assertThatThrownBy(() -> call(choose, user)).isInstanceOf(Failure.class);
    }
    assertThat(arm("canary").stopped()).isEmpty();
    assertThat(arm("canary").errors()).isZero();
    assertThat(arm("canary").calls()).isEqualTo(30);
  }

  @Test
  void an_arm_that_is_slow_is_stopped() {
    canary = taking(Duration.ofSeconds(5));
    Choose choose = begin(stopping(OptionalDouble.empty(), Optional.of(Duration.ofSeconds(4))));
    for (int i = 0; i < 25; i++) {
      call(choose, "u" + i);
    }
    Rollout.Arm arm = arm("canary");
    assertThat(arm.stopped().orElseThrow().why())
        .isEqualTo("100.0 % of 20 calls took longer than 4000 ms");
    assertThat(arm.p95().orElseThrow()).isCloseTo(5000, within(200L));
    assertThat(arm.firstContent().orElseThrow()).isCloseTo(5000, within(200L));
    assertThat(arm("base").calls()).isEqualTo(5);
  }

  @Test
  void what_is_long_ago_is_not_judged() {
    canary = failing();
    Choose choose = begin(stopping(OptionalDouble.of(0.05), Optional.empty()));
    for (int i = 0; i < 60; i++) {
      call(choose, "u" + i);
      pass(Duration.ofSeconds(30));
    }
    assertThat(arm("canary").stopped()).as("never twenty in five minutes").isEmpty();
  }

  @Test
  void a_stop_holds_over_reloads_until_the_split_changes_or_an_admin_resumes_it() {
    canary = failing();
    Routing.Split split = stopping(OptionalDouble.of(0.05), Optional.empty());
    Choose choose = begin(split);
    stop(choose);
    begin(stopping(OptionalDouble.of(0.05), Optional.empty()));
    assertThat(arm("canary").stopped()).isPresent();
    assertThat(arm("canary").calls()).as("results go on, too").isEqualTo(20);

    assertThat(rollouts.resume("m")).isTrue();
    assertThat(rollouts.resume("other")).isFalse();
    assertThat(arm("canary").stopped()).isEmpty();
    canary = (call, sink) -> sink.emit(Chunk.of(new Part.Text("new")));
    choose = begin(split);
    for (int i = 0; i < 30; i++) {
      assertThat(call(choose, "u" + i).trail().variant()).isEqualTo("canary");
    }
    canary = failing();
    stop(choose);

    begin(stopping(OptionalDouble.of(0.10), Optional.empty()));
    assertThat(arm("canary").stopped()).isEmpty();
    assertThat(arm("canary").calls()).as("another arm, other results").isZero();
  }

  @Test
  void an_arm_of_which_nobody_is_well_or_may_be_asked_leaves_its_calls_to_the_base() {
    Choose choose = begin(split(100, Duration.ZERO));
    health.resting.add("next/m");
    assertThat(call(choose, "u").trail().variant()).isEqualTo("base");
    health.resting.clear();
    assertThat(call(choose, "u").trail().variant()).isEqualTo("canary");
    Call bound = call("u", "eu");
    run(choose, bound);
    assertThat(bound.trail().variant()).as("the canary is not in the EU").isEqualTo("base");
  }

  @Test
  void tries_in_the_arm_and_after_it_are_the_models_own_number() {
    canary = failing();
    Choose choose = begin(split(100, Duration.ZERO), 1);
    assertThatThrownBy(() -> call(choose, "u")).hasMessage("down");
  }

  @Test
  void what_the_arm_failed_with_is_told_where_nobody_else_may_be_asked() {
    canary = failing();
    resting = true;
    Choose choose = begin(split(100, Duration.ZERO));
    assertThatThrownBy(() -> call(choose, "u")).hasMessage("down");
  }

  @Test
  void a_reply_that_has_begun_is_not_asked_for_again() {
    canary =
        (call, sink) -> {
          sink.emit(Chunk.of(new Part.Text("half")));
          throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "cut");
        };
    Choose choose = begin(split(100, Duration.ZERO));
    assertThatThrownBy(() -> call(choose, "u")).hasMessage("cut");
    assertThat(arm("canary").errors()).isEqualTo(1);
    assertThat(arm("base").calls()).isZero();
  }

  @Test
  void results_stand_side_by_side() {
    Choose choose = begin(split(50, Duration.ZERO));
    for (int i = 0; i < 100; i++) {
      Trail trail = call(choose, "u" + i).trail();
      if (trail.variant().equals("canary")) {
        trail.arm().orElseThrow().rated(OptionalDouble.empty(), 1);
        trail.arm().orElseThrow().rated(OptionalDouble.of(1), 0.5);
      }
    }
    assertThat(arm("canary").feedback()).hasValue(0.5);
    assertThat(arm("base").feedback()).isEmpty();
    assertThat(arm("canary").calls() + arm("base").calls()).isEqualTo(100);
  }

  @Test
  void calls_that_are_not_made_count_nowhere() {
    Choose choose = begin(split(100, Duration.ZERO)).uncounted();
    assertThat(call(choose, "u").trail().variant()).isEqualTo("canary");
    assertThat(arm("canary").calls()).isZero();
  }

  private void stop(Choose choose) {
    for (int i = 0; i < 60 && arm("canary").stopped().isEmpty(); i++) {
      call(choose, "u" + i);
    }
    assertThat(arm("canary").stopped()).isPresent();
  }

  private void pass(Duration duration) {
    time.after(duration, () -> {});
    time.run();
  }

  private static Handler failing() {
    return (call, sink) -> {
      throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "down").upstream(503);
    };
  }

  private static Handler taking(Duration nap) {
    return (call, sink) -> {
      CallThread.current().await(() -> false, CallThread.nanoTime() + nap.toNanos());
      sink.emit(Chunk.of(new Part.Text("late")));
    };
  }

  private double percent() {
    return arm("canary").percent();
  }

  private Rollout.Arm arm(String name) {
    return rollouts.all().getFirst().arms().stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private Set<String> inCanary(Routing.Split split) {
    return inCanary(begin(split), USERS);
  }

  private Set<String> inCanary(Choose choose, int users) {
    var found = new HashSet<String>();
    for (int i = 0; i < users; i++) {
      if (call(choose, "u" + i).trail().variant().equals("canary")) {
        found.add("u" + i);
      }
    }
    return found;
  }

  private Routing.Split split(double percent, Duration over) {
    return new Routing.Split(
        "user", List.of(new Routing.Arm("canary", percent, over, List.of(next), Optional.empty())));
  }

  private Routing.Split stopping(OptionalDouble errors, Optional<Duration> p95) {
    return new Routing.Split(
        "user",
        List.of(
            new Routing.Arm(
                "canary",
                100,
                Duration.ZERO,
                List.of(next),
                Optional.of(new Routing.StopIf(errors, p95)))));
  }

  private Routing.Arm arm(String name, double percent) {
    return new Routing.Arm(name, percent, Duration.ZERO, List.of(next), Optional.empty());
  }

  private Choose begin(Routing.Split split) {
    return begin(split, 3);
  }

  private Choose begin(Routing.Split split, int attempts) {
    return new Choose(rollouts, new Preferences(), List.of(model(split, attempts)), COUNTER);
  }

  private Model model(Routing.Split split, int attempts) {
    last =
        Fakes.model(Fakes.retry(attempts), base)
            .with(
                new Routing(
                    List.of(),
                    Optional.of(split),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    Map.of(),
                    true));
    return last;
  }

  private Model last = Fakes.model(Fakes.retry(3), base);

  private Call call(Choose choose, String user) {
    Call call = call(user, "");
    run(choose, call);
    return call;
  }

  private Call call(String user, String residency) {
    Model model = last;
    if (!residency.isEmpty()) {
      var own =
          new Target(
              base.provider(),
              "m",
              new Profile(1, residency, "", "", OptionalDouble.empty(), 0, 0),
              base.facts());
      model = model.among(List.of(own));
    }
    Call plain = Fakes.call(model);
    return plain
        .with(new Caller("t", "a", "k", Optional.empty(), false, residency, false))
        .with(
            plain.request(),
            new Terms(user.isEmpty() ? Map.of() : Map.of("user", user), false, Map.of(), false),
            Optional.empty(),
            model,
            Long.MAX_VALUE);
  }

  /** On a call's thread, until it has ended. */
  private void run(Choose choose, Call call) {
    var failed = new Failure[1];
    time.start(() -> {
      try {
        choose.apply(call, new Fakes.Recorder(), this::answer);
      } catch (Failure failure) {
        failed[0] = failure;
      }
    });
    time.run(Duration.ofSeconds(6));
    if (failed[0] != null) {
      throw failed[0];
    }
  }

  private void answer(Call call, dev.lintel.Sink sink) {
    Target target = call.resolved().targets().getFirst();
    if (resting && target.provider().name().equals("base")) {
      throw Failure.of(Kind.UNAVAILABLE, "resting");
    }
    call.trail().asking(target);
    if (target.provider().name().equals("next")) {
      canary.handle(call, sink);
    } else {
      sink.emit(Chunk.of(new Part.Text("old")));
    }
  }

  private static final TokenCounter COUNTER =
      new TokenCounter() {
        @Override
        public long prompt(dev.lintel.Prompt prompt, String model) {
          return 1;
        }

        @Override
        public long text(String text, String model) {
          return 1;
        }
      };
}

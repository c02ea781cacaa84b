package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Leave;
import dev.lintel.Model;
import dev.lintel.Provider;
import dev.lintel.Ranking;
import dev.lintel.Retry;
import dev.lintel.Routing;
import dev.lintel.Standing;
import dev.lintel.Target;
import dev.lintel.Timeouts;
import dev.lintel.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WalkTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final VirtualTime time = new VirtualTime();
  private final Provider p = Fakes.provider("p");
  private final Scripted one = new Scripted();
  private final Scripted two = new Scripted();
  private final Scripted three = new Scripted();
  private final Target first = one.of(p, "one");
  private final Target second = two.of(Fakes.provider("q"), "two");
  private final Target third = three.of(Fakes.provider("r"), "three");
  private final List<String> asked = new ArrayList<>();
  private Duration left = Duration.ofMinutes(5);
  private boolean insists = true;
  private Optional<Routing.Queueing> queue = Optional.empty();

  @Test
  void who_has_failed_comes_again_after_all_others_and_a_wait() {
    walk(5, always(Kind.UPSTREAM_ERROR, 500), first, second);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "two", "one", "two", "one");
    assertThat(millis(0)).isEqualTo(millis(1)).isZero();
    assertThat(millis(2)).isBetween(100L, 200L);
    assertThat(millis(4)).isBetween(200L, 600L);
  }

  @Test
  void whose_wait_is_over_first_comes_first() {
    walk(
        4,
        step ->
            step.target() == first
                ? Failure.of(Kind.UPSTREAM_RATE_LIMITED, "later")
                    .retryAfter(Optional.of(Duration.ofSeconds(20)))
                : Failure.of(Kind.UPSTREAM_ERROR, "no"),
        first,
        second);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "two", "two", "two");
  }

  @Test
  void a_wait_that_would_outlast_the_call_is_left_to_another_target() {
    left = Duration.ofSeconds(10);
    walk(
        3,
        step ->
            step.target() == first
                ? Failure.of(Kind.UPSTREAM_RATE_LIMITED, "later")
                    .retryAfter(Optional.of(Duration.ofSeconds(20)))
                : Failure.of(Kind.UPSTREAM_ERROR, "no"),
        first,
        second);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "two", "two");
    assertThat(time.getAsLong()).isLessThan(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void nobody_waits_for_what_rests_longer_anyway() {
    walk(
        2,
        step -> {
          one.rests(time, MINUTE);
          return Failure.of(Kind.UPSTREAM_ERROR, "no");
        },
        first,
        second);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "two");
    asked.clear();
    two.rests(time, MINUTE);
    insists = false;
    walk(5, always(Kind.UPSTREAM_ERROR, 500), first, second);
    assertThat(asked).isEmpty();
    assertThat(time.getAsLong()).isLessThan(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void what_opened_while_it_was_asked_is_insisted_on_after_its_wait_alone() {
    walk(
        3,
        step -> {
          one.rests(time, MINUTE);
          return Failure.of(Kind.UPSTREAM_ERROR, "no");
        },
        first);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "one!", "one!");
    assertThat(millis(1)).isBetween(100L, 200L);
    assertThat(millis(2)).isBetween(300L, 600L);
  }

  @Test
  void nobody_who_rests_is_asked_while_another_is_well() {
    two.rests(time, MINUTE);
    walk(4, always(Kind.UPSTREAM_ERROR, 500), first, second);
    assertThat(asked).extracting(WalkTest::who).containsOnly("one");
  }

  @Test
  void who_will_not_answer_gives_way_to_who_rests() {
    two.rests(time, MINUTE);
    walk(4, always(Kind.NOT_FOUND, 404), first, second);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "two!");
  }

  @Test
  void where_all_rest_the_one_with_the_shortest_rest_is_asked_and_then_the_next() {
    one.rests(time, MINUTE);
    two.rests(time, Duration.ofSeconds(5));
    three.rests(time, Duration.ofSeconds(30));
    walk(3, always(Kind.UPSTREAM_ERROR, 500), first, second, third);
    assertThat(asked).extracting(WalkTest::who).containsExactly("two!", "three!", "one!");
  }

  @Test
  void who_has_recovered_meanwhile_is_asked_before_a_retry_and_before_anybody_who_rests() {
    two.rests(time, Duration.ofMillis(50));
    three.rests(time, MINUTE);
    walk(3, always(Kind.UPSTREAM_ERROR, 500), first, second, third);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "two", "one");
  }

  @Test
  void who_has_failed_and_is_busy_is_waited_for_no_shorter() {
    queue = Optional.of(new Routing.Queueing(5, MINUTE));
    walk(
        2,
        step -> {
          one.busy = true;
          time.after(
              Duration.ofMillis(10),
              () -> {
                one.busy = false;
                List.copyOf(one.hearers).forEach(Runnable::run);
              });
          return Failure.of(Kind.UPSTREAM_ERROR, "no");
        },
        first);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "one");
    assertThat(millis(1)).isBetween(100L, 200L);
  }

  @Test
  void who_has_recovered_while_another_was_waited_for_is_asked_and_not_insisted_on() {
    queue = Optional.of(new Routing.Queueing(5, MINUTE));
    one.busy = true;
    two.rests(time, Duration.ofMillis(50));
    time.after(
        Duration.ofMillis(100),
        () -> {
          one.busy = false;
          one.rests(time, MINUTE);
          List.copyOf(one.hearers).forEach(Runnable::run);
        });
    walk(1, always(Kind.UPSTREAM_ERROR, 500), first, second);
    assertThat(asked).containsExactly("two none 100");
  }

  @Test
  void those_that_rest_alike_are_asked_in_their_order() {
    one.rests(time, MINUTE);
    two.rests(time, MINUTE.minusNanos(20_000));
    walk(2, always(Kind.UPSTREAM_ERROR, 500), first, second);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one!", "two!");
  }

  @Test
  void where_the_policy_refuses_nobody_who_rests_is_asked_and_each_last_failure_is_told() {
    insists = false;
    one.rests(time, MINUTE);
    two.rests(time, Duration.ofSeconds(5));
    Failure refusal = walk(3, always(Kind.UPSTREAM_ERROR, 500), first, second);
    assertThat(asked).isEmpty();
    assertThat(refusal.kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(refusal.message()).contains("p/one", "q/two", "it broke");
    assertThat(refusal.retryAfter()).contains(Duration.ofSeconds(5));
  }

  @Test
  void a_bound_is_never_passed_by_insisting() {
    one.busy = true;
    two.busy = true;
    walk(3, always(Kind.UPSTREAM_ERROR, 500), first, second);
    assertThat(asked).isEmpty();
  }

  @Test
  void another_key_is_asked_at_once_only_where_the_key_was_to_blame() {
    Target keyed = one.of(Fakes.provider("p", "k1", "k2"), "one");
    walk(3, always(Kind.UPSTREAM_RATE_LIMITED, 429), keyed, second);
    assertThat(asked).extracting(WalkTest::key).containsExactly("one k1", "one k2", "two none");
    asked.clear();
    walk(2, always(Kind.UPSTREAM_ERROR, 500), keyed, second);
    assertThat(asked).extracting(WalkTest::key).containsExactly("one k1", "two none");
  }

  @Test
  void a_key_that_rests_gives_way_to_the_next_and_the_last_to_the_next_target() {
    Target keyed = one.of(Fakes.provider("p", "k1", "k2"), "one");
    one.keys.put("k1", time.getAsLong() + MINUTE.toNanos());
    walk(2, always(Kind.UPSTREAM_ERROR, 500), keyed, second);
    assertThat(asked).extracting(WalkTest::key).containsExactly("one k2", "two none");
  }

  @Test
  void a_provider_that_is_closed_for_the_call_is_closed_with_all_its_models() {
    Target other = two.of(p, "two");
    walk(
        5,
        step ->
            Failure.of(Kind.UPSTREAM_ERROR, "no")
                .again(Failure.Again.ELSEWHERE)
                .blame(Failure.Blame.PROVIDER),
        first,
        other,
        third);
    assertThat(asked).extracting(WalkTest::who).containsExactly("one", "three");
  }

  @Test
  void beside_a_target_another_one_is_asked_not_another_key_of_the_same() {
    Target keyed = one.of(Fakes.provider("p", "k1", "k2"), "one");
    run(
        model(4, keyed, second),
        walk -> {
          Walk.Step under = walk.next();
          assertThat(walk.more()).isTrue();
          Walk.Step other = walk.beside(target -> true);
          assertThat(other.target()).isSameAs(second);
          assertThat(walk.more()).isFalse();
          assertThat(walk.beside(target -> true)).isNull();
          walk.failed(under, Failure.of(Kind.UPSTREAM_RATE_LIMITED, "slow down"));
          assertThat(walk.next().key().id()).as("its other key is left").isEqualTo("k2");
        });
  }

  @Test
  void beside_a_target_nobody_is_asked_who_rests_or_is_not_wanted() {
    two.rests(time, MINUTE);
    run(
        model(4, first, second, third),
        walk -> {
          walk.next();
          assertThat(walk.beside(target -> target != third)).isNull();
          assertThat(walk.beside(target -> true).target()).isSameAs(third);
        });
    assertThat(two.insisted).isZero();
  }

  /** How a step ends. */
  private interface Fate {
    Failure of(Walk.Step step);
  }

  private static Fate always(Kind kind, int status) {
    return step -> Failure.of(kind, "no").upstream(status);
  }

  /** Walks until nobody is left or all tries are spent; why nobody would have been asked. */
  private Failure walk(int attempts, Fate fate, Target... targets) {
    var refusal = new Failure[1];
    run(
        model(attempts, targets),
        walk -> {
          for (int i = 0; i < attempts; i++) {
            Walk.Step step = walk.next();
            if (step == null) {
              break;
            }
            boolean insisted = ((Scripted) step.target().standing()).last == step.pass();
            asked.add(
                step.target().model()
                    + (insisted ? "!" : "")
                    + " "
                    + step.key().id()
                    + " "
                    + (CallThread.nanoTime() - 1) / 1_000_000);
            walk.failed(step, fate.of(step));
          }
          refusal[0] = walk.refusal();
        });
    return refusal[0];
  }

  private void run(Model model, java.util.function.Consumer<Walk> body) {
    var failed = new Throwable[1];
    time.start(() -> {
      Call plain = Fakes.call(model);
      Call call =
          plain.with(
              plain.request(),
              plain.terms(),
              Optional.empty(),
              model,
              CallThread.nanoTime() + left.toNanos());
      try {
        body.accept(new Walk(call, target -> 0, new Queues((t, e) -> {}), (t, e) -> {}));
      } catch (RuntimeException | AssertionError wrong) {
        failed[0] = wrong;
      }
    });
    time.run();
    assertThat(failed[0]).isNull();
  }

  private Model model(int attempts, Target... targets) {
    return new Model(
        "m",
        List.of(targets),
        (call, all) -> Ranking.AS_WRITTEN,
        Timeouts.USUAL,
        new Retry(attempts, Duration.ofMillis(200), Duration.ofSeconds(5)),
        Optional.empty(),
        new Routing(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            queue,
            false,
            Map.of(),
            insists));
  }

  private static String who(String step) {
    return step.substring(0, step.indexOf(' '));
  }

  private static String key(String step) {
    return step.substring(0, step.lastIndexOf(' '));
  }

  private long millis(int step) {
    String line = asked.get(step);
    return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
  }

  /** Rests when it is told to. */
  private final class Scripted extends Standing.Unwatched {
    final Map<String, Long> keys = new HashMap<>();
    final List<Runnable> hearers = new ArrayList<>();
    long until;
    boolean busy;
    int insisted;
    Leave.Pass last = pass();

    Target of(Provider provider, String model) {
      var target = new Target(provider, model);
      return new Target(provider, model, target.profile(), target.facts(), this);
    }

    void rests(VirtualTime now, Duration rest) {
      until = now.getAsLong() + rest.toNanos();
    }

    @Override
    public boolean well() {
      return time.getAsLong() >= until;
    }

    @Override
    public Leave ask(Call call, Credential key) {
      long now = time.getAsLong();
      if (busy) {
        return new Leave.Bar(Leave.Why.BUSY, Duration.ofSeconds(1), Optional.empty());
      }
      if (now < until) {
        return new Leave.Bar(
            Leave.Why.PROVIDER,
            Duration.ofNanos(until - now),
            Optional.of(Failure.of(Kind.UPSTREAM_ERROR, "it broke")));
      }
      long rests = keys.getOrDefault(key.id(), now);
      return now < rests
          ? new Leave.Bar(Leave.Why.KEY, Duration.ofNanos(rests - now), Optional.empty())
          : pass();
    }

    @Override
    public void hear(Runnable room) {
      hearers.add(room);
    }

    @Override
    public void unhear(Runnable room) {
      hearers.remove(room);
    }

    @Override
    public Leave insist(Call call, Credential key) {
      insisted++;
      last = pass();
      return busy ? ask(call, key) : last;
    }

    private static Leave.Pass pass() {
      return new Leave.Pass() {
        @Override
        public void answered(long firstContentNanos, long nanos, dev.lintel.Usage usage) {}

        @Override
        public void failed(Failure failure) {}

        @Override
        public void left() {}
      };
    }
  }
}

package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Leave;
import dev.lintel.Limits;
import dev.lintel.Provider;
import dev.lintel.Rate;
import dev.lintel.Standing;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BoundsTest {
  private static final long SECOND = 1_000_000_000;
  private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

  private final AtomicLong clock = new AtomicLong(5 * SECOND);
  private final Standings standings = new Standings(clock::get, () -> NOW);
  private final Call call = Fakes.call(Fakes.model(Fakes.retry(1), new Target(at("p"), "m")));

  @Test
  void no_more_calls_than_the_target_may_have_are_under_way() {
    Standing target = standings.of(at("p"), "m", 2);
    Leave.Pass one = pass(target);
    pass(target);
    assertThat(why(target)).isEqualTo(Leave.Why.BUSY);
    assertThat(target.well()).isFalse();
    one.left();
    assertThat(target.well()).isTrue();
    pass(target);
    assertThat(why(target)).isEqualTo(Leave.Why.BUSY);
  }

  @Test
  void who_insists_is_bound_all_the_same() {
    Standing target = standings.of(at("p"), "m", 1);
    pass(target);
    assertThat(((Leave.Bar) target.insist(call, Credential.NONE)).why()).isEqualTo(Leave.Why.BUSY);
  }

  @Test
  void a_pass_that_is_given_back_twice_makes_room_once() {
    Standing target = standings.of(at("p"), "m", 1);
    Leave.Pass one = pass(target);
    one.left();
    one.answered(1, 2, Usage.UNKNOWN);
    one.failed(Failure.internal());
    one.unused();
    pass(target);
    assertThat(why(target)).isEqualTo(Leave.Why.BUSY);
  }

  @Test
  void who_was_outrun_makes_room() {
    Standing target = standings.of(at("p"), "m", 1);
    pass(target).outrun(SECOND);
    pass(target);
    assertThat(why(target)).isEqualTo(Leave.Why.BUSY);
  }

  @Test
  void the_bound_of_a_provider_holds_for_all_its_models() {
    Provider limited = at("p").within(new Limits(List.of(), List.of(), 2, 0));
    pass(standings.of(limited, "m", 0));
    Leave.Pass other = pass(standings.of(limited, "n", 0));
    assertThat(why(standings.of(limited, "o", 0))).isEqualTo(Leave.Why.BUSY);
    other.failed(Failure.of(Failure.Kind.UPSTREAM_ERROR, "no").upstream(500));
    pass(standings.of(limited, "o", 0));
  }

  @Test
  void the_bound_of_a_key_leaves_the_others_alone() {
    Provider limited =
        Fakes.provider("p", "k1", "k2").within(new Limits(List.of(), List.of(), 0, 1));
    Credential first = limited.credentials().getFirst();
    Credential second = limited.credentials().getLast();
    Standing target = standings.of(limited, "m", 0);
    pass(target, first);
    assertThat(why(target, first)).isEqualTo(Leave.Why.BUSY);
    assertThat(target.well()).isTrue();
    pass(target, second);
    assertThat(target.well()).isFalse();
  }

  @Test
  void a_key_that_is_well_and_another_that_has_room_are_none_to_ask_with() {
    Provider limited =
        Fakes.provider("p", "k1", "k2").within(new Limits(List.of(), List.of(), 0, 1));
    Credential first = limited.credentials().getFirst();
    Credential second = limited.credentials().getLast();
    Standing target = standings.of(limited, "m", 0);
    pass(target, second)
        .failed(Failure.of(Failure.Kind.UPSTREAM_RATE_LIMITED, "slow down").upstream(429));
    assertThat(target.well()).isTrue();
    Leave.Pass one = pass(target, first);
    assertThat(target.well()).isFalse();
    one.left();
    assertThat(target.well()).isTrue();
  }

  @Test
  void who_is_refused_by_one_bound_holds_nothing_of_the_others() {
    Provider limited =
        at("p").within(new Limits(List.of(per(2, Duration.ofMinutes(1))), List.of(), 5, 0));
    Standing target = standings.of(limited, "m", 1);
    Leave.Pass held = pass(target);
    for (int i = 0; i < 10; i++) {
      assertThat(why(target)).isEqualTo(Leave.Why.BUSY);
    }
    held.left();
    pass(target).left();
    for (int i = 0; i < 10; i++) {
      assertThat(why(target)).isEqualTo(Leave.Why.SPENT);
    }
    clock.addAndGet(62 * SECOND);
    pass(target).left();
    pass(target).left();
  }

  @Test
  void the_rest_of_who_is_busy_is_the_mean_time_of_a_call_by_how_many_there_are() {
    Standing target = standings.of(at("p"), "m", 2);
    assertThat(bar(full(target, 2)).rest()).as("nobody knows").isZero();
    Standing other = standings.of(at("q"), "m", 2);
    Leave.Pass one = pass(other);
    clock.addAndGet(4 * SECOND);
    one.answered(SECOND, 4 * SECOND, Usage.UNKNOWN);
    assertThat(bar(full(other, 2)).rest()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void a_configuration_that_follows_finds_what_is_under_way() {
    pass(standings.of(at("p"), "m", 2));
    assertThat(why(standings.of(at("p"), "m", 1))).isEqualTo(Leave.Why.BUSY);
    pass(standings.of(at("p"), "m", 3));
  }

  @Test
  void whoever_listens_hears_of_room() {
    Standing target = standings.of(at("p"), "m", 1);
    var heard = new AtomicInteger();
    Runnable room = heard::incrementAndGet;
    target.hear(room);
    pass(target).left();
    assertThat(heard).hasValue(1);
    target.unhear(room);
    pass(target).left();
    assertThat(heard).hasValue(1);
  }

  @Test
  void who_finds_no_room_elsewhere_tells_nobody_so_that_it_does_not_wake_itself() {
    Provider limited = Fakes.provider("p", "k").within(new Limits(List.of(), List.of(), 0, 1));
    Credential key = limited.credentials().getFirst();
    Standing target = standings.of(limited, "m", 5);
    Leave.Pass held = pass(target, key);
    var heard = new AtomicInteger();
    target.hear(heard::incrementAndGet);
    assertThat(why(target, key)).isEqualTo(Leave.Why.BUSY);
    assertThat(heard).hasValue(0);
    held.left();
    assertThat(heard.get()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"5, PT1S", "5, PT1M", "5, PT1H", "5, P1D", "1, PT1S", "10000000000, PT1M"})
  void what_a_window_allows_may_be_used_at_once_and_again_when_it_is_over(
      long most, Duration length) {
    var window = new Window(length, clock.get());
    assertThat(window.take(most, most, clock.get())).isZero();
    long wait = window.take(1, most, clock.get());
    assertThat(wait)
        .as("a part more at most")
        .isBetween(length.toNanos(), length.toNanos() * 62 / 60);
    clock.addAndGet(wait - 1);
    assertThat(window.left(1, most, clock.get())).isEqualTo(1);
    clock.addAndGet(1);
    assertThat(window.left(1, most, clock.get())).isZero();
    assertThat(window.take(most, most, clock.get())).isZero();
  }

  @Test
  void the_time_until_it_fits_is_true() {
    var random = new Random(7);
    var window = new Window(Duration.ofMinutes(1), clock.get());
    for (int i = 0; i < 20_000; i++) {
      clock.addAndGet(random.nextLong(3 * SECOND));
      long amount = 1 + random.nextLong(40);
      long wait = window.take(amount, 100, clock.get());
      if (wait > 0) {
        assertThat(window.left(amount, 100, clock.get() + wait - 1)).isPositive();
        assertThat(window.take(amount, 100, clock.addAndGet(wait))).isZero();
      }
    }
  }

  @Test
  void no_window_is_ever_passed_whenever_it_begins() {
    var random = new Random(11);
    var window = new Window(Duration.ofSeconds(60), clock.get());
    var taken = new ArrayDeque<long[]>();
    long within = 0;
    long all = 0;
    for (int i = 0; i < 50_000; i++) {
      clock.addAndGet(random.nextLong(SECOND));
      while (!taken.isEmpty() && clock.get() - taken.peek()[0] >= 60 * SECOND) {
        within -= taken.poll()[1];
      }
      long amount = 1 + random.nextLong(10);
      if (window.take(amount, 100, clock.get()) == 0) {
        taken.add(new long[] {clock.get(), amount});
        within += amount;
        all += amount;
      }
      assertThat(within).isLessThanOrEqualTo(100);
    }
    double minutes = (clock.get() - 5 * SECOND) / 60e9;
    assertThat(all / minutes).as("nearly all of it is used").isGreaterThan(90);
  }

  @Test
  void many_threads_never_pass_a_window() throws InterruptedException {
    Provider limited =
        at("p").within(new Limits(List.of(per(50, Duration.ofMillis(200))), List.of(), 0, 0));
    var live = new Standings(System::nanoTime, () -> NOW);
    Standing target = live.of(limited, "m", 0);
    var times = new ArrayList<Long>();
    long end = System.nanoTime() + SECOND;
    together(
        8,
        () -> {
          while (System.nanoTime() < end) {
            long before = System.nanoTime();
            if (target.ask(call, Credential.NONE) instanceof Leave.Pass pass) {
              long after = System.nanoTime();
              synchronized (times) {
                times.add(before);
                times.add(after);
              }
              pass.left();
            }
          }
        });
    // It was taken at some moment between the two.
    var began = new ArrayList<Long>();
    var ended = new ArrayList<Long>();
    for (int i = 0; i < times.size(); i += 2) {
      began.add(times.get(i));
      ended.add(times.get(i + 1));
    }
    began.sort(null);
    ended.sort(null);
    assertThat(began.size()).as("some windows' worth").isBetween(100, 300);
    for (int i = 0; i + 50 < ended.size(); i++) {
      assertThat(ended.get(i + 50) - began.get(i))
          .as("the 51st after the first")
          .isGreaterThanOrEqualTo(200_000_000);
    }
  }

  @Test
  void many_threads_never_pass_a_cap_and_leave_it_empty() throws InterruptedException {
    Provider limited =
        Fakes.provider("p", "k1", "k2").within(new Limits(List.of(), List.of(), 5, 3));
    Standing target = standings.of(limited, "m", 4);
    var under = new AtomicInteger();
    var most = new AtomicInteger();
    var granted = new AtomicInteger();
    together(
        8,
        () -> {
          var random = ThreadLocalRandom.current();
          for (int i = 0; i < 20_000; i++) {
            Credential key = limited.credentials().get(random.nextInt(2));
            if (target.ask(call, key) instanceof Leave.Pass pass) {
              most.accumulateAndGet(under.incrementAndGet(), Math::max);
              granted.incrementAndGet();
              under.decrementAndGet();
              switch (random.nextInt(4)) {
                case 0 -> pass.left();
                case 1 -> pass.unused();
                case 2 -> pass.failed(Failure.invalid("no").upstream(400));
                default -> pass.answered(1, 2, Usage.UNKNOWN);
              }
              pass.left();
            }
          }
        });
    assertThat(most.get()).isLessThanOrEqualTo(4);
    assertThat(granted.get()).isGreaterThan(1000);
    var passes = full(target, 4, limited.credentials());
    assertThat(passes).hasSize(4);
  }

  @Test
  void requests_of_an_account_are_kept_below_its_limits() {
    Provider limited =
        at("p")
            .within(
                new Limits(
                    List.of(per(5, Duration.ofMinutes(1)), per(8, Duration.ofDays(1))),
                    List.of(),
                    0,
                    0));
    Standing target = standings.of(limited, "m", 0);
    Standing other = standings.of(limited, "n", 0);
    for (int i = 0; i < 5; i++) {
      pass(i % 2 == 0 ? target : other).left();
    }
    assertThat(target.well()).isFalse();
    Leave.Bar minute = bar(target.ask(call, Credential.NONE));
    assertThat(minute.why()).isEqualTo(Leave.Why.SPENT);
    assertThat(minute.rest()).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(62));
    clock.addAndGet(minute.rest().toNanos());
    for (int i = 0; i < 3; i++) {
      pass(target).left();
    }
    assertThat(bar(target.ask(call, Credential.NONE)).rest()).isGreaterThan(Duration.ofHours(23));
  }

  @Test
  void what_nobody_was_asked_with_is_not_used() {
    Provider limited =
        at("p").within(new Limits(List.of(per(1, Duration.ofMinutes(1))), List.of(), 0, 0));
    Standing target = standings.of(limited, "m", 0);
    for (int i = 0; i < 10; i++) {
      pass(target).unused();
    }
    pass(target).left();
    assertThat(why(target)).isEqualTo(Leave.Why.SPENT);
  }

  @Test
  void a_configuration_that_follows_knows_what_was_used() {
    var before = new Limits(List.of(per(5, Duration.ofMinutes(1))), List.of(), 0, 0);
    for (int i = 0; i < 4; i++) {
      pass(standings.of(at("p").within(before), "m", 0)).left();
    }
    var after = new Limits(List.of(per(4, Duration.ofMinutes(1))), List.of(), 0, 0);
    assertThat(why(standings.of(at("p").within(after), "m", 0))).isEqualTo(Leave.Why.SPENT);
  }

  @ParameterizedTest
  @CsvSource({
    // how two calls of an estimated 50 tokens end, and how many of 10 fit into 100 after them
    "answered, 40, 2",
    "answered, 0, 10",
    "answered, 900, 0",
    "unknown, 0, 0",
    "refused, 0, 10",
    "broken, 0, 0",
    "left, 0, 0",
    "unused, 0, 10",
  })
  void tokens_are_estimated_before_and_known_after(String end, long used, int fit) {
    Provider limited =
        at("p").within(new Limits(List.of(), List.of(per(100, Duration.ofMinutes(1))), 0, 0));
    Standing target = standings.of(limited, "m", 0);
    Call large = Fakes.call(call.resolved(), chat(40));
    Call small = Fakes.call(call.resolved(), chat(0));
    var passes = new ArrayList<Leave.Pass>();
    for (int i = 0; i < 2; i++) {
      passes.add((Leave.Pass) target.ask(large, Credential.NONE));
    }
    assertThat(bar(target.ask(small, Credential.NONE)).why()).isEqualTo(Leave.Why.SPENT);
    clock.addAndGet(SECOND);
    for (Leave.Pass pass : passes) {
      switch (end) {
        case "answered" -> pass.answered(1, 2, Usage.of(used, 0, Usage.Source.PROVIDER));
        case "unknown" -> pass.answered(1, 2, Usage.UNKNOWN);
        case "refused" -> pass.failed(Failure.invalid("no").upstream(400));
        case "broken" -> pass.failed(Failure.of(Failure.Kind.UPSTREAM_ERROR, "cut").upstream(200));
        case "left" -> pass.left();
        default -> pass.unused();
      }
    }
    for (int i = 0; i < fit; i++) {
      assertThat(target.ask(small, Credential.NONE)).isInstanceOf(Leave.Pass.class);
    }
    assertThat(bar(target.ask(small, Credential.NONE)).why()).isEqualTo(Leave.Why.SPENT);
  }

  @Test
  void a_call_that_is_larger_than_the_window_has_it_for_itself() {
    Provider limited =
        at("p").within(new Limits(List.of(), List.of(per(100, Duration.ofMinutes(1))), 0, 0));
    Standing target = standings.of(limited, "m", 0);
    Call huge = Fakes.call(call.resolved(), chat(5000));
    Leave.Pass pass = (Leave.Pass) target.ask(huge, Credential.NONE);
    assertThat(bar(target.ask(huge, Credential.NONE)).why()).isEqualTo(Leave.Why.SPENT);
    pass.answered(1, 2, Usage.of(90, 0, Usage.Source.PROVIDER));
    assertThat(target.ask(Fakes.call(call.resolved(), chat(0)), Credential.NONE))
        .as("10 are left")
        .isInstanceOf(Leave.Pass.class);
    assertThat(bar(target.ask(Fakes.call(call.resolved(), chat(0)), Credential.NONE)).why())
        .isEqualTo(Leave.Why.SPENT);
  }

  /** With a prompt of 10 tokens. */
  private static Chat chat(long maxTokens) {
    String said = "{\"model\":\"m\",\"max_tokens\":" + maxTokens;
    byte[] body = (said + " ".repeat(39 - said.length()) + "}").getBytes(StandardCharsets.US_ASCII);
    var inbound = new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body));
    return Chat.read(
        Targets.SILENT,
        "m",
        false,
        false,
        inbound,
        in -> {
          throw new AssertionError("nobody needs to read the conversation");
        });
  }

  @Test
  void what_the_provider_says_of_its_limits_is_heeded() {
    Standing target = standings.of(Fakes.provider("p", "k1", "k2"), "m", 0);
    Credential first = Fakes.provider("p", "k1", "k2").credentials().getFirst();
    Credential second = Fakes.provider("p", "k1", "k2").credentials().getLast();
    target.told(first, Headers.of(Map.of("x-ratelimit-remaining-requests", "1")));
    pass(target, first).left();
    target.told(
        first,
        Headers.of(
            Map.of(
                "x-ratelimit-remaining-requests", "0",
                "x-ratelimit-reset-requests", "6m0s",
                "x-ratelimit-remaining-tokens", "17",
                "x-ratelimit-reset-tokens", "20ms")));
    Leave.Bar bar = bar(target.ask(call, first));
    assertThat(bar.why()).isEqualTo(Leave.Why.SPENT);
    assertThat(bar.rest()).isEqualTo(Duration.ofMinutes(6));
    assertThat(target.well()).as("there is another key").isTrue();
    target.told(
        second,
        Headers.of(
            Map.of(
                "anthropic-ratelimit-requests-remaining", "12",
                "anthropic-ratelimit-requests-reset", "2026-11-21T10:00:10Z",
                "anthropic-ratelimit-tokens-remaining", "0",
                "anthropic-ratelimit-tokens-reset", "2026-11-21T10:00:20Z")));
    assertThat(target.well()).isFalse();
    assertThat(bar(target.ask(call, second)).rest()).isEqualTo(Duration.ofSeconds(20));
    clock.addAndGet(20 * SECOND);
    pass(target, second).left();
    clock.addAndGet(340 * SECOND);
    pass(target, first).left();
  }

  @Test
  void no_provider_is_trusted_for_more_than_an_hour() {
    Standing target = standings.of(at("p"), "m", 0);
    target.told(
        Credential.NONE,
        Headers.of(
            Map.of("x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "24h")));
    assertThat(bar(target.ask(call, Credential.NONE)).rest()).isEqualTo(Duration.ofHours(1));
  }

  private static Provider at(String name) {
    return Fakes.provider(name);
  }

  private static Rate per(long count, Duration window) {
    return new Rate(count, window);
  }

  private Leave.Pass pass(Standing target) {
    return pass(target, Credential.NONE);
  }

  private Leave.Pass pass(Standing target, Credential key) {
    Leave leave = target.ask(call, key);
    assertThat(leave).isInstanceOf(Leave.Pass.class);
    return (Leave.Pass) leave;
  }

  private Leave.Why why(Standing target) {
    return why(target, Credential.NONE);
  }

  private Leave.Why why(Standing target, Credential key) {
    return bar(target.ask(call, key)).why();
  }

  private static Leave.Bar bar(Leave leave) {
    assertThat(leave).isInstanceOf(Leave.Bar.class);
    return (Leave.Bar) leave;
  }

  private Leave full(Standing target, int most) {
    for (int i = 0; i < most; i++) {
      pass(target);
    }
    return target.ask(call, Credential.NONE);
  }

  private List<Leave.Pass> full(Standing target, int wanted, List<Credential> keys) {
    var passes = new ArrayList<Leave.Pass>();
    for (int i = 0; i < wanted * 2; i++) {
      if (target.ask(call, keys.get(i % keys.size())) instanceof Leave.Pass pass) {
        passes.add(pass);
      }
    }
    return passes;
  }

  private static void together(int threads, Runnable piece) throws InterruptedException {
    var start = new CountDownLatch(1);
    var all = new ArrayList<Thread>();
    for (int i = 0; i < threads; i++) {
      all.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  start.await();
                  piece.run();
                } catch (InterruptedException stopped) {
                  Thread.currentThread().interrupt();
                }
              }));
    }
    start.countDown();
    for (Thread thread : all) {
      thread.join(30_000);
    }
  }
}

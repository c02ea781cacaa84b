package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.BreakerRule;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Health.Word;
import dev.lintel.route.Breaker.Ticket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BreakerTest {
  private static final Duration MINUTE = Duration.ofSeconds(60);

  /** Near the end of what a long holds, as {@link System#nanoTime} may be. */
  private long now = Long.MAX_VALUE - 1_000;

  private final Breaker breaker = new Breaker(() -> now, BreakerRule.USUAL);

  @Test
  void four_failures_leave_it_closed_and_the_fifth_opens_it() {
    calls("FFFF");
    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
    assertThat(breaker.well()).isTrue();

    calls("F");

    assertThat(breaker.word()).isEqualTo(Word.COOLING);
    assertThat(breaker.well()).isFalse();
    assertThat(breaker.ask()).isNull();
    assertThat(breaker.left()).isEqualTo(MINUTE.toNanos());
  }

  @ParameterizedTest
  @ValueSource(strings = {"..F..F..F..F..F", "FFFF...........F", "F....F....F....F...F"})
  void failures_open_it_by_their_share_of_the_last_calls_not_only_in_a_row(String calls) {
    calls(calls);

    assertThat(breaker.word()).isEqualTo(Word.COOLING);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "F....F....F....F....F....F....F....F....F....F",
        "FFFF.................F",
        "FF...................FFF"
      })
  void failures_among_more_calls_than_four_times_their_number_leave_it_closed(String calls) {
    calls(calls);

    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void one_percent_of_errors_under_high_traffic_does_not_open_it() {
    for (int i = 1; i <= 1_000_000; i++) {
      calls(i % 100 == 0 ? "F" : ".");
    }
    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);

    var random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      calls(random.nextInt(100) == 0 ? "F" : ".");
    }
    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void a_failure_counts_for_the_window_and_no_longer() {
    calls("FFFF");
    after(MINUTE);
    calls("FFFF");
    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);

    after(MINUTE.minusNanos(1));
    calls("F");

    assertThat(breaker.word()).isEqualTo(Word.COOLING);
  }

  @Test
  void it_lets_as_many_probes_at_a_time_through_as_the_rule_says_once_it_has_rested() {
    calls("FFFFF");
    after(MINUTE.minusNanos(1));
    assertThat(breaker.ask()).isNull();
    after(Duration.ofNanos(1));
    assertThat(breaker.word()).isEqualTo(Word.HALF_OPEN);
    assertThat(breaker.well()).isTrue();

    assertThat(List.of(ask(), ask(), ask())).doesNotHaveDuplicates();

    assertThat(breaker.well()).isFalse();
    assertThat(breaker.ask()).isNull();
    assertThat(breaker.left()).isBetween(1L, Duration.ofSeconds(5).toNanos());
  }

  @Test
  void three_probes_that_are_answered_close_it() {
    calls("FFFFF");
    after(MINUTE);

    calls("..");
    assertThat(breaker.word()).isEqualTo(Word.HALF_OPEN);
    calls(".");

    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
    calls("FFFF");
    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void one_probe_that_fails_opens_it_again() {
    calls("FFFFF");
    after(MINUTE);
    calls("..");
    Ticket late = ask();

    calls("F");

    assertThat(breaker.left()).isEqualTo(MINUTE.toNanos());
    breaker.answered(late);
    assertThat(breaker.word()).isEqualTo(Word.COOLING);
  }

  @Test
  void a_probe_that_ends_without_a_word_makes_room_for_another() {
    calls("FFFFF");
    after(MINUTE);
    Ticket one = ask();
    ask();
    ask();
    assertThat(breaker.ask()).isNull();

    breaker.left(one);

    assertThat(breaker.ask()).isNotNull();
    assertThat(breaker.ask()).isNull();
  }

  @Test
  void a_probe_that_never_reports_is_taken_for_lost_after_ten_minutes() {
    calls("FFFFF");
    after(MINUTE);
    ask();
    ask();
    ask();
    after(Duration.ofMinutes(10).minusNanos(1));
    assertThat(breaker.ask()).isNull();

    after(Duration.ofNanos(1));

    assertThat(breaker.well()).isTrue();
    assertThat(breaker.ask()).isNotNull();
  }

  @Test
  void calls_that_had_begun_before_it_opened_tell_of_the_past() {
    Ticket good = ask();
    Ticket bad = ask();
    Ticket silent = ask();
    calls("FFFFF");
    breaker.answered(good);
    breaker.failed(bad, broken());
    breaker.left(silent);
    assertThat(breaker.left()).isEqualTo(MINUTE.toNanos());

    after(MINUTE);
    calls("..");
    breaker.answered(good);
    breaker.failed(bad, broken());
    assertThat(breaker.word()).isEqualTo(Word.HALF_OPEN);

    calls(".");
    for (int i = 0; i < 5; i++) {
      breaker.failed(bad, broken());
    }
    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void a_provider_that_says_how_long_to_wait_opens_it_at_once_for_an_hour_at_most() {
    breaker.failed(ask(), asking(Duration.ofSeconds(7)));
    assertThat(breaker.left()).isEqualTo(Duration.ofSeconds(7).toNanos());

    after(Duration.ofSeconds(7));
    breaker.failed(ask(), asking(Duration.ofDays(2)));
    assertThat(breaker.left()).isEqualTo(Duration.ofHours(1).toNanos());
  }

  @Test
  void a_later_word_of_the_provider_lengthens_a_rest_and_never_shortens_it() {
    Ticket one = ask();
    Ticket other = ask();
    breaker.failed(ask(), asking(Duration.ofSeconds(10)));
    breaker.failed(one, asking(Duration.ofSeconds(5)));
    assertThat(breaker.left()).isEqualTo(Duration.ofSeconds(10).toNanos());

    breaker.failed(other, asking(Duration.ofSeconds(20)));

    assertThat(breaker.left()).isEqualTo(Duration.ofSeconds(20).toNanos());
  }

  @Test
  void who_insists_and_is_answered_counts_as_a_probe_and_who_fails_does_not_lengthen_the_rest() {
    calls("FFFFF");
    after(Duration.ofSeconds(10));
    breaker.failed(breaker.insist(), broken());
    assertThat(breaker.left()).isEqualTo(Duration.ofSeconds(50).toNanos());

    breaker.answered(breaker.insist());
    assertThat(breaker.word()).isEqualTo(Word.HALF_OPEN);
    calls("..");

    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void a_rule_that_changes_holds_from_the_next_failure_and_leaves_open_what_is() {
    calls("FF");
    breaker.rule(new BreakerRule(3, MINUTE, Duration.ofSeconds(5), 1));
    calls("F");
    assertThat(breaker.left()).isEqualTo(Duration.ofSeconds(5).toNanos());

    breaker.rule(BreakerRule.USUAL);
    assertThat(breaker.left()).isEqualTo(Duration.ofSeconds(5).toNanos());
    after(Duration.ofSeconds(5));
    calls("...");
    assertThat(breaker.word()).isEqualTo(Word.HEALTHY);
  }

  @Test
  void exactly_as_many_of_many_threads_probe_as_the_rule_says() throws Exception {
    calls("FFFFF");
    after(MINUTE);
    var admitted = new AtomicInteger();
    var ready = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        threads.submit(() -> {
          ready.await();
          return breaker.ask() == null ? 0 : admitted.incrementAndGet();
        });
      }
      ready.countDown();
    }

    assertThat(admitted).hasValue(3);
  }

  @Test
  void failures_of_many_threads_at_once_are_all_counted() throws Exception {
    var rule = new BreakerRule(200, MINUTE, MINUTE, 1);
    for (int round = 0; round < 20; round++) {
      var one = new Breaker(() -> now, rule);
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 200; i++) {
          threads.submit(() -> {
            one.failed(one.insist(), broken());
            return 0;
          });
        }
      }
      assertThat(one.word()).isEqualTo(Word.COOLING);
    }
  }

  @Test
  void
      the_strictest_of_two_rules_has_the_fewest_failures_the_longest_times_and_the_fewest_probes() {
    var one = new BreakerRule(3, Duration.ofSeconds(30), Duration.ofSeconds(90), 0);
    var other = new BreakerRule(7, Duration.ofSeconds(60), Duration.ZERO, 2);
    var both = new BreakerRule(3, Duration.ofSeconds(60), Duration.ofSeconds(90), 2);

    assertThat(one.strictest(other)).isEqualTo(both);
    assertThat(other.strictest(one)).isEqualTo(both);
    assertThat(one.strictest(BreakerRule.UNSAID)).isEqualTo(one);
    assertThat(BreakerRule.UNSAID.orUsual()).isEqualTo(BreakerRule.USUAL);
    assertThat(one.orUsual().probes()).isEqualTo(3);
  }

  /** A call each: {@code F} fails, {@code .} is answered. */
  private void calls(String outcomes) {
    for (char outcome : outcomes.toCharArray()) {
      Ticket ticket = ask();
      if (outcome == 'F') {
        breaker.failed(ticket, broken());
      } else {
        breaker.answered(ticket);
      }
    }
  }

  private Ticket ask() {
    Ticket ticket = breaker.ask();
    assertThat(ticket).isNotNull();
    return ticket;
  }

  private void after(Duration time) {
    now += time.toNanos();
  }

  private static Failure broken() {
    return Failure.of(Kind.UPSTREAM_ERROR, "broken").upstream(500);
  }

  private static Failure asking(Duration wait) {
    return Failure.of(Kind.UPSTREAM_UNAVAILABLE, "busy")
        .upstream(503)
        .retryAfter(Optional.of(wait));
  }
}

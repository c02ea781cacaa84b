package dev.lintel.ledger;

import static dev.lintel.ledger.CountersContract.account;
import static dev.lintel.ledger.CountersContract.claim;
import static dev.lintel.ledger.CountersContract.granted;
import static dev.lintel.ledger.CountersContract.money;
import static dev.lintel.ledger.CountersContract.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Account;
import dev.lintel.Counters;
import dev.lintel.Measure;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryCountersTest implements CountersContract {
  private static final Instant BEGIN = Instant.parse("2026-11-21T12:00:00Z");

  private Duration passed = Duration.ZERO;
  private Duration set = Duration.ZERO;

  @Override
  public MemoryCounters counters(Counters.Watcher watcher) {
    return new MemoryCounters(() -> passed.toNanos(), this::now, watcher);
  }

  private MemoryCounters sparing(int idle) {
    return new MemoryCounters(
        () -> passed.toNanos(), this::now, (account, period, percent, spent) -> {}, idle);
  }

  @Override
  public void pass(Duration time) {
    passed = passed.plus(time);
  }

  @Override
  public Instant now() {
    return BEGIN.plus(passed);
  }

  private MemoryCounters byTheWall() {
    var time = new SteadyTime(() -> passed.toNanos(), () -> now().plus(set));
    return new MemoryCounters(
        () -> passed.toNanos(), time, (account, period, percent, spent) -> {});
  }

  @Test
  void a_million_users_who_came_once_are_not_kept() {
    var counters = sparing(100);
    for (int i = 0; i < 200_000; i++) {
      if (i % 1000 == 0) {
        pass(Duration.ofSeconds(1));
      }
      granted(counters, claim(account("u" + i, Measure.REQUESTS, 5, MINUTE), 1))
          .settle(new long[] {1});
    }
    assertThat(counters.kept()).isLessThan(130_000);
    pass(Duration.ofMinutes(2));
    for (int i = 0; i < 60_000; i++) {
      granted(counters, claim(account("v", Measure.REQUESTS, 60_000, MINUTE), 1));
      come(counters, "w" + i);
    }
    assertThat(counters.kept()).isLessThan(1000);
  }

  @Test
  void idle_counts_are_kept_for_a_while_but_not_more_than_so_many() {
    var counters = sparing(1000);
    Account early = account("early", Measure.CONCURRENT, 1, new Span.Now());
    granted(counters, claim(early, 1)).settle(new long[] {1});
    for (int i = 0; i < 500; i++) {
      come(counters, "a" + i);
    }
    assertThat(counters.kept()).isEqualTo(501);
    for (int i = 0; i < 100_000; i++) {
      come(counters, "b" + i);
    }
    assertThat(counters.kept()).isLessThan(1500);
    // Each is looked at once before the minute and once after it.
    come(counters, "c", 1000);
    pass(Duration.ofSeconds(61));
    come(counters, "d", 700);
    assertThat(counters.kept()).isLessThan(900);
    granted(counters, claim(early, 1));
    refused(counters, claim(early, 1));
  }

  @Test
  void a_count_that_is_used_between_two_looks_was_not_idle() {
    var counters = sparing(1000);
    Account busy = account("busy", Measure.CONCURRENT, 1, new Span.Now());
    for (int minute = 0; minute < 5; minute++) {
      granted(counters, claim(busy, 1)).settle(new long[] {1});
      Object count = busy.count();
      come(counters, "u" + minute, 100);
      pass(Duration.ofSeconds(50));
      granted(counters, claim(busy, 1)).settle(new long[] {1});
      assertThat(busy.count()).isSameAs(count);
      come(counters, "v" + minute, 100);
      pass(Duration.ofSeconds(50));
    }
  }

  private static void come(Counters counters, String prefix, int many) {
    for (int i = 0; i < many; i++) {
      come(counters, prefix + i);
    }
  }

  private static void come(Counters counters, String user) {
    granted(counters, claim(account(user, Measure.CONCURRENT, 5, new Span.Now()), 1))
        .settle(new long[] {1});
  }

  @Test
  void an_account_that_was_forgotten_or_is_anothers_is_counted_anew() {
    var counters = sparing(0);
    Account same = account("a", Measure.REQUESTS, 1, MINUTE);
    granted(counters, claim(same, 1)).settle(new long[] {1});
    granted(counters((account, period, percent, spent) -> {}), claim(same, 1));
    refused(counters, claim(same, 1));
    pass(Duration.ofMinutes(2));
    // Enough that each is looked at.
    for (int i = 0; i < 100; i++) {
      granted(counters, claim(account("u" + i, Measure.REQUESTS, 5, MINUTE), 1));
    }
    granted(counters, claim(same, 1));
    refused(counters, claim(account("a", Measure.REQUESTS, 1, MINUTE), 1));
  }

  @Test
  void what_matters_is_kept_however_many_come() {
    var counters = sparing(0);
    Account spent = money("a", 100, DAY);
    Account known = money("b", 100, TOTAL);
    Account held = money("c", 100, DAY);
    Account limit = account("a", Measure.REQUESTS, 1, MINUTE);
    granted(counters, claim(spent, 100), claim(limit, 1)).settle(new long[] {100, 1});
    counters.atLeast(List.of(new Counters.Charge(known.id(), Instant.EPOCH, 100)));
    granted(counters, claim(held, 100));
    for (int i = 0; i < 10_000; i++) {
      granted(counters, claim(money("u" + i, 5, DAY), 1)).settle(new long[] {0});
    }
    for (Account account : List.of(spent, known, held, limit)) {
      refused(counters, claim(account, 1));
    }
    assertThat(counters.kept()).isLessThan(100);
  }

  @Test
  void a_clock_that_is_set_by_an_hour_neither_refills_nor_locks() {
    for (Duration step : List.of(Duration.ofHours(1), Duration.ofHours(-1))) {
      passed = Duration.ofMinutes(30);
      set = Duration.ZERO;
      MemoryCounters counters = byTheWall();
      Account hour = money("a", 100, HOUR);
      Account minute = account("a", Measure.REQUESTS, 1, MINUTE);
      granted(counters, claim(hour, 100), claim(minute, 1)).settle(new long[] {100, 1});
      set = step;
      for (int i = 0; i < 20; i++) {
        pass(Duration.ofSeconds(1));
        refused(counters, claim(hour, 1));
        refused(counters, claim(minute, 1));
      }
      pass(Duration.ofSeconds(45));
      granted(counters, claim(minute, 1));
      refused(counters, claim(hour, 1));
      // Half an hour was left of the hour: a tenth more or less, and it is over.
      for (int i = 0; i < 33; i++) {
        pass(Duration.ofMinutes(1));
        counters.levels(List.of(hour));
      }
      granted(counters, claim(hour, 100)).settle(new long[] {100});
      pass(Duration.ofSeconds(1));
      refused(counters, claim(hour, 1));
    }
  }

  @Test
  void a_clock_that_was_wrong_by_days_is_followed_at_once() {
    MemoryCounters counters = byTheWall();
    Account day = money("a", 100, DAY);
    granted(counters, claim(day, 100)).settle(new long[] {100});
    set = Duration.ofDays(3);
    pass(Duration.ofSeconds(1));
    granted(counters, claim(day, 100));
  }

  @Test
  void what_was_spent_is_known_again_when_a_clock_that_was_wrong_by_days_was_put_right() {
    for (Duration step : List.of(Duration.ofDays(3), Duration.ofDays(-3))) {
      set = Duration.ZERO;
      MemoryCounters counters = byTheWall();
      Account day = money("a", 100, DAY);
      granted(counters, claim(day, 100)).settle(new long[] {100});
      set = step;
      pass(Duration.ofSeconds(1));
      granted(counters, claim(day, 60)).settle(new long[] {60});
      Instant today = BEGIN.plus(passed).truncatedTo(ChronoUnit.DAYS);
      Instant other = BEGIN.plus(passed).plus(step).truncatedTo(ChronoUnit.DAYS);
      var spent =
          List.of(
              new Counters.Charge(day.id(), today, 100), new Counters.Charge(day.id(), other, 60));
      set = Duration.ZERO;
      pass(Duration.ofSeconds(1));
      counters.atLeast(step.isNegative() ? spent : spent.reversed());
      refused(counters, claim(day, 1));
      assertThat(counters.levels(List.of(day)).getFirst().spent()).isEqualTo(100);
    }
  }

  @Test
  void steady_time_never_goes_back_and_agrees_with_the_wall_after_a_while() {
    var time = new SteadyTime(() -> passed.toNanos(), () -> now().plus(set));
    Instant last = time.instant();
    set = Duration.ofHours(-1);
    for (int i = 0; i < 11 * 60; i++) {
      pass(Duration.ofMinutes(1));
      Instant next = time.instant();
      assertThat(next).isAfter(last);
      last = next;
    }
    assertThat(Duration.between(now().plus(set), time.instant()).abs())
        .isLessThan(Duration.ofSeconds(1));
  }
}

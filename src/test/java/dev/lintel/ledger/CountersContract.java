package dev.lintel.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Counters;
import dev.lintel.Counters.Charge;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Grant;
import dev.lintel.Counters.Level;
import dev.lintel.Counters.Short;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * What everything does that counts. Time is the test's: it stands until {@link #pass} is called. An
 * implementation may round what rolls to a sixtieth of its window, to the disadvantage of callers.
 */
interface CountersContract {
  Span DAY = new Span.Calendar(Span.Unit.DAY, ZoneOffset.UTC);
  Span HOUR = new Span.Calendar(Span.Unit.HOUR, ZoneOffset.UTC);
  Span TOTAL = new Span.Total();
  Span MINUTE = new Span.Rolling(Duration.ofSeconds(60));

  /** Fresh ones in which nothing has been counted. */
  Counters counters(Counters.Watcher watcher);

  /** Lets all its clocks go on. */
  void pass(Duration time);

  /** What its clock says; at the beginning 2026-11-21T12:00:00Z. */
  Instant now();

  /** Until whatever is done beside has been done, such as asynchronous settling. */
  default void settled() {}

  private Counters counters() {
    return counters((account, period, percent, spent) -> {});
  }

  static Account account(String name, Measure measure, long amount, Span span) {
    String id = name + "|" + measure + "|" + span.name();
    return new Account(id, Allowance.of("rule." + name, name, measure, amount, span));
  }

  static Account money(String name, long amount, Span span) {
    return account(name, Measure.PICO_USD, amount, span);
  }

  static Account told(Account account, Integer... percents) {
    Allowance of = account.allowance();
    return new Account(
        account.id(),
        new Allowance(
            of.rule(),
            of.owner(),
            of.measure(),
            of.amount(),
            of.span(),
            of.per(),
            of.only(),
            of.mode(),
            List.of(percents),
            of.atLimit()));
  }

  static Account observed(Account account) {
    Allowance of = account.allowance();
    return new Account(
        account.id(),
        new Allowance(
            of.rule(),
            of.owner(),
            of.measure(),
            of.amount(),
            of.span(),
            List.of(),
            Set.of(),
            Mode.OBSERVE,
            of.thresholds(),
            of.atLimit()));
  }

  static Claim claim(Account account, long bound) {
    return new Claim(account, bound, bound);
  }

  static Grant granted(Counters counters, Claim... claims) {
    Counters.Taken taken = counters.take(List.of(claims));
    assertThat(taken).isInstanceOf(Grant.class);
    return (Grant) taken;
  }

  static Short refused(Counters counters, Claim... claims) {
    Counters.Taken taken = counters.take(List.of(claims));
    assertThat(taken).isInstanceOf(Short.class);
    return (Short) taken;
  }

  private Level level(Counters counters, Account account) {
    settled();
    return counters.levels(List.of(account)).getFirst();
  }

  @Test
  default void what_is_reserved_and_spent_is_never_more_than_there_is() {
    Counters counters = counters();
    Account day = money("a", 100, DAY);
    Grant first = granted(counters, claim(day, 60));
    assertThat(first.left(0)).isEqualTo(40);
    Short over = refused(counters, claim(day, 41));
    assertThat(over.claim()).isZero();
    assertThat(over.left()).isEqualTo(40);
    assertThat(over.held()).isTrue();
    granted(counters, claim(day, 40)).settle(new long[] {10});
    first.settle(new long[] {60});
    assertThat(level(counters, day))
        .isEqualTo(new Level(70, 0, Instant.parse("2026-11-22T00:00:00Z")));
    assertThat(refused(counters, claim(day, 31)).held()).isFalse();
  }

  @Test
  default void a_last_call_may_go_whose_bound_is_too_large_but_not_what_is_usual() {
    Counters counters = counters();
    Account day = money("a", 100, DAY);
    granted(counters, claim(day, 95)).settle(new long[] {90});
    Grant last = granted(counters, new Claim(day, 12, 10));
    assertThat(last.left(0)).isZero();
    assertThat(refused(counters, new Claim(day, 1, 1)).held()).isTrue();
    last.settle(new long[] {10});
    assertThat(level(counters, day).spent()).isEqualTo(100);
    assertThat(refused(counters, new Claim(day, 12, 10)).held()).isFalse();
  }

  @Test
  default void while_something_is_reserved_the_bound_counts() {
    Counters counters = counters();
    Account day = money("a", 100, DAY);
    Grant other = granted(counters, claim(day, 89));
    assertThat(refused(counters, new Claim(day, 12, 10)).held()).isTrue();
    other.settle(new long[] {89});
    granted(counters, new Claim(day, 12, 10));
  }

  @Test
  default void what_costs_nothing_is_never_short() {
    Counters counters = counters();
    Account day = money("a", 100, DAY);
    granted(counters, claim(day, 100)).settle(new long[] {120});
    granted(counters, claim(day, 0)).settle(new long[] {0});
    refused(counters, claim(day, 1));
  }

  @Test
  default void all_claims_hold_or_none_and_a_refusal_leaves_nothing() {
    Counters counters = counters();
    Account requests = account("a", Measure.REQUESTS, 10, MINUTE);
    Account slots = account("a", Measure.CONCURRENT, 5, new Span.Now());
    Account day = money("a", 100, DAY);
    Account total = money("b", 50, TOTAL);
    Short over =
        refused(counters, claim(requests, 1), claim(slots, 1), claim(day, 60), claim(total, 60));
    assertThat(over.claim()).isEqualTo(3);
    for (Account account : List.of(requests, slots, day, total)) {
      assertThat(level(counters, account)).extracting("spent", "reserved").containsExactly(0L, 0L);
    }
  }

  @Test
  default void more_than_was_reserved_counts_too() {
    Counters counters = counters();
    Account day = money("a", 100, DAY);
    Account tokens = account("a", Measure.TOKENS, 100, MINUTE);
    granted(counters, claim(day, 10), claim(tokens, 10)).settle(new long[] {130, 130});
    assertThat(level(counters, day).spent()).isEqualTo(130);
    assertThat(level(counters, tokens).spent()).isEqualTo(130);
    assertThat(refused(counters, claim(day, 1)).left()).isZero();
    assertThat(refused(counters, claim(tokens, 1)).left()).isZero();
  }

  @Test
  default void what_lasts_is_said_when_it_is_settled() {
    Counters counters = counters();
    Account hour = money("a", 100, HOUR);
    Account total = money("b", 100, TOTAL);
    Account tokens = account("a", Measure.TOKENS, 100, MINUTE);
    Account slots = account("a", Measure.CONCURRENT, 5, new Span.Now());
    List<Charge> charges =
        granted(counters, claim(hour, 20), claim(total, 20), claim(tokens, 5), claim(slots, 1))
            .settle(new long[] {7, 8, 5, 1});
    assertThat(charges)
        .containsExactlyInAnyOrder(
            new Charge(hour.id(), Instant.parse("2026-11-21T12:00:00Z"), 7),
            new Charge(total.id(), Instant.EPOCH, 8));
    assertThat(granted(counters, claim(hour, 20)).settle(new long[] {0})).isEmpty();
  }

  @Test
  default void calls_at_once_are_given_back_whatever_is_said() {
    Counters counters = counters();
    Account slots = account("a", Measure.CONCURRENT, 2, new Span.Now());
    Grant first = granted(counters, claim(slots, 1));
    granted(counters, claim(slots, 1));
    assertThat(refused(counters, claim(slots, 1)).held()).isTrue();
    first.settle(new long[] {1});
    settled();
    assertThat(granted(counters, claim(slots, 1)).left(0)).isZero();
  }

  @Test
  default void a_window_rolls_and_says_when_there_is_room_again() {
    Counters counters = counters();
    Account requests = account("a", Measure.REQUESTS, 3, MINUTE);
    for (int i = 0; i < 3; i++) {
      granted(counters, claim(requests, 1)).settle(new long[] {1});
      pass(Duration.ofSeconds(10));
    }
    Short over = refused(counters, claim(requests, 1));
    assertThat(over.held()).isFalse();
    assertThat(over.again()).isBetween(Duration.ofSeconds(25), Duration.ofSeconds(30));
    pass(over.again().minus(Duration.ofMillis(1100)));
    refused(counters, claim(requests, 1));
    pass(Duration.ofMillis(1100));
    granted(counters, claim(requests, 1)).settle(new long[] {1});
    refused(counters, claim(requests, 1));
  }

  @Test
  default void who_waits_as_long_as_is_said_is_let_in_and_that_is_never_longer_than_the_window() {
    Counters counters = counters();
    for (Duration length :
        List.of(Duration.ofSeconds(1), Duration.ofMinutes(1), Duration.ofHours(1))) {
      Account requests = account("waits" + length, Measure.REQUESTS, 3, new Span.Rolling(length));
      for (int i = 0; i < 3; i++) {
        granted(counters, claim(requests, 1)).settle(new long[] {1});
      }
      for (int i = 0; i < 5; i++) {
        Grant grant =
            switch (counters.take(List.of(claim(requests, 1)))) {
              case Short over -> {
                assertThat(over.again()).isLessThanOrEqualTo(length);
                pass(over.again());
                yield granted(counters, claim(requests, 1));
              }
              // A busy machine has let the window pass.
              case Grant late -> late;
            };
        assertThat(grant.reset(0)).isLessThanOrEqualTo(length);
        grant.settle(new long[] {1});
        pass(length.dividedBy(7));
      }
    }
  }

  @Test
  default void tokens_of_a_window_are_corrected_when_the_call_was_and_not_later() {
    Counters counters = counters();
    Account tokens = account("a", Measure.TOKENS, 100, MINUTE);
    Grant call = granted(counters, claim(tokens, 80));
    assertThat(refused(counters, claim(tokens, 30)).held()).isTrue();
    pass(Duration.ofSeconds(30));
    call.settle(new long[] {20});
    settled();
    granted(counters, claim(tokens, 80)).settle(new long[] {80});
    settled();
    Short over = refused(counters, claim(tokens, 10));
    assertThat(over.held()).isFalse();
    assertThat(over.again()).isBetween(Duration.ofSeconds(25), Duration.ofSeconds(30));
  }

  @Test
  default void a_call_that_is_longer_than_the_window_takes_nothing_of_the_next() {
    Counters counters = counters();
    Account tokens = account("a", Measure.TOKENS, 100, MINUTE);
    Grant call = granted(counters, claim(tokens, 100));
    pass(Duration.ofSeconds(62));
    granted(counters, claim(tokens, 50)).settle(new long[] {50});
    call.settle(new long[] {40});
    assertThat(level(counters, tokens)).extracting("spent", "reserved").containsExactly(50L, 0L);
  }

  @Test
  default void a_period_ends_with_the_calendars_where_the_zone_is() {
    Counters counters = counters();
    Account berlin = money("a", 100, new Span.Calendar(Span.Unit.DAY, ZoneId.of("Europe/Berlin")));
    granted(counters, claim(berlin, 100)).settle(new long[] {100});
    Short over = refused(counters, claim(berlin, 1));
    assertThat(over.again()).isEqualTo(Duration.ofHours(11));
    pass(Duration.ofHours(11).minusSeconds(1));
    refused(counters, claim(berlin, 1));
    pass(Duration.ofSeconds(1));
    assertThat(level(counters, berlin).spent()).isZero();
    granted(counters, claim(berlin, 100));
  }

  @Test
  default void what_was_reserved_in_a_period_is_settled_in_it() {
    Counters counters = counters();
    Account hour = money("a", 100, HOUR);
    Grant call = granted(counters, claim(hour, 100));
    pass(Duration.ofHours(1));
    Grant next = granted(counters, claim(hour, 100));
    assertThat(call.settle(new long[] {90}))
        .containsExactly(new Charge(hour.id(), Instant.parse("2026-11-21T12:00:00Z"), 90));
    assertThat(level(counters, hour)).extracting("spent", "reserved").containsExactly(0L, 100L);
    assertThat(next.settle(new long[] {10}))
        .containsExactly(new Charge(hour.id(), Instant.parse("2026-11-21T13:00:00Z"), 10));
  }

  @Test
  default void a_total_never_comes_back() {
    Counters counters = counters();
    Account total = money("a", 10, TOTAL);
    granted(counters, claim(total, 10)).settle(new long[] {10});
    pass(Duration.ofDays(4000));
    assertThat(refused(counters, claim(total, 1)).again()).isEqualTo(Duration.ofDays(1));
    assertThat(level(counters, total)).isEqualTo(new Level(10, 0, Instant.MAX));
  }

  @Test
  default void a_changed_amount_counts_at_once_and_keeps_what_was_spent() {
    Counters counters = counters();
    Account small = money("a", 100, DAY);
    Account large = money("a", 105, DAY);
    granted(counters, claim(small, 100)).settle(new long[] {100});
    refused(counters, claim(small, 5));
    granted(counters, claim(large, 5)).settle(new long[] {5});
    refused(counters, claim(large, 1));
    assertThat(level(counters, small).spent()).isEqualTo(105);
  }

  @Test
  default void what_is_not_enforced_is_counted_and_never_short() {
    Counters counters = counters();
    Account day = observed(money("a", 100, DAY));
    Account requests = observed(account("a", Measure.REQUESTS, 1, MINUTE));
    granted(counters, claim(day, 90), claim(requests, 1)).settle(new long[] {90, 1});
    Grant over = granted(counters, claim(day, 30), claim(requests, 1));
    assertThat(over.left(0)).isNegative();
    assertThat(over.left(1)).isNegative();
    over.settle(new long[] {30, 1});
    assertThat(level(counters, day).spent()).isEqualTo(120);
    assertThat(level(counters, requests).spent()).isEqualTo(2);
  }

  @Test
  default void what_is_known_to_be_spent_only_raises_the_count() {
    Counters counters = counters();
    Account hour = money("a", 100, HOUR);
    Instant noon = Instant.parse("2026-11-21T12:00:00Z");
    counters.atLeast(List.of(new Charge(hour.id(), noon, 60)));
    assertThat(level(counters, hour).spent()).isEqualTo(60);
    refused(counters, claim(hour, 41));
    granted(counters, claim(hour, 10)).settle(new long[] {10});
    settled();
    counters.atLeast(List.of(new Charge(hour.id(), noon, 65)));
    assertThat(level(counters, hour).spent()).isEqualTo(70);
    counters.atLeast(List.of(new Charge(hour.id(), noon.minus(Duration.ofHours(1)), 99)));
    assertThat(level(counters, hour).spent()).isEqualTo(70);
    Grant running = granted(counters, claim(hour, 20));
    counters.atLeast(List.of(new Charge(hour.id(), noon, 75)));
    assertThat(level(counters, hour)).extracting("spent", "reserved").containsExactly(75L, 20L);
    running.settle(new long[] {20});
    assertThat(level(counters, hour)).extracting("spent", "reserved").containsExactly(95L, 0L);
    pass(Duration.ofHours(1));
    assertThat(level(counters, hour).spent()).isZero();
  }

  @Test
  default void what_was_used_without_being_reserved_counts_though_nothing_is_left() {
    Counters counters = counters();
    Account day = money("a", 100, DAY);
    List<Charge> charges = counters.spent(List.of(claim(day, 150)));
    assertThat(charges)
        .containsExactly(new Charge(day.id(), Instant.parse("2026-11-21T00:00:00Z"), 150));
    assertThat(level(counters, day).spent()).isEqualTo(150);
    refused(counters, claim(day, 1));
  }

  @Test
  default void a_threshold_is_told_once_a_period_and_the_highest_alone() {
    var told = new ConcurrentLinkedQueue<String>();
    Counters counters =
        counters((account, period, percent, spent) ->
            told.add(account.id() + " " + period + " " + percent + " " + spent));
    Account hour = told(money("a", 100, HOUR), 50, 80, 100);
    granted(counters, claim(hour, 49)).settle(new long[] {49});
    settled();
    assertThat(told).isEmpty();
    granted(counters, claim(hour, 1)).settle(new long[] {1});
    granted(counters, claim(hour, 29)).settle(new long[] {29});
    granted(counters, claim(hour, 21)).settle(new long[] {21});
    settled();
    String noon = hour.id() + " 2026-11-21T12:00:00Z ";
    assertThat(told).containsExactly(noon + "50 50", noon + "100 100");
    pass(Duration.ofHours(1));
    granted(counters, claim(hour, 60)).settle(new long[] {60});
    settled();
    assertThat(told).hasSize(3).contains(hour.id() + " 2026-11-21T13:00:00Z 50 60");
  }

  @Test
  default void who_listens_is_told_when_something_was_given_back() {
    Counters counters = counters();
    Account day = money("a", 100, DAY);
    var told = new AtomicLong();
    Runnable hearer = told::incrementAndGet;
    counters.hear(hearer);
    Grant call = granted(counters, claim(day, 60));
    refused(counters, claim(day, 60));
    assertThat(told).hasValue(0);
    call.settle(new long[] {1});
    settled();
    assertThat(told).hasPositiveValue();
    long before = told.get();
    counters.unhear(hearer);
    granted(counters, claim(day, 60)).settle(new long[] {1});
    settled();
    assertThat(told).hasValue(before);
  }

  @Test
  default void of_many_at_once_as_many_are_granted_as_there_is_room_for() throws Exception {
    Counters counters = counters();
    Account requests = account("a", Measure.REQUESTS, 1000, MINUTE);
    Account day = money("a", 100, DAY);
    Account total = money("b", 1000, TOTAL);
    var grants = new ConcurrentLinkedQueue<Grant>();
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < 500; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                if (counters.take(List.of(claim(requests, 1), claim(total, 1), claim(day, 1)))
                    instanceof Grant grant) {
                  grants.add(grant);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(grants).hasSize(100);
    assertThat(level(counters, day).reserved()).isEqualTo(100);
    grants.forEach(grant -> grant.settle(new long[] {1, 1, 1}));
    assertThat(level(counters, day)).extracting("spent", "reserved").containsExactly(100L, 0L);
    assertThat(level(counters, total)).extracting("spent", "reserved").containsExactly(100L, 0L);
    assertThat(level(counters, requests).spent()).isEqualTo(100);
  }

  @Test
  default void whatever_many_do_at_once_no_amount_is_passed_and_nothing_stays_reserved()
      throws Exception {
    long seed = System.nanoTime();
    Counters counters = counters();
    List<Account> accounts =
        List.of(
            money("a", 5000, DAY),
            money("b", 3000, TOTAL),
            account("a", Measure.TOKENS, 4000, new Span.Rolling(Duration.ofHours(1))),
            account("a", Measure.CONCURRENT, 6, new Span.Now()));
    var used = new AtomicLong[] {new AtomicLong(), new AtomicLong(), new AtomicLong()};
    var failures = new ConcurrentLinkedQueue<Throwable>();
    var threads = new ArrayList<Thread>();
    for (int t = 0; t < 8; t++) {
      var random = new Random(seed + t);
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  for (int i = 0; i < 150; i++) {
                    long bound = 1 + random.nextInt(40);
                    Counters.Taken taken =
                        counters.take(
                            List.of(
                                claim(accounts.get(3), 1), claim(accounts.get(0), bound),
                                claim(accounts.get(1), bound), claim(accounts.get(2), bound)));
                    if (taken instanceof Grant grant) {
                      long real = random.nextInt((int) bound + 1);
                      for (AtomicLong sum : used) {
                        sum.addAndGet(real);
                      }
                      grant.settle(new long[] {1, real, real, real});
                    }
                  }
                } catch (Throwable broken) {
                  failures.add(broken);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).as("seed " + seed).isEmpty();
    settled();
    List<Level> levels = counters.levels(accounts);
    for (int i = 0; i < 3; i++) {
      assertThat(levels.get(i).spent()).as("seed " + seed).isEqualTo(used[i].get());
      assertThat(levels.get(i).spent()).isLessThanOrEqualTo(accounts.get(i).allowance().amount());
      assertThat(levels.get(i).reserved()).as("seed " + seed).isZero();
    }
    assertThat(levels.get(3).reserved()).isZero();
  }
}

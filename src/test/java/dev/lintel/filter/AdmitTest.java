package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Allowance.AtLimit;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Counters;
import dev.lintel.Dimension;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Json;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Model;
import dev.lintel.Policy;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Span;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Traits;
import dev.lintel.Usage;
import dev.lintel.VirtualTime;
import dev.lintel.ledger.MemoryCounters;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class AdmitTest {
  private static final long CENT = 10_000_000_000L;
  private static final Span DAY = new Span.Calendar(Span.Unit.DAY, java.time.ZoneOffset.UTC);
  private static final Span MINUTE = new Span.Rolling(Duration.ofMinutes(1));

  /** A dollar for a million tokens, whatever they are. */
  private static final Price A_DOLLAR =
      new Price() {
        @Override
        public Optional<BigDecimal> cost(Usage usage) {
          return Optional.of(BigDecimal.valueOf(usage.total()).movePointLeft(6));
        }

        @Override
        public ObjectNode json() {
          return Json.object().put("input", "1");
        }
      };

  private final VirtualTime time = new VirtualTime();
  private final List<String> passed = new ArrayList<>();
  private final Counters counters =
      new MemoryCounters(
          time,
          time.wall(),
          (account, period, percent, spent) ->
              passed.add(account.allowance().rule() + " " + percent));
  private final List<Counters.Charge> goingOn = new ArrayList<>();
  private final Admit admit = new Admit(counters, goingOn::addAll);
  private final List<String> log = new ArrayList<>();

  private static Allowance money(long amount, Span span) {
    return Allowance.of("rule", "t/a", Measure.PICO_USD, amount, span);
  }

  private static Allowance with(Allowance of, Mode mode, AtLimit atLimit, Dimension... per) {
    return new Allowance(
        of.rule(),
        of.owner(),
        of.measure(),
        of.amount(),
        of.span(),
        List.of(per),
        Set.of(),
        mode,
        of.thresholds(),
        atLimit);
  }

  private static Model model(String name) {
    var target =
        new Target(Fakes.provider("p"), name, Profile.NONE, Facts.of(Traits.UNKNOWN, A_DOLLAR));
    return new Model(
        name,
        List.of(target),
        (call, all) -> dev.lintel.Ranking.AS_WRITTEN,
        dev.lintel.Timeouts.USUAL,
        Fakes.retry(1));
  }

  private Call call(long input, long maxTokens, Allowance... allowances) {
    var chat = Chat.sketch(new Fakes.NamedDialect("openai"), "m", false, input, maxTokens);
    Call made = Fakes.call(model("m"), chat);
    made.trail().calledBy(made.caller());
    made.trail().asked(chat, Terms.NONE, made.resolved());
    made.trail().under(Policy.counting(List.of(allowances)));
    return made.with(chat, Terms.NONE, Optional.empty(), made.resolved(), Long.MAX_VALUE / 2);
  }

  /** Answers after a while with that many tokens. */
  private Handler answering(Duration after, long tokens) {
    return (call, sink) -> {
      call.trail().asking(call.resolved().targets().getFirst());
      if (!after.isZero()) {
        CallThread.current().await(() -> false, CallThread.nanoTime() + after.toNanos());
      }
      call.trail().answering(CallThread.nanoTime());
      call.trail().used(Usage.of(tokens / 2, tokens - tokens / 2, Usage.Source.PROVIDER));
    };
  }

  private void start(String name, Call call, Handler last) {
    time.start(() -> {
      try {
        admit.apply(call, new Fakes.Recorder(), new Afford().then(last));
        log.add(name + " answered");
      } catch (Failure failure) {
        log.add(name + " " + failure.kind().word() + " at " + seconds());
      }
    });
  }

  private long seconds() {
    return TimeUnit.NANOSECONDS.toSeconds(time.getAsLong());
  }

  private Counters.Level level(Allowance allowance) {
    return counters
        .levels(List.of(new Account("t/a|usd|" + allowance.span().name(), allowance)))
        .getFirst();
  }

  @Test
  void a_call_settles_what_it_really_cost_and_says_what_has_to_last() {
    Allowance day = money(100 * CENT, DAY);
    Call call = call(100, 1000, day);
    start("a", call, answering(Duration.ZERO, 700));
    time.run();
    assertThat(log).containsExactly("a answered");
    assertThat(level(day)).extracting("spent", "reserved").containsExactly(700_000_000L, 0L);
    assertThat(call.trail().charges())
        .singleElement()
        .satisfies(charge -> assertThat(charge.amount()).isEqualTo(700_000_000L));
  }

  @Test
  void while_nothing_is_known_of_such_calls_one_goes_first_where_money_is_short() {
    Allowance day = money(3 * CENT, DAY);
    for (int i = 0; i < 5; i++) {
      start("c" + i, call(10, 10, day), answering(Duration.ofSeconds(1), 10_000));
    }
    time.run();
    assertThat(log.stream().filter(line -> line.endsWith("answered"))).hasSize(3);
    assertThat(log.stream().filter(line -> line.contains("budget_exceeded"))).hasSize(2);
    assertThat(level(day)).extracting("spent", "reserved").containsExactly(3 * CENT, 0L);
  }

  @Test
  void where_all_is_spent_no_call_is_let_in_whatever_is_known_of_it() {
    Allowance day = money(CENT, DAY);
    start("first", call(100, 100, day), answering(Duration.ZERO, 10_000));
    start("unknown", call(0, 0, day), answering(Duration.ZERO, 10_000));
    time.run();
    assertThat(log).containsExactly("first answered", "unknown budget_exceeded at 0");
    assertThat(level(day)).extracting("spent", "reserved").containsExactly(CENT, 0L);
  }

  @Test
  void a_call_waits_while_those_under_way_hold_what_is_missing_and_not_longer() {
    Allowance total = money(2 * CENT, new Span.Total());
    start("first", call(10, 15_000, total), answering(Duration.ofSeconds(3), 5000));
    time.run(Duration.ofSeconds(1));
    start("second", call(10, 15_000, total), answering(Duration.ZERO, 5000));
    start("dear", call(10, 100_000, total), answering(Duration.ZERO, 5000));
    time.run();
    assertThat(log)
        .containsExactlyInAnyOrder(
            "first answered", "second answered", "dear budget_exceeded at 1");
  }

  @Test
  void who_holds_what_is_missing_for_too_long_is_not_waited_for() {
    Allowance total = money(2 * CENT, new Span.Total());
    start("learned", call(10, 15_000, total), answering(Duration.ZERO, 10));
    time.run();
    start("first", call(10, 15_000, total), answering(Duration.ofMinutes(5), 5000));
    time.run(Duration.ofSeconds(1));
    start("second", call(10, 15_000, total), answering(Duration.ZERO, 5000));
    time.run();
    assertThat(log)
        .containsExactly("learned answered", "second budget_exceeded at 11", "first answered");
  }

  @Test
  void a_caller_who_leaves_while_it_waits_holds_nothing() {
    Allowance total = money(2 * CENT, new Span.Total());
    start("first", call(10, 15_000, total), answering(Duration.ofSeconds(3), 5000));
    time.run(Duration.ofSeconds(1));
    Call leaving = call(10, 15_000, total);
    CallThread thread =
        time.start(() -> {
          try {
            admit.apply(leaving, chunk -> {}, answering(Duration.ZERO, 5000));
          } catch (Failure failure) {
            log.add(failure.kind().word());
          }
        });
    time.after(Duration.ofSeconds(1), thread::cancel);
    time.run();
    assertThat(log).containsExactly("cancelled", "first answered");
    assertThat(level(total)).extracting("spent", "reserved").containsExactly(CENT / 2, 0L);
  }

  @Test
  void a_limit_of_calls_at_once_is_waited_for_shortly() {
    Allowance slots = Allowance.of("rule", "t/a", Measure.CONCURRENT, 1, new Span.Now());
    start("short", call(10, 10, slots), answering(Duration.ofSeconds(1), 10));
    start("served", call(10, 10, slots), answering(Duration.ofSeconds(5), 10));
    time.run(Duration.ofMillis(1500));
    start("refused", call(10, 10, slots), answering(Duration.ofSeconds(1), 10));
    time.run();
    assertThat(log)
        .containsExactly("short answered", "refused rate_limited at 3", "served answered");
  }

  @Test
  void a_refusal_by_a_limit_tells_when_there_is_room_and_leaves_the_budget_alone() {
    Allowance requests = Allowance.of("limits", "t/a", Measure.REQUESTS, 1, MINUTE);
    Allowance day = money(100 * CENT, DAY);
    start("a", call(10, 10, day, requests), answering(Duration.ZERO, 10));
    time.run();
    Call over = call(10, 10, day, requests);
    time.start(() ->
        assertThatThrownBy(() -> admit.apply(over, chunk -> {}, answering(Duration.ZERO, 10)))
            .isInstanceOfSatisfying(
                Failure.class,
                failure -> {
                  assertThat(failure.kind()).isEqualTo(Failure.Kind.RATE_LIMITED);
                  assertThat(failure.retryAfter().orElseThrow())
                      .isBetween(Duration.ofSeconds(59), Duration.ofSeconds(61));
                }));
    time.run();
    assertThat(over.trail().findings())
        .singleElement()
        .satisfies(found -> assertThat(found.rule()).isEqualTo("limits"));
    assertThat(level(day).reserved()).isZero();
    assertThat(over.trail().admission().figures())
        .singleElement()
        .satisfies(figure -> assertThat(figure.left()).isZero());
  }

  @Test
  void what_is_only_observed_is_noted_and_lets_the_call_in() {
    Allowance day = with(money(CENT, DAY), Mode.OBSERVE, AtLimit.REFUSE);
    Call first = call(10, 10, day);
    Call second = call(10, 10, day);
    start("a", first, answering(Duration.ZERO, 20_000));
    time.run();
    start("b", second, answering(Duration.ZERO, 20_000));
    time.run();
    assertThat(log).containsExactly("a answered", "b answered");
    assertThat(first.trail().findings()).isEmpty();
    assertThat(second.trail().findings())
        .singleElement()
        .satisfies(found -> {
          assertThat(found.mode()).isEqualTo(Mode.OBSERVE);
          assertThat(found.kind()).isEqualTo(Failure.Kind.BUDGET_EXCEEDED);
        });
    assertThat(level(day).spent()).isEqualTo(4 * CENT);
  }

  @Test
  void a_failed_call_uses_neither_tokens_nor_money_but_is_a_request() {
    Allowance day = money(100 * CENT, DAY);
    Allowance requests = Allowance.of("limits", "t/a", Measure.REQUESTS, 10, MINUTE);
    Allowance tokens = Allowance.of("limits", "t/a", Measure.TOKENS, 5000, MINUTE);
    Call call = call(10, 1000, day, requests, tokens);
    start(
        "a",
        call,
        (asked, sink) -> {
          throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "broken");
        });
    time.run();
    assertThat(level(day)).extracting("spent", "reserved").containsExactly(0L, 0L);
    assertThat(call.trail().admission().figures())
        .extracting("measure", "left")
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(Measure.REQUESTS, 9L),
            org.assertj.core.groups.Tuple.tuple(Measure.TOKENS, 5000L));
  }

  @Test
  void another_model_is_asked_with_a_reservation_of_its_own() {
    Allowance perModel = with(money(CENT, DAY), Mode.ENFORCE, AtLimit.REFUSE, Dimension.MODEL);
    Model other = model("n");
    for (int i = 0; i < 2; i++) {
      Call call = call(10, 10, perModel);
      Handler both =
          (asked, sink) -> {
            try {
              new Afford().apply(asked, sink, answering(Duration.ZERO, 10_000));
            } catch (Failure spent) {
              new Afford().apply(asked.with(other), sink, answering(Duration.ZERO, 10_000));
            }
          };
      time.start(() -> {
        admit.apply(call, chunk -> {}, both);
        log.add(call.trail().target().orElseThrow().model());
      });
      time.run();
    }
    assertThat(log).containsExactly("m", "n");
    var levels =
        counters.levels(
            List.of(
                new Account("t/a|model=m|usd|day", perModel),
                new Account("t/a|model=n|usd|day", perModel)));
    assertThat(levels).extracting("spent").containsExactly(CENT, CENT);
    assertThat(levels).extracting("reserved").containsExactly(0L, 0L);
  }

  @Test
  void a_call_counts_on_each_of_its_tags_and_on_its_users_own() {
    Allowance tags = with(money(100 * CENT, DAY), Mode.ENFORCE, AtLimit.REFUSE, Dimension.TAG);
    Allowance users = with(money(100 * CENT, DAY), Mode.ENFORCE, AtLimit.REFUSE, Dimension.USER);
    Call plain = call(10, 10, tags, users);
    var terms = new Terms(Map.of("tags", "red, blue", "user", "a|b"), false, Map.of(), false);
    plain.trail().said(terms);
    Call call =
        plain.with(plain.request(), terms, Optional.empty(), plain.resolved(), Long.MAX_VALUE / 2);
    start("a", call, answering(Duration.ZERO, 10));
    time.run();
    assertThat(call.trail().charges())
        .extracting("account")
        .containsExactlyInAnyOrder(
            "t/a|tag=red|usd|day", "t/a|tag=blue|usd|day", "t/a|user=a%7Cb|usd|day");
  }

  @Test
  void of_the_same_thing_the_strictest_counts_once() {
    Allowance wide = money(10 * CENT, DAY);
    Allowance narrow = money(CENT, DAY);
    start("a", call(10, 10, wide, narrow), answering(Duration.ZERO, 10_000));
    time.run();
    assertThat(level(wide).spent()).isEqualTo(CENT);
    start("b", call(10, 10, wide, narrow), answering(Duration.ZERO, 10_000));
    time.run();
    assertThat(log).containsExactly("a answered", "b budget_exceeded at 0");
  }

  private static Allowance ruled(String rule, Allowance of, Mode mode, List<Integer> thresholds) {
    return new Allowance(
        rule,
        of.owner(),
        of.measure(),
        of.amount(),
        of.span(),
        List.of(),
        Set.of(),
        mode,
        thresholds,
        AtLimit.REFUSE);
  }

  @Test
  void what_is_observed_and_what_is_enforced_of_the_same_thing_both_judge_by_one_count() {
    Allowance observed = ruled("observed", money(2 * CENT, DAY), Mode.OBSERVE, List.of(50));
    Allowance enforced = ruled("enforced", money(3 * CENT, DAY), Mode.ENFORCE, List.of(100));
    Call within = call(10, 10, observed, enforced);
    Call above = call(10, 10, enforced, observed);
    Call refused = call(10, 10, observed, enforced);
    start("within", within, answering(Duration.ZERO, 15_000));
    time.run();
    start("above", above, answering(Duration.ZERO, 15_000));
    time.run();
    start("refused", refused, answering(Duration.ZERO, 15_000));
    time.run();
    assertThat(log)
        .containsExactly("within answered", "above answered", "refused budget_exceeded at 0");
    assertThat(within.trail().findings()).isEmpty();
    assertThat(above.trail().findings()).extracting("rule").containsExactly("observed");
    assertThat(refused.trail().findings())
        .extracting("rule", "mode")
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("observed", Mode.OBSERVE),
            org.assertj.core.groups.Tuple.tuple("enforced", Mode.ENFORCE));
    assertThat(level(enforced).spent()).isEqualTo(3 * CENT);
    assertThat(passed).containsExactly("observed 50", "enforced 100");
    assertThat(admit.budgets(List.of(observed, enforced, observed)))
        .extracting("allowance")
        .containsExactly(observed, enforced);
    assertThat(admit.budgetsAsAWhole(List.of(observed, enforced)))
        .extracting("allowance")
        .containsExactly(enforced);
  }

  @Test
  void a_budget_that_each_user_has_stands_as_it_is_configured_now() {
    Allowance users = with(money(3 * CENT, DAY), Mode.ENFORCE, AtLimit.REFUSE, Dimension.USE_CASE);
    start("a", call(10, 10, users), answering(Duration.ZERO, 10_000));
    time.run();
    Allowance raised = with(money(5 * CENT, DAY), Mode.ENFORCE, AtLimit.REFUSE, Dimension.USE_CASE);
    assertThat(admit.budgets(List.of(raised))).extracting("allowance").containsExactly(raised);
    assertThat(admit.budgets(List.of())).isEmpty();
  }

  @Test
  void who_shares_anothers_answer_pays_nothing() {
    Allowance day = money(100 * CENT, DAY);
    start(
        "a",
        call(10, 10, day),
        (asked, sink) -> {
          answering(Duration.ZERO, 10_000).handle(asked, sink);
          asked.trail().paidByAnother();
        });
    time.run();
    assertThat(level(day)).extracting("spent", "reserved").containsExactly(0L, 0L);
  }

  @Test
  void a_call_that_is_not_made_takes_nothing() {
    Allowance requests = Allowance.of("limits", "t/a", Measure.REQUESTS, 1, MINUTE);
    for (int i = 0; i < 3; i++) {
      Call supposed = call(10, 10, requests);
      supposed.trail().suppose();
      start("a", supposed, (asked, sink) -> {});
    }
    time.run();
    assertThat(log).containsExactly("a answered", "a answered", "a answered");
  }
}

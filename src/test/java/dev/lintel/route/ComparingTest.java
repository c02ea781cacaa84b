package dev.lintel.route;

import static java.math.BigDecimal.TEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Call;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.Traits;
import dev.lintel.route.Targets.Flat;
import dev.lintel.route.Targets.Told;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Strategies that compare what a call will cost and how long it will take. */
class ComparingTest {
  private final Told a = new Told("a");
  private final Told b = new Told("b");
  private final Told c = new Told("c");
  private final Strategy cheapest = new Cheapest().build();
  private final Strategy fastest = new Fastest().build();

  @Test
  void cheapest_goes_by_the_prices_of_this_prompt_and_its_answer() {
    a.price = new Flat(1, 1, 10);
    b.price = new Flat(4, 4, 4);

    assertThat(order(cheapest, Asking.tokens(10_000, 100), "ab"))
        .as("a long prompt")
        .isEqualTo("ab");
    a.output = 5_000;
    assertThat(order(cheapest, Asking.tokens(100, 10_000), "ab"))
        .as("a long answer")
        .isEqualTo("ba");
  }

  @Test
  void cheapest_scores_in_usd() {
    a.price = new Flat(1, 1, 10);
    b.price = new Flat(2, 2, 20);
    a.output = 300;
    b.output = 300;

    double score = cheapest.rank(Asking.tokens(1000, 4000), targets("ab")).score(0);
    assertThat(score).isCloseTo((1000 + 300 * 10) / 1e6, within(30 / 1e6));
  }

  @Test
  void cheapest_knows_who_talks_much() {
    a.price = new Flat(1, 1, 4);
    b.price = new Flat(1, 1, 5);
    a.output = 2000;
    b.output = 200;

    assertThat(order(cheapest, Asking.tokens(100, 4000), "ab")).isEqualTo("ba");
    assertThat(order(cheapest, Asking.tokens(100, 100), "ab")).as("neither may").isEqualTo("ab");
  }

  @Test
  void cheapest_takes_who_has_not_answered_yet_to_talk_as_much_as_the_others() {
    a.price = new Flat(1, 1, 5);
    b.price = new Flat(1, 1, 4);
    a.output = 100;

    assertThat(order(cheapest, Asking.tokens(100, 32_000), "ab")).isEqualTo("ba");
  }

  @Test
  void cheapest_asks_those_without_a_price_last_and_as_they_are_written() {
    c.price = new Flat(100, 100, 100);

    assertThat(order(cheapest, Asking.tokens(100, 100))).isEqualTo("cab");
  }

  @Test
  void cheapest_lets_equals_be_as_they_are_written() {
    Stream.of(a, b, c).forEach(one -> one.price = new Flat(1, 1, 1));

    assertThat(order(cheapest, Asking.tokens(100, 100))).isEqualTo("abc");
  }

  @Test
  void a_session_pays_less_where_its_prompt_is_cached() {
    a.price = new Flat(2, 2, 4);
    b.price = new Flat(3, 0.3, 6);
    Call call = Asking.tokens(100_000, 100);
    assertThat(order(cheapest, call, "ab")).isEqualTo("ab");
    call.trail().decision().session("b/m");

    assertThat(order(cheapest, call, "ab")).isEqualTo("ba");
  }

  @Test
  void what_is_too_short_to_be_cached_is_not_cheaper() {
    a.price = new Flat(2, 2, 4);
    b.price = new Flat(3, 0.3, 4);
    b.traits = new Traits(Set.of(), 0, 0, Set.of(), Set.of(), 1024);
    Call call = Asking.tokens(500, 10);
    call.trail().decision().session("b/m");

    assertThat(order(cheapest, call, "ab")).isEqualTo("ab");
  }

  @Test
  void fastest_asks_the_faster_of_two() {
    a.seconds = 2;
    b.seconds = 0.5;

    assertThat(order(fastest, Asking.tokens(10, 10), "ab")).isEqualTo("ba");
  }

  @Test
  void fastest_counts_the_calls_that_are_under_way() {
    a.seconds = 1;
    b.seconds = 2;
    a.underWay = 3;

    assertThat(order(fastest, Asking.tokens(10, 10), "ab")).isEqualTo("ba");
  }

  @Test
  void fastest_counts_the_time_of_the_answer() {
    a.seconds = 0.2;
    a.speed = 20;
    b.seconds = 1;
    b.speed = 200;

    assertThat(order(fastest, Asking.tokens(10, 5), "ab")).as("a short one").isEqualTo("ab");
    assertThat(order(fastest, Asking.tokens(10, 400), "ab")).as("a long one").isEqualTo("ba");
  }

  @Test
  void fastest_never_draws_the_slowest_of_three_and_not_always_the_fastest() {
    a.seconds = 3;
    b.seconds = 1;
    c.seconds = 2;
    var first = firsts(fastest, 3000);

    assertThat(first.keySet()).containsExactly("b", "c");
    assertThat(first.get("b")).isBetween(1800, 2200);
  }

  @Test
  void fastest_goes_on_by_score_after_the_first() {
    a.seconds = 3;
    b.seconds = 1;
    c.seconds = 2;
    for (int i = 0; i < 100; i++) {
      assertThat(order(fastest, Asking.tokens(10, 10))).isIn("bca", "cba");
    }
  }

  @Test
  void fastest_asks_who_is_not_known_yet_but_one_call_at_a_time() {
    a.seconds = 1;
    b.seconds = 2;
    assertThat(order(fastest, Asking.tokens(10, 10))).startsWith("c");
    c.underWay = 1;
    assertThat(order(fastest, Asking.tokens(10, 10))).isEqualTo("abc");
  }

  @Test
  void fastest_spreads_the_first_calls_over_those_that_nobody_knows() {
    a.underWay = 2;
    b.underWay = 1;
    c.underWay = 3;

    assertThat(order(fastest, Asking.tokens(10, 10))).isEqualTo("bac");
  }

  @Test
  void balanced_is_its_formula() {
    a.price = new Flat(1, 1, 0);
    b.price = new Flat(4, 4, 0);
    a.seconds = 3;
    b.seconds = 1;
    a.quality = OptionalDouble.of(0.4);
    b.quality = OptionalDouble.of(0.8);
    var ranking = balanced("0.5", "0.3", "0.2").rank(Asking.tokens(1000, 0), targets("ab"));

    assertThat(ranking.score(0)).isCloseTo(0.5 * 0.25 + 0.3 + 0.2 * 0.5, within(1e-9));
    assertThat(ranking.score(1)).isCloseTo(0.5 + 0.3 / 3 + 0, within(1e-9));
  }

  @Test
  void balanced_goes_by_the_weights() {
    a.price = new Flat(1, 1, 1);
    b.price = new Flat(3, 3, 3);
    c.price = new Flat(9, 9, 9);
    a.seconds = 2;
    b.seconds = 0.2;
    c.seconds = 2;
    c.quality = OptionalDouble.of(1);

    assertThat(order(balanced("1", "0", "0"), Asking.tokens(10, 10))).isEqualTo("abc");
    assertThat(order(balanced("0", "1", "0"), Asking.tokens(10, 10))).startsWith("b");
    assertThat(order(balanced("0", "0", "1"), Asking.tokens(10, 10))).isEqualTo("cab");
    assertThat(order(balanced("2", "2", "2"), Asking.tokens(10, 10)))
        .isEqualTo(order(balanced("1", "1", "1"), Asking.tokens(10, 10)));
  }

  @Test
  void balanced_takes_a_target_of_which_nobody_said_anything_for_middling_and_dear() {
    a.price = new Flat(1, 1, 1);
    b.price = new Flat(2, 2, 2);
    a.quality = OptionalDouble.of(0.4);
    c.quality = OptionalDouble.of(0.6);

    assertThat(order(balanced("1", "0", "0"), Asking.tokens(10, 10))).isEqualTo("abc");
    assertThat(order(balanced("0", "0", "1"), Asking.tokens(10, 10))).isEqualTo("cba");
  }

  @Test
  void balanced_tries_whom_it_does_not_know_unless_a_call_does_already() {
    a.seconds = 1;
    b.seconds = 1;
    assertThat(order(balanced("1", "1", "1"), Asking.tokens(10, 10))).isEqualTo("cab");
    c.underWay = 1;
    assertThat(order(balanced("1", "1", "1"), Asking.tokens(10, 10))).isEqualTo("abc");
  }

  @Test
  void balanced_without_options_weighs_all_alike_and_with_some_the_others_nothing() {
    assertThat(Weights.of(Optional.empty(), Optional.empty(), Optional.empty(), "quality"))
        .isEqualTo(Weights.of(Optional.of(TEN), Optional.of(TEN), Optional.of(TEN), "quality"));
    a.seconds = 1;
    b.seconds = 9;
    var ranking =
        new Balanced(Optional.empty(), Optional.empty(), Optional.of(BigDecimal.ONE))
            .build()
            .rank(Asking.tokens(10, 10), targets("ab"));
    assertThat(ranking.score(0)).isEqualTo(ranking.score(1));
  }

  @Test
  void balanced_by_nothing_is_refused() {
    assertThatThrownBy(() -> balanced("0", "0", "0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'cost', 'latency' and 'quality' must not all be 0");
  }

  private static Strategy balanced(String cost, String latency, String quality) {
    return new Balanced(
            Optional.of(new BigDecimal(cost)),
            Optional.of(new BigDecimal(latency)),
            Optional.of(new BigDecimal(quality)))
        .build();
  }

  private List<Target> targets(String names) {
    return Stream.of(a, b, c).filter(one -> names.contains(one.name)).map(Told::target).toList();
  }

  private String order(Strategy strategy, Call call) {
    return order(strategy, call, "abc");
  }

  private String order(Strategy strategy, Call call, String names) {
    return Asking.order(strategy, call, targets(names)).stream()
        .map(target -> target.provider().name())
        .collect(Collectors.joining());
  }

  private TreeMap<String, Integer> firsts(Strategy strategy, int calls) {
    var firsts = new TreeMap<String, Integer>();
    for (int i = 0; i < calls; i++) {
      firsts.merge(order(strategy, Asking.tokens(10, 10)).substring(0, 1), 1, Integer::sum);
    }
    return firsts;
  }
}

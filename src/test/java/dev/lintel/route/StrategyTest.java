package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Call;
import dev.lintel.Headers;
import dev.lintel.RawRequest;
import dev.lintel.Request;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.route.Targets.Told;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StrategyTest {
  private static final int CALLS = 20_000;
  private static final Call CALL =
      Asking.call(
          new Request.Unread(
              Targets.SILENT, new RawRequest(Map.of(), Map.of(), Headers.NONE, new byte[0])));
  private final List<Target> targets =
      List.of(Targets.weighing("a", 6), Targets.weighing("b", 3), Targets.weighing("c", 1));

  @Test
  void in_order_keeps_the_order() {
    assertThat(rank(new InOrder().build(), targets)).isEqualTo(targets);
  }

  @Test
  void round_robin_begins_at_each_target_in_turn_and_goes_on_from_there() {
    Strategy strategy = new RoundRobin().build();

    assertThat(IntStream.range(0, 4).mapToObj(i -> names(rank(strategy, targets))))
        .containsExactly("abc", "bca", "cab", "abc");
  }

  @Test
  void round_robin_counts_for_each_model_alone() {
    Strategy one = new RoundRobin().build();
    rank(one, targets);

    assertThat(names(rank(new RoundRobin().build(), targets))).isEqualTo("abc");
  }

  @Test
  void weighted_gives_each_target_its_share_of_the_calls() {
    Map<String, Double> first = shares(0);

    assertThat(first.get("a")).isCloseTo(0.6, within(0.02));
    assertThat(first.get("b")).isCloseTo(0.3, within(0.02));
    assertThat(first.get("c")).isCloseTo(0.1, within(0.02));
  }

  @Test
  void weighted_shares_what_a_failed_target_leaves_by_the_weights_of_the_others() {
    Strategy strategy = new Weighted().build();
    long b = 0;
    long a = 0;
    for (int i = 0; i < CALLS; i++) {
      String order = names(rank(strategy, targets));
      if (order.startsWith("a")) {
        a++;
        b += order.charAt(1) == 'b' ? 1 : 0;
      }
    }

    assertThat((double) b / a).isCloseTo(0.75, within(0.02));
  }

  @Test
  void least_busy_asks_who_has_the_fewest_calls_for_its_weight() {
    Told a = new Told("a");
    Told b = new Told("b");
    Told c = new Told("c");
    List<Target> three = Stream.of(a, b, c).map(Told::target).toList();
    Strategy strategy = new LeastBusy().build();
    assertThat(names(rank(strategy, three))).as("all idle").isEqualTo("abc");
    a.underWay = 3;
    b.underWay = 1;
    c.underWay = 2;
    assertThat(names(rank(strategy, three))).isEqualTo("bca");

    a.weight = 5;
    List<Target> heavy = Stream.of(a, b, c).map(Told::target).toList();
    assertThat(names(rank(strategy, heavy))).as("one of five times the weight").isEqualTo("abc");
  }

  @Test
  void every_strategy_returns_every_target_once() {
    for (Spec<Strategy> spec :
        List.<Spec<Strategy>>of(
            new InOrder(),
            new RoundRobin(),
            new Weighted(),
            new LeastBusy(),
            ConsistentHash.USUAL,
            new Cheapest(),
            new Fastest(),
            new Balanced(Optional.empty(), Optional.empty(), Optional.empty()))) {
      Strategy strategy = spec.build();
      for (int size = 1; size <= targets.size(); size++) {
        List<Target> some = targets.subList(0, size);
        assertThat(rank(strategy, some)).containsExactlyInAnyOrderElementsOf(some);
      }
    }
  }

  private Map<String, Double> shares(int place) {
    Strategy strategy = new Weighted().build();
    var shares = new HashMap<String, Double>();
    for (int i = 0; i < CALLS; i++) {
      String name = rank(strategy, targets).get(place).provider().name();
      shares.merge(name, 1.0 / CALLS, Double::sum);
    }
    return shares;
  }

  private static List<Target> rank(Strategy strategy, List<Target> targets) {
    return Asking.order(strategy, CALL, targets);
  }

  private static String names(List<Target> ranked) {
    return ranked.stream().map(target -> target.provider().name()).collect(Collectors.joining());
  }
}

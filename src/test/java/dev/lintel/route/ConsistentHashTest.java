package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.route.Targets.Told;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConsistentHashTest {
  private static final int USERS = 10_000;
  private final Strategy strategy = new ConsistentHash("user").build();
  private final List<Told> told =
      new ArrayList<>(IntStream.range(0, 5).mapToObj(i -> new Told("p" + i)).toList());

  @Test
  void a_user_is_always_served_by_the_same_target() {
    for (int user = 0; user < 100; user++) {
      String first = first("u" + user);
      assertThat(first("u" + user)).isEqualTo(first);
    }
  }

  @Test
  void the_same_on_every_node_and_after_a_restart() {
    assertThat(List.of(first("alice"), first("bob"), first("carol"), first("dave")))
        .containsExactly("p1", "p4", "p1", "p1");
  }

  @Test
  void users_are_spread_evenly() {
    assertThat(counts().values())
        .allSatisfy(share -> assertThat(share).isCloseTo(0.2, within(0.02)));
  }

  @Test
  void users_are_spread_by_weight() {
    told.get(0).weight = 5;

    Map<String, Double> counts = counts();
    assertThat(counts.get("p0")).isCloseTo(5 / 9.0, within(0.02));
    assertThat(counts.get("p1")).isCloseTo(1 / 9.0, within(0.02));
  }

  @Test
  void a_target_that_goes_moves_its_own_users_alone() {
    List<String> before = all();
    told.remove(2);
    List<String> after = all();

    for (int user = 0; user < USERS; user++) {
      if (!before.get(user).equals("p2")) {
        assertThat(after.get(user)).isEqualTo(before.get(user));
      }
    }
  }

  @Test
  void a_target_that_comes_takes_its_share_and_moves_nobody_else() {
    List<String> before = all();
    told.addFirst(new Told("new"));
    List<String> after = all();

    int moved = 0;
    for (int user = 0; user < USERS; user++) {
      if (!after.get(user).equals(before.get(user))) {
        assertThat(after.get(user)).isEqualTo("new");
        moved++;
      }
    }
    assertThat((double) moved / USERS).isCloseTo(1 / 6.0, within(0.02));
  }

  @Test
  void the_users_of_a_failed_target_are_spread_over_all_others() {
    var second = new TreeMap<String, Integer>();
    for (int user = 0; user < USERS; user++) {
      List<Target> order = Asking.order(strategy, Asking.user("u" + user), targets());
      if (order.getFirst().provider().name().equals("p2")) {
        second.merge(order.get(1).provider().name(), 1, Integer::sum);
      }
    }
    assertThat(second.keySet()).containsExactly("p0", "p1", "p3", "p4");
    assertThat(second.values()).allMatch(count -> count > USERS / 5 / 4 / 2);
  }

  @Test
  void who_has_more_than_its_fair_share_under_way_gives_way() {
    String own = first("alice");
    Told busy = told.stream().filter(one -> one.name.equals(own)).findFirst().orElseThrow();
    told.forEach(one -> one.underWay = 10);
    assertThat(first("alice")).as("as busy as all").isEqualTo(own);
    // 1.25 * 53 / 5 is 13.25: fourteen calls are too many.
    busy.underWay = 12;
    assertThat(first("alice")).as("a little busier").isEqualTo(own);
    busy.underWay = 15;
    assertThat(first("alice")).as("much busier").isNotEqualTo(own);
  }

  @Test
  void one_call_under_way_is_not_too_many_for_two_targets() {
    told.subList(2, 5).clear();
    String own = first("alice");
    told.stream().filter(one -> one.name.equals(own)).forEach(one -> one.underWay = 1);

    assertThat(first("alice")).isEqualTo(own);
  }

  @Test
  void a_call_without_the_mark_may_go_anywhere() {
    var seen = new TreeMap<String, Integer>();
    for (int i = 0; i < 1000; i++) {
      seen.merge(first(""), 1, Integer::sum);
    }
    assertThat(seen).hasSize(5);
    assertThat(seen.values()).allMatch(count -> count > 100);
  }

  @Test
  void what_no_call_can_say_is_refused() {
    assertThatThrownBy(() -> new ConsistentHash("usr"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'on' must be one of user, session")
        .hasMessageNotContaining("usr");
  }

  private List<Target> targets() {
    return told.stream().map(Told::target).toList();
  }

  private String first(String user) {
    return Asking.order(strategy, Asking.user(user), targets()).getFirst().provider().name();
  }

  private List<String> all() {
    List<Target> targets = targets();
    return IntStream.range(0, USERS)
        .mapToObj(user ->
            Asking.order(strategy, Asking.user("u" + user), targets).getFirst().provider().name())
        .toList();
  }

  private Map<String, Double> counts() {
    var counts = new TreeMap<String, Double>();
    all().forEach(name -> counts.merge(name, 1.0 / USERS, Double::sum));
    return counts;
  }
}
